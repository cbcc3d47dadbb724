# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulated fields and the detections in them."""

import json

import numpy as np
import pytest
from astropy.nddata import CCDData
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import detect, simulate_field
from blendhunter.simulation import (
    Artifacts,
    Exposure,
    FieldRanges,
    LogUniform,
    PaperPSF,
    ParametricPopulation,
    SourceModel,
    get_survey,
    simulate_detections,
)
from blendhunter.simulation.exposure import Camera
from blendhunter.simulation.fields import draw_field, render_field
from blendhunter.simulation.psf import VaryingPSF
from blendhunter.training.simulated_sets import simulate_training_detections
from blendhunter.truth.overlap import blendedness, group_sources

EMPTY = SourceModel(density=0, star_fraction=0)


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
        (300, 330), rng=3, exposure=Exposure(noise=0.01), sources=SourceModel(
            density=60, star_fraction=4.0, bright=26.4, faint=26.5,
            star_bright=18, star_faint=20))
    checked = 0
    for star in truth[truth['is_star']]:
        cx, cy = round(star['x']), round(star['y'])
        if (min(cx, cy) < 30 or cx > 299 or cy > 269
                or star['neighbor_separation'] < 40):
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
    assert_allclose(truth['neighbor_separation'], distance.min(axis=1))
    # crowded sources share more of their light
    near = truth['neighbor_separation'] < 5
    far = truth['neighbor_separation'] > 20
    assert (np.median(truth['blendedness'][near])
            > 3 * np.median(truth['blendedness'][far]))
    assert truth['group_id'].max() < len(truth) - 1
    # sources of one group share the SNR of its light
    for group in np.unique(truth['group_id']):
        assert len(set(truth['group_snr'][truth['group_id'] == group])) == 1
    arguments = json.loads(truth.meta['BHSIMUL'])
    assert arguments['seed'] == 6
    assert arguments['sources']['SourceModel']['density'] == 90
    assert arguments['camera']['Camera']['noise'] == 14.5


def test_blendedness_of_a_field_is_that_of_its_images():
    """Two sources, rendered alone and together."""
    from astropy.table import Table

    survey = get_survey('cfis')
    camera = Camera.of(survey, Exposure(noise=1e-3))
    both = ParametricPopulation().draw(2, np.random.default_rng(3),
                                       magnitude=np.array([21.0, 22.0]))
    both['x'], both['y'] = [100.0, 104.0], [100.0, 101.0]
    both['flux'] = survey.counts(both['magnitude'])

    class Chosen:
        population = ParametricPopulation()

        def __init__(self, rows):
            self.rows = rows

        def draw(self, shape, survey, rng):  # noqa: ARG002
            return Table(both[self.rows])

    images, truth = [], None
    for rows in ([0], [1], [0, 1]):
        pixels, _, truth = render_field((201, 201), Chosen(rows), camera,
                                        np.random.SeedSequence(1))
        images.append(pixels)
    assert_allclose(truth['blendedness'],
                    blendedness(np.array(images[:2]), images[2]), rtol=1e-3)
    assert truth['group_id'].tolist() == [0, 0]
    assert group_sources(images[2], 1e-3, both['x'],
                         both['y'])[0].tolist() == [0, 0]


def test_clustered_galaxies_are_nearer_to_each_other():
    even, clumped = (simulate_field(
        (1500, 1500), rng=3, exposure=Exposure(noise=500.0),
        sources=SourceModel(bright=22.0, faint=23.5, density=60,
                            clustering=clustering))[1]
        for clustering in (0.0, 1.0))
    assert (np.median(clumped['neighbor_separation'])
            < 0.75 * np.median(even['neighbor_separation']))
    for axis in 'xy':
        assert np.all((clumped[axis] > -0.51) & (clumped[axis] < 1499.51))


def test_density_follows_the_counts():
    """Poisson: 800 galaxies have an error of 28."""
    _, truth = simulate_field(
        (1000, 1000), rng=1, exposure=Exposure(noise=1e4),
        sources=SourceModel(bright=16, faint=23.5, star_fraction=0))
    # 90 to 26.5 stand for the 9.8 to 23.5 that COSMOS has, times 90 / 71
    area = (1000 * 0.187 / 60)**2
    assert len(truth) == pytest.approx(12.4 * area,
                                       abs=4 * np.sqrt(12.4 * area))


BRIGHT_STARS = SourceModel(density=4, star_fraction=2.0, star_bright=15,
                           star_faint=16)


@pytest.fixture(scope='module')
def bright_field():
    """A field with bright stars, and its truth."""
    return simulate_field((400, 400), rng=4, sources=BRIGHT_STARS)


def test_bright_stars_with_spikes_and_saturation(bright_field):
    image, truth = simulate_field(
        (400, 400), rng=4, sources=BRIGHT_STARS, exposure=Exposure(
            spikes=0.05, saturation=20_000.0))
    assert_array_equal(image.mask, image.data == 20_000)
    assert image.mask.any()
    assert image.data.max() == 20_000
    assert np.sum(truth['is_star']) > 5
    plain, _ = bright_field
    star = truth[truth['is_star']][np.argmax(truth['flux'][
        truth['is_star']])]
    # along the diagonal the spikes outshine the wings
    reach = [(round(star['y']) + d, round(star['x']) + d)
             for d in (-25, 25) if 0 <= round(star['y']) + d < 400
             and 0 <= round(star['x']) + d < 400]
    assert reach
    assert all(image.data[position] > plain.data[position] + 100
               for position in reach)


def test_wide_wings_of_bright_stars(bright_field):
    """They fall as r**-4: 20 px out they outshine the plain profile."""
    plain, truth = bright_field
    winged, same = simulate_field((400, 400), rng=4, sources=BRIGHT_STARS,
                                  exposure=Exposure(wings=0.2))
    brightest = np.argmax(truth['flux'] * truth['is_star'])
    star = truth[brightest]
    yy, xx = np.mgrid[:400, :400]
    ring = np.abs(np.hypot(xx - star['x'], yy - star['y']) - 20) < 2
    assert np.median(winged.data[ring]) > 2 * np.median(plain.data[ring])
    # the light is the same, but for what lies beyond the stars' images
    assert winged.data.sum() == pytest.approx(plain.data.sum(), rel=0.02)
    assert same['snr'][brightest] < star['snr']


def test_photon_noise_of_the_sources():
    options = {'rng': 4, 'sources': SourceModel(
        density=40, star_fraction=0.2, star_bright=17, star_faint=18)}
    plain, truth = simulate_field((300, 300), **options)
    noisy, same = simulate_field((300, 300), **options,
                                 exposure=Exposure(gain=2.0))
    quiet, _ = simulate_field((300, 300), **options,
                              exposure=Exposure(noise=1e-3))
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
    rng = np.random.default_rng(2)
    psf = VaryingPSF(PaperPSF(0.65), (100, 200), 0.2, rng)
    middle, corner = (psf.at(*position).calculateFWHM(scale=0.02, size=401)
                      for position in ((99.5, 49.5), (199, 99)))
    assert middle == pytest.approx(0.65, rel=0.03)
    assert corner != pytest.approx(middle, rel=0.02)
    fixed, _ = simulate_field((60, 60), rng=1)
    moving, _ = simulate_field((60, 60), rng=1,
                               exposure=Exposure(psf_variation=0.2))
    assert not np.array_equal(fixed.data, moving.data)


def test_correlated_noise_and_artifacts_of_a_field():
    image, _ = simulate_field((300, 300), rng=2, sources=EMPTY,
                              exposure=Exposure(noise_correlation=0.6))
    assert image.data.std() == pytest.approx(14.5, rel=0.05)
    assert np.mean(image.data[1:] * image.data[:-1]) > 0.3 * 14.5**2
    defective, _ = simulate_field(
        (300, 300), rng=2, sources=EMPTY, exposure=Exposure(
            artifacts=Artifacts(cosmic_rays=0.2, trails=2.0, masked=1.0)))
    mask = defective.mask
    assert 0.0005 < mask.mean() < 0.2
    assert defective.data[~mask].std() == pytest.approx(14.5, rel=0.1)
    assert defective.data[mask].std() > 2 * 14.5


def test_field_without_noise(sky):
    """Its SNR refers to the noise of the survey."""
    image, truth = simulate_field((300, 400), rng=6,
                                  exposure=Exposure(noise=None))
    assert image.uncertainty is None
    assert_array_equal(truth['snr'], sky[1]['snr'])
    noise = sky[0].data - image.data
    assert noise.std() == pytest.approx(14.5, rel=0.01)
    # but for the ringing of Fourier transforms
    assert image.data.min() > -0.1
    assert_array_equal(sky[0].uncertainty.array, np.float32(14.5))


def test_faint_limit_is_the_depth_of_the_exposure():
    """A star there has a Gaussian SNR of 3, whatever noise and seeing."""
    for options in ({}, {'noise': 60.0}, {'noise': 60.0,
                                          'seeing_factor': 2.0}):
        _, truth = simulate_field(
            (500, 500), rng=1, exposure=Exposure(**options),
            sources=SourceModel(faint=None, star_faint=None,
                                star_fraction=0.5))
        depth = get_survey('cfis').depth(3, **options)
        for stars in (True, False):
            faintest = truth['magnitude'][truth['is_star'] == stars].max()
            assert depth - 0.3 < faintest <= depth


def test_field_of_another_survey():
    image, truth = simulate_field((120, 130), survey='euclid_vis', rng=1,
                                  exposure=Exposure(noise=None))
    scale = np.abs(image.wcs.pixel_scale_matrix[0, 0]) * 3600
    assert scale == pytest.approx(0.1)
    # the survey's own zero point: the pixels hold the flux of the truth
    inside = (np.abs(truth['x'] - 65) < 40) & (np.abs(truth['y'] - 60) < 40)
    assert image.data.sum() > 0.9 * truth['flux'][inside].sum() > 0


@pytest.mark.parametrize(('options', 'match'), [
    ({'shape': (10,)}, 'shape must be two positive'),
    ({'shape': (0, 5)}, 'shape must be two positive'),
    ({'exposure': Exposure(saturation=14.0)},
     'saturation must exceed the noise of 14.5, got 14.0'),
    ({'sources': SourceModel(kind='spiral')}, "kind must be one of.*'stars'"),
    ({'sources': SourceModel(kind='cosmos')}, 'needs cosmos_dir'),
    ({'sources': SourceModel(bright=30, faint=None)},
     'bright must be below faint, got 30 and 27'),
    ({'survey': 'sky'}, "survey must be one of.*'cfis'")])
def test_bad_fields(options, match):
    with pytest.raises(ValueError, match=match):
        simulate_field(**{'shape': (9, 9), **options})


@pytest.mark.parametrize(('model', 'options', 'match'), [
    (SourceModel, {'density': -1}, 'density must not be negative, got -1'),
    (SourceModel, {'clustering': 2}, 'clustering must be between 0 and 1'),
    (SourceModel, {'star_fraction': -0.1}, 'star_fraction must not be neg'),
    (SourceModel, {'companions': -1}, 'companions must not be negative'),
    (SourceModel, {'bright': 27}, 'bright must be below faint, got 27 and'),
    (SourceModel, {'star_faint': 3}, 'star_bright must be below star_faint'),
    (Exposure, {'noise': -1}, 'noise must be positive, got -1'),
    (Exposure, {'noise': np.inf}, 'noise must be positive'),
    (Exposure, {'noise': 'sky'}, "noise must be positive, got 'sky'"),
    (Exposure, {'seeing_factor': 0}, 'seeing_factor must be positive'),
    (Exposure, {'noise_correlation': 2}, 'noise_correlation must be'),
    (Exposure, {'psf_variation': -1}, 'psf_variation must be between 0 and 1'),
    (Exposure, {'spikes': 3}, 'spikes must be between 0 and 1'),
    (Exposure, {'wings': -1}, 'wings must be between 0 and 1'),
    (Exposure, {'gain': 0}, 'gain must be positive'),
    (Exposure, {'saturation': float('nan')}, 'saturation must be positive'),
    (FieldRanges, {'density': (9, 3)}, 'density must be two limits'),
    (FieldRanges, {'noise': (0, 1)}, 'noise must be positive, got 0'),
    (FieldRanges, {'spikes': (0, 2)}, 'spikes must be between 0 and 1, got 2'),
    (FieldRanges, {'gain': (0, 3)}, 'gain must be positive, got 0'),
    (FieldRanges, {'wings': (0, 2)}, 'wings must be between 0 and 1, got 2'),
    (FieldRanges, {'bright': (20, 27)}, 'bright must not exceed 23.0'),
    (FieldRanges, {'saturation': 2}, 'saturation must be between 0 and 1')])
def test_bad_models(model, options, match):
    with pytest.raises(ValueError, match=match):
        model(**options)


def test_empty_field():
    image, truth = simulate_field((30, 40), sources=EMPTY, rng=1)
    assert image.shape == (30, 40)
    assert len(truth) == 0
    assert {'snr', 'blendedness', 'group_id', 'ra'} <= set(truth.colnames)


NARROW = FieldRanges(noise=LogUniform(0.8, 2.0), n_sigma=(1.5, 1.5))


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
    deep = FieldRanges(noise=(0.5, 0.5), gain=(9, 9), saturation=None)
    made = simulate_detections(3, shape=(250, 250), rng=1,
                               ranges=(NARROW, deep))
    truth = made.truth
    noise = [set(truth['field_noise'][truth['field'] == i])
             for i in range(3)]
    assert noise[1] == {0.5 * 14.5}
    assert all(0.8 <= value / 14.5 <= 2 for i in (0, 2)
               for value in noise[i])
    # FWHM in px
    assert_allclose(truth['field_seeing'], 0.65 / 0.187 * truth[
        'field_seeing_factor'], rtol=1e-5)
    # 9 electrons are the RMS of the noise, 7.25 counts
    second = np.asarray(truth['field'] == 1)
    assert_allclose(truth['field_gain'][second], 9 / 7.25, rtol=1e-6)
    assert np.all(np.isinf(truth['field_gain'][~second]))
    assert np.all(np.isinf(truth['field_saturation'][second]))
    assert {f'field_{name}' for name in vars(NARROW)} <= set(truth.colnames)


def test_no_detections():
    made = simulate_detections(0, rng=1)
    assert made.arrays['stamps'].shape == (0, 51, 51)
    assert len(made) == 0
    with pytest.raises(ValueError, match='n_fields must not be negative'):
        simulate_detections(-1)


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
    ranges = FieldRanges(gain=LogUniform(8.0, 80.0))
    rng = np.random.default_rng(1)
    drawn = [ranges.draw(rng, 'cfis') for _ in range(300)]
    noise = np.array([exposure.noise for _, exposure, _ in drawn]) / 14.5
    assert noise.min() >= 0.5
    assert noise.max() <= 10
    # uniform in the logarithm: the error of the mean is 0.05
    assert np.mean(np.log(noise)) == pytest.approx(np.log(np.sqrt(5)),
                                                   abs=0.16)
    electrons = [exposure.gain * exposure.noise for _, exposure, _ in drawn]
    assert 8 <= min(electrons) < 9
    assert 72 < max(electrons) <= 80
    seeing = [exposure.seeing_factor for _, exposure, _ in drawn]
    assert np.mean(np.log(seeing)) == pytest.approx(
        0.5 * np.log(0.58 * 1.73), abs=0.06)
    wide = FieldRanges(seeing_factor=(0.58, 1.73))
    plain = [wide.draw(i)[1].seeing_factor for i in range(300)]
    assert np.mean(plain) == pytest.approx(0.5 * (0.58 + 1.73), abs=0.08)
    level = np.array([(exposure.saturation or np.nan) / exposure.noise
                      for _, exposure, _ in drawn])
    assert np.isfinite(level).mean() == pytest.approx(0.5, abs=0.09)
    assert 3e3 <= np.nanmin(level) < np.nanmax(level) <= 1e5
    for sources, exposure, n_sigma in drawn:
        assert sources.star_bright == sources.bright
        assert sources.faint is sources.star_faint is None
        assert sources.companions == 0.4
        assert exposure.wings == 0
        assert 1 <= n_sigma <= 3


def test_ranges_without_width_take_no_random_numbers():
    """Otherwise what is fixed would change the other draws."""
    fixed = FieldRanges(**{
        name: (max(value), max(value)) if hasattr(value, '__iter__')
        else None if value is None else 0.0
        for name, value in vars(FieldRanges()).items()})
    rng = np.random.default_rng(3)
    sources, exposure, n_sigma = fixed.draw(rng)
    assert rng.random() == np.random.default_rng(3).random()
    assert (sources.density, exposure.noise, n_sigma) == (130, 145, 3)
    assert exposure.saturation is exposure.gain is None


def test_a_drawn_field_is_that_of_its_models():
    """With the first of two spawned seeds the draw, then the field."""
    image, truth, n_sigma, values = draw_field((60, 70), 'kids', NARROW, 5)
    draw, field = np.random.SeedSequence(5).spawn(2)
    sources, exposure, drawn = NARROW.draw(draw, 'kids')
    again, same = simulate_field((60, 70), survey='kids', sources=sources,
                                 exposure=exposure, rng=field)
    assert_array_equal(image.data, again.data)
    assert_array_equal(truth['snr'], same['snr'])
    assert n_sigma == drawn == 1.5
    assert values['noise'] == exposure.noise
    assert values['density'] == sources.density
    assert values['seeing'] == pytest.approx(0.7 / 0.2
                                             * exposure.seeing_factor)


def test_real_galaxies_in_fields(data_dir):
    made = simulate_detections(
        1, shape=(300, 300), kind='realistic', rng=3, ranges=NARROW,
        cosmos_dir=data_dir / 'real_galaxies')
    assert len(made) > 5


def test_training_recipe(monkeypatch):
    from blendhunter.training import simulated_sets as recipes

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
    assert sum(item.gain is not None for item in seen['ranges']) == 1
