"""Stamps, fields and detections: truth, statistics, reproducibility."""

import numpy as np
import pytest
from astropy.nddata import CCDData
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import simulate_field, simulate_stamps
from blendhunter.simulation import simulate_detections
from blendhunter.simulation.galaxies import (
    ParametricPopulation,
    draw_magnitudes,
    get_population,
)
from blendhunter.simulation.psf import draw_psf
from blendhunter.simulation.recipes import (
    simulate_training_detections,
    simulate_training_pairs,
)
from blendhunter.simulation.surveys import get_survey


@pytest.fixture(scope='module')
def made():
    return simulate_stamps(400, rng=4)


def test_shapes_and_truth(made):
    assert made.stamps.shape == (400, 51, 51)
    assert made.stamps.dtype == np.float32
    assert made.truth['label'].sum() == 200
    blended = made.truth['label'] == 1
    assert_array_equal(made.truth['n_sources'], 1 + blended)
    assert np.all(made.companions[~blended] == 0)
    assert np.all(np.isnan(made.truth['separation'][~blended]))
    assert np.all(made.truth['blendedness'][~blended] == 0)
    assert np.all((made.truth['blendedness'] >= -1e-6)
                  & (made.truth['blendedness'] <= 1))
    assert np.all(made.truth['flux_ratio'][blended] > 0)


def test_noise_is_what_was_asked_for(made):
    noise = made.stamps - made.centrals - made.companions
    assert noise.std() == pytest.approx(14.5, rel=0.01)
    assert_array_equal(made.stamps, made.stamps)
    clean = simulate_stamps(5, noise=None, rng=4)
    assert_array_equal(clean.stamps, clean.centrals + clean.companions)
    assert (made.with_noise(5.0, rng=0) - made.centrals
            - made.companions).std() == pytest.approx(5, rel=0.01)


def test_fluxes_and_centres(made):
    """The flux is in the pixels, the source at its place."""
    steps = np.arange(51)
    total = made.centrals.sum(axis=(1, 2))
    flux = np.asarray(made.truth['flux'])
    assert np.median(total / flux) == pytest.approx(1, abs=0.03)
    x = (made.centrals.sum(axis=1) * steps).sum(axis=1) / total
    assert_allclose(np.median(np.abs(x - made.truth['x'])), 0, atol=0.03)


def test_pipeline_centring(made):
    offset = np.asarray(made.truth['x']) - 25
    # variance of U(-0.5, 0.5) + N(0, 0.3)
    assert offset.std() == pytest.approx(np.sqrt(1 / 12 + 0.09), rel=0.15)
    exact = simulate_stamps(10, centring='exact', rng=1)
    assert_array_equal(exact.truth['x'], 25)


def test_companions_fill_the_stamp(made):
    x = np.asarray(made.truth['x_2'])[made.truth['label'] == 1]
    assert x.min() < 5
    assert x.max() > 45
    assert x.mean() == pytest.approx(25, abs=4)


def test_same_pixels_for_any_number_of_processes():
    options = {'n': 600, 'kind': 'structured', 'rng': 8}
    serial = simulate_stamps(**options)
    parallel = simulate_stamps(n_jobs=2, **options)
    assert_array_equal(serial.stamps, parallel.stamps)
    assert_array_equal(serial.truth['separation'],
                       parallel.truth['separation'])


def test_seeds():
    first, second = simulate_stamps(4, rng=0), simulate_stamps(4, rng=1)
    assert not np.array_equal(first.stamps, second.stamps)
    again = simulate_stamps(4, rng=np.random.SeedSequence(0))
    assert_array_equal(first.stamps, again.stamps)
    with pytest.raises(TypeError, match='rng must be None'):
        simulate_stamps(4, rng='seed')


def test_several_sources():
    made = simulate_stamps(60, n_max_sources=4, blend_fraction=1, rng=2)
    assert set(made.truth['n_sources']) == {2, 3, 4}
    assert np.all(made.truth['label'] == 1)


def test_structured_galaxies_are_not_symmetric():
    def asymmetry(kind):
        made = simulate_stamps(60, kind=kind, noise=None, blend_fraction=0,
                               centring='exact', magnitudes=(20, 22), rng=3)
        turned = made.centrals[:, ::-1, ::-1]
        return np.median(np.abs(made.centrals - turned).sum(axis=(1, 2))
                         / made.centrals.sum(axis=(1, 2)))

    assert asymmetry('structured') > 3 * asymmetry('parametric')


def test_no_stamps():
    assert simulate_stamps(0, rng=1).stamps.shape == (0, 51, 51)


@pytest.mark.parametrize(('options', 'match'), [
    ({'n': -1}, 'n must not be negative'),
    ({'blend_fraction': 1.5}, 'blend_fraction must lie in 0 to 1'),
    ({'n_max_sources': 1}, 'n_max_sources must be 2 to 5'),
    ({'centring': 'left'}, "centring must be one of.*'pipeline'"),
    ({'survey': 'lsst'}, "survey must be one of.*'cfis'"),
    ({'kind': 'spiral'}, "kind must be 'parametric'"),
    ({'kind': 'realistic'}, 'needs cosmos_dir')])
def test_bad_arguments(options, match):
    with pytest.raises(ValueError, match=match):
        simulate_stamps(**{'n': 3, **options})


def test_real_galaxies(data_dir):
    made = simulate_stamps(20, kind='realistic', noise=None, rng=2,
                           cosmos_dir=data_dir / 'real_galaxies')
    assert np.all(np.isfinite(made.centrals))
    total = made.centrals.sum(axis=(1, 2)) / made.truth['flux']
    assert np.median(total) == pytest.approx(1, abs=0.15)


def test_directory_without_catalogue(tmp_path):
    with pytest.raises(FileNotFoundError, match='galsim_download_cosmos'):
        get_population('realistic', cosmos_dir=tmp_path)


def test_number_counts():
    m = draw_magnitudes(200_000, np.random.default_rng(1), bright=20,
                        faint=25)
    assert m.min() >= 20
    assert m.max() <= 25
    bright, faint = np.sum(m < 23), np.sum(m < 24)
    assert np.log10(faint / bright) == pytest.approx(0.35, abs=0.03)


def test_sizes_fall_with_magnitude():
    galaxies = ParametricPopulation().draw(5000, np.random.default_rng(1))
    near = np.abs(galaxies['magnitude'] - 23.5) < 0.3
    assert np.median(galaxies['half_light_radius'][near]) == pytest.approx(
        0.32, rel=0.05)


def test_psf_has_the_seeing_of_the_survey():
    survey = get_survey('cfis')
    rng = np.random.default_rng(1)
    widths = [draw_psf(survey, rng).drawImage(
        nx=201, ny=201, scale=0.02).calculateFWHM() for _ in range(12)]
    assert np.mean(widths) == pytest.approx(0.65, rel=0.02)
    assert np.std(widths) < 0.02


def test_paper_counts_of_a_cfis_exposure():
    survey = get_survey('cfis')
    expected = 10**(0.4 * 3.94) * 300 * 3.6**2 / (2.4**2 * (1 - 0.33**2))
    assert survey.counts(22.0) == pytest.approx(expected)


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
    from blendhunter import detect

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


def test_bad_fields():
    for shape in ((10,), (0, 5)):
        with pytest.raises(ValueError, match='shape must be two positive'):
            simulate_field(shape)
    with pytest.raises(ValueError, match='noise must be positive'):
        simulate_field((9, 9), noise=-1)


def test_detections():
    stamps, regions, truth = simulate_detections(
        2, shape=(400, 400), rng=5, keep_unclear=True)
    assert len(stamps) == len(regions) == len(truth)
    assert set(np.unique(truth['field'])) == {0, 1}
    assert regions[truth['truth_label'] >= 0].any(axis=(1, 2)).all()
    # inside the segment the pixels are above the noise
    z = stamps.astype(float)
    assert np.median([s[r].mean() for s, r in zip(z, regions, strict=True)
                      if r.any()]) > 1.5
    assert set(np.unique(truth['truth_label'])) == {-1, 0, 1}
    with pytest.raises(ValueError, match='kind must be'):
        simulate_detections(1, kind='real')


def test_recipes():
    pairs = simulate_training_pairs(6, rng=1)
    assert set(pairs.arrays) == {'centrals', 'companions'}
    assert np.all(pairs.truth['label'] == 1)
    assert pairs.provenance['centring'] == 'training'
    assert simulate_training_detections.__doc__
