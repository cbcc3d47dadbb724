# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Adaptation to a survey: what is measured, fitted, refused and written."""

import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from numpy.testing import assert_allclose, assert_array_equal

import blendhunter
from blendhunter import BlendIdentifier, load_model, simulate_field
from blendhunter._utils.resume import PartStore
from blendhunter.adaptation import SurveyConditions, adapt, running
from blendhunter.adaptation import depth as depth_module
from blendhunter.adaptation import simulated_sets as sets_module
from blendhunter.adaptation.evaluation import (
    compare_on_fields,
    compare_on_singles,
    has_gained,
)
from blendhunter.adaptation.features import (
    backbone_of,
    check_weights,
    compute_features,
    head_of,
    predict_head,
)
from blendhunter.adaptation.head import (
    LabeledFeatures,
    head_loss,
    refit_head,
)
from blendhunter.adaptation.measurement import (
    detect_images,
    measure_conditions,
    noise_correlation,
)
from blendhunter.adaptation.new_weights import seeing_limits
from blendhunter.adaptation.report import describe_report
from blendhunter.adaptation.star_images import (
    asymmetry,
    width_at_half_maximum,
)
from blendhunter.cli import main
from blendhunter.exceptions import WeightsError
from blendhunter.network.weights import read_metadata
from blendhunter.simulation import Exposure, SourceModel, get_survey

STARRY = SourceModel(density=60.0, star_fraction=0.4)
STARLESS = SourceModel(density=60.0, star_fraction=0.0)
CONDITIONS = SurveyConditions(
    pixel_scale=0.2, noise=3.0, unit='adu', noise_correlation=0.4,
    seeing=0.8, seeing_range=(0.7, 0.9), asymmetry=0.04, n_stars=30,
    density=40.0, faint_flux=20.0, depth=25.5)


@pytest.fixture(scope='module')
def starry():
    return simulate_field(
        (700, 700), sources=STARRY, rng=1, exposure=Exposure(
            noise_correlation=0.5, seeing_factor=1.2))[0]


@pytest.fixture(scope='module')
def starless():
    return np.array(simulate_field((400, 400), sources=STARLESS,
                                   rng=2)[0].data)


@pytest.fixture(scope='module')
def starry_file(starry, tmp_path_factory):
    path = tmp_path_factory.mktemp('images') / 'starry.fits'
    fits.PrimaryHDU(np.array(starry.data)).writeto(path)
    return path


@pytest.fixture(scope='module')
def measured(starry):
    # of the pixels alone, so that the noise is the pipeline's estimate
    return measure_conditions(detect_images(starry.data),
                              pixel_scale=0.187)


def test_measured_values_are_those_of_the_simulation(measured):
    conditions, stars = measured
    cfis = get_survey('cfis')
    assert_allclose(conditions.noise, cfis.noise, rtol=0.1)
    assert_allclose(conditions.noise_correlation, 0.5, atol=0.05)
    assert_allclose(conditions.seeing, 1.2 * cfis.seeing, rtol=0.1)
    # the PSF is symmetric
    assert conditions.asymmetry < 0.04
    assert conditions.n_stars == stars[0].n_stars >= 20
    assert stars[0].pixels.shape == (51, 51)


def test_pixel_scale_is_that_of_the_wcs(starry):
    conditions, _ = measure_conditions(detect_images([starry]))
    assert_allclose(conditions.pixel_scale, 0.187, rtol=1e-3)
    assert conditions.unit == 'adu'


@pytest.mark.parametrize('correlation', [0.0, 0.5, 0.8])
def test_noise_correlation_is_that_of_the_simulation(correlation):
    image, _ = simulate_field((500, 500), sources=STARLESS, rng=3,
                              exposure=Exposure(
                                  noise_correlation=correlation))
    [detected] = detect_images(image.data)
    # below 0.3 px neighbors correlate by less than 1 per cent
    found = noise_correlation(detected, 0.65 / 0.187)
    assert_allclose(max(found, 0.3), max(correlation, 0.3), atol=0.05)


def test_width_and_asymmetry_of_known_images():
    y, x = np.mgrid[:61, :61] - 30.0
    star = np.exp(-(x**2 + y**2) / (2 * 4.0**2))
    assert_allclose(width_at_half_maximum(star), 2.3548 * 4, rtol=1e-3)
    assert asymmetry(star, 20) < 0.01
    # a tenth of the light on one side, too far off to move the center
    lump = np.exp(-((x - 14)**2 + y**2) / (2 * 2.0**2))
    both = star / star.sum() + 0.1 * lump / lump.sum()
    assert 0.06 < asymmetry(both, 20) < 0.12


def test_few_stars_are_refused(starless):
    with pytest.raises(ValueError, match=r'20 isolated stars .* found \d+'):
        measure_conditions(detect_images(starless), pixel_scale=0.187)


@pytest.mark.parametrize('kind', ['noiseless', 'constant'])
@pytest.mark.filterwarnings('ignore::blendhunter.exceptions.'
                            'BlendHunterWarning')
def test_images_without_noise_are_refused(kind):
    image = (np.ones((200, 200), dtype='f4') if kind == 'constant' else
             simulate_field((200, 200), sources=STARLESS, rng=1,
                            exposure=Exposure(noise=None))[0].data)
    with pytest.raises(ValueError, match='noise|no usable pixel'):
        measure_conditions(detect_images(image), pixel_scale=0.187)


def test_pixel_scale_is_needed(starless):
    detected = detect_images(starless)
    with pytest.raises(ValueError, match='must be given, because an'):
        measure_conditions(detected)
    with pytest.raises(ValueError, match='pixel_scale must be positive'):
        measure_conditions(detected, pixel_scale=0.0)


def test_images_must_not_be_empty():
    with pytest.raises(ValueError, match='images must not be empty'):
        detect_images([])


def test_conditions_become_a_survey_and_ranges():
    survey, ranges = CONDITIONS.survey(), CONDITIONS.ranges(companions=0.4)
    assert_allclose(survey.depth(5.0), 25.5, atol=1e-6)
    assert ranges.companions == (0.4, 0.4)
    assert ranges.n_sigma == (1.5, 1.5)
    low, high = ranges.seeing_factor
    # the optics widen the PSF
    assert low * 0.8 < 0.7
    assert 0.7 < high * 0.8 < 0.9
    ranges.draw(1, survey)
    assert json.loads(CONDITIONS.to_meta())['seeing_range'] == [0.7, 0.9]


def test_asymmetric_images_get_asymmetric_psfs():
    round_one = replace(CONDITIONS, asymmetry=0.0).ranges()
    assert round_one.coma == (0.0, 0.0)
    assert CONDITIONS.ranges().coma[1] > 0
    assert max(replace(CONDITIONS, asymmetry=2.0).ranges().trefoil) < 0.31


@pytest.mark.parametrize(('wanted', 'depth', 'galaxies'), [
    (40.0, 25.5, 90.0), (8000.0, 27.4, 360.0)])
def test_depth_has_the_density_of_the_images(monkeypatch, wanted, depth,
                                             galaxies):
    def simulated(conditions, **_):
        return 40 * 10 ** (0.28 * (conditions.depth - 25.5))

    monkeypatch.setattr(depth_module, 'simulated_density', simulated)
    found = depth_module.fit_depth(
        replace(CONDITIONS, density=wanted), shape=(100, 100),
        seeds=np.random.SeedSequence(1))
    assert_allclose(found.depth, depth, atol=0.1)
    assert_allclose(found.galaxy_density, galaxies)


def test_simulated_fields_have_more_detections_where_they_are_deeper():
    density = [depth_module.simulated_density(
        replace(CONDITIONS, depth=depth), shape=(250, 250),
        seeds=np.random.SeedSequence(1).spawn(1)) for depth in (24.0, 26.0)]
    assert 0 < density[0] < density[1]


def test_field_counts():
    area = 1000 * 1000 * (0.2 / 60) ** 2
    n_train, n_fresh = sets_module.field_counts(CONDITIONS, 20_000,
                                                (1000, 1000))
    assert n_train % 2 == 0
    assert_allclose((n_train + n_fresh) * area * 40.0 * 0.8, 20_000,
                    rtol=0.1)


def features(n, *, shift, seed=1):
    """Random features, those of blends moved."""
    rng = np.random.default_rng(seed)
    blended = rng.random(n) < 0.3
    values = np.abs(rng.normal(0, 1, (n, 2048)))
    values[blended, :200] += shift
    return LabeledFeatures(values.astype(np.float16), blended, np.ones(n))


def test_refit_head_lowers_the_loss():
    import keras

    from blendhunter.network.architecture import build_head

    keras.utils.set_random_seed(1)
    head = build_head(dropout=0.3)
    train, held_out = (features(n, shift=0.3, seed=n) for n in (600, 200))
    before = head_loss(head, held_out)
    losses, steps = refit_head(head, train, held_out, max_epochs=4,
                               rng=np.random.default_rng(1))
    assert losses[0] == before
    assert min(losses) < 0.95 * before
    assert steps > 0
    # the best one stays
    assert_allclose(head_loss(head, held_out), min(losses), rtol=1e-5)


def test_refit_head_keeps_a_head_that_cannot_be_better():
    import keras

    from blendhunter.network.architecture import build_head

    keras.utils.set_random_seed(1)
    head = build_head(dropout=0.3)
    train = features(300, shift=1.0)
    # what is learned is wrong where it is tested
    wrong = replace(train, blended=~train.blended)
    # P = 0.4, the best constant
    head.get_layer('probability').set_weights(
        [np.zeros((1024, 1)), np.array([np.log(0.4 / 0.6)])])
    start = head.get_weights()
    _, steps = refit_head(head, train, wrong, max_epochs=5,
                          rng=np.random.default_rng(1))
    assert steps == 0
    for kept, initial in zip(head.get_weights(), start, strict=True):
        assert_array_equal(kept, initial)


def test_head_on_features_is_the_network(thin_weights, tmp_path):
    model = load_model(thin_weights, precision='float32')
    rng = np.random.default_rng(1)
    stamps = rng.normal(0, 3, (5, 51, 51)).astype(np.float32)
    regions = np.hypot(*(np.indices((51, 51)) - 25)) < 8
    regions = np.broadcast_to(regions, stamps.shape)
    store = PartStore(tmp_path / 'parts')
    store.begin({'what': 'test'})
    made = compute_features(backbone_of(model), stamps, regions,
                            np.zeros(5, dtype=int), store, 'some')
    assert_allclose(predict_head(head_of(model), made),
                    model.predict(stamps, regions, batch_size=8), atol=2e-3)
    # what is stored is not computed again
    again = compute_features(None, stamps, regions,
                             np.zeros(5, dtype=int), store, 'some')
    assert_array_equal(again, made)


def test_orientations_of_a_repeated_blend_differ():
    rows = np.concatenate([np.arange(50), np.arange(20)])
    turns = sets_module._turns(rows, np.random.default_rng(1))
    assert np.all(turns[50:] != turns[:20])
    assert set(turns) <= set(range(8))


def test_gain_is_that_of_the_same_detections():
    rng = np.random.default_rng(1)
    blended = rng.random(800) < 0.2
    good = blended + rng.normal(0, 0.6, 800)
    bad = blended + rng.normal(0, 1.5, 800)
    scores = compare_on_fields(bad, good, blended)
    assert list(scores['method']) == ['before', 'after', 'gain']
    assert_allclose(scores['auc'][2], scores['auc'][1] - scores['auc'][0])
    assert has_gained(scores)
    assert not has_gained(compare_on_fields(good, bad, blended))
    # a calibration changes no rank
    assert not has_gained(compare_on_fields(good, good + 1, blended))


def test_null_test_is_left_out_with_its_reason(starless):
    found, reason = compare_on_singles(detect_images(starless), {})
    assert found is None
    assert 'star' in reason or 'isolated' in reason


@pytest.mark.parametrize(('change', 'match'), [
    ({'architecture': 'small'}, "type 'small'"),
    ({'regions': ['stamp']}, "was not trained for the region")])
def test_other_weights_are_refused(change, match):
    with pytest.raises(WeightsError, match=match):
        check_weights({'regions': ['segment'], **change}, 'some.h5')


def test_small_network_is_refused_before_any_work(tmp_path):
    with pytest.raises(WeightsError, match="type 'small'"):
        adapt('missing.fits', output=tmp_path / 'w.h5', weights='fast')


def test_existing_output_is_kept(tmp_path):
    path = tmp_path / 'w.h5'
    path.write_text('mine')
    with pytest.raises(FileExistsError, match='output'):
        adapt('missing.fits', output=path)
    assert path.read_text() == 'mine'


def test_few_detections_are_refused(tmp_path):
    with pytest.raises(ValueError, match='n_detections must be at least'):
        adapt('missing.fits', output=tmp_path / 'w.h5', n_detections=10)


@pytest.fixture
def quick(monkeypatch):
    """Replace what takes long: features, depth and the null test."""
    def extract(stamps, regions):
        rng = np.random.default_rng(len(stamps))
        made = np.abs(rng.normal(0, 1, (len(stamps), 256)))
        return (made + regions.sum(axis=(1, 2))[:, None] / 100).astype('f2')

    monkeypatch.setattr(sets_module, 'backbone_of', lambda _: extract)
    monkeypatch.setattr(
        running, 'fit_depth', lambda conditions, **_: replace(
            conditions, depth=25.0))
    monkeypatch.setattr(running, 'compare_on_singles',
                        lambda *_: (None, 'left out here'))


@pytest.mark.usefixtures('quick')
def test_adapt_refuses_or_writes(starry_file, thin_weights, tmp_path,
                                 monkeypatch):
    output = tmp_path / 'adapted.h5'
    options = {'output': output, 'weights': thin_weights, 'rng': 3,
               'pixel_scale': 0.187, 'n_detections': 300,
               'shape': (300, 300), 'command': 'test'}
    monkeypatch.setattr(running, 'has_gained', lambda _: False)
    refused = adapt(starry_file, **options)
    assert not refused.written
    assert refused.path is None
    assert not output.exists()
    # the parts stay, and nothing is simulated or computed again
    monkeypatch.setattr(sets_module, 'backbone_of', lambda _: None)
    forced = adapt(starry_file, **options, force=True)
    assert forced.written
    assert not forced.gained
    assert list(tmp_path.iterdir()) == [output]
    assert set(forced.seconds) == {'measurement', 'depth', 'simulation',
                                   'features', 'head', 'evaluation'}
    text = '\n'.join(describe_report(forced))
    assert 'left out here' in text
    assert 'depth 25.00 mag' in text
    metadata = read_metadata(output)
    assert metadata['regions'] == ['segment']
    assert metadata['adapted_from'] == read_metadata(
        thin_weights)['sha256']
    assert metadata['training_history'][-1]['sha256'] == metadata[
        'adapted_from']
    assert metadata['conditions']['depth'] == 25.0
    assert metadata['prior']['segment'] == forced.fractions['prior']
    assert 0 < metadata['trained_fraction']['segment'] < 1
    assert metadata['domain']['segment']['peak'][1] > 0
    assert BlendIdentifier(output)._model().regions == ('segment',)
    with pytest.raises(ValueError, match="region: .* got 'stamp'"):
        BlendIdentifier(output, region='stamp')._model()


@pytest.mark.slow
def test_whole_adaptation(starry, tmp_path):
    """With the packaged weights; takes a few minutes."""
    output = tmp_path / 'adapted.h5'
    report = adapt(starry, output=output, n_detections=200,
                   shape=(300, 300), force=True, rng=1)
    assert report.written
    assert report.scores['method'][0] == 'before'
    assert report.scores['auc'][0] > 0.7
    result = BlendIdentifier(output).classify(starry[:200, :200])
    assert np.isfinite(result['blend_prob']).any()


def test_real_image_can_be_measured(data_dir):
    path = data_dir / 'kids' / 'r.fits'
    if not path.is_file():
        pytest.skip(f'{path} is missing')
    conditions, _ = measure_conditions(detect_images(path), pixel_scale=0.2)
    # KiDS-like numbers
    assert 0.4 < conditions.seeing < 0.9
    assert 20 < conditions.density < 60
    assert conditions.asymmetry < 0.08


def test_command_line_errors_are_one_line(starry_file, tmp_path, capsys):
    output = str(tmp_path / 'w.h5')
    assert main(['adapt', str(starry_file), '-o', output]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert 'must be given, because an' in error[0]
    assert main(['adapt', str(starry_file), '-o', str(starry_file),
                 '--overwrite']) == 1
    assert 'would replace this input' in capsys.readouterr().err


def test_command_line_tells_what_was_not_gained(monkeypatch, measured,
                                                tmp_path, capsys):
    conditions, stars = measured
    blended = np.arange(50) < 10
    score = np.linspace(1, 0, 50)
    report = blendhunter.adaptation.AdaptationReport(
        conditions, compare_on_fields(score, score, blended), False, False,
        None, {'measurement': 1.0}, {}, [], stars[0].pixels)
    asked = {}
    monkeypatch.setattr(
        blendhunter.adaptation, 'adapt',
        lambda images, **options: asked.update(images=images, **options)
        or report)
    assert main(['adapt', 'a.fits', 'b.fits', '-o',
                 str(tmp_path / 'w.h5'), '--n-detections', '500']) == 1
    out, err = capsys.readouterr()
    assert asked['images'] == ['a.fits', 'b.fits']
    assert asked['n_detections'] == 500
    assert 'measured:' in out
    assert err.startswith('blendhunter: not written')
    assert '+0.0000' in err
    assert len(err.splitlines()) == 1


def test_the_measured_seeing_is_in_the_domain():
    """The simulated one leaves out what the optics add."""
    conditions = SurveyConditions(
        pixel_scale=0.2, noise=3.0, unit='adu', noise_correlation=0.0,
        seeing=0.47, seeing_range=(0.46, 0.48), asymmetry=0.04, n_stars=60,
        density=80.0, faint_flux=20.0, depth=26.5)
    low, high = seeing_limits([1.8, 2.0], conditions)
    assert low == 1.8
    assert high == pytest.approx(3.0)
    assert seeing_limits([1.0, 9.0], conditions) == [1.0, 9.0]
