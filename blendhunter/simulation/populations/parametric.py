# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Smooth galaxies, galaxies with point-like knots, and stars."""

import numpy as np

from blendhunter.simulation.populations import model
from blendhunter.simulation.populations.columns import parameter_table

__all__ = ['KnottyPopulation', 'ParametricPopulation', 'StarPopulation',
           'find_discs', 'make_pure_discs', 'shape_of']

# GalSim tabulates each index once: keep them few
INDEX_STEP = 0.25
# a single Sersic profile of a lower index counts as a disc
DISC_INDEX = 2.0
# of the discs of galaxies with knots; fainter galaxies have knots that no
# ground-based image could show
KNOT_SHARE = 0.8
KNOT_LIMIT = 24.75
KNOT_FRACTION = (0.03, 0.35)
MAX_KNOTS = 12
BAR_SHARE = 0.3
BAR_FRACTION = (0.05, 0.25)
BAR_SIZE, BAR_AXIS_RATIO = 0.5, 0.35
# degrees between bulge and disc
MISALIGNED = 25.0
# d log10(N) / dm of stars at high galactic latitude: flatter than that of
# galaxies
SLOPE = 0.15


class ParametricPopulation:
    """
    Smooth galaxies: Sersic profiles, and bulges with discs.

    Magnitude, half-light radius, Sersic index, axis ratio and bulge
    fraction follow a joint distribution that is fitted to COSMOS.

    Parameters
    ----------
    bright, faint : float, optional
        Magnitude limits (F814W).
    """

    # arcsec
    _max_size = model.SIZE_LIMITS[1]

    def __init__(self, *, bright=19.0, faint=25.2):
        self.bright = bright
        self.faint = faint

    def draw(self, n, rng, *, magnitude=None):
        """
        Draw the parameters of galaxies.

        Parameters
        ----------
        n : int
            Number of galaxies.
        rng : `~numpy.random.Generator`
            Random numbers.
        magnitude : float `~numpy.ndarray` of shape (n,), optional
            Magnitudes (F814W). By default they are drawn from the number
            counts, within the limits.

        Returns
        -------
        galaxies : `~astropy.table.Table`
            ``magnitude`` (F814W), ``half_light_radius`` (arcsec),
            ``sersic_index``, ``axis_ratio``, ``position_angle`` (deg),
            ``bulge_fraction`` (NaN for one Sersic profile), and other
            columns that
            `~blendhunter.simulation.ParametricPopulation.render` needs.
        """
        if magnitude is None:
            magnitude = model.draw_magnitudes(n, rng, bright=self.bright,
                                              faint=self.faint)
        shape = model.draw_parameters(magnitude, rng,
                                      max_size=self._max_size)
        index = np.round(shape['sersic_index'] / INDEX_STEP) * INDEX_STEP
        angle = rng.uniform(0, 180, n)
        disc, bulge = model.component_radii(*(shape[key] for key in (
            'half_light_radius', 'bulge_fraction', 'bulge_size_ratio')))
        return parameter_table(
            magnitude, half_light_radius=shape['half_light_radius'],
            sersic_index=index, axis_ratio=shape['axis_ratio'],
            position_angle=angle, bulge_fraction=shape['bulge_fraction'],
            disc_radius=disc, bulge_radius=bulge,
            # a bulge is rounder than its disc, and aligned with it
            bulge_axis_ratio=0.5 * (1 + shape['axis_ratio']),
            bulge_angle=angle, seed=rng.integers(1, 2**31 - 1, n))

    def render(self, row):
        """
        Return the profile of one galaxy.

        Parameters
        ----------
        row : mapping
            A row of the table from
            `~blendhunter.simulation.ParametricPopulation.draw`.

        Returns
        -------
        galaxy : `galsim.GSObject`
            Profile of unit flux, in arcsec, without PSF.
        """
        import galsim

        bulge = row['bulge_fraction']
        if np.isnan(bulge):
            galaxy = galsim.Sersic(
                row['sersic_index'],
                half_light_radius=row['half_light_radius'])
            return galaxy.shear(shape_of(row, ''))
        disc = self._disc(row).shear(shape_of(row, ''))
        if bulge == 0:
            return disc
        core = galsim.DeVaucouleurs(half_light_radius=row['bulge_radius'])
        return (1 - bulge) * disc + bulge * core.shear(shape_of(row, 'bulge_'))

    def _disc(self, row):
        """Return the disc seen face-on, of unit flux."""
        import galsim

        return galsim.Exponential(half_light_radius=row['disc_radius'])


class KnottyPopulation(ParametricPopulation):
    """
    The same galaxies with point-like knots, bars and twisted bulges.

    Four in five discs brighter than 24.75 have 3 to 35 % of their light
    in 3 to 12 point-like knots (`galsim.RandomKnots`), three in ten of
    them 5 to 25 % in a bar, and the position angles of bulge and disc
    differ by N(0, 25) degrees. A single Sersic profile with an index
    below 2 counts as a disc.
    """

    def draw(self, n, rng, *, magnitude=None):
        """Draw parameters; see `ParametricPopulation.draw`."""
        galaxies = super().draw(n, rng, magnitude=magnitude)
        clumpy = ((rng.random(n) < KNOT_SHARE)
                  & (galaxies['magnitude'] < KNOT_LIMIT))
        clumpy &= find_discs(galaxies)
        make_pure_discs(galaxies, clumpy)
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


def find_discs(galaxies):
    """Return which galaxies have a disc, or are nothing else."""
    return ~np.isnan(galaxies['bulge_fraction']) | (
        galaxies['sersic_index'] < DISC_INDEX)


def make_pure_discs(galaxies, rows):
    """Turn single profiles among some rows (bool) into discs, in place."""
    pure = rows & np.isnan(galaxies['bulge_fraction'])
    galaxies['bulge_fraction'][pure] = 0.0
    galaxies['disc_radius'][pure] = galaxies['half_light_radius'][pure]


class StarPopulation:
    """Stars, whose counts rise by 0.15 dex per magnitude."""

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


def shape_of(row, part):
    """Return the shear that gives a part its axis ratio and angle."""
    import galsim

    angle = row['bulge_angle' if part else 'position_angle']
    return galsim.Shear(q=row[f'{part}axis_ratio'],
                        beta=angle * galsim.degrees)
