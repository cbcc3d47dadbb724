"""Simulated fields and the detections in them."""

import numpy as np
import pytest
from astropy.nddata import CCDData
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import detect, simulate_field
from blendhunter.simulation import (
    Artefacts,
    FieldRanges,
    ParametricPopulation,
    simulate_detections,
)
from blendhunter.simulation.recipes import simulate_training_detections
from blendhunter.truth import blendedness, group_sources


@pytest.fixture(scope='module')
def sky():
    return simulate_field((300, 400), rng=6)


def test_field(sky):
    image, truth = sky
    assert isinstance(image, CCDData)
    assert image.shape == (300, 400)
    # 90 galaxies per square arcminute, and Poisson
    expected = 90 * 300 * 400 * (0.187 / 60)**2
    n_galaxies = np.sum(~truth['is_star'])
    assert abs(n_galaxies - expected) < 4 * np.sqrt(expected)
    assert np.all(truth['magnitude'] <= 26.5)
    ra, dec = image.wcs.pixel_to_world_values(truth['x'], truth['y'])
    assert_allclose(ra, truth['ra'])
    assert_allclose(dec, truth['dec'])


def test_field_holds_its_sources(sky):
    image, truth = sky
    catalog = detect(image)
    bright = truth[(truth['snr'] > 30)]
    distance = np.hypot(bright['x'][:, None] - catalog['x_centroid'],
                        bright['y'][:, None] - catalog['y_centroid'])
    assert np.mean(distance.min(axis=1) < 2.5) > 0.8


def test_field_is_the_same_for_any_number_of_processes(sky):
    image, truth = simulate_field((300, 400), rng=6, n_jobs=2)
    assert_array_equal(image.data, sky[0].data)
    assert_array_equal(truth['snr'], sky[1]['snr'])


def test_positions_and_fluxes_of_a_field():
    """Stars alone, nearly without noise: where and as bright as told."""
    image, truth = simulate_field(
        (300, 330), density=60, star_fraction=4.0, rng=3, noise=0.01,
        magnitudes=(26.4, 26.5), star_magnitudes=(18, 20))
    checked = 0
    for star in truth[truth['is_star']]:
        cx, cy = round(star['x']), round(star['y'])
        if (min(cx, cy) < 30 or cx > 299 or cy > 269
                or star['neighbour_separation'] < 40):
            continue
        cut = image.data[cy - 25:cy + 26, cx - 25:cx + 26].astype(float)
        steps = np.arange(-25, 26)
        assert cut.sum() == pytest.approx(star['flux'], rel=0.02)
        assert (cut.sum(axis=0) @ steps) / cut.sum() == pytest.approx(
            star['x'] - cx, abs=0.02)
        assert (cut.sum(axis=1) @ steps) / cut.sum() == pytest.approx(
            star['y'] - cy, abs=0.02)
        assert star['snr'] == pytest.approx(
            np.sqrt(np.sum(cut**2)) / 0.01, rel=0.01)
        checked += 1
    assert checked >= 3


def test_truth_of_a_field(sky):
    image, truth = sky
    assert np.all((truth['blendedness'] >= -1e-3)
                  & (truth['blendedness'] <= 1))
    distance = np.hypot(truth['x'][:, None] - truth['x'],
                        truth['y'][:, None] - truth['y'])
    np.fill_diagonal(distance, np.inf)
    assert_allclose(truth['neighbour_separation'], distance.min(axis=1))
    # crowded sources share more of their light
    near = truth['neighbour_separation'] < 5
    far = truth['neighbour_separation'] > 20
    assert (np.median(truth['blendedness'][near])
            > 3 * np.median(truth['blendedness'][far]))
    assert truth['group_id'].max() < len(truth) - 1
    assert np.all(truth['group_snr'] >= 0)
    assert 'blendhunter.simulation' in truth.meta


def test_blendedness_of_a_field_is_that_of_its_images():
    """Two sources, rendered alone and together."""
    from astropy.table import Table

    from blendhunter.simulation.psf import get_psf
    from blendhunter.simulation.rendering import Exposure, render_field
    from blendhunter.simulation.surveys import get_survey

    survey = get_survey('cfis')
    exposure = Exposure(survey, get_psf(None, survey), 1e-3)
    population = ParametricPopulation()
    both = population.draw(2, np.random.default_rng(3),
                           magnitude=np.array([21.0, 22.0]))
    both['x'], both['y'] = [100.0, 104.0], [100.0, 101.0]
    both['flux'] = survey.counts(both['magnitude'])

    class Chosen:
        galaxies = population

        def __init__(self, rows):
            self.rows = rows

        def draw(self, shape, survey, rng):  # noqa: ARG002
            return Table(both[self.rows])

    images, truth = [], None
    for rows in ([0], [1], [0, 1]):
        pixels, _, truth = render_field((201, 201), Chosen(rows), exposure,
                                        np.random.SeedSequence(1))
        images.append(pixels)
    assert_allclose(truth['blendedness'],
                    blendedness(np.array(images[:2]), images[2]), rtol=1e-3)
    assert truth['group_id'].tolist() == [0, 0]
    assert group_sources(images[2], 1e-3, both['x'],
                         both['y'])[0].tolist() == [0, 0]


def test_clustered_galaxies_are_nearer_to_each_other():
    options = {'shape': (1500, 1500), 'rng': 3, 'noise': 500.0,
               'magnitudes': (22.0, 23.5), 'density': 60}
    _, even = simulate_field(**options)
    _, clumped = simulate_field(**options, clustering=1.0)
    assert (np.median(clumped['neighbour_separation'])
            < 0.75 * np.median(even['neighbour_separation']))
    for axis in 'xy':
        assert np.all((clumped[axis] > -0.51) & (clumped[axis] < 1499.51))


def test_density_follows_the_counts():
    """Poisson: 800 galaxies have an error of 28."""
    _, truth = simulate_field((1000, 1000), magnitudes=(16, 23.5), rng=1,
                              noise=1e4, star_fraction=0)
    # 90 to 26.5 stand for the 9.8 to 23.5 that COSMOS has, times 90 / 71
    area = (1000 * 0.187 / 60)**2
    assert len(truth) == pytest.approx(12.4 * area,
                                       abs=4 * np.sqrt(12.4 * area))


def test_bright_stars_with_spikes_and_saturation():
    image, truth = simulate_field(
        (400, 400), density=4, star_fraction=2.0, spikes=0.05,
        star_magnitudes=(15, 16), saturation=20_000.0, rng=4)
    assert image.mask.any()
    assert image.data.max() == 20_000
    assert np.sum(truth['is_star']) > 5
    plain, _ = simulate_field(
        (400, 400), density=4, star_fraction=2.0, star_magnitudes=(15, 16),
        rng=4)
    star = truth[truth['is_star']][np.argmax(truth['flux'][
        truth['is_star']])]
    # along the diagonal the spikes outshine the wings
    reach = [(round(star['y']) + d, round(star['x']) + d)
             for d in (-25, 25) if 0 <= round(star['y']) + d < 400
             and 0 <= round(star['x']) + d < 400]
    assert all(image.data[place] > plain.data[place] + 100
               for place in reach)
    assert reach


def test_wide_wings_of_bright_stars():
    """They fall as r**-4: 20 px out they outshine the plain profile."""
    options = {'density': 4, 'star_fraction': 2.0, 'rng': 4,
               'star_magnitudes': (15, 16)}
    plain, truth = simulate_field((400, 400), **options)
    winged, same = simulate_field((400, 400), wings=0.2, **options)
    brightest = np.argmax(truth['flux'] * truth['is_star'])
    star = truth[brightest]
    yy, xx = np.mgrid[:400, :400]
    ring = np.abs(np.hypot(xx - star['x'], yy - star['y']) - 20) < 2
    assert np.median(winged.data[ring]) > 2 * np.median(plain.data[ring])
    # the light is the same, but for what lies beyond the stars' images
    assert winged.data.sum() == pytest.approx(plain.data.sum(), rel=0.02)
    assert same['snr'][brightest] < star['snr']


def test_photon_noise_of_the_sources():
    options = {'density': 40, 'star_fraction': 0.2, 'rng': 4,
               'star_magnitudes': (17, 18)}
    plain, truth = simulate_field((400, 400), **options)
    noisy, same = simulate_field((400, 400), gain=2.0, **options)
    quiet, _ = simulate_field((400, 400), noise=1e-3, **options)
    light = np.asarray(quiet.data, dtype=float)
    for image, variance in ((plain, 14.5**2), (noisy, 14.5**2 + light / 2)):
        pull = (image.data - light) / np.sqrt(variance)
        for part in (light > 300, light < 3):
            assert np.std(pull[part]) == pytest.approx(1, abs=0.06)
    # faint sources are seen as before, bright ones less well
    ratio = np.asarray(same['snr'] / truth['snr'])
    assert np.all(ratio <= 1 + 1e-6)
    faint = np.asarray(truth['snr']) < 5
    assert np.quantile(ratio[faint], 0.9) > 0.95
    star = np.argmax(truth['snr'])
    # background-limited to photon-limited
    assert truth['snr'][star] > 3 * same['snr'][star]
    assert same['snr'][star] < np.sqrt(2 * truth['flux'][star])


def test_psf_that_varies_over_the_field():
    from blendhunter.simulation import PaperPSF, measure_fwhm
    from blendhunter.simulation.psf import VaryingPSF

    rng = np.random.default_rng(2)
    psf = VaryingPSF(PaperPSF(0.65).draw(rng), (100, 200), 0.2, rng)
    middle, corner = (measure_fwhm(psf.at(*place))
                      for place in ((99.5, 49.5), (199, 99)))
    assert middle == pytest.approx(0.65, rel=0.03)
    assert corner != pytest.approx(middle, rel=0.02)
    fixed, _ = simulate_field((60, 60), rng=1)
    moving, _ = simulate_field((60, 60), rng=1, psf_variation=0.2)
    assert not np.array_equal(fixed.data, moving.data)


def test_correlated_noise_and_artefacts_of_a_field():
    image, _ = simulate_field((300, 300), density=0, star_fraction=0,
                              noise_correlation=0.6, rng=2)
    assert image.data.std() == pytest.approx(14.5, rel=0.05)
    assert np.mean(image.data[1:] * image.data[:-1]) > 0.3 * 14.5**2
    spoilt, _ = simulate_field(
        (300, 300), density=0, star_fraction=0, rng=2,
        artefacts=Artefacts(cosmic_rays=0.2, trails=2.0, masked=1.0))
    assert 0.0005 < spoilt.mask.mean() < 0.2
    assert spoilt.data[~spoilt.mask].std() == pytest.approx(14.5, rel=0.1)
    assert spoilt.data[spoilt.mask].std() > 2 * 14.5


def test_field_of_another_survey():
    image, truth = simulate_field((120, 130), survey='euclid_vis', rng=1)
    scale = np.abs(image.wcs.pixel_scale_matrix[0, 0]) * 3600
    assert scale == pytest.approx(0.1)
    assert len(truth) > 0


@pytest.mark.parametrize(('options', 'match'), [
    ({'shape': (10,)}, 'shape must be two positive'),
    ({'shape': (0, 5)}, 'shape must be two positive'),
    ({'noise': -1}, 'noise must be positive'),
    ({'density': -1}, 'density must not be negative'),
    ({'clustering': 2}, 'clustering must lie in 0 to 1'),
    ({'star_fraction': -0.1}, 'star_fraction must not be negative'),
    ({'companions': -1}, 'companions must not be negative'),
    ({'magnitudes': (26, 20)}, 'magnitudes must be a bright'),
    ({'spikes': 3}, 'spikes must lie in 0 to 1'),
    ({'wings': -1}, 'wings must lie in 0 to 1'),
    ({'gain': 0}, 'gain must be positive'),
    ({'saturation': float('nan')}, 'saturation must exceed the noise'),
    ({'noise': np.inf}, 'noise must be positive'),
    ({'survey': 'sky'}, "survey must be one of.*'cfis'")])
def test_bad_fields(options, match):
    with pytest.raises(ValueError, match=match):
        simulate_field(**{'shape': (9, 9), **options})


def test_empty_field():
    image, truth = simulate_field((30, 40), density=0, rng=1)
    assert image.shape == (30, 40)
    assert len(truth) == 0
    assert {'snr', 'blendedness', 'group_id', 'ra'} <= set(truth.colnames)


NARROW = FieldRanges(noise_factor=(0.8, 2.0), n_sigma=(1.5, 1.5))


@pytest.mark.parametrize('detector', ['sep', 'photutils'])
def test_detections(detector):
    made = simulate_detections(2, shape=(400, 400), rng=5, ranges=NARROW,
                               keep_unclear=True, detectors=(detector,))
    stamps, regions = made.arrays['stamps'], made.arrays['regions']
    truth = made.truth
    assert len(stamps) == len(regions) == len(truth)
    assert set(np.unique(truth['field'])) == {0, 1}
    assert regions[truth['truth_label'] >= 0].any(axis=(1, 2)).all()
    # inside the segment the pixels are above the noise
    z = stamps.astype(float)
    assert np.median([s[r].mean() for s, r in zip(z, regions, strict=True)
                      if r.any()]) > 1.2
    assert set(np.unique(truth['truth_label'])) == {-1, 0, 1}
    # the brightest source of a clear detection lies in its segment
    clear = np.flatnonzero(truth['truth_label'] >= 0)
    ix = np.rint(truth['x_1'][clear]).astype(int)
    iy = np.rint(truth['y_1'][clear]).astype(int)
    assert regions[clear, iy, ix].mean() > 0.99
    blend = truth['truth_label'] == 1
    assert np.all(np.isfinite(truth['snr_2'][blend]))
    assert_allclose(truth['snr_2'][blend], truth['companion_snr'][blend])
    assert_allclose(np.hypot(truth['x_2'] - truth['x_1'],
                             truth['y_2'] - truth['y_1'])[blend],
                    truth['separation'][blend], atol=1e-4)
    # a blended segment makes a blended stamp
    assert np.all(truth['stamp_label'][blend] == 1)
    assert truth['stamp_label'].mean() > truth['truth_label'][clear].mean()
    assert made.provenance['ranges'][0]['FieldRanges']['n_sigma'] == [1.5, 1.5]


def test_detections_are_the_same_for_any_number_of_processes():
    options = {'shape': (200, 200), 'rng': 2, 'ranges': NARROW}
    serial = simulate_detections(2, **options)
    parallel = simulate_detections(2, n_jobs=2, **options)
    assert_array_equal(serial.arrays['stamps'], parallel.arrays['stamps'])
    assert_array_equal(serial.truth['separation'],
                       parallel.truth['separation'])


def test_fields_take_the_ranges_in_turn():
    deep = FieldRanges(noise_factor=(0.5, 0.5), noise_electrons=(9, 9))
    made = simulate_detections(3, shape=(250, 250), rng=1,
                               ranges=(NARROW, deep))
    noise = [set(made.truth['field_noise_factor'][made.truth['field'] == i])
             for i in range(3)]
    assert noise[1] == {0.5}
    # FWHM in px
    assert_allclose(made.truth['field_seeing'], 0.65 / 0.187 * made.truth[
        'field_seeing_factor'], rtol=1e-5)
    assert all(0.8 <= value <= 2 for i in (0, 2) for value in noise[i])
    electrons = np.asarray(made.truth['field_noise_electrons'])
    assert np.array_equal(np.isfinite(electrons), made.truth['field'] == 1)


def test_no_detections():
    made = simulate_detections(0, rng=1)
    assert made.arrays['stamps'].shape == (0, 51, 51)
    assert len(made) == 0
    with pytest.raises(ValueError, match='n_fields must not be negative'):
        simulate_detections(-1)


@pytest.mark.parametrize(('options', 'match'), [
    ({'density': (9, 3)}, 'density must be two limits'),
    ({'noise_factor': (0, 1)}, 'noise_factor must be two limits'),
    ({'spikes': (0, 2)}, 'spikes must be two limits up to 1.0'),
    ({'noise_electrons': (0, 3)}, 'noise_electrons must be two limits'),
    ({'wings': (0, 2)}, 'wings must be two limits up to 1.0'),
    ({'bright': (25, 27)}, 'bright must be two limits up to 23'),
    ({'saturated': 2}, 'saturated must lie in 0 to 1')])
def test_bad_ranges(options, match):
    with pytest.raises(ValueError, match=match):
        FieldRanges(**options)


@pytest.mark.parametrize(('options', 'match'), [
    ({'detectors': ('daofind',)}, "method must be one of.*'sep'"),
    ({'detectors': ()}, 'detectors must not be empty'),
    ({'survey': []}, 'survey must not be empty'),
    ({'ranges': []}, 'ranges must not be empty'),
    ({'shape': (10,)}, 'shape must be two positive integers'),
    ({'shape': (-10, 10)}, 'shape must be two positive integers')])
def test_bad_detections(options, match):
    with pytest.raises(ValueError, match=match):
        simulate_detections(1, **options)


def test_ranges_are_drawn_within_their_limits():
    ranges = FieldRanges()
    rng = np.random.default_rng(1)
    drawn = [ranges.draw(rng) for _ in range(300)]
    noise = np.array([values['noise_factor'] for values in drawn])
    assert noise.min() >= 0.5
    assert noise.max() <= 10
    # uniform in the logarithm: the median is the geometric mean
    assert np.median(noise) == pytest.approx(np.sqrt(5), rel=0.25)
    saturated = np.isfinite([values['saturated'] for values in drawn])
    assert saturated.mean() == pytest.approx(0.5, abs=0.12)


def test_real_galaxies_in_fields(data_dir):
    made = simulate_detections(
        1, shape=(300, 300), kind='realistic', rng=3, ranges=NARROW,
        cosmos_dir=data_dir / 'real_galaxies')
    assert len(made) > 5


def test_training_recipe(monkeypatch):
    from blendhunter.simulation import recipes

    seen = {}
    monkeypatch.setattr(recipes, 'simulate_detections',
                        lambda n, **options: seen.update(n=n, **options))
    simulate_training_detections(7, rng=3)
    assert seen['n'] == 7
    assert set(seen['detectors']) == {'sep', 'photutils'}
    assert len(set(seen['survey'])) >= 3
    # so that each meets all the others
    lengths = [len(seen[key]) for key in ('detectors', 'survey', 'ranges')]
    assert np.lcm.reduce(lengths) == np.prod(lengths)
    assert sum(item.noise_electrons is not None
               for item in seen['ranges']) == 1
