# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Blend labels from a detector, of simulated stamps."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter import DetectionSettings
from blendhunter.benchmark import evaluate_detectors, label_by_detection
from blendhunter.benchmark.detector_labels import pad_stamps, true_positions
from blendhunter.benchmark.metrics import proportion_error
from blendhunter.benchmark.stamp_detectors import stamp_scores, stored_runs
from blendhunter.simulation import simulate_stamps


@pytest.fixture(scope='module')
def made():
    return simulate_stamps(60, centering='exact', bright=20.0, faint=23.0,
                           rng=2)


@pytest.mark.parametrize('method', ['sep', 'photutils'])
def test_detectors_on_stamps(made, method):
    """Bright sources on little noise: nearly all is right."""
    stamps = pad_stamps(made.with_noise(2.0, rng=1), 2.0, rng=3)
    options = {'noise': 2.0, 'settings': DetectionSettings(method=method)}
    oracle = label_by_detection(stamps, positions=true_positions(made.truth),
                                **options)
    free = label_by_detection(stamps, **options)
    kept = ~oracle['failure']
    for labels in (oracle, free):
        assert np.mean(labels['label'][kept]
                       == made.truth['label'][kept]) > 0.85
    # isolated ones beyond doubt
    isolated = made.truth['label'] == 0
    assert np.mean(oracle['n_detected'][isolated] == 1) > 0.9
    parallel = label_by_detection(stamps, n_jobs=2, **options)
    assert_array_equal(parallel['label'], free['label'])


def test_padding_is_noise_around_the_stamp(made):
    padded = pad_stamps(made.stamps, 14.5, rng=1)
    assert padded.shape == (60, 65, 65)
    assert_array_equal(padded[:, 7:58, 7:58], made.stamps)
    border = padded[:, :7]
    assert border.std() == pytest.approx(14.5, rel=0.05)
    positions = true_positions(made.truth)
    assert_array_equal(positions[:, 0], 32)
    blended = made.truth['label'] == 1
    assert np.all(np.isnan(positions[~blended, 1]))
    assert_array_equal(positions[blended, 1, 0],
                       made.truth['x_2'][blended] + 7)
    assert np.all((positions[blended, 1] > 6) & (positions[blended, 1] < 58))


def test_many_stamps_in_processes():
    """Workers get large arrays as read-only memory maps."""
    stamps = np.random.default_rng(1).normal(size=(700, 65, 65))
    labels = label_by_detection(stamps, noise=1.0, n_jobs=2)
    serial = label_by_detection(stamps, noise=1.0)
    assert_array_equal(labels['n_detected'], serial['n_detected'])
    # noise alone: something in one stamp of twenty
    assert np.mean(labels['n_detected'] == 0) > 0.5


def test_table_of_detectors():
    table = evaluate_detectors(40, sigmas=(5.0,), methods=('sep',))
    assert table['rule'].tolist() == ['oracle', 'truth-free', 'published']
    # 0.94 with a standard error of 0.04
    assert np.all(table['accuracy'] > 0.82)
    assert table['accuracy'][2] == 0.944
    assert table['accuracy_error'][0] == proportion_error(
        table['accuracy'][0], round(40 * (1 - table['failures'][0])))
    again = evaluate_detectors(40, sigmas=(5.0,), methods=('sep',),
                               rng=np.random.SeedSequence(3001))
    assert_array_equal(again['accuracy'], table['accuracy'])


def test_scores_of_labels(made):
    truth = made.truth
    perfect = stamp_scores(truth['label'] == 1, truth)
    assert {perfect[name] for name in ('accuracy', 'completeness', 'close',
                                       'distant', 'tnr')} == {1.0}
    never = stamp_scores(np.zeros(len(truth), dtype=bool), truth)
    assert (never['accuracy'], never['tnr'], never['close']) == (0.5, 1, 0)
    assert never['accuracy_error'] == proportion_error(0.5, 60)
    assert never['tnr_error'] == proportion_error(1.0, 30)
    # nothing found is wrong, and tells nothing of the isolated ones
    label = truth['label'].copy()
    label[truth['label'] == 0] = -1
    label[np.flatnonzero(truth['label'] == 0)[0]] = 0
    partly = stamp_scores(label, truth)
    assert partly['accuracy'] == pytest.approx(31 / 60)
    assert partly['tnr'] == 1


def test_stored_runs_are_consistent():
    """The network's accuracy is the mean of completeness and TNR."""
    table = stored_runs()
    assert len(table) == 8
    network = table[table['method'] == 'BlendHunter']
    assert np.all(np.abs((network['completeness'] + network['tnr']) / 2
                         - network['accuracy']) < 0.0015)
