"""Training: batches, checkpoints, both protocols."""

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
from blendhunter.network import train_transfer, training
from blendhunter.network.batches import MixedBatches
from blendhunter.network.calibration import (
    correct_prior,
    fit_fraction,
    refit_fraction,
)
from blendhunter.network.detection_sampler import DetectionSampler
from blendhunter.network.pair_sampler import PairSampler
from blendhunter.network.samples import prepare_samplers
from blendhunter.network.weights import read_metadata, read_weights

RNG = np.random.default_rng(1)
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
    stamps = RNG.normal(size=(N, 51, 51)).astype('f2')
    regions = np.zeros(stamps.shape, bool)
    regions[:, 20:30, 20:30] = True
    return DataSet({'stamps': stamps, 'regions': regions},
                   Table({'truth_label': np.arange(N) % 2,
                          'field': np.arange(N) // 10,
                          'field_noise': np.full(N, 14.5),
                          'field_saturated': np.where(
                              np.arange(N) % 3, 5e3, np.inf)}))


def options(**changes):
    return {'n_steps': 4, 'batch_size': 8, 'precision': 'float32',
            'learning_rate': 1e-4, **changes}


def test_dihedral_group():
    images = RNG.normal(size=(2, 5, 5))
    turned = [dihedral(images, k) for k in range(8)]
    assert_array_equal(turned[0], images)
    for i in range(8):
        for j in range(i):
            assert not np.array_equal(turned[i], turned[j])


def test_hopeless_blends_are_learnt_from_less_but_judged_in_full(detections):
    truth = detections.truth
    truth['field_seeing'] = 4.0
    truth['companion_snr'] = np.where(truth['truth_label'], 6.0, np.nan)
    truth['separation'] = np.where(np.arange(N) % 4 == 1, 2.0, 8.0)
    (learner, _), = prepare_samplers(None, detections, 8)[0]
    hopeless = truth['separation'] == 2
    assert_array_equal(learner.worth < 1, hopeless[:len(learner)])
    assert learner.worth.min() > 0
    held, = prepare_samplers(None, detections, 8)[1].values()
    assert held.worth is None


def test_batches_are_reproducible_and_differ(pairs, detections):
    samplers = [(PairSampler(pairs.arrays['centrals'],
                             pairs.arrays['companions']), 6),
                (DetectionSampler(detections.arrays['stamps'],
                                  detections.arrays['regions'],
                                  detections.truth['truth_label']), 10)]
    batches = MixedBatches(samplers, seed=3)
    batch = batches(5)
    again = MixedBatches(samplers, seed=3)(5)
    assert batch.inputs.shape == (16, 65, 65, 5)
    assert batch.labels.shape == batch.weights.shape == (16, 1)
    assert_array_equal(batch.inputs, again.inputs)
    assert not np.array_equal(batch.inputs, batches(6).inputs)
    assert batch.labels[:6].sum() == 3
    assert batch.labels[6:].sum() == 4
    # no positions, so nothing is said of them
    assert_array_equal(batch.map_weights, 0)


def test_sampling_does_not_change_the_data(pairs, detections):
    before = [array.copy() for data in (pairs, detections)
              for array in data.arrays.values()]
    test_batches_are_reproducible_and_differ(pairs, detections)
    after = [array for data in (pairs, detections)
             for array in data.arrays.values()]
    for a, b in zip(before, after, strict=True):
        assert_array_equal(a, b)


def test_noise_of_a_pair_is_one(pairs):
    sampler = PairSampler(0 * pairs.arrays['centrals'],
                          0 * pairs.arrays['companions'], sky=0.0)
    z, *_ = sampler.draw(50, np.random.default_rng(1))
    assert z.std() == pytest.approx(1, abs=0.01)


def point_pairs(n=500, flux=300.0):
    """Point sources: a central one, and companions anywhere."""
    rng = np.random.default_rng(7)
    centrals, companions = np.zeros((2, n, 51, 51), dtype=np.float32)
    places = np.column_stack([np.full((n, 2), 25.0), np.full(n, flux)])
    others = np.column_stack([rng.integers(3, 48, (n, 2)), np.full(n, flux)])
    centrals[:, 25, 25] = flux
    companions[np.arange(n), others[:, 1].astype(int),
               others[:, 0].astype(int)] = flux
    return centrals, companions, places, others


def test_close_blends_are_drawn_more_often_and_weigh_less():
    centrals, companions, places, others = point_pairs()
    sampler = PairSampler(
        centrals, companions, places=places, companion_places=others,
        sigma_range=(3.0, 3.0), more=(), sky=0.0, close_share=0.5,
        balance=1.0)
    rng = np.random.default_rng(1)
    z, _, label, weight, _ = sampler.draw(4000, rng)
    natural = np.mean(np.hypot(*(others - places)[:, :2].T) < 10)
    assert 0.1 < natural < 0.2
    # light of both in the middle: a close blend
    close = (z[:, 15:36, 15:36] > 50).sum(axis=(1, 2)) > 1
    blended = label > 0
    assert np.all(weight[~blended] == 1)
    light, heavy = np.unique(weight[blended])
    found = 0.5 * (1 - (1 - natural)**16)
    assert np.mean(weight[blended] == light) == pytest.approx(
        found + (1 - found) * natural, abs=0.04)
    # weighed, they count as often as they are
    assert np.sum(weight[weight == light]) / np.sum(
        weight[blended]) == pytest.approx(natural, abs=0.03)
    assert heavy > 1 > light
    assert np.mean(close[blended & (weight == heavy)]) < 0.2


def test_half_of_the_close_blends_are_centred_on_both():
    centrals, companions, places, others = point_pairs()
    near = np.hypot(*(others - places)[:, :2].T) < 10
    keep = np.flatnonzero(near)
    sampler = PairSampler(
        centrals[keep], companions[keep], places=places[keep],
        companion_places=others[keep], sigma_range=(3.0, 3.0), more=(),
        sky=0.0)
    z, _, label, *_ = sampler.draw(1000, np.random.default_rng(1))
    moved = z[label > 0, 25, 25] < 50
    assert 0.35 < moved.mean() < 0.65
    # both are still there, on opposite sides of the middle
    for stamp in z[label > 0][moved][:50]:
        y, x = np.nonzero(stamp > 50)
        if len(x) == 2:
            assert np.abs([x.mean() - 25, y.mean() - 25]).max() <= 1.5


def test_companions_that_nobody_sees_hardly_count():
    centrals, companions, places, others = point_pairs()
    faint = PairSampler(centrals, companions / 1000, places=places,
                        companion_places=others, sigma_range=(3.0, 3.0))
    _, _, label, weight, _ = faint.draw(200, np.random.default_rng(1))
    assert np.all(weight[label > 0] < 0.1)
    assert np.all(weight[label == 0] == 1)


def test_the_average_of_the_weights_is_kept(pairs, tmp_path, monkeypatch):
    """Over no step but the last, and over many, it is not the same."""

    kernels = []
    for share in (0.01, 2.0):
        monkeypatch.setattr(training, 'AVERAGED_SHARE', share)
        path = train(pairs=pairs, output=tmp_path / f'{share}.h5',
                     **options())
        kernels.append(read_weights(path)[0]['block1_conv1/kernel'])
    assert not np.array_equal(*kernels)
    np.testing.assert_allclose(*kernels, atol=1e-2)


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
    assert float(rows[-1]['loss']) > 0
    assert 0 <= float(rows[-1]['segment_auc']) <= 1
    assert not (tmp_path / 'a.checkpoint.h5').exists()


def test_fitted_fraction_is_that_of_the_training():
    """Odds right for a half, sampled at a fifth: it finds the half."""
    rng = np.random.default_rng(5)
    p = rng.uniform(0.02, 0.98, 200_000).astype('f4')
    labels = rng.random(len(p)) < p
    for fraction in (0.2, 0.5, 0.8):
        weights = np.where(labels, fraction, 1 - fraction)
        assert fit_fraction(p, labels, weights) == pytest.approx(0.5,
                                                                 abs=0.01)
    # blends trained with thrice their weight
    raw = correct_prior(p, 0.25, 0.5)
    fitted = fit_fraction(raw, labels, np.ones(len(p)))
    assert fitted == pytest.approx(0.75, abs=0.01)
    assert_allclose(np.mean(correct_prior(raw, fitted, 0.5)), 0.5, atol=0.01)
    # nothing to fit: every answer is sure and right
    assert 0 < fit_fraction(np.array([0.0, 1.0]), np.array([False, True]),
                            np.ones(2)) < 1


def test_refitted_fraction_makes_a_survey_right():
    """However far the stored prior is from the survey's fraction."""
    rng = np.random.default_rng(6)
    right = rng.uniform(0.02, 0.98, 50_000)
    labels = rng.random(len(right)) < right
    fraction = labels.mean()
    # right answers, stored as if of 0.3 and told for a prior of 0.02
    told = correct_prior(correct_prior(right, fraction, 0.3), 0.3, 0.02)
    refitted = refit_fraction(told, labels, trained=0.3, wanted=0.02)
    assert refitted == pytest.approx(0.3, abs=0.01)
    # twice too low odds
    low = correct_prior(told, 2 / 3, 0.5)
    refitted = refit_fraction(low, labels, trained=0.3, wanted=0.02)
    assert refitted / (1 - refitted) == pytest.approx(3 / 14, rel=0.05)
    mended = correct_prior(correct_prior(low, 0.02, 0.3), refitted, fraction)
    assert np.mean(mended) == pytest.approx(fraction, abs=2e-3)


def test_killed_training_continues(pairs, tmp_path, monkeypatch):
    """Killed in step 3 and run again, it ends where a whole one ends."""
    whole = train(pairs=pairs, output=tmp_path / 'whole.h5', **options())

    class Killed(MixedBatches):
        def __call__(self, step):
            if step == 3:
                raise KeyboardInterrupt
            return super().__call__(step)

    call = {'pairs': pairs, 'output': tmp_path / 'cut.h5',
            'checkpoint_seconds': 0, **options()}
    with monkeypatch.context() as patch:
        patch.setattr(training, 'MixedBatches', Killed)
        with pytest.raises(KeyboardInterrupt):
            train(**call)
    assert not (tmp_path / 'cut.h5').exists()
    assert (tmp_path / 'cut.checkpoint.h5').exists()
    with pytest.raises(DataSetError, match='belongs to another training'):
        train(**{**call, 'seed': 9})
    cut = train(**call)
    first, second = read_weights(whole)[0], read_weights(cut)[0]
    for name in first:
        assert_allclose(second[name], first[name], atol=2e-3,
                        err_msg=name)


def test_damaged_checkpoint(pairs, tmp_path):
    (tmp_path / 'c.h5').write_text('nonsense')
    with pytest.raises(DataSetError, match=r'checkpoint .*c\.h5'):
        train(pairs=pairs, output=tmp_path / 'a.h5',
              checkpoint=tmp_path / 'c.h5', **options())


def test_training_learns(pairs, tmp_path):
    """Two bright galaxies 12 px apart are told from one in 25 steps."""
    path = train(pairs=pairs, output=tmp_path / 'a.h5', dropout=0.0,
                 **options(n_steps=25, batch_size=16, learning_rate=3e-4))
    model = load_model(path, precision='float32')
    one, two = (pairs.arrays['centrals'][:1], pairs.arrays['centrals'][:1]
                + pairs.arrays['companions'][:1])
    noise = RNG.normal(size=(1, 51, 51)) * 10
    p = model.predict(np.concatenate([one, two]) + noise,
                      np.ones((2, 51, 51), bool), 10.0, batch_size=2)
    assert p[1] > p[0] + 0.1


def test_continuing_from_weights(pairs, random_weights, tmp_path):
    path = train(pairs=pairs, output=tmp_path / 'a.h5',
                 weights=random_weights, command='the first',
                 **options(n_steps=1, learning_rate=1e-9))
    start, before = read_weights(random_weights)
    end, about = read_weights(path)
    for name, array in start.items():
        # of the first kernel, the channels that there were
        found = (end[name][:, :, :array.shape[2]] if array.ndim == 4
                 else end[name])
        assert_allclose(found, array, atol=1e-3)
    assert [item['sha256'] for item in about['lineage']] == [before['sha256']]
    path = train(pairs=pairs, output=tmp_path / 'b.h5', weights=path,
                 **options(n_steps=1, learning_rate=1e-9))
    lineage = read_metadata(path)['lineage']
    assert [item['command'] for item in lineage] == ['none', 'the first']
    assert lineage[1]['sha256'] == about['sha256']


@pytest.mark.parametrize('preprocessing', ['paper', 'noise', 'residuals'])
def test_paper_protocol(tmp_path, preprocessing):
    stamps = RNG.normal(size=(60, 51, 51)).astype('f4')
    labels = np.arange(60) % 2
    stamps[labels == 1, 10:20, 10:20] += 20
    path = train_transfer(stamps, labels, output=tmp_path / 'a.h5',
                          noise=1.0, preprocessing=preprocessing, epochs=3,
                          batch_size=10, precision='float32')
    model = load_model(path)
    assert model.regions == ('stamp',)
    assert model.metadata['preprocessing'] == preprocessing
    assert 0 <= model.metadata['results']['stamp']['accuracy'] <= 1
    assert not (tmp_path / 'a.work').exists()


def test_paper_protocol_keeps_features_of_a_killed_run(tmp_path,
                                                       monkeypatch):
    import blendhunter.network.transfer as module

    stamps = RNG.normal(size=(200, 51, 51)).astype('f4')
    call = {'stamps': stamps, 'labels': np.arange(200) % 2, 'epochs': 1,
            'output': tmp_path / 'a.h5', 'noise': 1.0,
            'precision': 'float32'}

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, 'fit_head', killed)
        with pytest.raises(KeyboardInterrupt):
            train_transfer(**call)
    assert (tmp_path / 'a.work/features.txt').read_text() == '200'
    with pytest.raises(DataSetError, match='belongs to another training'):
        train_transfer(**{**call, 'noise': 2.0})
    assert train_transfer(**call).is_file()


def test_packaged_blocks_as_frozen_backbone(tmp_path):
    """Frozen blocks that know blends tell them with few examples."""
    from blendhunter import simulate_stamps

    made = simulate_stamps(300, centring='exact', rng=4,
                           magnitudes=(20, 23))
    path = train_transfer(
        made.stamps, made.truth['label'], noise=14.5, epochs=12,
        output=tmp_path / 'a.h5', backbone='default', batch_size=30)
    results = load_model(path).metadata['results']['stamp']
    assert results['accuracy'] > 0.8
    with pytest.raises(ValueError, match="for backbone='default'"):
        train_transfer(made.stamps, made.truth['label'], noise=14.5,
                       output=tmp_path / 'c.h5', backbone='default',
                       preprocessing='paper')


def test_only_data_of_the_right_kind(pairs, detections, tmp_path):
    """What the sets lack is named, and where to get others."""
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
    refused('detections: there must be blends and single ones',
            detections=alone)


def test_a_start_is_checked_before_the_data_are_read(
        random_weights, tmp_path):
    gone = tmp_path / 'gone.h5'
    for match, call in (
            ('importance needs weights', {'importance': True}),
            ('weights and backbone cannot both be given',
             {'weights': random_weights, 'backbone': 'imagenet'}),
            ("weights must be one of", {'weights': 'typo'}),
            (r"backbone must be 'imagenet' or a file .*'default'",
             {'backbone': 'default'})):
        with pytest.raises((ValueError, WeightsError), match=match):
            train(pairs=gone, output=tmp_path / 'a.h5', **call)


@pytest.mark.parametrize(('n', 'cut'), [(40, 20), (300, 250), (600, 250),
                                        (1100, 750), (10_000, 9750)])
def test_blocks_of_one_seeing_are_not_divided(n, cut):
    empty = np.zeros((n, 51, 51), dtype='f4')
    data = DataSet({'centrals': empty, 'companions': empty},
                   Table({'label': np.ones(n, dtype=int)}))
    samplers, held_out, _ = prepare_samplers(data, None, 8)
    assert len(samplers[0][0]) == cut
    assert len(held_out['stamp']) == n - cut


def test_bad_arguments(pairs, tmp_path):
    with pytest.raises(ValueError, match='pairs or detections must be given'):
        train(output=tmp_path / 'a.h5')
    with pytest.raises(ValueError, match='n_steps must be at least 1'):
        train(pairs=pairs, output=tmp_path / 'a.h5', n_steps=0)
    with pytest.raises(FileNotFoundError, match='data set: no such file'):
        train(pairs=tmp_path / 'gone.h5', output=tmp_path / 'a.h5')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        train(pairs=pairs, output=tmp_path / 'no/a.h5')
    (tmp_path / 'a.h5').touch()
    with pytest.raises(FileExistsError, match='use overwrite'):
        train(pairs=pairs, output=tmp_path / 'a.h5')
    with pytest.raises(ValueError, match='stamps must be at least 10'):
        train_transfer(np.zeros((3, 51, 51)), [0, 1, 0], noise=1.0,
                       output=tmp_path / 'b.h5')
    with pytest.raises(ValueError, match='labels must have one entry per'):
        train_transfer(np.zeros((30, 51, 51)), [0, 1], noise=1.0,
                       output=tmp_path / 'b.h5')
