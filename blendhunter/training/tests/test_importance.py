# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Importance sampling of detections and isolated galaxies."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import load_model, train
from blendhunter._utils.resume import PartStore
from blendhunter.dataset import DataSet
from blendhunter.training import end_to_end
from blendhunter.training.batches import MixedBatches
from blendhunter.training.importance_sampling import (
    ImportanceDraw,
    add_errors,
    blend_sample_weight,
    evaluate_errors,
)
from blendhunter.training.samplers import DetectionSampler, PairSampler

N = 40


def make_detections(rng):
    regions = np.zeros((N, 51, 51), bool)
    regions[:, 20:30, 20:30] = True
    return DataSet({'stamps': rng.normal(size=regions.shape).astype('f2'),
                    'regions': regions},
                   Table({'truth_label': np.arange(N) % 2,
                          'field': np.arange(N) // 10}))


@pytest.fixture
def detections():
    return make_detections(np.random.default_rng(3))


def test_draws_are_unbiased():
    """Wrong rows come more often; weighted, each counts as it did."""
    rng = np.random.default_rng(0)
    errors = rng.uniform(size=50)**2
    draw = ImportanceDraw(100 + np.arange(50), errors)
    rows, weights = draw(400_000, rng)
    assert rows.min() == 100
    assert rows.max() == 149
    often = np.bincount(rows - 100)
    assert_allclose(often / often.sum(), (errors + 0.1) / np.sum(errors + 0.1),
                    rtol=0.06)
    counted = np.bincount(rows - 100, weights) / 400_000
    assert_allclose(counted, 1 / 50, rtol=0.06)
    # the sum of the errors, a stand-in for the gradient, scatters less
    plain = ImportanceDraw(np.arange(50))(400_000, rng)[0]
    assert np.var(errors[rows - 100] * weights) < 0.6 * np.var(errors[plain])


def test_without_errors_all_weights_are_one():
    rng = np.random.default_rng(0)
    rows, weights = ImportanceDraw(np.array([3, 5]))(100, rng)
    assert_array_equal(weights, 1)
    assert set(rows) == {3, 5}


def test_sample_weights_are_what_the_weights_sum_to():
    """Rows of small weight are drawn less often, not weighted less."""
    sample_weights = np.array([1.0, 1.0, 0.1])
    draw = ImportanceDraw(np.arange(3), np.array([0.9, 0.1, 0.9]),
                          sample_weights)
    rows, weights = draw(100_000, np.random.default_rng(2))
    total = np.bincount(rows, weights) / len(rows)
    assert_allclose(total, sample_weights / 3, rtol=0.05)
    assert_allclose(np.bincount(rows) / len(rows),
                    np.array([1, 0.2, 0.1]) / 1.3, rtol=0.05)


def test_undetectable_companions_have_small_sample_weights():
    assert_allclose(blend_sample_weight(np.array([0, 1, 2, 3, 99])),
                    [0.05, 0.05, 0.525, 1, 1])


def test_detections_that_were_wrong_are_drawn_more_often(detections):
    labels = np.asarray(detections.truth['truth_label'])
    sampler = DetectionSampler(
        detections.arrays['stamps'], detections.arrays['regions'], labels,
        extra_noise=0.0, errors=np.where(np.arange(N) < 2, 1.0, 0.0))
    z, _, label, weights, _ = sampler.draw(1000, np.random.default_rng(1))
    assert label.sum() == 400
    same = z[:, 0, 0] == detections.arrays['stamps'][0, 0, 0]
    # among 20 single sources one has 1.1 of the 3.0 shares
    assert np.mean(same[label == 0]) == pytest.approx(1.1 / 3, abs=0.06)
    assert_allclose(weights[same], 3 / 20 / 1.1, rtol=1e-5)


def test_isolated_galaxies_that_were_wrong_are_drawn_more_often():
    """Blends are drawn as before."""
    shape = np.ones((N, 51, 51), 'f4')
    centrals = shape * 1e6 * np.arange(1, N + 1)[:, None, None]
    sampler = PairSampler(centrals, 0 * shape, more=(),
                          residual_background=0.0,
                          sigma_range=(1.0, 1.0),
                          errors=np.where(np.arange(N) < 1, 1.0, 0.0))
    z, _, label, weights, _ = sampler.draw(2000, np.random.default_rng(1))
    first = np.rint(z[:, 0, 0] / 1e6) == 1
    assert np.mean(first[label == 0]) == pytest.approx(1.1 / 5, abs=0.04)
    assert np.mean(first[label == 1]) == pytest.approx(1 / N, abs=0.02)
    assert_allclose(weights[first & (label == 0)], 5 / N / 1.1, rtol=1e-5)


def test_examples_of_pairs_are_isolated_galaxies():
    centrals = np.full((N, 51, 51), 300.0, 'f4')
    sampler = PairSampler(centrals, centrals, sigma_range=(10.0, 10.0))
    z, regions, labels = sampler.examples()
    assert_allclose(np.mean(z), 30, rtol=1e-3)
    assert_allclose(np.std(z), 1, rtol=1e-2)
    assert regions.all()
    assert not labels.any()
    assert_array_equal(sampler.examples()[0], z)


def test_errors_are_those_of_the_model(detections, random_weights):
    model = load_model(random_weights, precision='float32')
    stamps, regions = (detections.arrays[key]
                       for key in ('stamps', 'regions'))
    labels = np.arange(N) % 2
    errors = evaluate_errors(model, stamps, regions, labels)
    p = model.predict(stamps.astype('f4'), regions, 1.0)
    assert_allclose(errors, np.abs(p - labels), atol=1e-5)


@pytest.mark.usefixtures('thin')
def test_training_draws_by_the_errors_of_its_weights(
        detections, thin_weights, tmp_path, monkeypatch):
    """They are kept while the training lasts."""
    seen = []

    class Watched(MixedBatches):
        def __call__(self, step):
            seen.append(self.samplers[0][0].errors)
            if step == 2:
                raise KeyboardInterrupt
            return super().__call__(step)

    call = {'detections': detections, 'output': tmp_path / 'a.h5',
            'weights': thin_weights, 'importance': True, 'n_steps': 4,
            'batch_size': 8, 'precision': 'float32'}
    with monkeypatch.context() as patch:
        patch.setattr(end_to_end, 'MixedBatches', Watched)
        with pytest.raises(KeyboardInterrupt):
            train(**call)
    assert np.all((seen[0] > 0) & (seen[0] < 1))
    folder = tmp_path / 'a.checkpoint.errors'
    kept, = folder.glob('segment-*.npz')
    assert_array_equal(PartStore(folder).load(kept.stem)[0]['errors'],
                       seen[0])
    train(**call)
    assert not folder.exists()


def test_errors_are_evaluated_once_for_the_same_examples(
        detections, random_weights, tmp_path, monkeypatch):
    model = load_model(random_weights, precision='float32')
    stamps, regions = (detections.arrays[key]
                       for key in ('stamps', 'regions'))
    sampler = DetectionSampler(stamps, regions, np.arange(N) % 2)
    store = PartStore(tmp_path / 'errors')
    store.begin({})
    asked = []
    monkeypatch.setattr(model, 'predict', lambda z, *_: (
        asked.append(len(z)), np.full(len(z), 0.2 * len(asked)))[1])

    def errors(one):
        (ready, _), = add_errors([(one, 8)], model, store)
        return ready.errors

    first = errors(sampler)
    assert_array_equal(errors(sampler), first)
    assert asked == [N]
    # other examples have errors of their own
    second = errors(replace(sampler, stamps=stamps[::-1]))
    assert asked == [N, N]
    assert np.all(second != first)
    assert_array_equal(errors(sampler), first)
    assert asked == [N, N]


@pytest.mark.usefixtures('thin')
def test_without_importance_no_folder_is_removed(detections, tmp_path):
    folder = tmp_path / 'a.checkpoint.errors'
    folder.mkdir()
    train(detections=detections, output=tmp_path / 'a.h5', n_steps=1,
          batch_size=8, precision='float32')
    assert folder.is_dir()


def test_importance_needs_weights(detections, tmp_path):
    with pytest.raises(ValueError, match='importance needs weights'):
        train(detections=detections, output=tmp_path / 'a.h5',
              importance=True)
