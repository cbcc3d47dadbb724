# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""End-to-end training: batches, data split, checkpoints, fine-tuning."""

import csv
import json

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import load_model, train
from blendhunter._utils.arrays import dihedral
from blendhunter.dataset import DataSet
from blendhunter.exceptions import DataSetError, WeightsError
from blendhunter.network import preprocessing
from blendhunter.network.loading import save_network
from blendhunter.network.weights import read_metadata, read_weights
from blendhunter.training import end_to_end, loop, trained_weights
from blendhunter.training.batches import MixedBatches, add_defects, make_ahead
from blendhunter.training.checkpoint import (
    History,
    restore_checkpoint,
    save_checkpoint,
)
from blendhunter.training.data_split import prepare_samplers
from blendhunter.training.loop import TimeLimit
from blendhunter.training.samplers import DetectionSampler, PairSampler

pytestmark = pytest.mark.usefixtures('thin')
N = 40


@pytest.fixture
def pairs():
    yy, xx = np.mgrid[-25:26, -25:26]
    one = 300 * np.exp(-(xx**2 + yy**2) / 8).astype('f4')
    two = np.roll(one, 12, axis=1)
    return DataSet({'centrals': np.repeat(one[None], N, 0),
                    'companions': np.repeat(two[None], N, 0)},
                   Table({'label': np.ones(N, int)}))


@pytest.fixture
def detections():
    rng = np.random.default_rng(1)
    stamps = rng.normal(size=(N, 51, 51)).astype('f2')
    regions = np.zeros(stamps.shape, bool)
    regions[:, 20:30, 20:30] = True
    return DataSet({'stamps': stamps, 'regions': regions},
                   Table({'truth_label': np.arange(N) % 2,
                          'field': np.arange(N) // 10,
                          'field_noise': np.full(N, 14.5),
                          'field_saturated': np.where(
                              np.arange(N) % 3, 5e3, np.inf)}))


@pytest.fixture
def samplers(pairs, detections):
    """Six pairs and ten detections in a batch."""
    return [(PairSampler(pairs.arrays['centrals'],
                         pairs.arrays['companions']), 6),
            (DetectionSampler(detections.arrays['stamps'],
                              detections.arrays['regions'],
                              detections.truth['truth_label']), 10)]


def options(**changes):
    return {'n_steps': 4, 'batch_size': 8, 'precision': 'float32',
            'learning_rate': 1e-4, **changes}


def test_dihedral_group():
    images = np.random.default_rng(1).normal(size=(2, 5, 5))
    turned = [dihedral(images, k) for k in range(8)]
    assert_array_equal(turned[0], images)
    for i in range(8):
        for j in range(i):
            assert not np.array_equal(turned[i], turned[j])


def test_undetectable_blends_have_small_sample_weights(detections):
    """In the training; validation counts all alike."""
    truth = detections.truth
    truth['field_seeing'] = 4.0
    truth['companion_snr'] = np.where(truth['truth_label'], 6.0, np.nan)
    truth['separation'] = np.where(np.arange(N) % 4 == 1, 2.0, 8.0)
    (train_sampler, _), = prepare_samplers(None, detections, 8)[0]
    undetectable = truth['separation'] == 2
    assert_array_equal(train_sampler.sample_weights < 1,
                       undetectable[:len(train_sampler)])
    assert train_sampler.sample_weights.min() > 0
    held, = prepare_samplers(None, detections, 8)[1].values()
    assert held.sample_weights is None


def test_batches_are_reproducible_and_differ(samplers):
    batches = MixedBatches(samplers, rng=3)
    batch = batches(5)
    assert batch.inputs.shape == (16, 65, 65, 5)
    assert batch.labels.shape == batch.sample_weights.shape == (16, 1)
    for again in (MixedBatches(samplers, rng=3)(5), MixedBatches(
            samplers, rng=np.random.SeedSequence(3))(5)):
        assert_array_equal(batch.inputs, again.inputs)
    assert not np.array_equal(batch.inputs, batches(6).inputs)
    assert not np.array_equal(batch.inputs,
                              MixedBatches(samplers, rng=4)(5).inputs)
    assert batch.labels[:6].sum() == 3
    assert batch.labels[6:].sum() == 4
    # without positions the auxiliary loss has no weight
    assert_array_equal(batch.map_weights, 0)


@pytest.mark.parametrize('n_jobs', [1, 3, -1])
def test_batches_do_not_depend_on_the_number_of_threads(samplers, n_jobs):
    """Nor on the step that a training continues from."""
    batches = MixedBatches(samplers, rng=3)
    made = list(make_ahead(batches, range(2, 9), n_jobs=n_jobs))
    assert len(made) == 7
    for step, batch in enumerate(made, start=2):
        again = batches(step)
        for one, two in zip([*batch[:3], *batch.maps],
                            [*again[:3], *again.maps], strict=True):
            assert_array_equal(one, two)


def test_threads_stay_a_few_batches_ahead():
    """They neither fill the memory nor go on when the training stops."""
    started = []

    def make(step):
        started.append(step)
        return step

    made = make_ahead(make, range(1000), n_jobs=3)
    assert [next(made) for _ in range(2)] == [0, 1]
    made.close()
    assert 2 <= len(started) <= 2 + 4
    assert list(make_ahead(make, range(0))) == []
    failing = make_ahead(lambda _: 1 / 0, range(3))
    with pytest.raises(ZeroDivisionError):
        next(failing)


def test_blocks_of_stamps_do_not_change_the_channels(monkeypatch):
    rng = np.random.default_rng(1)
    z = 10 * rng.standard_normal((7, 51, 51), dtype='f4')
    regions = rng.random(z.shape) < 0.8
    whole = preprocessing.preprocess_residuals(z, regions, 1.0)
    monkeypatch.setattr(preprocessing, 'BLOCK', 3)
    assert_array_equal(preprocessing.preprocess_residuals(z, regions, 1.0),
                       whole)


def test_sampling_does_not_change_the_data(pairs, detections, samplers):
    arrays = [array for data in (pairs, detections)
              for array in data.arrays.values()]
    before = [array.copy() for array in arrays]
    MixedBatches(samplers, rng=3)(5)
    for a, b in zip(before, arrays, strict=True):
        assert_array_equal(a, b)


def test_defects_are_outside_the_region():
    """Some stamps get a blank edge or a patch of noise."""
    z = np.full((1000, 51, 51), 7.0, dtype='f4')
    regions = np.ones(z.shape, dtype=bool)
    add_defects(z, regions, np.random.default_rng(2))
    assert np.all(z[regions] == 7)
    assert np.all(z[~regions] != 7)
    blank = np.any(z == 0, axis=(1, 2))
    patch = np.any((z != 0) & (z != 7), axis=(1, 2))
    for changed in (blank, patch):
        assert np.mean(changed) == pytest.approx(0.04, abs=0.02)
    # each side in turn, never two; a patch may lie on one
    edges = np.stack([z[:, 0], z[:, -1], z[:, :, 0], z[:, :, -1]]) == 0
    sides = edges.all(axis=-1).sum(axis=1)
    assert sides.min() > 2
    assert blank.sum() - 5 < sides.sum() <= blank.sum()


def test_noise_of_a_pair_is_one(pairs):
    sampler = PairSampler(0 * pairs.arrays['centrals'],
                          0 * pairs.arrays['companions'],
                          residual_background=0.0)
    z, *_ = sampler.draw(50, np.random.default_rng(1))
    assert z.std() == pytest.approx(1, abs=0.01)


def grouped_pairs(sizes):
    """Pairs whose two pixels name the groups of their sources."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    centrals, companions = np.zeros((2, len(group), 51, 51), dtype='f4')
    centrals[:, 10, 10] = 1000 * (group + 1)
    companions[:, 40, 40] = 1000 * (group + 1)
    return centrals, companions, group


@pytest.mark.parametrize('sizes', [(3, 3, 3, 3), (1, 5, 2, 12), (300, 200),
                                   (100,) * 6])
def test_only_pairs_of_one_group_are_recombined(sizes):
    centrals, companions, group = grouped_pairs(sizes)
    sampler = PairSampler(centrals, companions, group=group,
                          sigma_range=(1.0, 1.0), more=())
    z, _, label, *_ = sampler.draw(2000, np.random.default_rng(1))
    one, two = (np.rint(z[label > 0, i, i] / 1000) for i in (10, 40))
    assert_array_equal(one, two)
    assert set(one) == {*range(1, len(sizes) + 1)}


@pytest.mark.parametrize('with_third', [False, True])
def test_companions_within_a_group_are_recombined(with_third):
    """Any companion of a group is equally probable, its own no more."""
    n = 6
    centrals, companions = np.zeros((2, n, 51, 51), dtype='f4')
    companions[np.arange(n), np.arange(n) + 20, 40] = 1000
    centrals[np.arange(n), np.arange(n) + 20, 10] = 1000
    sampler = PairSampler(centrals, companions, group=np.repeat([0, 1], 3),
                          sigma_range=(1.0, 1.0),
                          more=(1.0,) if with_third else ())
    z, _, label, *_ = sampler.draw(6000, np.random.default_rng(1))
    z = z[label > 0]
    first = z[:, 20:26, 10].argmax(axis=1)
    counts = np.array([[np.sum(z[first == i, 20 + j, 40] > 500)
                        for j in range(n)] for i in range(n)])
    same = np.repeat([0, 1], 3)
    same = same[:, None] == same
    assert_array_equal(counts[~same], 0)
    expected = 5 / 9 if with_third else 1 / 3
    assert_allclose(counts[same] / np.sum(first[:, None] == np.arange(n),
                                          axis=0).repeat(3),
                    expected, atol=0.1)


def make_pair_set(sizes, *, column=True, order=slice(None), **columns):
    centrals, companions, group = grouped_pairs(sizes)
    truth = Table({'label': np.ones(len(group), int), **columns})
    if column:
        truth['group'] = group
    return DataSet({'centrals': centrals[order],
                    'companions': companions[order]}, truth[order])


@pytest.mark.parametrize(('sizes', 'cut'), [
    ((10,) * 10, 90), ((40,) * 3, 80), ((5, 45, 45, 5), 50), ((2, 98), 2),
    ((98, 2), 98), ((250,) * 40, 9750)])
def test_a_group_is_in_training_or_validation(sizes, cut):
    (train_sampler, _), = prepare_samplers(make_pair_set(sizes), None, 8)[0]
    held = prepare_samplers(make_pair_set(sizes), None, 8)[1]['stamp']
    assert len(train_sampler) == cut
    assert not set(train_sampler.group) & set(held.group)
    assert len(train_sampler) + len(held) == sum(sizes)


def test_groups_in_any_order():
    """Rows of a group need not follow each other."""
    order = np.random.default_rng(1).permutation(60)
    data = make_pair_set((20, 20, 20), order=order)
    (sampler, _), = prepare_samplers(data, None, 8)[0]
    held = prepare_samplers(data, None, 8)[1]['stamp']
    assert not set(sampler.group) & set(held.group)
    for part in (sampler, held):
        z, _, label, *_ = part.draw(500, np.random.default_rng(1))
        z *= (label > 0)[:, None, None]
        assert_array_equal(z[:, 10, 10] > 10, z[:, 40, 40] > 10)
        assert_array_equal(part.centrals[:, 10, 10], 1000 * (part.group + 1))


@pytest.mark.parametrize(('n', 'cut'), [(40, 20), (300, 250), (600, 250),
                                        (1100, 750), (10_000, 9750)])
def test_files_without_groups_have_groups_of_250(n, cut):
    data = make_pair_set((n,), column=False)
    samplers, held_out, _ = prepare_samplers(data, None, 8)
    assert len(samplers[0][0]) == cut
    assert len(held_out['stamp']) == n - cut
    assert_array_equal(samplers[0][0].group, np.arange(cut) // 250)


def test_pairs_of_one_seeing_are_recombined():
    """``simulate_stamps`` puts each stamp into a group by default."""
    data = make_pair_set((1,) * 500, seeing_factor=np.ones(500))
    (sampler, _), = prepare_samplers(data, None, 8)[0]
    assert_array_equal(sampler.group, 0)
    varied = make_pair_set((1,) * 500, seeing_factor=np.linspace(1, 2, 500))
    (sampler, _), = prepare_samplers(varied, None, 8)[0]
    assert len(set(sampler.group)) == len(sampler)


def test_simulated_pairs_of_several_seeings():
    """The pairs of any public simulation keep their seeing."""
    from blendhunter import simulate_stamps

    data = simulate_stamps(40, blend_fraction=1.0, noise=None, rng=1,
                           seeing_range=(0.5, 2.0), group_size=7,
                           centering='exact').to_dataset(role='pairs')
    samplers, held_out, _ = prepare_samplers(data, None, 8)
    seeing = np.asarray(data.truth['seeing_factor'])
    done = 0
    for sampler in (samplers[0][0], held_out['stamp']):
        rows = slice(done, done + len(sampler))
        first = np.arange(len(sampler)).repeat(50)
        partner = sampler._any(first, np.random.default_rng(1))
        assert_array_equal(seeing[rows][first], seeing[rows][partner])
        assert len(set(partner[first == 0])) > 1
        done += len(sampler)
    assert done == 40


def point_pairs(n=500, flux=300.0):
    """Point sources: a central one, and companions anywhere."""
    rng = np.random.default_rng(7)
    centrals, companions = np.zeros((2, n, 51, 51), dtype=np.float32)
    positions = np.column_stack([np.full((n, 2), 25.0), np.full(n, flux)])
    others = np.column_stack([rng.integers(3, 48, (n, 2)), np.full(n, flux)])
    centrals[:, 25, 25] = flux
    companions[np.arange(n), others[:, 1].astype(int),
               others[:, 0].astype(int)] = flux
    return centrals, companions, positions, others


def test_close_blends_are_oversampled_with_smaller_weights():
    centrals, companions, positions, others = point_pairs()
    sampler = PairSampler(
        centrals, companions, positions=positions,
        companion_positions=others, sigma_range=(3.0, 3.0), more=(),
        residual_background=0.0, close_share=0.5, balance=1.0)
    rng = np.random.default_rng(1)
    z, _, label, weight, _ = sampler.draw(4000, rng)
    natural = np.mean(np.hypot(*(others - positions)[:, :2].T) < 10)
    assert 0.1 < natural < 0.2
    # light of both in the middle: a close blend
    close = (z[:, 15:36, 15:36] > 50).sum(axis=(1, 2)) > 1
    blended = label > 0
    assert np.all(weight[~blended] == 1)
    light, heavy = np.unique(weight[blended])
    found = 0.5 * (1 - (1 - natural)**16)
    assert np.mean(weight[blended] == light) == pytest.approx(
        found + (1 - found) * natural, abs=0.04)
    # the weighted fraction is the natural one
    assert np.sum(weight[weight == light]) / np.sum(
        weight[blended]) == pytest.approx(natural, abs=0.03)
    assert heavy > 1 > light
    assert np.mean(close[blended & (weight == heavy)]) < 0.2


def test_half_of_the_close_blends_are_centered_on_both():
    centrals, companions, positions, others = point_pairs()
    near = np.hypot(*(others - positions)[:, :2].T) < 10
    keep = np.flatnonzero(near)
    sampler = PairSampler(
        centrals[keep], companions[keep], positions=positions[keep],
        companion_positions=others[keep], sigma_range=(3.0, 3.0), more=(),
        residual_background=0.0)
    z, _, label, *_ = sampler.draw(1000, np.random.default_rng(1))
    moved = z[label > 0, 25, 25] < 50
    assert 0.35 < moved.mean() < 0.65
    # both are still there, on opposite sides of the middle
    n_both = 0
    for stamp in z[label > 0][moved]:
        y, x = np.nonzero(stamp > 50)
        if len(x) == 2:
            n_both += 1
            assert np.abs([x.mean() - 25, y.mean() - 25]).max() <= 1.5
    assert n_both > 0.8 * moved.sum()


def test_companions_below_the_noise_have_small_weights():
    centrals, companions, positions, others = point_pairs()
    faint = PairSampler(centrals, companions / 1000, positions=positions,
                        companion_positions=others, sigma_range=(3.0, 3.0))
    _, _, label, weight, _ = faint.draw(200, np.random.default_rng(1))
    assert np.all(weight[label > 0] < 0.1)
    assert np.all(weight[label == 0] == 1)


def tiny_model(n_steps):
    """A model with few weights, compiled like the network."""
    import keras

    keras.utils.set_random_seed(1)
    inputs = keras.Input((4,))
    x = keras.layers.Dense(3)(inputs)
    x = keras.layers.Dropout(0.5)(x)
    maps = [keras.layers.Reshape((1, 1, 3))(x) for _ in range(2)]
    model = keras.Model(inputs, [
        keras.layers.Dense(1, activation='sigmoid')(x), *maps])
    end_to_end.compile_model(model, n_steps, 0.01, 1e-3)
    return model


def train_step(model, step):
    rng = np.random.default_rng(step)
    x = rng.normal(size=(6, 4)).astype('f4')
    y = (rng.random((6, 1)) < 0.5).astype('f4')
    maps = np.zeros((2, 6, 1, 1, 3), dtype='f4')
    model.train_on_batch(x, [y, *maps])


def test_the_average_of_the_weights_is_kept():
    """An exponential moving average over the last tenth of the steps."""
    model = tiny_model(40)
    averages = None
    for i in range(6):
        train_step(model, i)
        weights = model.get_weights()
        # the memory is 4 of 40 steps
        averages = weights if averages is None else [
            0.75 * a + 0.25 * w
            for a, w in zip(averages, weights, strict=True)]
    end_to_end.take_averages(model)
    for a, b, w in zip(model.get_weights(), averages, weights, strict=True):
        assert_allclose(a, b, rtol=1e-5, atol=1e-7)
        assert not np.allclose(a, w, rtol=1e-5, atol=1e-7)


def test_a_restored_training_is_byte_equal(tmp_path):
    """Weights, averages, optimizer, and the random state of dropout."""
    whole = tiny_model(8)
    for i in range(4):
        train_step(whole, i)
    save_checkpoint(tmp_path / 'c.h5', whole, 'a training')
    for i in range(4, 8):
        train_step(whole, i)
    resumed = tiny_model(8)
    assert restore_checkpoint(tmp_path / 'c.h5', resumed, 'a training') == 4
    for i in range(4, 8):
        train_step(resumed, i)
    for model in (whole, resumed):
        end_to_end.take_averages(model)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()
    with pytest.raises(DataSetError, match='it was a training'):
        restore_checkpoint(tmp_path / 'c.h5', resumed, 'another')


def test_a_time_limit_changes_the_schedule_alone():
    """With as many steps as were asked for, all is as without a limit."""
    plain, limited = tiny_model(40), tiny_model(40)
    limit = TimeLimit(limited, limited.optimizer._learning_rate, 1e4)
    for i in range(6):
        train_step(plain, i)
        train_step(limited, i)
    expected = plain.optimizer.learning_rate
    assert_allclose(limited.optimizer.learning_rate, expected, rtol=1e-6)
    for model in (plain, limited):
        end_to_end.take_averages(model)
    for a, b in zip(plain.get_weights(), limited.get_weights(), strict=True):
        assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    # fewer steps: the rate has fallen further after 15 of them
    for i in range(9):
        train_step(plain, i)
        train_step(limited, i)
    limit._expect(20)
    assert float(limited.optimizer.learning_rate) < 0.7 * float(
        plain.optimizer.learning_rate)


def test_a_time_limit_estimates_the_steps(monkeypatch):
    """From the rate after the first steps, which compile."""
    now, expected = [0.0], []
    monkeypatch.setattr(loop.time, 'monotonic', lambda: now[0])
    model = tiny_model(10_000)
    limit = TimeLimit(model, model.optimizer._learning_rate, 100)
    monkeypatch.setattr(limit, '_expect', expected.append)
    # the two first take 40 s, the others half a second
    for done in range(1, 130):
        now[0] += 20 if done < 3 else 0.5
        if limit.is_over(done):
            break
    assert done == 122
    assert_allclose(expected, 122, atol=1e-6)
    assert len(expected) > 30


def test_a_long_limit_keeps_the_schedule(monkeypatch):
    now, expected = [0.0], []
    monkeypatch.setattr(loop.time, 'monotonic', lambda: now[0])
    model = tiny_model(40)
    limit = TimeLimit(model, model.optimizer._learning_rate, 1e6)
    monkeypatch.setattr(limit, '_expect', expected.append)
    for done in range(1, 30):
        now[0] += 2
        assert not limit.is_over(done)
    assert set(expected) == {40}


def test_averages_end_with_an_error():
    model = tiny_model(40)
    train_step(model, 0)
    before = model.get_weights()
    with pytest.raises(OSError, match='disk'), loop.averaged(model):
        raise OSError('disk full')
    for a, b in zip(before, model.get_weights(), strict=True):
        assert_array_equal(a, b)


def test_a_training_that_ends_by_time(pairs, tmp_path):
    path = train(pairs=pairs, output=tmp_path / 'a.h5', max_seconds=0.01,
                 snapshot_seconds=0.001, n_jobs=2, **options(n_steps=100))
    assert read_metadata(path)['steps'] == 1
    # the snapshot goes when the weights are there
    assert {item.name for item in tmp_path.iterdir()} == {
        'a.h5', 'a.history.csv'}


def test_snapshots_are_weights_so_far(pairs, tmp_path, monkeypatch):
    """A killed training leaves the last one."""
    steps = []

    class StoppedError(Exception):
        pass

    def killed(path, network, metadata):
        save_network(path, network, metadata)
        steps.append(metadata['steps'])
        raise StoppedError

    monkeypatch.setattr(trained_weights, 'save_network', killed)
    with pytest.raises(StoppedError):
        train(pairs=pairs, output=tmp_path / 'a.h5', snapshot_seconds=1e-3,
              **options(n_steps=3))
    assert steps == [1]
    model = load_model(tmp_path / 'a.snapshot.h5')
    assert model.metadata['steps'] == 1
    assert not (tmp_path / 'a.h5').exists()


def test_training_writes_a_model(pairs, detections, tmp_path):
    path = train(pairs=pairs, detections=detections, command='the command',
                 output=tmp_path / 'a.h5', **options())
    model = load_model(path)
    assert model.regions == ('segment', 'stamp')
    assert model.metadata['command'] == 'the command'
    # drawn at 0.5 and 0.4, and then fitted
    fractions = model.metadata['trained_fraction']
    assert set(fractions) == {'segment', 'stamp'}
    assert all(0.01 < value < 0.99 for value in fractions.values())
    domain = model.metadata['domain']['segment']
    assert domain['fields'] == 4
    assert domain['saturated'] == [5e3, None]
    # JSON that others than Python read, too
    json.dumps(model.metadata, allow_nan=False)
    with (tmp_path / 'a.history.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert rows[-1]['step'] == '4'
    # without positions there is no auxiliary loss
    assert rows[-1]['loss'] == rows[-1]['head_loss'] != '0.0'
    assert {'segment_auc', 'segment_accuracy', 'stamp_auc',
            'stamp_accuracy'} <= set(rows[-1])
    assert not (tmp_path / 'a.checkpoint.h5').exists()


def test_validation_scores():
    """A network that ranks 3 of 4 pairs of stamps right."""
    from types import SimpleNamespace

    from blendhunter.training.batches import Batch

    p = np.array([0.9, 0.3, 0.4, 0.1])
    network = SimpleNamespace(predict=lambda *_, **__: p[:, None])
    labels = np.array([1.0, 1, 0, 0])[:, None]
    batch = Batch(None, labels, np.ones((4, 1)), [], None)
    assert trained_weights.evaluate(network, {'stamp': batch}) == {
        'stamp_accuracy': 0.75, 'stamp_auc': 0.75}


def test_killed_training_continues(pairs, tmp_path, monkeypatch):
    """Killed in step 3 and run again, it ends where a whole one ends."""
    call = {'pairs': pairs, 'checkpoint_seconds': 0, **options()}
    whole = train(**call, output=tmp_path / 'whole.h5')
    call['output'] = tmp_path / 'cut.h5'
    steps = []

    class Killed(MixedBatches):
        def __call__(self, step):
            steps.append(step)
            if steps.count(3) == 1 and step == 3:
                raise KeyboardInterrupt
            return super().__call__(step)

    monkeypatch.setattr(end_to_end, 'MixedBatches', Killed)
    with pytest.raises(KeyboardInterrupt):
        train(**call)
    assert not (tmp_path / 'cut.h5').exists()
    assert (tmp_path / 'cut.checkpoint.h5').exists()
    with pytest.raises(DataSetError, match='belongs to another training'):
        train(**{**call, 'rng': 9})
    cut = train(**call)
    assert steps == [0, 1, 2, 3, 3]
    first, second = read_weights(whole)[0], read_weights(cut)[0]
    # four steps change the weights by 0.40; TensorFlow's threads make
    # uninterrupted trainings differ by up to 0.006
    difference = np.sqrt(sum(np.sum((first[name] - second[name])**2)
                             for name in first))
    assert difference < 0.03
    assert not (tmp_path / 'cut.checkpoint.h5').exists()


def test_history_of_a_killed_training(tmp_path):
    """Reports after the checkpoint are written again, others are kept."""
    path = tmp_path / 'a.history.csv'
    history = History(path)
    history.add(step=20, loss=0.5)
    history.add(step=40, loss=0.4, stamp_auc=0.9)
    assert History(path).rows == []
    resumed = History(path, step=20)
    resumed.add(step=40, loss=0.3, stamp_auc=0.8)
    assert path.read_text().split() == [
        'step,loss,stamp_auc', '20,0.5,', '40,0.3,0.8']


def test_damaged_checkpoint(pairs, tmp_path):
    (tmp_path / 'c.h5').write_text('nonsense')
    with pytest.raises(DataSetError, match=r'checkpoint .*c\.h5'):
        train(pairs=pairs, output=tmp_path / 'a.h5',
              checkpoint=tmp_path / 'c.h5', **options())


def test_training_learns(pairs, tmp_path):
    """Two bright galaxies 12 px apart are told from one in 25 steps."""
    path = train(pairs=pairs, output=tmp_path / 'a.h5', dropout=0.0,
                 **options(n_steps=25, batch_size=16, learning_rate=2e-3))
    model = load_model(path, precision='float32')
    one, two = (pairs.arrays['centrals'][:1], pairs.arrays['centrals'][:1]
                + pairs.arrays['companions'][:1])
    noise = np.random.default_rng(2).normal(size=(1, 51, 51)) * 10
    p = model.predict(np.concatenate([one, two]) + noise,
                      np.ones((2, 51, 51), bool), 10.0, batch_size=2)
    assert p[1] > p[0] + 0.1


def test_fine_tuning_of_weights(pairs, thin_weights, tmp_path):
    path = train(pairs=pairs, output=tmp_path / 'a.h5',
                 weights=thin_weights, command='the first',
                 **options(n_steps=1, learning_rate=1e-9))
    start, before = read_weights(thin_weights)
    end, about = read_weights(path)
    for name, array in start.items():
        # of the first kernel, the channels that there were
        found = (end[name][:, :, :array.shape[2]] if array.ndim == 4
                 else end[name])
        assert_allclose(found, array, atol=1e-3)
    assert [item['sha256'] for item in about['training_history']] == [
        before['sha256']]
    path = train(pairs=pairs, output=tmp_path / 'b.h5', weights=path,
                 **options(n_steps=1, learning_rate=1e-9))
    history = read_metadata(path)['training_history']
    assert [item['command'] for item in history] == ['none', 'the first']
    assert history[1]['sha256'] == about['sha256']


def test_what_training_data_need(pairs, detections, tmp_path):
    """The message names what is missing, and how to make it."""
    def refused(match, **sets):
        with pytest.raises(DataSetError, match=match):
            train(output=tmp_path / 'a.h5', n_steps=1, **sets)

    refused(r"pairs: the data set has no \['centrals', 'companions', "
            r"'label'\]; make one with blendhunter simulate pairs",
            pairs=detections)
    refused(r"detections: the data set has no \['field', 'regions', 'stamps', "
            r"'truth_label'\]", detections=pairs)
    mixed = DataSet(pairs.arrays, Table({'label': np.arange(N) % 2}))
    refused('pairs: some rows have no companion', pairs=mixed)
    alone = DataSet(detections.arrays, detections.truth.copy())
    alone.truth['truth_label'] = 0
    refused('detections must include blends and single sources',
            detections=alone)


def test_a_start_is_checked_before_the_data_are_read(
        thin_weights, tmp_path):
    gone = tmp_path / 'gone.h5'
    for match, call in (
            ('importance needs weights', {'importance': True}),
            ('weights and backbone cannot be given together',
             {'weights': thin_weights, 'backbone': 'imagenet'}),
            ("weights must be one of", {'weights': 'typo'}),
            (r"backbone must be 'imagenet' or a file .*'default'",
             {'backbone': 'default'})):
        with pytest.raises((ValueError, WeightsError), match=match):
            train(pairs=gone, output=tmp_path / 'a.h5', **call)


def test_bad_arguments(pairs, tmp_path):
    with pytest.raises(ValueError, match='pairs or detections must be given'):
        train(output=tmp_path / 'a.h5')
    with pytest.raises(ValueError, match='n_steps must be at least 1'):
        train(pairs=pairs, output=tmp_path / 'a.h5', n_steps=0)
    with pytest.raises(ValueError, match='n_jobs must be a positive num'):
        train(pairs=pairs, output=tmp_path / 'a.h5', n_jobs=0)
    for name in ('max_seconds', 'snapshot_seconds'):
        for value in (0, np.inf, np.nan):
            with pytest.raises(ValueError,
                               match=f'{name} must be a positive'):
                train(pairs=pairs, output=tmp_path / 'a.h5', **{name: value})
    with pytest.raises(FileNotFoundError, match='data set: no such file'):
        train(pairs=tmp_path / 'gone.h5', output=tmp_path / 'a.h5')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        train(pairs=pairs, output=tmp_path / 'no/a.h5')
    with pytest.raises(TypeError, match='rng must be None, an integer'):
        train(pairs=pairs, output=tmp_path / 'a.h5', rng='seed')
    (tmp_path / 'a.h5').touch()
    with pytest.raises(FileExistsError, match='use overwrite'):
        train(pairs=pairs, output=tmp_path / 'a.h5')
