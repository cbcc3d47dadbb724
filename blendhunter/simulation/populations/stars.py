"""Stars: point sources."""

import numpy as np

from blendhunter.simulation.populations.columns import parameter_table

__all__ = ['StarPopulation']

# d log10(N) / dm of stars at high galactic latitude: flatter than that of
# galaxies
SLOPE = 0.15


class StarPopulation:
    """
    Stars, whose counts rise by 0.15 dex per magnitude.

    Parameters
    ----------
    bright, faint : float, optional
        Magnitude limits.
    """

    def __init__(self, *, bright=17.0, faint=25.0):
        self.bright = bright
        self.faint = faint

    def draw(self, n, rng, *, magnitude=None):
        """Draw parameters; see `ParametricPopulation.draw`."""
        if magnitude is None:
            low, high = 10 ** (SLOPE * np.array([self.bright - self.faint,
                                                 0.0]))
            magnitude = self.faint + np.log10(
                rng.uniform(low, high, n)) / SLOPE
        return parameter_table(magnitude, half_light_radius=np.zeros(n),
                               is_star=np.ones(n, dtype=bool))

    def render(self, row):  # noqa: ARG002
        """Return a point of unit flux; see `ParametricPopulation.render`."""
        import galsim

        return galsim.DeltaFunction()
