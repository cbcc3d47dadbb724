# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Structured galaxies: lopsided, with arms, clumps and dust lanes."""

import functools

import numpy as np

from blendhunter.simulation.populations.parametric import (
    BAR_FRACTION,
    BAR_SHARE,
    INDEX_STEP,
    MISALIGNED,
    ParametricPopulation,
    find_discs,
    make_pure_discs,
    shape_of,
)
from blendhunter.simulation.populations.pieces import (
    arms,
    bar,
    clumps,
    dust_lane,
    gaussian,
    lopsided_part,
)

__all__ = ['StructuredPopulation']

# Fainter galaxies have no structure that a ground-based image could show
STRUCTURE_LIMIT = 25.2
# Of the light of a disc: medians, scatter of the natural logarithm, and
# the largest fraction. Fitted with tools/fit_structure.py
LOPSIDED = (0.11, 0.5, 0.5)
ARMS = (0.16, 0.5, 0.4)
CLUMPS = (0.09, 0.6, 0.35)
HALO = (0.2, 0.4, 0.4)
# Fainter galaxies are less regular: the lopsided light grows by so much
# (dex) per magnitude between two magnitudes
IRREGULAR, IRREGULAR_RANGE = 0.24, (21.0, 23.75)
# Where that light is, in half-light radii of the disc at the bright end;
# farther out as the root of the growth
OFFSET = (0.3, 0.8)
# shares of the discs
ARM_SHARE, CLUMP_SHARE, DUST_SHARE = 0.65, 0.7, 0.3
# of the light of a disc all of them together have no more
MAX_STRUCTURE = 0.65
# few galaxies have strong knots
KNOT_SHARE, KNOT_FRACTION, MAX_KNOTS = 0.1, (0.02, 0.15), 4
# dust lanes show in inclined discs
DUST_AXIS_RATIO, DUST_DEPTH = 0.6, (0.3, 0.9)
# of a bulge, over the half-light radius of its disc: the mode of a
# Rayleigh distribution
BULGE_OFFSET = 0.06
# Pieces of arms and clumps: as many as show
PIECES = ((21.5, 8), (23.0, 6), (np.inf, 4))
# Bright nearby ellipticals: of the galaxies that are one profile of an
# index of 2.5 and above, NEARBY_SHARE per magnitude above NEARBY_LIMIT
# are larger by a lognormal factor, and of a higher index. The shares are
# assumptions: COSMOS is too small a field for such galaxies
NEARBY_LIMIT, NEARBY_SHARE = 20.5, 0.15
NEARBY_FACTOR, NEARBY_SCATTER = 1.8, 0.4
NEARBY_INDEX = (4.0, 6.0)
MAX_SIZE = 12.0
# A larger profile ends at so many half-light radii, where it is fainter
# than the noise of any survey: images of 1000 px instead of 6000
TRUNCATION, TRUNCATED_SIZE = 4.5, 1.5


class StructuredPopulation(ParametricPopulation):
    """
    The same galaxies, lopsided, with arms, clumps, bars and dust lanes.

    Discs have part of their light off the center, in one wide Gaussian
    (lopsidedness), in Gaussians along one to three logarithmic arms, and
    in clumps of finite size. One in ten has strong, point-like knots.
    Bulges are off-center and twisted, inclined discs may have a dust
    lane, and ellipticals an outer halo that is twisted and off-center.
    Bright nearby ellipticals are larger than a stamp, of Sersic indices
    up to 6. The light in each is such that asymmetry, concentration, Gini
    coefficient and M20 are those of real HST galaxies seen from the
    ground.
    """

    _max_size = MAX_SIZE

    def draw(self, n, rng, *, magnitude=None):
        """Draw parameters; see `ParametricPopulation.draw`."""
        galaxies = super().draw(n, rng, magnitude=magnitude)
        _enlarge_nearby(galaxies, rng)
        discs = find_discs(galaxies)
        make_pure_discs(galaxies, discs)
        shown = galaxies['magnitude'] < STRUCTURE_LIMIT
        disc = shown & discs
        growth = 10 ** (IRREGULAR * (galaxies['magnitude'].clip(
            *IRREGULAR_RANGE) - IRREGULAR_RANGE[0]))
        for name, part, share in (
                ('lopsided', LOPSIDED, 1.0), ('arm', ARMS, ARM_SHARE),
                ('clump', CLUMPS, CLUMP_SHARE)):
            galaxies[f'{name}_fraction'] = _draw_fractions(
                part, disc, share, rng,
                growth if name == 'lopsided' else 1.0)
        # in half-light radii of the disc
        galaxies['lopsided_offset'] = (rng.uniform(*OFFSET, n)
                                       * np.sqrt(growth))
        galaxies['halo_fraction'] = _draw_fractions(
            HALO, shown & ~disc, 1.0, rng)
        _draw_bars_and_knots(galaxies, disc, rng)
        dusty = (disc & (galaxies['axis_ratio'] < DUST_AXIS_RATIO)
                 & (rng.random(n) < DUST_SHARE))
        galaxies['dust_depth'] = np.where(
            dusty, rng.uniform(*DUST_DEPTH, n), 0)
        galaxies['bulge_offset'] = np.where(
            shown, BULGE_OFFSET * rng.rayleigh(size=n), 0)
        galaxies['bulge_angle'] += rng.normal(0, MISALIGNED, n)
        galaxies['n_pieces'] = np.select(
            [galaxies['magnitude'] < limit for limit, _ in PIECES],
            [number for _, number in PIECES])
        return galaxies

    def render(self, row):
        """Return the profile; see `ParametricPopulation.render`."""
        bulge = row['bulge_fraction']
        if np.isnan(bulge):
            return _elliptical(row)
        disc = _disc(row)
        if bulge == 0:
            return disc
        import galsim

        core = galsim.DeVaucouleurs(
            half_light_radius=row['bulge_radius'],
            trunc=_truncation(row['bulge_radius'])).shear(
                shape_of(row, 'bulge_'))
        if row['bulge_offset']:
            angle = np.random.default_rng([row['seed'], 1]).uniform(
                0, 2 * np.pi)
            core = core.shift(*_place(row, row['disc_radius']
                                      * row['bulge_offset'], angle))
        return (1 - bulge) * disc + bulge * core


def _enlarge_nearby(galaxies, rng):
    """Make some of the bright ellipticals larger and more concentrated."""
    n = len(galaxies)
    share = NEARBY_SHARE * (NEARBY_LIMIT - galaxies['magnitude'])
    chosen = (np.isnan(galaxies['bulge_fraction'])
              & (galaxies['sersic_index'] >= 2.5)
              & (rng.random(n) < share))
    factor = NEARBY_FACTOR * np.exp(NEARBY_SCATTER * rng.normal(size=n))
    index = np.round(rng.uniform(*NEARBY_INDEX, n) / INDEX_STEP) * INDEX_STEP
    for name, values in (('half_light_radius', (
            galaxies['half_light_radius'] * factor).clip(max=MAX_SIZE)),
            ('sersic_index', index)):
        galaxies[name] = np.where(chosen, values, galaxies[name])


def _draw_fractions(part, allowed, share, rng, growth=1.0):
    """Draw fractions of the light of a part, zero where it is not."""
    median, scatter, largest = part
    n = len(allowed)
    fraction = (growth * median * np.exp(scatter * rng.normal(size=n))).clip(
        max=largest)
    return np.where(allowed & (rng.random(n) < share), fraction, 0.0)


def _draw_bars_and_knots(galaxies, disc, rng):
    """Draw bars and strong knots of the discs, in place."""
    n = len(galaxies)
    galaxies['bar_fraction'] = np.where(
        disc & (rng.random(n) < BAR_SHARE), rng.uniform(*BAR_FRACTION, n), 0)
    galaxies['bar_angle'] = rng.uniform(0, 180, n)
    knotty = disc & (rng.random(n) < KNOT_SHARE)
    galaxies['knot_fraction'] = np.where(
        knotty, rng.uniform(*KNOT_FRACTION, n), 0)
    galaxies['n_knots'] = np.where(knotty,
                                   rng.integers(1, MAX_KNOTS + 1, n), 0)


def _place(row, radius, angle):
    """Return where a place in the disc's plane is seen, in arcsec."""
    matrix = shape_of(row, '').getMatrix()
    return matrix @ [radius * np.cos(angle), radius * np.sin(angle)]


def _truncation(size):
    """Return where a profile ends, in arcsec; 0 for nowhere."""
    return TRUNCATION * size if size > TRUNCATED_SIZE else 0.0


def _elliptical(row):
    """Return a Sersic profile with an outer halo, of unit flux."""
    import galsim

    size, halo = row['half_light_radius'], row['halo_fraction']
    if not halo:
        return galsim.Sersic(
            row['sersic_index'], half_light_radius=size,
            trunc=_truncation(size)).shear(shape_of(row, ''))
    rng = np.random.default_rng([row['seed'], 2])
    # the halo is larger: the whole keeps about its size
    size *= 1 - 0.7 * halo
    main = galsim.Sersic(row['sersic_index'], half_light_radius=size,
                         trunc=_truncation(size)).shear(shape_of(row, ''))
    outer = galsim.Exponential(
        half_light_radius=rng.uniform(1.6, 2.6) * size).shear(
            shape_of(row, 'bulge_'))
    angle, distance = rng.uniform(0, 2 * np.pi), row['bulge_offset']
    # 3: where the surface brightness is low, offsets are larger
    outer = outer.shift(*_place(row, 3 * distance * size, angle))
    return (1 - halo) * main + halo * outer


def _disc(row):
    """Return the disc with all that it has, of unit flux."""
    import galsim

    size = row['disc_radius']
    shape = shape_of(row, '')
    index = row['sersic_index'] if row['bulge_fraction'] == 0 else 1.0
    smooth = (galsim.Exponential(half_light_radius=size) if index == 1 else
              galsim.Sersic(index, half_light_radius=size,
                            trunc=_truncation(size)))
    names = ('lopsided', 'arm', 'clump', 'knot', 'bar')
    light = {name: row[f'{name}_fraction'] for name in names}
    total = sum(light.values())
    if total > MAX_STRUCTURE:
        light = {name: value * MAX_STRUCTURE / total
                 for name, value in light.items()}
    rest = 1 - min(total, MAX_STRUCTURE)
    parts = [rest * smooth.shear(shape)]
    matrix = shape.getMatrix()
    draw = functools.partial(gaussian, matrix=matrix, size=size)
    rng = np.random.default_rng([row['seed'], 3])
    parts += _draw_parts(row, light, draw, rng)
    if light['knot']:
        parts.append(light['knot'] * galsim.RandomKnots(
            int(row['n_knots']), half_light_radius=size,
            rng=galsim.BaseDeviate(int(row['seed']))).shear(shape))
    if row['dust_depth']:
        lane = dust_lane(row, index, rng)
        parts.append(draw(lane._replace(flux=rest * lane.flux)))
    if len(parts) == 1:
        return parts[0].withFlux(1.0)
    return galsim.Sum(parts).withFlux(1.0)


def _draw_parts(row, light, draw, rng):
    """Return the Gaussians of the disc."""
    pieces = []
    if light['bar']:
        angle = np.deg2rad(row['bar_angle'])
        pieces.append(bar(light['bar'], angle))
    if light['lopsided']:
        pieces.append(lopsided_part(light['lopsided'],
                                    row['lopsided_offset'], rng))
    if light['arm']:
        pieces += arms(light['arm'], row['n_pieces'], rng)
    if light['clump']:
        pieces += clumps(light['clump'], row['n_pieces'], rng)
    return [draw(piece) for piece in pieces]
