# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Companions, unusual stamps, the seeing, the evidence of one source."""

import warnings

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import (
    BlendIdentifier,
    DetectedImage,
    detect,
    explain,
    simulate_detections,
    simulate_field,
)
from blendhunter.benchmark import companions
from blendhunter.benchmark.companions import companion_scores
from blendhunter.benchmark.domain import CLEAN, evaluate_domain
from blendhunter.cli.main import main
from blendhunter.detection.seeing import FWHM_PER_RADIUS, StarSizes
from blendhunter.exceptions import WeightsError
from blendhunter.identify.image_checks import SeeingCheck
from blendhunter.identify.sample_prior import find_prior
from blendhunter.network.architecture import build_network
from blendhunter.network.loading import (
    extend_network,
    layer_arrays,
    load_model,
    save_network,
)
from blendhunter.network.locators import (
    LOCATORS,
    companion_maps,
    locate_companions,
)
from blendhunter.network.weights import (
    list_weights,
    read_metadata,
    update_metadata,
)
from blendhunter.plotting import plot_explanation
from blendhunter.simulation import Exposure, SourceModel
from blendhunter.simulation.unusual_images import (
    UNUSUAL_KINDS,
    draw_unusual,
)
from blendhunter.simulation.unusual_stamps import simulate_unusual
from blendhunter.stamps import BlendFlag
from blendhunter.tests.thin import thin_network
from blendhunter.training.completion import complete

METADATA = {
    'architecture': 'VGG-16', 'preprocessing': 'residuals', 'stamp_size': 51,
    'classes': ['isolated', 'blended'], 'regions': ['segment', 'stamp'],
    'trained_fraction': {'segment': 0.4, 'stamp': 0.5},
    'prior': {'segment': 0.07, 'stamp': 0.5}, 'results': {},
    'domain': {'segment': {'peak': [0, 1e9], 'area': [0, 2601],
                           'seeing': [2.1, 6.4], 'unusual': [None, 0.0]},
               'stamp': {'peak': [0, 1e9], 'area': [0, 2601]}}}
ALL = {'domain1/kernel': 0, 'domain2/kernel': 0,
       **{f'{name}_cells/kernel': 0 for name in LOCATORS}}


@pytest.fixture(scope='module')
def trusted_file(tmp_path_factory):
    """Weights of a narrow network with random layers of each kind."""
    path = tmp_path_factory.mktemp('trusted') / 'trusted.h5'
    with thin_network():
        save_network(path, extend_network(build_network(n_channels=5), ALL),
                     METADATA)
    return path


@pytest.fixture
def trusted(trusted_file, thin):  # noqa: ARG001
    """The file, where networks are narrow."""
    return trusted_file


def _asked(weights, **settings):
    """Return an identifier with small batches, for few sources."""
    return BlendIdentifier(weights, batch_size=32, **settings)


@pytest.fixture(scope='module')
def field():
    image, _ = simulate_field((220, 220), rng=2)
    return image, detect(image)


def test_outputs_of_the_extended_network(trusted):
    model = load_model(trusted)
    assert model.locates
    assert model.knows_domain
    stamps = np.zeros((3, 51, 51), 'f4')
    regions = np.ones(stamps.shape, bool)
    answers = model.answer(stamps, regions, batch_size=4, locate=True)
    assert answers.unusual.shape == (3,)
    assert answers.maps.shape == (3, 51, 51)
    assert_array_equal(answers.probability,
                       model.predict(stamps, regions, batch_size=4))
    assert model.answer(stamps, regions, batch_size=4).maps is None


def test_older_weights_load_and_say_what_they_cannot(random_weights, field):
    model = load_model(random_weights)
    assert not model.locates
    assert not model.knows_domain
    with pytest.raises(WeightsError, match='cannot locate companions'):
        _asked(random_weights, companions=True).classify(*field)
    result = _asked(random_weights).classify(*field)
    assert result.meta['BHCALIB'] == 'none'
    row = int(np.nanargmax(result['blend_prob']))
    explanation = explain(*field, row,
                          identifier=_asked(random_weights))
    assert explanation.companion is None
    assert explanation.plot() is not None


def test_the_packaged_weights_know_all():
    model = load_model('default')
    assert model.locates
    assert model.knows_domain
    assert model.is_calibrated('segment')
    assert model.is_calibrated('stamp')
    assert not load_model('fast').locates
    assert load_model('fast').knows_domain
    assert set(list_weights()) == {'default', 'fast'}


def test_companion_columns(trusted, field):
    image, catalog = field
    asked = _asked(trusted, companions=True, threshold=0.0)
    result = asked.classify(image, catalog)
    known = np.isfinite(result['blend_prob'])
    x, y = (np.asarray(result[f'companion_{axis}']) for axis in 'xy')
    assert_array_equal(np.isfinite(x), known)
    separation = np.hypot(x - catalog['x_centroid'],
                          y - catalog['y_centroid'])
    assert_allclose(result['companion_separation'], separation)
    # it is in the stamp
    assert np.all(separation[known] < 26 * np.sqrt(2) + 1)
    assert result['companion_x'].info.description
    # none is likely
    high = _asked(trusted, companions=True, prior=1e-6).classify(
        image, catalog)
    assert np.isfinite(high['companion_x']).sum() <= known.sum()
    # those of an earlier run do not stay beside new probabilities
    again = _asked(trusted).classify(image, result, overwrite=True)
    assert 'companion_x' not in again.colnames
    old = catalog.copy()
    old['companion_x'] = 0.0
    with pytest.raises(ValueError, match='companion_x'):
        asked.classify(image, old)


def test_a_bright_cell_is_found():
    """Cells of both sizes agree on a pixel, and the residual refines it."""
    maps = []
    for size in LOCATORS.values():
        cells = np.full((1, 64 // size, 64 // size, 1), -6.0)
        # pixel (30, 20) of the stamp is (37, 27) with its border
        cells[0, 27 // size, 37 // size] = 3.0
        maps.append(cells)
    chance = companion_maps(maps)
    assert chance.shape == (1, 51, 51)
    assert chance[0, 20, 30] == chance.max() == 6.0
    residual = np.zeros((1, 51, 51), 'f4')
    residual[0, 20, 30] = 50
    (x,), (y,) = locate_companions(chance, residual)
    assert np.hypot(x - 30, y - 20) < 1.2


def test_unusual_stamps_are_flagged(trusted, field):
    image, catalog = field
    answers = []
    for limit in (-1e6, 1e6):
        about = {**METADATA['domain']['segment'], 'unusual': [None, limit]}
        update_metadata(trusted, {'domain': {**METADATA['domain'],
                                             'segment': about}})
        result = _asked(trusted).classify(image, catalog)
        flagged = (result['blend_flags'] & BlendFlag.OUT_OF_DOMAIN) > 0
        answers.append((np.asarray(flagged), result['blend_prob']))
    update_metadata(trusted, {'domain': METADATA['domain']})
    known = np.isfinite(answers[0][1])
    assert_array_equal(answers[0][0], known)
    assert not answers[1][0].any()
    # the flag warns, the probability stays
    assert_array_equal(answers[0][1], answers[1][1])


STARRY = SourceModel(density=40.0, star_fraction=0.5)


@pytest.mark.parametrize('factor', [
    1.0, pytest.param(0.7, marks=pytest.mark.slow),
    pytest.param(1.6, marks=pytest.mark.slow)])
def test_seeing_is_that_of_the_simulation(factor):
    image, _ = simulate_field((600, 600), sources=STARRY, rng=3,
                              exposure=Exposure(seeing_factor=factor))
    sizes = StarSizes()
    sizes.add(DetectedImage.from_image(image))
    fwhm = FWHM_PER_RADIUS * sizes.find_locus().pivot_radius
    assert fwhm == pytest.approx(0.65 * factor / 0.187, rel=0.1)


@pytest.mark.parametrize(('factor', 'outside'), [
    (3.0, True), pytest.param(1.0, False, marks=pytest.mark.slow)])
def test_other_seeing_warns_once_and_flags_all(factor, outside, trusted):
    image, _ = simulate_field((500, 500), sources=STARRY, rng=4,
                              exposure=Exposure(seeing_factor=factor))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        result = _asked(trusted).classify(image)
    said = [str(w.message) for w in caught
            if 'the seeing is about' in str(w.message)]
    known = np.isfinite(result['blend_prob'])
    flagged = (result['blend_flags'] & BlendFlag.OUT_OF_DOMAIN) > 0
    assert len(said) == outside
    if outside:
        assert '\n' not in said[0]
        assert np.all(flagged[known])


def test_without_stars_nothing_is_said():
    image, _ = simulate_field((200, 200), rng=5,
                              sources=SourceModel(star_fraction=0.0))
    check = SeeingCheck({'domain': {'segment': {'seeing': [50.0, 60.0]}}})
    check.look(DetectedImage.from_image(image))
    assert not check.is_outside
    # weights that do not know their seeing
    check = SeeingCheck({'domain': {}})
    check.look(DetectedImage.from_image(image))
    assert not check.is_outside


def test_estimated_prior_is_in_the_meta(random_weights, field):
    image, catalog = field
    assert len(catalog) < 50
    with pytest.raises(ValueError, match='needs at least 50 classified'):
        _asked(random_weights, prior='estimate').classify(image, catalog)
    positions = Table({axis: np.random.default_rng(1).uniform(40, 180, 60)
                       for axis in 'xy'})
    asked = _asked(random_weights, prior='estimate')
    result = asked.classify(image, positions)
    assert result.meta['BHPRISRC'] == 'estimated'
    assert 0 < result.meta['BHPRIOR'] < 1
    plain = _asked(random_weights).classify(image, positions)
    assert plain.meta['BHPRISRC'] == 'weights'
    assert plain.meta['BHPRIERR'] == 0
    given = _asked(random_weights, prior=result.meta['BHPRIOR']
                            ).classify(image, positions)
    assert given.meta['BHPRISRC'] == 'given'
    assert_array_equal(given['blend_prob'], result['blend_prob'])


@pytest.mark.parametrize('prior', ['guess', 0, 1, -0.1, True, [0.1]])
def test_wrong_priors(prior, field):
    with pytest.raises(ValueError, match="or 'estimate'"):
        BlendIdentifier(prior=prior).classify(*field)


def test_a_large_estimate_is_not_screened(random_weights):
    model = load_model(random_weights)
    raw = np.full(100, 0.999, 'f4')
    assert find_prior('estimate', raw, model, 'segment').fraction > 0.3


def test_explain(trusted, field):
    image, catalog = field
    result = _asked(trusted).classify(image, catalog)
    row = int(np.argmax(np.where(np.isfinite(result['blend_prob']),
                                 result['snr'], 0)))
    explanation = explain(image, result, row,
                          identifier=_asked(trusted))
    assert explanation.row == row
    assert_allclose(explanation.probability, result['blend_prob'][row],
                    atol=1e-4)
    detected = DetectedImage.from_image(image, catalog)
    stamps = detected.stamps([row])
    assert_array_equal(explanation.stamp, stamps.data[0])
    assert_array_equal(explanation.region, stamps.regions[0])
    assert explanation.occlusion.shape == (51, 51)
    assert np.ptp(explanation.occlusion) > 0
    assert explanation.companion_map.shape == (51, 51)
    assert np.hypot(explanation.companion[0] - explanation.x,
                    explanation.companion[1] - explanation.y) < 38
    assert explain(detected, None, row - len(catalog),
                   identifier=_asked(trusted)).row == row
    figure = plot_explanation(explanation)
    assert f'row {row}' in figure.get_suptitle()


@pytest.mark.parametrize(('row', 'error', 'message'), [
    (1000, IndexError, 'row must be one of the'),
    (1.5, TypeError, 'row must be an integer'),
    (True, TypeError, 'row must be an integer')])
def test_wrong_rows(row, error, message, field, trusted):
    with pytest.raises(error, match=message):
        explain(*field, row, identifier=_asked(trusted))


def test_what_cannot_be_explained(field, trusted):
    image, catalog = field
    with pytest.raises(ValueError, match='needs a whole catalog'):
        explain(image, catalog, 0, identifier=_asked(
            trusted, prior='estimate'))
    with pytest.raises(ValueError, match='cannot be classified'):
        explain(image, Table({'x': [-900.0], 'y': [5.0]}), 0,
                identifier=_asked(trusted))
    with pytest.raises(ValueError, match='catalog cannot be given'):
        explain(DetectedImage.from_image(image), catalog, 0)


@pytest.mark.parametrize('kind', [
    kind if kind in ('cosmic rays', 'pure noise')
    else pytest.param(kind, marks=pytest.mark.slow)
    for kind in UNUSUAL_KINDS])
def test_unusual_images_have_what_they_say(kind):
    image = draw_unusual(kind, shape=(300, 300), rng=8)
    assert isinstance(image.detected, DetectedImage)
    assert np.all(image.rows < len(image.detected))
    if kind == 'pure noise':
        stamps = image.detected.stamps(image.rows)
        assert np.all(np.abs(stamps.data.mean(axis=(1, 2))) < 0.2)


def test_unusual_stamps():
    made = simulate_unusual(10, kinds=('cosmic rays', 'pure noise'),
                            shape=(200, 200), rng=1)
    kinds = np.asarray(made.truth['kind'])
    assert set(kinds) == {'cosmic rays', 'pure noise'}
    assert made.arrays['stamps'].shape == (len(made), 51, 51)
    with pytest.raises(ValueError, match='kind must be one of'):
        simulate_unusual(10, kinds=('aliens',))


@pytest.mark.slow
def test_completion_leaves_the_network_alone(trusted, tmp_path):
    unusual = simulate_unusual(8, kinds=('cosmic rays', 'pure noise'),
                               shape=(200, 200), rng=1)
    detections = simulate_detections(2, shape=(300, 300), rng=1)
    new = complete(output=tmp_path / 'new.h5', weights=trusted,
                   detections=detections, unusual=unusual, n_batches=2,
                   batch_size=16)
    before, after = (load_model(path) for path in (trusted, new))
    old, fresh = (layer_arrays(model.network) for model in (before, after))
    for name, array in old.items():
        assert_array_equal(array, fresh[name])
    assert np.isfinite(after.unusual_limit('segment'))
    assert after.unusual_limit('segment') != before.unusual_limit('segment')
    assert read_metadata(new)['domain']['segment']['peak'] == [0, 1e9]


def test_companion_scores():
    error = np.array([0.5, 1.0, 3.0, 1.0, np.nan])
    blended = np.array([1, 1, 1, 1, 0], bool)
    rows = companion_scores(np.array([.9, .9, .9, .1, .1]), blended,
                            np.array([5.0, 7.0, 5.0, 5.0, np.nan]), error)
    by_name = {row['separation']: row for row in rows}
    assert by_name['> 4']['n'] == 4
    assert by_name['> 4']['near'] == 0.75
    assert by_name['6-10']['n'] == 1
    assert by_name['0-3']['n'] == 0


@pytest.mark.slow
def test_domain_scores(trusted, monkeypatch):
    table = evaluate_domain(_asked(trusted), n_images=1,
                            kinds=(CLEAN, 'pure noise'), shape=(200, 200))
    assert table['kind'].tolist() == [CLEAN, 'pure noise']
    assert np.all(table['n'] > 0)
    monkeypatch.setattr(companions, 'cached_model',
                        lambda *_, **__: load_model('fast'))
    with pytest.raises(ValueError, match='cannot locate companions'):
        companions.evaluate_companions()


def test_commands(trusted, tmp_path, capsys):
    out = tmp_path / 'a.ecsv'
    image = tmp_path / 'a.fits'
    simulate_field((200, 200), rng=2)[0].write(image)
    assert main(['classify', str(image), '--weights', str(trusted),
                 '--companions', '-o', str(out)]) == 0
    assert 'companion_x' in Table.read(out).colnames
    assert main(['classify', str(image), '--weights', str(trusted),
                 '--prior', 'estimate', '-o', str(tmp_path / 'b.ecsv')]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert 'needs at least 50 classified sources' in error[-1]
    with pytest.raises(SystemExit):
        main(['classify', str(image), '--prior', 'much', '-o', 'x.ecsv'])
