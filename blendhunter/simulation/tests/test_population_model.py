# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The galaxy population agrees with the tables it was fitted to."""

import numpy as np
import pytest
from astropy.table import Table
from scipy.special import gammainc, gammaincinv

from blendhunter.simulation.populations.model import (
    component_radii,
    draw_magnitudes,
    draw_parameters,
    galaxy_density,
)

AREA = 5712.0  # arcmin2 of the COSMOS table, see tools/fit_population.py


@pytest.fixture(scope='module')
def tables(data_dir):
    """Magnitudes of COSMOS, its 500 fits, CatSim galaxies."""
    counts, fits, faint = (Table.read(data_dir / 'cosmos' / name)
                           for name in (
        'great3_shera_catalog_23.5.fits.gz',
        'real_galaxy_23.5_500_fits.fits', 'bliss_small_cat.fits'))
    return np.asarray(counts['F814W']), fits, faint


def draw(bright, faint, *, n=40_000, seed=3):
    rng = np.random.default_rng(seed)
    return draw_parameters(
        draw_magnitudes(n, rng, bright=bright, faint=faint), rng)


def test_density_is_that_of_cosmos(tables):
    magnitude, _, _ = tables
    assert galaxy_density(23.5) == pytest.approx(56_062 / AREA, rel=0.01)
    for bright, faint in ((19, 20), (20, 21), (21, 22), (22, 23), (23, 23.5)):
        seen = ((magnitude >= bright) & (magnitude < faint)).sum() / AREA
        assert galaxy_density(faint, bright=bright) == pytest.approx(
            seen, rel=0.05)


def test_faint_counts_rise_as_those_of_catsim(tables):
    magnitude = np.asarray(tables[2]['i_ab'])
    for bright, faint in ((24, 25), (25, 26), (26, 27)):
        seen = (((magnitude >= bright) & (magnitude < faint)).sum()
                / ((magnitude >= 23) & (magnitude < 24)).sum())
        expected = (galaxy_density(faint, bright=bright)
                    / galaxy_density(24, bright=23))
        assert expected == pytest.approx(seen, rel=0.12)


@pytest.mark.parametrize(('bright', 'faint'), [
    (20, 21.5), (21.5, 22.5), (22.5, 23), (23, 23.5)])
def test_shapes_are_those_of_the_fits(tables, bright, faint):
    fits = tables[1]
    use = (fits['mag_auto'] >= bright) & (fits['mag_auto'] < faint)
    major, n, q = np.asarray(fits['sersicfit'])[use].T[1:4]
    drawn = draw(bright, faint)
    # 83 to 152 galaxies: a median is known to 7 % in size, 10 % in n
    assert np.median(drawn['half_light_radius']) == pytest.approx(
        np.median(0.03 * major * np.sqrt(q)), rel=0.15)
    assert np.median(drawn['sersic_index']) == pytest.approx(
        np.median(n), rel=0.25)
    assert np.median(drawn['axis_ratio']) == pytest.approx(
        np.median(q), abs=0.06)


def test_scatter_is_that_of_the_fits(tables):
    fits = tables[1]
    use = (fits['mag_auto'] >= 21) & (fits['mag_auto'] < 23.5)
    major, n, q = np.asarray(fits['sersicfit'])[use].T[1:4]
    drawn = draw(21, 23.5)
    for name, seen in (('half_light_radius', 0.03 * major * np.sqrt(q)),
                       ('sersic_index', n.clip(0.5, 6))):
        widths = [np.subtract(*np.percentile(np.log(values), [84, 16]))
                  for values in (drawn[name], seen)]
        assert widths[0] == pytest.approx(widths[1], rel=0.15)


def test_bulges_are_those_of_the_large_table(data_dir):
    shapes = Table.read(data_dir / 'cosmos'
                        / 'great3_real_galaxy_23.5_shapes.fits')
    seen = np.ma.filled(shapes['bulge_tot'].data, np.nan)
    seen = seen[(seen > 0.1) & (seen < 0.9)]
    drawn = draw(18, 23.5)['bulge_fraction']
    assert np.percentile(drawn[np.isfinite(drawn)], [25, 50, 75]
                         ) == pytest.approx(
        np.percentile(seen, [25, 50, 75]), abs=0.06)
    assert np.isfinite(drawn).mean() == pytest.approx(166 / 500, abs=0.06)


def test_faint_sizes_fall_as_those_of_catsim(tables):
    """CatSim's sizes are larger throughout; their trend is followed."""
    faint = tables[2]
    # discs: exact for the nine in ten galaxies with a small bulge
    use = np.asarray(faint['fluxnorm_bulge'] < 0.3 * faint['fluxnorm_disk'])
    magnitude = np.asarray(faint['i_ab'])[use]
    size = np.sqrt(np.asarray(faint['a_d'] * faint['b_d'])[use])

    def medians(bright, faint):
        inside = (magnitude >= bright) & (magnitude < faint)
        return (np.median(draw(bright, faint)['half_light_radius'])
                / np.median(size[inside]))

    overlap = medians(22.5, 23.5)
    assert 0.65 < overlap < 0.85
    for bright in (23.5, 24.5, 25.5, 26.5):
        assert medians(bright, min(bright + 1, 27)) == pytest.approx(
            overlap, rel=0.1)


def test_bright_galaxies_are_larger():
    magnitude = np.repeat([16.0, 17.0, 18.0, 19.0], 20_000)
    size = draw_parameters(magnitude, np.random.default_rng(2))
    medians = np.median(size['half_light_radius'].reshape(4, -1), axis=1)
    slopes = np.diff(np.log10(medians))
    assert slopes == pytest.approx(-0.15, abs=0.02)
    assert 2 < medians[0] < 3.5


def test_density_increases():
    density = [galaxy_density(m) for m in np.arange(16, 28.1, 0.25)]
    assert np.all(np.diff(density) > 0)
    assert galaxy_density(25, bright=20) == pytest.approx(
        galaxy_density(25) - galaxy_density(20))


def test_magnitudes_follow_the_density():
    drawn = draw_magnitudes(200_000, np.random.default_rng(4), bright=18,
                            faint=26)
    assert drawn.shape == (200_000,)
    assert drawn.min() >= 18
    assert drawn.max() <= 26
    for m in (20, 22, 24, 25.5):
        expected = (galaxy_density(m, bright=18)
                    / galaxy_density(26, bright=18))
        error = np.sqrt(expected * (1 - expected) / len(drawn))
        assert (drawn < m).mean() == pytest.approx(expected, abs=4 * error)


def test_faint_slope():
    ratio = (galaxy_density(26.1, bright=26.0)
             / galaxy_density(25.1, bright=25.0))
    assert np.log10(ratio) == pytest.approx(0.26, abs=0.03)


def test_same_seed_same_galaxies():
    first, second, other = (draw(18, 26, n=500, seed=s) for s in (5, 5, 6))
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])
        assert not np.array_equal(values, other[name], equal_nan=True)


def test_parameters_are_in_their_limits():
    magnitude = np.repeat(np.arange(16, 28.1, 0.5), 4000)
    drawn = draw_parameters(magnitude, np.random.default_rng(7))
    limits = {'half_light_radius': (0.05, 10), 'sersic_index': (0.5, 6),
              'axis_ratio': (0.1, 1), 'bulge_fraction': (0.1, 0.9),
              'bulge_size_ratio': (0.05, 3)}
    assert set(drawn) == set(limits)
    single = np.isnan(drawn['bulge_fraction'])
    np.testing.assert_array_equal(np.isnan(drawn['bulge_size_ratio']), single)
    for name, (low, high) in limits.items():
        assert drawn[name].shape == magnitude.shape
        values = drawn[name][~single]
        assert np.all((values >= low) & (values <= high))
        if not name.startswith('bulge'):
            assert np.all(np.isfinite(drawn[name]))


def test_no_galaxies():
    rng = np.random.default_rng(0)
    magnitude = draw_magnitudes(0, rng, bright=20, faint=25)
    assert all(len(values) == 0
               for values in draw_parameters(magnitude, rng).values())


@pytest.mark.parametrize(('fraction', 'ratio'), [(0.4, 0.5), (0.8, 0.3),
                                                 (0.3, 2.0)])
def test_component_radii_make_the_whole(fraction, ratio):
    """The light of the two Sersic profiles inside the whole's radius."""
    disc, bulge = component_radii(np.array([0.7]), fraction, ratio)
    assert bulge == pytest.approx(ratio * disc)
    inside = sum(share * gammainc(2 * n, gammaincinv(2 * n, 0.5)
                                  * (0.7 / radius) ** (1 / n))
                 for share, n, radius in ((1 - fraction, 1, disc),
                                          (fraction, 4, bulge)))
    assert inside == pytest.approx(0.5, abs=1e-5)


def test_single_profiles_have_no_components():
    disc, bulge = component_radii(np.array([0.5]), np.nan, np.nan)
    assert np.isnan(disc)
    assert np.isnan(bulge)


@pytest.mark.parametrize(('bright', 'faint'), [(22, 22), (24, 20),
                                               (20, 99), (np.nan, 25)])
def test_limits_must_hold_galaxies(bright, faint):
    match = f'bright={bright!r}, faint={faint!r}'
    with pytest.raises(ValueError, match=match):
        draw_magnitudes(3, np.random.default_rng(0), bright=bright,
                        faint=faint)
    with pytest.raises(ValueError, match=match):
        galaxy_density(faint, bright=bright)
