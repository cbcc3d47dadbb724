# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Blend labels from a detector: every branch of the rules."""

import numpy as np
import pytest

from blendhunter.benchmark import oracle_rule, truth_free_rule
from blendhunter.truth import BLEND, SINGLE, UNCLEAR

NAN = np.nan
ONE, TWO = [(32, 32), (NAN, NAN)], [(32, 32), (40, 32)]


def apply_rule(detections, truth, merged=()):
    """Apply the oracle rule to one stamp."""
    x, y = np.array(detections, dtype=float).reshape(-1, 2).T
    if not len(x):
        x = y = np.array([NAN])
    flags = np.zeros(len(x), dtype=bool)
    flags[list(merged)] = True
    label, failure = oracle_rule(x[None], y[None], flags[None],
                                 np.array([truth], dtype=float))
    return label[0], failure[0]


CASES = [
    ([], ONE, (), UNCLEAR, False),
    ([], TWO, (), UNCLEAR, False),
    # one found
    ([(32, 32)], ONE, (), SINGLE, False),
    ([(32, 32)], ONE, (0,), BLEND, False),
    ([(32, 32)], TWO, (), SINGLE, False),
    ([(33, 33)], TWO, (0,), BLEND, False),
    ([(36, 32)], TWO, (0,), SINGLE, False),
    ([(34, 32)], TWO, (0,), SINGLE, False),  # 2 px are too far
    ([(33.9, 32)], TWO, (0,), BLEND, False),
    ([(32, 33.9)], TWO, (0,), BLEND, False),
    ([(32, 34)], TWO, (0,), SINGLE, False),
    # two found
    ([(32, 32), (40, 32)], TWO, (), BLEND, False),
    ([(32, 32), (43, 32)], TWO, (), SINGLE, False),
    ([(32, 32), (33, 32)], TWO, (), SINGLE, False),
    ([(32, 32), (50, 50)], ONE, (), SINGLE, False),
    ([(32, 32), (33, 32)], ONE, (), SINGLE, False),
    # three found
    ([(32, 32), (40, 32), (9, 9)], TWO, (), BLEND, False),
    ([(32, 32), (50, 50), (9, 9)], TWO, (), SINGLE, False),
    ([(32, 32), (40, 32), (41, 32)], TWO, (), BLEND, True),
    ([(32, 32), (40, 32), (42, 32)], TWO, (), BLEND, False),
    ([(32, 32), (50, 50), (9, 9)], ONE, (), BLEND, False),
    ([(20, 32), (50, 50), (9, 9)], ONE, (), SINGLE, False),
    ([(32, 32), (33, 32), (9, 9)], ONE, (), BLEND, True)]


@pytest.mark.parametrize(('detections', 'truth', 'merged', 'label',
                          'failure'), CASES)
def test_oracle_rule(detections, truth, merged, label, failure):
    assert apply_rule(detections, truth, merged) == (label, failure)


def test_each_detection_is_matched_to_one_source():
    """Nearest pairs first: the farther source is left to the other."""
    truth = [(32, 32), (33.5, 32)]
    assert apply_rule([(32.7, 32), (34, 32)], truth)[0] == BLEND
    assert apply_rule([(32.7, 32), (20, 32)], truth)[0] == SINGLE


def test_oracle_rule_on_many_stamps_at_once():
    """Each gets the label that it gets by itself."""
    n = len(CASES)
    found = np.full((n, 3, 2), NAN)
    flags = np.zeros((n, 3), dtype=bool)
    for row, (detections, _, merged, *_) in enumerate(CASES):
        found[row, :len(detections)] = np.reshape(detections, (-1, 2))
        flags[row, list(merged)] = True
    truth = np.array([case[1] for case in CASES], dtype=float)
    label, failure = oracle_rule(found[..., 0], found[..., 1], flags, truth)
    assert label.tolist() == [case[3] for case in CASES]
    assert failure.tolist() == [case[4] for case in CASES]
    assert (label.dtype, failure.dtype) == (np.int8, bool)


def test_truth_free_rule():
    x = np.array([[NAN, NAN], [1, NAN], [1, NAN], [1, 2]])
    merged = np.array([[0, 0], [0, 0], [1, 0], [0, 0]], dtype=bool)
    label, failure = truth_free_rule(x, merged)
    assert label.tolist() == [UNCLEAR, SINGLE, BLEND, BLEND]
    assert failure.tolist() == [False] * 4
    assert (label.dtype, failure.dtype) == (np.int8, bool)
