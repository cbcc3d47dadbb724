"""Galaxies that are neither smooth nor symmetric."""

import numpy as np

from blendhunter.simulation.populations.parametric import (
    ParametricPopulation,
)

__all__ = ['StructuredPopulation']

# of the discs; fainter galaxies have knots that no ground-based image
# could show
KNOT_SHARE = 0.8
KNOT_LIMIT = 24.75
KNOT_FRACTION = (0.03, 0.35)
MAX_KNOTS = 12
BAR_SHARE = 0.3
BAR_FRACTION = (0.05, 0.25)
BAR_SIZE, BAR_AXIS_RATIO = 0.5, 0.35
MISALIGNED = 25.0


class StructuredPopulation(ParametricPopulation):
    """
    The same galaxies with star-forming knots, bars and twisted bulges.

    Four in five discs brighter than 24.75 have 3 to 35 % of their light
    in 3 to 12 point-like knots (`galsim.RandomKnots`), three in ten of
    them 5 to 25 % in a bar, and the position angles of bulge and disc
    differ by N(0, 25) degrees. A single Sersic profile with an index
    below 2 counts as a disc.

    Parameters
    ----------
    bright, faint : float, optional
        Magnitude limits (F814W).
    """

    def draw(self, n, rng, *, magnitude=None):
        """Draw parameters; see `ParametricPopulation.draw`."""
        galaxies = super().draw(n, rng, magnitude=magnitude)
        clumpy = ((rng.random(n) < KNOT_SHARE)
                  & (galaxies['magnitude'] < KNOT_LIMIT))
        single = np.isnan(galaxies['bulge_fraction'])
        clumpy &= ~single | (galaxies['sersic_index'] < 2)
        pure = clumpy & single
        galaxies['bulge_fraction'][pure] = 0.0
        galaxies['disc_radius'][pure] = galaxies['half_light_radius'][pure]
        barred = clumpy & (rng.random(n) < BAR_SHARE)
        galaxies['knot_fraction'] = np.where(
            clumpy, rng.uniform(*KNOT_FRACTION, n), 0)
        galaxies['n_knots'] = np.where(clumpy,
                                       rng.integers(3, MAX_KNOTS + 1, n), 0)
        galaxies['bar_fraction'] = np.where(
            barred, rng.uniform(*BAR_FRACTION, n), 0)
        galaxies['bar_angle'] = rng.uniform(0, 180, n)
        galaxies['bulge_angle'] += rng.normal(0, MISALIGNED, n)
        return galaxies

    def _disc(self, row):
        """Return the face-on disc with bar and knots, of unit flux."""
        import galsim

        size = row['disc_radius']
        disc = galsim.Exponential(half_light_radius=size)
        bar, knots = row['bar_fraction'], row['knot_fraction']
        if bar:
            shape = galsim.Shear(q=BAR_AXIS_RATIO,
                                 beta=row['bar_angle'] * galsim.degrees)
            disc = (1 - bar) * disc + bar * galsim.Gaussian(
                half_light_radius=BAR_SIZE * size).shear(shape)
        if knots:
            disc = (1 - knots) * disc + knots * galsim.RandomKnots(
                int(row['n_knots']), half_light_radius=size,
                rng=galsim.BaseDeviate(int(row['seed'])))
        return disc
