"""Galaxies and stars in one population."""

import numpy as np

from blendhunter.simulation.populations.columns import complete
from blendhunter.simulation.populations.stars import StarPopulation

__all__ = ['MixedPopulation']


class MixedPopulation:
    """
    A population of galaxies with a fraction of stars.

    Parameters
    ----------
    galaxies : object with ``draw`` and ``render``
    star_fraction : float
        Fraction of all sources that are stars.

    Raises
    ------
    ValueError
        If the fraction lies outside 0 to 1.
    """

    def __init__(self, galaxies, star_fraction):
        if not 0 <= star_fraction <= 1:
            msg = ('star_fraction must lie in 0 to 1, '
                   f'got {star_fraction!r}')
            raise ValueError(msg)
        self.galaxies = galaxies
        self.star_fraction = star_fraction

    def draw(self, n, rng, *, magnitude=None):
        """Draw parameters; see `ParametricPopulation.draw`."""
        sources = complete(self.galaxies.draw(n, rng, magnitude=magnitude))
        chosen = np.flatnonzero(rng.random(n) < self.star_fraction)
        if chosen.size:
            # a star instead of a galaxy of the same magnitude, so that
            # the magnitude does not tell them apart
            stars = StarPopulation().draw(
                chosen.size, rng,
                magnitude=np.asarray(sources['magnitude'][chosen]))
            for name in stars.colnames:
                sources[name][chosen] = stars[name]
        return sources

    def render(self, row):
        """Return a profile; see `ParametricPopulation.render`."""
        home = StarPopulation() if row['is_star'] else self.galaxies
        return home.render(row)
