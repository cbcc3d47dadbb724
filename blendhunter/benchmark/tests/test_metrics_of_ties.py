# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Metrics where scores tie, at limits, and of any type; their defaults."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter.benchmark.metrics import (
    area_under_roc,
    bootstrap_error,
    calibration_error,
    clustered_error,
    completeness,
    completeness_at_false_positives,
    completeness_at_purity,
    completeness_at_rejection,
    highest_first,
    proportion_error,
    purity,
    share_in_top,
    surest_answers,
    threshold_at_false_positives,
    threshold_at_purity,
)


def test_labels_of_any_type():
    """Lists of numbers mean the same as arrays of True and False."""
    flagged, blended = [1.0, 0.0, 2.0, 0.0], [1, 2, 0, 0]
    assert completeness(flagged, blended) == 0.5
    assert purity(flagged, blended) == 0.5
    score = [4.0, 3.0, 2.0, 1.0]
    assert area_under_roc(score, [1, 1, 0, 0]) == 1
    assert np.isnan(area_under_roc(score, [1, 1, 1, 1]))
    assert completeness_at_rejection(score, [1, 0, 0, 0], 0.25) == 1
    assert completeness_at_false_positives(score, [0, 1, 0, 0], 0.0) == 0
    assert isinstance(completeness(flagged, blended), float)


def test_threshold_at_purity():
    """The lowest that is pure enough; its own sources are flagged."""
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    blended = np.array([1, 0, 1, 1, 0])
    for wanted, threshold in ((1.0, 0.9), (0.76, 0.9), (0.75, 0.6),
                              (0.6, 0.5), (0.0, 0.5)):
        assert threshold_at_purity(score, blended, wanted) == threshold
    assert threshold_at_purity(-score, blended, 0.9) == np.inf
    assert threshold_at_purity(score, np.zeros(5), 0.5) == np.inf
    assert completeness_at_purity(list(score), blended, 0.75) == 1
    assert np.isnan(completeness_at_purity(score, np.zeros(5), 0.5))


@pytest.mark.parametrize(('fraction', 'share'), [
    (0.0, [0, 0, 0, 0, 0]), (0.1, [0.5, 0, 0, 0, 0]), (0.2, [1, 0, 0, 0, 0]),
    (0.4, [1, 1 / 3, 1 / 3, 1 / 3, 0]), (0.8, [1, 1, 1, 1, 0]),
    (0.9, [1, 1, 1, 1, 0.5]), (1.0, [1, 1, 1, 1, 1])])
def test_sources_that_tie_share_what_is_left(fraction, share):
    score = np.array([5, 4, 4, 4, 1])
    assert share_in_top(score, fraction) == pytest.approx(share)
    order = [3, 0, 4, 2, 1]
    assert share_in_top(score[order], fraction) == pytest.approx(
        np.array(share)[order])


def test_share_of_nothing():
    assert share_in_top([], 0.5).shape == (0,)
    assert np.isnan(completeness_at_rejection([], [], 0.5))


@pytest.mark.parametrize(('fraction', 'threshold'), [
    (0.0, 99), (0.009, 99), (0.01, 98), (0.29, 70), (0.999, 0), (1.0, 0)])
def test_threshold_at_false_positives(fraction, threshold):
    """0.29 of 100 is 29, although 0.29 * 100 is less in a computer."""
    singles = np.random.default_rng(1).permutation(100)
    assert threshold_at_false_positives(singles, fraction) == threshold


def test_highest_first():
    """Those that tie keep their order; NaN is left out."""
    rng = np.random.default_rng(2)
    score = rng.integers(0, 4, 1000).astype(float)
    wanted = rng.random(1000) < 0.7
    score[::50] = np.nan
    expected = sorted(np.flatnonzero(wanted & np.isfinite(score)),
                      key=lambda row: -score[row])
    assert highest_first(score, wanted).tolist() == expected


def test_threshold_of_the_surest_answers():
    label = np.array([1, 0, 1, 0])
    p = np.array([0.5, 0.5, 0.49, 0.7])
    surest = surest_answers(p, label, 3)
    assert {name: rows.tolist() for name, rows in surest.items()} == {
        'found': [0], 'missed': [2], 'false positives': [3, 1]}
    surest = surest_answers(p, label, 3, threshold=0.6)
    assert {name: rows.tolist() for name, rows in surest.items()} == {
        'found': [], 'missed': [2, 0], 'false positives': [3]}


def test_error_of_groups():
    """By hand: residuals 3/5, -2/5; sums 1/5, -4/5, 3/5 of three groups."""
    error = clustered_error([1, 0, 0, 0, 1], [7, 7, 2, 2, -1])
    assert error == pytest.approx(np.sqrt(3 / 2 * (1 + 16 + 9) / 25) / 5)
    assert isinstance(error, float)


def test_error_of_two_groups():
    assert clustered_error([1, 0], [0, 1]) == pytest.approx(0.5)
    assert clustered_error([1, 0], [-1, -1]) == pytest.approx(0.5)
    assert np.isnan(clustered_error([1], [-1]))
    assert clustered_error([0, 0, 0], [1, 1, 2]) == proportion_error(0.0, 2)


def test_error_of_groups_has_double_precision():
    values = np.random.default_rng(3).random(101).astype(np.float32)
    groups = np.arange(101) % 10
    assert clustered_error(values, groups) == clustered_error(
        values.astype(float), groups)


def resampled(statistic, arrays, n_samples=200, rng=0):
    """Return a statistic of resampled arrays, one set after the other."""
    rng = np.random.default_rng(rng)
    n = len(arrays[0])
    rows = [rng.integers(0, n, n) for _ in range(n_samples)]
    return np.array([statistic(*(array[i] for array in arrays))
                     for i in rows])


def mean_and_largest(values, weights):
    """Return two statistics."""
    return np.mean(values * weights), np.max(values)


def test_error_of_several_statistics():
    arrays = np.random.default_rng(4).random((2, 30))
    for options in ({}, {'n_samples': 7, 'rng': 5}):
        error = bootstrap_error(mean_and_largest, *arrays.tolist(), **options)
        assert_array_equal(error, resampled(
            mean_and_largest, arrays, **options).std(axis=0))
    one = bootstrap_error(np.mean, arrays[0])
    assert one == pytest.approx(resampled(np.mean, arrays[:1]).std(),
                                rel=1e-12)
    assert isinstance(one, float)


def test_sets_without_a_value_do_not_count():
    values = np.arange(5.0)

    def seldom(sample):
        return np.mean(sample) if np.mean(sample) > 2 else np.nan

    def never(sample):
        return np.mean(sample), np.nan

    means = resampled(np.mean, [values])
    assert bootstrap_error(seldom, values) == pytest.approx(
        means[means > 2].std())
    error = bootstrap_error(never, values)
    assert error[0] == pytest.approx(means.std())
    assert np.isnan(error[1])
    nothing = bootstrap_error(lambda sample: np.nan, values)  # noqa: ARG005
    assert isinstance(nothing, float)
    assert np.isnan(nothing)


def binned_error(probability, blended, n_bins=10):
    """Return the error of calibration, bin by bin."""
    order = sorted(range(len(probability)), key=lambda i: probability[i])
    total = 0.0
    for rows in np.array_split(order, n_bins):
        total += abs(sum(float(probability[i]) - bool(blended[i])
                         for i in rows))
    return total / len(probability)


def test_calibration_error_is_that_of_ten_bins():
    rng = np.random.default_rng(6)
    probability = rng.random(57)
    blended = rng.random(57) < 0.5
    for options in ({}, {'n_bins': 4}, {'n_bins': 1}):
        assert calibration_error(
            probability, blended, **options) == pytest.approx(
            binned_error(probability, blended, **options))


def test_calibration_of_probabilities_that_tie():
    """They stay in their order; each belongs to one bin."""
    rng = np.random.default_rng(7)
    probability = rng.integers(0, 3, 1000) / 2
    blended = rng.random(1000) < 0.5
    assert calibration_error(probability, blended) == pytest.approx(
        binned_error(probability, blended))


def test_calibration_of_few_sources():
    """With fewer sources than bins, each is a bin."""
    assert calibration_error([0.25, 1], [0, 1]) == 0.125
    assert calibration_error([0.25], [True]) == 0.75
    assert isinstance(calibration_error([0.25], [True]), float)


def test_calibration_has_double_precision():
    rng = np.random.default_rng(8)
    probability = rng.random(1001).astype(np.float32)
    blended = rng.random(1001).round().astype(np.float32)
    assert calibration_error(probability, blended) == calibration_error(
        probability.astype(float), blended.astype(bool))
