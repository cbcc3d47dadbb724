# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Structured galaxies: lopsided, with arms, clumps, bars and dust lanes."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter import simulate_field, simulate_stamps
from blendhunter.simulation import PaperPSF, SourceModel
from blendhunter.simulation.populations.columns import (
    INTERNAL,
    rows_of,
    simplify,
)
from blendhunter.simulation.populations.kinds import get_population
from blendhunter.simulation.populations.structured import (
    MAX_SIZE,
    StructuredPopulation,
)
from blendhunter.simulation.psf import convolve

FRACTIONS = ('lopsided_fraction', 'arm_fraction', 'clump_fraction',
             'knot_fraction', 'bar_fraction', 'halo_fraction')
# sums over 2000 galaxies of seed 7
FORMER = {
    'magnitude': 47666.77961222909, 'half_light_radius': 581.4800725722921,
    'knot_fraction': 198.57699373338446, 'n_knots': 7953,
    'bar_fraction': 45.0245105304659, 'bulge_angle': 178196.80748812627,
    'seed': 2120478225685}


@pytest.fixture(scope='module')
def psf():
    """The paper's PSF."""
    return PaperPSF(0.65).draw(np.random.default_rng(1))


def draw(n, *, seed=1, **limits):
    """Draw galaxies, and return population and table."""
    population = StructuredPopulation(**limits)
    return population, population.draw(n, np.random.default_rng(seed))


def see(population, row, psf, size=51):
    """Return the noiseless image from the ground, in px of CFIS."""
    return convolve(population.render(row), psf).drawImage(
        nx=size, ny=size, scale=0.187, dtype=float).array


def asymmetry(image):
    """Return sum abs(I - turned) / (2 sum I) about the image's middle."""
    return np.abs(image - image[::-1, ::-1]).sum() / (2 * image.sum())


def centered(population, row, psf):
    """Return the image with its centroid in the middle."""
    galaxy = population.render(row)
    return convolve(galaxy.shift(-galaxy.centroid), psf).drawImage(
        nx=51, ny=51, scale=0.187, dtype=float).array


def test_flux_is_one_and_no_pixel_is_negative(psf):
    """For every mixture of parts, dust lanes among them."""
    population, table = draw(150, bright=18, faint=24)
    assert np.sum(table['dust_depth'] > 0) >= 5
    for row in rows_of(table):
        assert population.render(row).flux == pytest.approx(1, abs=1e-6)
        image = see(population, row, psf)
        assert image.min() > -1e-4 * image.max()


def test_the_deepest_dust_lanes_take_no_more_light_than_there_is(psf):
    population, table = draw(300, bright=19, faint=23)
    lanes = table[table['dust_depth'] > 0]
    assert len(lanes) >= 5
    lanes['dust_depth'] = 0.9
    for name in FRACTIONS:
        lanes[name] = 0
    bare = lanes.copy()
    bare['dust_depth'] = 0
    changed = 0
    for row, without in zip(rows_of(lanes), rows_of(bare), strict=True):
        image, smooth = (see(population, r, psf) for r in (row, without))
        assert image.min() > -1e-4 * image.max()
        changed += np.abs(image - smooth).sum() > 0.01
    assert changed > len(lanes) / 2


def test_the_row_tells_the_galaxy(psf):
    population, table = draw(20, bright=20, faint=22)
    again, same = draw(20, bright=20, faint=22)
    for name in table.colnames:
        assert_array_equal(table[name], same[name])
    # alone, and in another order
    for row, other in zip(rows_of(table), reversed(rows_of(same[::-1])),
                          strict=True):
        assert_array_equal(see(population, row, psf),
                           see(again, other, psf))


def test_nearly_every_galaxy_is_lopsided(psf):
    """
    As the real ones: the median lies between 1 and 10 per cent.

    Smooth galaxies have 0 here.
    """
    population, table = draw(80, bright=19, faint=23.5)
    values = [asymmetry(centered(population, row, psf))
              for row in rows_of(table)]
    assert 0.01 < np.median(values) < 0.10
    assert np.percentile(values, 10) > 0.002
    assert np.percentile(values, 95) < 0.4
    assert np.mean(table['knot_fraction'] > 0) < 0.2


def test_fractions_leave_light_for_the_disc():
    _, table = draw(3000, bright=18, faint=25)
    for name in FRACTIONS:
        assert table[name].min() >= 0
        assert table[name].max() <= 0.5
        assert np.any(table[name] > 0)
    disc = np.isfinite(table['bulge_fraction'])
    assert np.all(table['halo_fraction'][disc] == 0)
    assert np.all(table['arm_fraction'][~disc] == 0)
    assert np.all((table['knot_fraction'] > 0) == (table['n_knots'] > 0))
    assert table['dust_depth'].max() < 1


def test_bright_ellipticals_are_larger_than_a_stamp(psf):
    """With indices to 6, rendered on images of few pixels."""
    population, table = draw(4000, bright=16.5, faint=19)
    table.sort('half_light_radius')
    assert 4 < table['half_light_radius'].max() <= MAX_SIZE
    assert table['sersic_index'].max() == 6
    largest = table[np.isnan(table['bulge_fraction'])][-2:]
    for row in rows_of(largest):
        profile = convolve(population.render(row), psf)
        assert profile.getGoodImageSize(0.187) < 2500
        image = see(population, row, psf)
        assert image.min() >= 0
        # more than a third of the light falls off the stamp
        assert image.sum() < 0.67


@pytest.mark.parametrize('changes', [
    {'axis_ratio': 0.1}, {'axis_ratio': 1.0},
    {'half_light_radius': 0.05, 'disc_radius': 0.05},
    {'half_light_radius': MAX_SIZE, 'disc_radius': MAX_SIZE,
     'bulge_radius': MAX_SIZE},
    {'lopsided_fraction': 0.5, 'arm_fraction': 0.4, 'clump_fraction': 0.35,
     'knot_fraction': 0.15, 'n_knots': 1, 'bar_fraction': 0.25},
    {'sersic_index': 0.5}, {'bulge_offset': 0.4},
    {'dust_depth': 0.9, 'axis_ratio': 0.15}])
def test_extreme_galaxies(changes, psf):
    population, table = draw(12, bright=19, faint=22)
    for name, value in changes.items():
        table[name] = value
    for row in rows_of(table):
        if row['bulge_fraction'] == 0 and row['sersic_index'] > 2:
            continue
        assert population.render(row).flux == pytest.approx(1, abs=1e-6)
        image = see(population, row, psf)
        assert np.all(np.isfinite(image))
        assert image.min() > -1e-4 * image.max()


def test_smooth_version(psf):
    """Same flux, size and shape, and nothing off the center."""
    population, table = draw(40, bright=20, faint=23)
    before = table.copy()
    rows = np.arange(40) % 2 == 0
    simplify(table, rows)
    for name in table.colnames:
        assert_array_equal(table[name][~rows], before[name][~rows])
    for name in ('magnitude', 'half_light_radius', 'axis_ratio', 'seed'):
        assert_array_equal(table[name], before[name])
    for row in rows_of(table[rows]):
        assert asymmetry(see(population, row, psf)) < 2e-3
    indices = before.copy()
    simplify(indices, np.flatnonzero(rows))
    for name in table.colnames:
        assert_array_equal(indices[name], table[name])
    # populations of other columns
    simplify(before[['magnitude']], rows)


def test_faint_galaxies_are_smooth():
    _, table = draw(100, bright=25.3, faint=26.5)
    for name in (*FRACTIONS, 'dust_depth', 'bulge_offset'):
        assert_array_equal(table[name], 0)


def test_truth_has_the_columns_of_every_kind():
    made = simulate_stamps(6, kind='structured', rng=1)
    knots = simulate_stamps(6, kind='knots', rng=1)
    assert made.truth.colnames == knots.truth.colnames
    assert not set(INTERNAL) & set(made.truth.colnames)
    _, truth = simulate_field((120, 120), rng=2,
                              sources=SourceModel(kind='structured'))
    assert not set(INTERNAL) & set(truth.colnames)
    assert np.all(truth['bulge_fraction'][np.isfinite(
        truth['bulge_fraction'])] <= 1)


def test_knots_are_the_former_structured_galaxies():
    """Numbers of the version that called them structured, for this seed."""
    table = get_population('knots').draw(2000, np.random.default_rng(7))
    for name, total in FORMER.items():
        assert np.nansum(table[name]) == pytest.approx(total, rel=1e-10)

