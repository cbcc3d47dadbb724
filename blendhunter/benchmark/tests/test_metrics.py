# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Metrics on cases made by hand."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter.benchmark.metrics import (
    accuracy,
    area_under_roc,
    bootstrap_error,
    calibration_error,
    clustered_error,
    completeness,
    completeness_at_false_positives,
    completeness_at_purity,
    completeness_at_rejection,
    proportion_error,
    purity,
    surest_answers,
)

BLENDED = np.array([1, 1, 1, 0, 0, 0, 0, 0], dtype=bool)


SCORE = np.array([0.9, 0.8, 0.3, 0.85, 0.2, 0.1, 0.05, 0.0])


def test_completeness_and_purity():
    flagged = SCORE > 0.5
    assert completeness(flagged, BLENDED) == pytest.approx(2 / 3)
    assert purity(flagged, BLENDED) == pytest.approx(2 / 3)
    assert np.isnan(completeness(flagged, np.zeros(8, bool)))
    assert np.isnan(purity(np.zeros(8, bool), BLENDED))


def test_completeness_at_purity():
    assert completeness_at_purity(SCORE, BLENDED, 1.0) == pytest.approx(1 / 3)
    assert completeness_at_purity(SCORE, BLENDED, 0.6) == pytest.approx(1.0)
    assert completeness_at_purity(-SCORE, BLENDED, 0.9) == 0


def test_completeness_at_rejection():
    assert completeness_at_rejection(SCORE, BLENDED, 0.25) == pytest.approx(
        1 / 3)
    assert completeness_at_rejection(SCORE, BLENDED, 0.5) == 1


def test_area_under_roc():
    assert area_under_roc(SCORE, BLENDED) == pytest.approx(13 / 15)
    assert np.isnan(area_under_roc(SCORE, np.ones(8, bool)))


def test_accuracy_agrees_with_scikit_learn():
    from sklearn.metrics import accuracy_score

    flagged = SCORE > 0.5
    assert accuracy(flagged, BLENDED) == accuracy_score(BLENDED, flagged)
    assert np.isnan(accuracy([], []))


def test_completeness_at_false_positives():
    # of five singles, none above 0.85: 0.9 alone is found
    assert completeness_at_false_positives(SCORE, BLENDED, 0.0) == (
        pytest.approx(1 / 3))
    # one in five above: all blends lie above 0.2
    assert completeness_at_false_positives(SCORE, BLENDED, 0.2) == 1
    assert completeness_at_false_positives(SCORE, BLENDED, 0.19) == (
        pytest.approx(1 / 3))
    # a constant score finds nothing, whatever is allowed
    assert completeness_at_false_positives(np.ones(8), BLENDED, 0.5) == 0
    assert np.isnan(completeness_at_false_positives([1.0], [True], 0.1))


def test_calibration_error():
    rng = np.random.default_rng(1)
    p = rng.uniform(size=20_000)
    blended = rng.random(20_000) < p
    # ten bins of 2 000: each off by 0.01
    assert calibration_error(p, blended) < 0.02
    assert calibration_error(np.sqrt(p), blended) > 0.1
    assert calibration_error([0.2, 0.8], [False, True],
                             n_bins=2) == pytest.approx(0.2)
    assert np.isnan(calibration_error([], []))


def test_bootstrap_error_is_the_binomial_one():
    flagged = np.arange(400) < 100
    blended = np.ones(400, dtype=bool)
    # the error of the error of 200 samples is 5 per cent
    assert bootstrap_error(completeness, flagged, blended) == pytest.approx(
        np.sqrt(0.25 * 0.75 / 400), rel=0.15)
    # too few to have both kinds in every sample
    assert np.isfinite(bootstrap_error(area_under_roc, SCORE, BLENDED))


def test_error_of_a_proportion_is_wilsons():
    # Wilson (1927): z sqrt(p (1 - p) / n + z^2 / 4 n^2) / (1 + z^2 / n)
    for fraction, n in ((0.5, 100), (0.1, 50), (0.0, 7), (1.0, 1822)):
        wanted = np.sqrt(fraction * (1 - fraction) / n
                         + 1 / (4 * n**2)) / (1 + 1 / n)
        assert proportion_error(fraction, n) == pytest.approx(wanted,
                                                              rel=1e-4)
    assert_array_equal(np.isnan(proportion_error([0.5, np.nan, 0], [0, 3, 3])),
                       [True, True, False])


def test_error_of_few_galaxies_shown_often():
    rng = np.random.default_rng(2)
    # alone, each value counts: the binomial error, but for k / (k - 1)
    single = rng.random(500) < 0.3
    assert clustered_error(single, np.full(500, -1)) == pytest.approx(
        np.sqrt(single.mean() * (1 - single.mean()) / 499))
    # ten galaxies shown fifty times each, always with the same answer,
    # are ten answers
    ten = np.arange(10) < 3
    assert clustered_error(np.repeat(ten, 50), np.repeat(
        np.arange(10), 50)) == pytest.approx(np.sqrt(0.3 * 0.7 / 9))
    # all of them right: not certain, but ten answers
    assert clustered_error(np.ones(500), np.repeat(
        np.arange(10), 50)) == proportion_error(1.0, 10)
    # variance among galaxies, 0.16, and among the 30 stamps of each, 0.09
    variances = []
    for _ in range(300):
        chance = rng.choice([0.1, 0.9], 20)
        right = rng.random((20, 30)) < chance[:, None]
        variances.append(clustered_error(right.ravel(), np.repeat(
            np.arange(20), 30))**2)
    assert np.mean(variances) == pytest.approx((0.16 + 0.09 / 30) / 20,
                                               rel=0.05)
    assert np.isnan(clustered_error([1, 0], [4, 4]))
    assert np.isnan(clustered_error([], []))


def test_surest_answers():
    label = np.array([0, 0, 0, 1, 1, 1, 0, 1, -1])
    p = np.array([0.7, 0.9, 0.1, 0.2, 0.4, 0.6, np.nan, np.nan, 1.0])
    surest = surest_answers(p, label, 5)
    assert surest['false positives'].tolist() == [1, 0]
    assert surest['missed'].tolist() == [3, 4]
    assert surest['found'].tolist() == [5]
    assert surest_answers(p, label, 1)['missed'].tolist() == [3]
