# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""A small network answers first: how it is made, and what it may answer."""

from unittest.mock import Mock

import numpy as np
import pytest
from astropy.table import Table

from blendhunter import BlendIdentifier, detect, load_model, simulate_field
from blendhunter.benchmark.field import (
    calibrate_screening,
    compare_screening,
)
from blendhunter.benchmark.field.screening import fit_limit
from blendhunter.cli.main import main
from blendhunter.dataset import DataSet, write_dataset
from blendhunter.exceptions import WeightsError
from blendhunter.identify import identifier as identifier_module
from blendhunter.identify.screening import (
    SCREENED_BATCH,
    Screen,
    answer_screened,
    find_screen,
    small_weights,
)
from blendhunter.network.architecture import (
    build_network,
    build_small_network,
    count_multiplications,
)
from blendhunter.network.loading import save_network
from blendhunter.network.weights import read_metadata, update_metadata
from blendhunter.stamps import BlendFlag
from blendhunter.tests.screening_stub import StubModel, made_up_detections
from blendhunter.tests.thin import thin_network
from blendhunter.training import distillation
from blendhunter.training.distillation import Lessons, distill

N = 40
METADATA = {
    'architecture': 'small', 'preprocessing': 'residuals', 'stamp_size': 51,
    'classes': ['isolated', 'blended'], 'regions': ['segment', 'stamp'],
    'trained_fraction': {'segment': 0.4, 'stamp': 0.5},
    'prior': {'segment': 0.07, 'stamp': 0.5}, 'domain': {}, 'results': {}}


@pytest.fixture(scope='module')
def large_file(tmp_path_factory):
    """Weights of a narrow network that has learned nothing."""
    path = tmp_path_factory.mktemp('large') / 'large.h5'
    with thin_network():
        save_network(path, build_network(n_channels=5),
                     {**METADATA, 'architecture': 'VGG-16'})
    return path


@pytest.fixture
def large(large_file, thin):  # noqa: ARG001
    """The file, where networks are narrow."""
    return large_file


@pytest.fixture
def small(large, tmp_path):
    """A small network of these weights."""
    path = tmp_path / 'small.h5'
    save_network(path, build_small_network(n_channels=5), {
        **METADATA, 'distilled_from': read_metadata(large)['sha256']})
    return path


@pytest.fixture
def detections():
    """Noise with labels."""
    stamps = np.random.default_rng(1).normal(size=(N, 51, 51)).astype('f2')
    regions = np.zeros(stamps.shape, bool)
    regions[:, 20:30, 20:30] = True
    return DataSet({'stamps': stamps, 'regions': regions},
                   Table({'truth_label': np.arange(N) % 2,
                          'field': np.arange(N) // 10}))


@pytest.fixture
def pairs():
    """A galaxy with a companion at 12 px."""
    yy, xx = np.mgrid[-25:26, -25:26]
    one = 300 * np.exp(-(xx**2 + yy**2) / 8).astype('f4')
    return DataSet({'centrals': np.repeat(one[None], N, 0),
                    'companions': np.repeat(np.roll(one, 12, 1)[None], N, 0)},
                   Table({'label': np.ones(N, int)}))


def test_a_twentieth_of_the_multiplications():
    networks = build_network(n_channels=5), build_small_network(n_channels=5)
    many, few = map(count_multiplications, networks)
    # Simonyan & Zisserman's convolutions on 65 px, and the head
    assert many == 1_263_419_200
    assert few < many / 20
    assert networks[1].output_shape == networks[0].output_shape


def test_a_small_network_learns_from_a_large_one(large, pairs, detections,
                                                 tmp_path):
    path = distill(output=tmp_path / 'small.h5', pairs=pairs, teacher=large,
                   detections=detections, n_batches=2, n_epochs=2,
                   batch_size=8, command='made so')
    model = load_model(path)
    about, teacher = model.metadata, read_metadata(large)
    assert about['distilled_from'] == teacher['sha256']
    assert about['steps'] == 4
    assert about['training_history'][-1]['sha256'] == teacher['sha256']
    for name in ('prior', 'trained_fraction', 'regions', 'domain'):
        assert about[name] == teacher[name]
    assert model.predict(np.zeros((2, 51, 51), 'f4'),
                         np.ones((2, 51, 51), bool)).shape == (2,)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'small.h5', 'small.history.csv']


def test_labels_are_the_answers_in_every_epoch():
    class Made:
        inputs = np.arange(2 * 65 * 65 * 5, dtype='f4').reshape(2, 65, 65, 5)

    answers = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])
    lessons = Lessons(lambda _: Made, answers)
    for step in (1, 4, 7):
        batch = lessons(step)
        assert batch.labels.ravel().tolist() == [0.3, 0.4]
        assert batch.maps == []
    shown = [lessons(3 * epoch).inputs for epoch in range(9)]
    assert len({part.tobytes() for part in shown}) == 8
    assert np.array_equal(shown[0], shown[8])


def test_a_killed_distillation_continues(large, detections, tmp_path,
                                         monkeypatch):
    options = {'detections': detections, 'n_batches': 2, 'n_epochs': 1,
               'batch_size': 8, 'teacher': large}
    update_metadata(large, {'regions': ['segment']})
    asked = []

    def answer(*args):
        asked.append(args)
        return {'answers': np.full((2, 8), 0.25, 'f4')}

    monkeypatch.setattr(distillation, '_answer', answer)
    with monkeypatch.context() as patch:
        patch.setattr(distillation, 'run_steps',
                      Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            distill(output=tmp_path / 'a.h5', **options)
    assert len(asked) == 1
    distill(output=tmp_path / 'a.h5', **options)
    assert len(asked) == 1
    assert not list(tmp_path.glob('*.answers'))
    update_metadata(large, {'regions': ['segment', 'stamp']})


@pytest.mark.parametrize(('changes', 'message'), [
    ({'n_epochs': 0}, 'n_epochs must be at least 1'),
    ({'detections': None, 'pairs': None}, 'pairs or detections must be given'),
    ({'pairs': None}, 'both must be the same'),
    ({'teacher': 'nothing.h5'}, 'nothing.h5'),
    ({'output': 'no/such/dir/a.h5'}, 'no/such/dir')])
def test_what_a_distillation_refuses(changes, message, large, pairs,
                                     detections, tmp_path):
    with pytest.raises((ValueError, WeightsError, OSError), match=message):
        distill(**{'output': tmp_path / 'a.h5', 'pairs': pairs,
                   'detections': detections, 'teacher': large,
                   **changes})


def test_a_teacher_with_other_channels(random_weights, pairs, detections,
                                       tmp_path):
    with pytest.raises(WeightsError, match="preprocessing 'noise'"):
        distill(output=tmp_path / 'a.h5', pairs=pairs, detections=detections,
                teacher=random_weights)


def test_the_small_answer_stays_below_the_limit():
    model, fast = StubModel(0.9), StubModel(None)
    stamps = np.zeros((200, 51, 51), 'f4')
    stamps[:, 0, 0] = np.linspace(0, 1, 200)
    keep = np.zeros(200, bool)
    keep[3] = True
    answers = answer_screened(model, Screen(fast, 0.5), stamps, stamps < 9,
                              'segment', keep=keep)
    p, dismissed = answers.probability, answers.dismissed
    small = stamps[:, 0, 0]
    assert np.array_equal(dismissed, (small < 0.5) & ~keep)
    assert np.array_equal(p[dismissed], small[dismissed])
    assert np.all(p[~dismissed] == np.float32(0.9))
    assert model.n_shown == (~dismissed).sum()
    assert model.batch_sizes == {SCREENED_BATCH}
    answers = answer_screened(model, None, stamps, stamps < 9, 'segment')
    assert not answers.dismissed.any()
    assert not answers.unusual.any()
    assert np.all(answers.probability == np.float32(0.9))


def test_who_screens(large, small):
    own, other = read_metadata(large)['sha256'], 'of others'
    assert small_weights(False, own) == (None, {})
    assert small_weights(small, own)[0] == small
    assert small_weights('auto', other) == (None, {})
    with pytest.raises(WeightsError, match='was distilled from other weights'):
        small_weights(small, other)
    with pytest.raises(WeightsError, match='screen must be one of'):
        small_weights('nothing.h5', own)
    model = load_model(large)
    options = {'region': 'segment', 'prior': None, 'threshold': 0.5}
    with pytest.raises(WeightsError, match="no limit for the region 'segm"):
        find_screen(small, model, load_model, **options)
    update_metadata(small, {'screening': {'segment': 0.02}})
    screen = find_screen(small, model, load_model, **options)
    # odds 1 : 49, and from a fraction of 0.07 to one of 0.4
    odds = 1 / 49 * (0.4 / 0.6) / (0.07 / 0.93)
    assert screen.limit == pytest.approx(odds / (1 + odds), rel=1e-5)
    limits = [find_screen(small, model, load_model, **{
        **options, 'prior': prior}).limit for prior in (0.01, 0.5)]
    assert limits[0] == screen.limit
    assert limits[1] < screen.limit / 3
    assert find_screen(small, model, load_model,
                       **{**options, 'threshold': 0.05}) is None
    with pytest.raises(WeightsError, match="no limit for the region 'stamp"):
        find_screen(small, model, load_model, **{**options,
                                                 'region': 'stamp'})


@pytest.fixture(scope='module')
def field():
    """An image with some sources."""
    image, _ = simulate_field((250, 250), rng=2)
    return image, detect(image)


def test_screened_rows_say_so(field, large, small, monkeypatch):
    image, catalog = field
    update_metadata(small, {'screening': {'segment': 0.5}})
    sha256 = read_metadata(large)['sha256']
    models = {str(large): StubModel(0.7, sha256=sha256),
              str(small): StubModel(0.1, sha256='small one')}
    monkeypatch.setattr(identifier_module, 'cached_model',
                        lambda weights, **_: models[str(weights)])
    asked = BlendIdentifier(large, screen=small)
    result = asked.classify(image, catalog)
    known = np.isfinite(result['blend_prob'])
    screened = (np.asarray(result['blend_flags']) & BlendFlag.SCREENED) > 0
    assert np.array_equal(screened, known)
    assert np.allclose(result['blend_prob'][known], 0.1)
    assert result.meta['BHSCREEN'] == 'small one'
    assert models[str(large)].n_shown == 0
    stamps = np.zeros((3, 51, 51))
    regions = np.ones(stamps.shape, bool)
    assert np.allclose(asked.predict_stamps(stamps, regions=regions), 0.1)
    for other in (BlendIdentifier(large, screen=False),
                  BlendIdentifier(large, screen=small, threshold=0.05),
                  BlendIdentifier(large)):
        result = other.classify(image, catalog)
        assert not np.any(np.asarray(result['blend_flags'])
                          & BlendFlag.SCREENED)
        assert np.allclose(result['blend_prob'][known], 0.7)
        assert result.meta['BHSCREEN'] == ''


def test_what_is_unlike_the_training_is_not_screened(field, large, small,
                                                     monkeypatch):
    image, catalog = field
    update_metadata(small, {'screening': {'segment': 0.5}})
    bright = np.median(catalog['snr'])
    model = StubModel(0.7, sha256=read_metadata(large)['sha256'], domain={
        'segment': {'peak': [0.0, float(bright)], 'area': [0, 10**9]}})
    monkeypatch.setattr(
        identifier_module, 'cached_model', lambda weights, **_:
        model if str(weights) == str(large) else StubModel(0.1))
    result = BlendIdentifier(large, screen=small).classify(image, catalog)
    result = result[np.isfinite(result['blend_prob'])]
    flags = np.asarray(result['blend_flags'])
    unlike = (flags & BlendFlag.OUT_OF_DOMAIN) > 0
    assert 0 < unlike.sum() < len(result)
    assert np.array_equal(unlike, (flags & BlendFlag.SCREENED) == 0)
    assert np.allclose(result['blend_prob'], np.where(unlike, 0.7, 0.1))


@pytest.mark.parametrize('screen', [True, None, 0.1, 3])
def test_bad_settings(screen, field):
    with pytest.raises(ValueError, match="screen must be 'auto', False or"):
        BlendIdentifier(screen=screen).classify(*field)


def test_the_limit_spares_all_that_matter():
    table = made_up_detections()
    limit = fit_limit([table], 'segment')
    large, small = (np.asarray(table[f'score: {name}network'])
                    for name in ('', 'small '))
    assert limit <= 0.81 * small[large >= 0.1].min()
    assert np.mean(small < limit) > 0.3
    scores = compare_screening({'one': table}, 'segment', limit)[0]
    assert scores['highest'] < 0.1
    assert scores['dismissed'] == pytest.approx(np.mean(small < limit))
    for name in ('auc', 'completeness'):
        change = abs(scores[name] - scores[f'{name}_screened'])
        assert change < scores[f'{name}_error'] / 2
    # one source that must stay has a lower answer
    low = np.quantile(small, 0.3)
    table['score: small network'][np.argmax(large)] = low
    assert fit_limit([table], 'segment') <= 0.81 * low
    # hardly any would be dismissed
    table['score: small network'][np.argmax(large)] = small.min() / 2
    assert fit_limit([table], 'segment') is None
    with pytest.raises(ValueError, match='no column .score: network, whole'):
        fit_limit([table], 'stamp')


def test_calibration_stores_the_limit(small, tmp_path, capsys):
    table = made_up_detections()
    table.meta['BHSCREEN'] = read_metadata(small)['sha256']
    (tmp_path / 'one').mkdir()
    path = tmp_path / 'one/detections.ecsv'
    table.write(path)
    command = ['calibrate', str(small), '--detections', str(path)]
    # the file changes, and stays the one that the detections belong to
    for _ in range(2):
        assert main(command) == 0
        text = capsys.readouterr().out
        assert 'segment' in text
        assert ' one ' in text
    found = read_metadata(small)['screening']
    assert found['segment'] == fit_limit([table], 'segment')
    table.meta['BHSCREEN'] = 'of another'
    table.write(path, overwrite=True)
    assert main(command) == 1
    assert 'was made with another small' in capsys.readouterr().err
    del table['score: small network']
    table.meta['BHSCREEN'] = found['of']
    with pytest.raises(ValueError, match='none has the scores of both'):
        calibrate_screening(small, {'one': table})
    assert main(['calibrate', str(small), '--detections', 'no.ecsv']) == 1


def test_distillation_by_command(large, pairs, detections, tmp_path, capsys):
    # they need not be simulated
    write_dataset(tmp_path / 'pairs.h5', pairs)
    write_dataset(tmp_path / 'detections.h5', detections)
    command = ['train', '--protocol', 'distillation', '--work-dir',
               str(tmp_path), '--weights', str(large), '-o',
               str(tmp_path / 'small.h5'), '--n-batches', '2', '--epochs',
               '1', '--batch-size', '8', '--n-jobs', '1']
    assert main(command) == 0
    made = read_metadata(tmp_path / 'small.h5')
    assert made['distilled_from'] == read_metadata(large)['sha256']
    assert made['command'].startswith('blendhunter train --protocol')
    capsys.readouterr()


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--n-steps', '5'], '--n-steps is for --protocol end-to-end'),
    (['--data', 'a.h5'], '--data is for --protocol paper'),
    (['--backbone', 'imagenet'], '--backbone cannot be given'),
    (['--weights', 'no.h5'], 'no.h5')])
def test_options_of_a_distillation(arguments, message, tmp_path, capsys):
    assert main(['train', '--protocol', 'distillation', '--work-dir',
                 str(tmp_path), '-o', str(tmp_path / 'a.h5'),
                 *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
