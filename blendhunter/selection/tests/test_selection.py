# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Thresholds of a sample: what they reach, and how well it is known."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from numpy.testing import assert_allclose

from blendhunter import (
    BlendIdentifier,
    choose_threshold,
    evaluate_cut,
    expected_blends,
)
from blendhunter.benchmark.metrics import proportion_error
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.selection import SampleCut

SMALL = [0.95, 0.8, 0.6, 0.3, 0.1, 0.05]


def sample(probability, *, label=None, name='blend_prob', dtype='f4'):
    """A table as `classify` or `benchmark field` makes it."""
    table = Table({name: np.asarray(probability, dtype=dtype)})
    if label is not None:
        table['truth_label'] = np.asarray(label, dtype=np.int8)
    return table


def calibrated(n=4000, seed=1):
    """Probabilities, and labels that are drawn from them."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.15, 1.5, n).astype('f4')
    return p, rng.random(n) < p


def test_values_from_probabilities():
    cut = evaluate_cut(sample(SMALL, dtype=float), 0.6)
    assert isinstance(cut, SampleCut)
    assert (cut.n, cut.n_flagged, cut.source) == (6, 3, 'probabilities')
    assert cut.n_blends == pytest.approx(2.8)
    assert cut.purity == pytest.approx(2.35 / 3)
    assert cut.completeness == pytest.approx(2.35 / 2.8)
    above = 0.95 * 0.05 + 0.8 * 0.2 + 0.6 * 0.4
    below = 0.3 * 0.7 + 0.1 * 0.9 + 0.05 * 0.95
    assert cut.purity_error == pytest.approx(np.sqrt(above) / 3)
    assert cut.n_blends_error == pytest.approx(np.sqrt(above + below))
    assert cut.completeness_error == pytest.approx(
        np.sqrt(0.45**2 * above + 2.35**2 * below) / 2.8**2)
    assert cut.flagged == 0.5
    assert cut.flagged_error == pytest.approx(proportion_error(0.5, 6))


def test_values_from_truth():
    label = [1, 1, 0, -1, 1, 0, 0, -1]
    table = sample([0.9, 0.8, 0.7, 0.65, 0.4, 0.2, 0.1, np.nan], label=label,
                   dtype=float)
    cut = evaluate_cut(table, 0.7)
    assert (cut.n, cut.n_flagged, cut.source) == (6, 3, 'truth')
    assert cut.purity == cut.completeness == pytest.approx(2 / 3)
    assert cut.purity_error == cut.completeness_error == pytest.approx(
        proportion_error(2 / 3, 3))
    assert (cut.n_blends, cut.n_blends_error) == (3, 0)


def test_benchmark_detections_are_read():
    """The score has another name there; `blend_prob` comes first."""
    p, label = calibrated(300)
    named = choose_threshold(sample(p, label=label, name='score: network'),
                             completeness=0.5)
    assert named == choose_threshold(sample(p, label=label),
                                     completeness=0.5)
    both = sample(1 - p, label=label, name='score: network')
    both['blend_prob'] = p
    assert choose_threshold(both, completeness=0.5) == named


@pytest.mark.parametrize('truth', [False, True])
def test_threshold_is_the_best_that_is_good_enough(truth):
    """Against every threshold of the sample, by `evaluate_cut`."""
    p, label = calibrated(400)
    p = np.round(p, 2)
    table = sample(p, label=label if truth else None)
    cuts = [evaluate_cut(table, t) for t in np.unique(p)]

    good = [cut for cut in cuts if cut.purity >= 0.7]
    assert choose_threshold(table, purity=0.7) == good[0]
    assert good[0].completeness == max(cut.completeness for cut in good)
    good = [cut for cut in cuts if cut.completeness >= 0.7]
    assert choose_threshold(table, completeness=0.7) == good[-1]
    good = [cut for cut in cuts if cut.flagged <= 0.07]
    assert choose_threshold(table, flagged=0.07) == good[0]


def test_limits_are_reached_exactly():
    """Rounded sums of probabilities do not move a threshold."""
    table = sample(np.full(1000, 0.7), dtype=float)
    assert choose_threshold(table, purity=0.7).n_flagged == 1000
    assert choose_threshold(table, completeness=1).n_flagged == 1000
    table = sample(np.arange(1, 11) / 10)
    assert choose_threshold(table, flagged=0.3).n_flagged == 3
    assert choose_threshold(table, flagged=1).n_flagged == 10
    assert choose_threshold(table, purity=0).n_flagged == 10
    assert choose_threshold(table, completeness=0).n_flagged == 1


def test_ties_are_flagged_together():
    table = sample([0.9, 0.5, 0.5, 0.5, 0.1])
    assert choose_threshold(table, flagged=0.7).n_flagged == 1
    assert choose_threshold(table, flagged=0.8).n_flagged == 4
    assert choose_threshold(table, completeness=0.5).n_flagged == 4


def test_probabilities_tell_what_the_truth_tells():
    """Calibrated ones: within four errors, for all three quantities."""
    p, label = calibrated()
    for limit in (0.1, 0.3, 0.6):
        expected = evaluate_cut(sample(p), limit)
        true = evaluate_cut(sample(p, label=label), limit)
        for name in ('purity', 'completeness', 'n_blends'):
            error = getattr(expected, f'{name}_error')
            assert getattr(true, name) == pytest.approx(
                getattr(expected, name), abs=4 * error)


def test_errors_are_the_scatter():
    """Of labels that are drawn anew from the same probabilities."""
    p, _ = calibrated(1000)
    rng = np.random.default_rng(2)
    expected = evaluate_cut(sample(p), 0.3)
    true = [evaluate_cut(sample(p, label=rng.random(len(p)) < p), 0.3)
            for _ in range(400)]
    for name in ('purity', 'completeness', 'n_blends'):
        # the scatter of 400 is known to 3.5 per cent
        assert np.std([getattr(cut, name) for cut in true]) == pytest.approx(
            getattr(expected, f'{name}_error'), rel=0.12)


def test_several_tables_are_one_sample(tmp_path):
    p, _ = calibrated(300)
    parts = [sample(part) for part in np.split(p, 3)]
    whole = choose_threshold(sample(p), purity=0.6)
    assert choose_threshold(parts, purity=0.6) == whole
    paths = []
    for i, part in enumerate(parts):
        paths.append(tmp_path / f'{i}.ecsv')
        part.write(paths[-1])
    assert choose_threshold(paths, purity=0.6) == whole
    assert choose_threshold(sample(p).to_pandas(), purity=0.6) == whole


def test_unknown_probabilities_are_left_out():
    table = sample([*SMALL, np.nan, np.nan])
    table['blend_prob'] = MaskedColumn(table['blend_prob'],
                                       mask=[False] * 7 + [True])
    assert evaluate_cut(table, 0.6) == evaluate_cut(sample(SMALL), 0.6)
    assert expected_blends(table) == expected_blends(sample(SMALL))
    assert_allclose(expected_blends(table), (2.8, 0.795 ** 0.5))
    labeled = sample([*SMALL, np.nan], label=[1, 1, 0, 0, 0, 0, 1])
    assert evaluate_cut(labeled, 0.6).n_blends == 2
    labeled['truth_label'] = MaskedColumn(labeled['truth_label'],
                                          mask=[True] + [False] * 6)
    assert evaluate_cut(labeled, 0.6).n_blends == 1


def test_expected_number_does_not_use_the_truth():
    assert expected_blends(sample(SMALL, label=[1, 1, -1, 0, 0, 0])) == (
        expected_blends(sample(SMALL)))


def test_threshold_flags_the_same_sources_when_applied():
    """Those of `apply_threshold`, also in float32."""
    p, _ = calibrated(500)
    for wanted in ({'purity': 0.8}, {'completeness': 0.4},
                   {'flagged': 0.05}):
        cut = choose_threshold(sample(p), **wanted)
        applied = BlendIdentifier.apply_threshold(sample(p), cut.threshold)
        assert applied['is_blend'].sum() == cut.n_flagged
        assert (p >= cut.threshold).sum() == cut.n_flagged


def test_nothing_flagged_or_nothing_blended():
    cut = evaluate_cut(sample(SMALL), 1)
    assert (cut.n_flagged, cut.completeness) == (0, 0)
    assert np.isnan([cut.purity, cut.purity_error]).all()
    assert 'purity unknown' in str(cut)
    for table in (sample(np.zeros(4)), sample(SMALL, label=np.zeros(6))):
        cut = evaluate_cut(table, 0)
        assert (cut.purity, cut.n_blends) == (0, 0)
        assert np.isnan([cut.completeness, cut.completeness_error]).all()
        assert choose_threshold(table, flagged=1).flagged == 1


def test_summary_is_one_line():
    table = sample(np.repeat(SMALL, 100))
    assert str(evaluate_cut(table, 0.6)) == (
        'threshold 0.6: 50 ± 2 % flagged, purity 78 ± 2 %, completeness '
        '84 ± 2 %; expected from the probabilities')
    table['truth_label'] = np.repeat([1, 1, 0, 0, 0, 0], 100)
    assert str(evaluate_cut(table, 0.8)) == (
        'threshold 0.8: 33 ± 2 % flagged, purity 100.0 ± 0.2 %, completeness '
        '100.0 ± 0.2 %; measured with the truth')
    # without an error nothing is printed after the value
    assert 'completeness 100 %;' in str(evaluate_cut(sample(SMALL), 0))


@pytest.mark.parametrize(('wanted', 'match'), [
    ({}, 'exactly one of purity, completeness and flagged must be given'),
    ({'purity': 0.5, 'flagged': 0.1}, 'exactly one .* got purity, flagged'),
    ({'purity': 1.2}, 'purity must be between 0 and 1, got 1.2'),
    ({'completeness': -0.1}, 'completeness must be between 0 and 1, got -0.1'),
    ({'flagged': '5%'}, "flagged must be between 0 and 1, got '5%'"),
    ({'flagged': np.nan}, 'flagged must be between 0 and 1, got nan'),
    ({'purity': 0.99}, 'no threshold reaches 0.99; the highest purity is '
                       '0.95, at a threshold of 0.95'),
    ({'flagged': 0.1}, 'threshold flags more than 0.1 of the sample; the '
                       'highest probability, 0.95, flags 1 of 6')])
def test_wishes_that_cannot_be_met(wanted, match):
    with pytest.raises(ValueError, match=match):
        choose_threshold(sample(SMALL), **wanted)


@pytest.mark.parametrize('name', ['purity', 'completeness'])
def test_no_blends(name):
    for table in (sample(np.zeros(6)), sample(SMALL, label=np.zeros(6))):
        with pytest.raises(ValueError, match=f'{name}: there are no blends '
                                             'among the 6 sources'):
            choose_threshold(table, **{name: 0.5})


@pytest.mark.parametrize(('result', 'match'), [
    (Table({'prob': [0.5]}), r"no column 'blend_prob'; it has \['prob'\]"),
    (Table({'truth_label': [1]}),
     "no column 'blend_prob' or 'score: network'; it has"),
    (sample([]), 'no classified rows: none of 0 rows has a probability'),
    (sample([np.nan] * 3), 'no classified rows: none of 3 rows'),
    ([], 'the list is empty'),
    (sample([0.5, 1.5]), '1 of 2 probabilities are not between 0 and 1; the '
                         'first is 1.5')])
def test_tables_that_cannot_be_used(result, match):
    for function in (lambda table: choose_threshold(table, purity=0.5),
                     lambda table: evaluate_cut(table, 0.5),
                     expected_blends):
        with pytest.raises(ValueError, match=match):
            function(result)


@pytest.mark.parametrize(('result', 'match'), [
    (sample([0.5, 0.4], label=[-1, -1]), 'none of 0 clear rows'),
    (sample([0.5, 0.4], label=[0, 2]), 'truth_label must be .* got 2'),
    ([sample([0.5], label=[1]), sample([0.5])],
     "1 of 2 tables have a column 'truth_label'; either all")])
def test_labels_that_cannot_be_used(result, match):
    with pytest.raises(ValueError, match=match):
        evaluate_cut(result, 0.5)


def test_other_wrong_arguments():
    with pytest.raises(ValueError, match='must be between 0 and 1, got '
                                         '2'):
        evaluate_cut(sample(SMALL), 2)
    for wrong, kind in ((np.array(SMALL), 'ndarray'), (None, 'NoneType'),
                        ([sample(SMALL), 3], 'int')):
        with pytest.raises(TypeError, match='result must be a table from Ble'
                                            f'.* got {kind}'):
            expected_blends(wrong)


def test_without_a_calibration_a_warning_says_so():
    table = Table({'blend_prob': [0.1, 0.9]}, meta={'BHCALIB': 'none'})
    with pytest.warns(BlendHunterWarning, match='have no calibration'):
        expected_blends(table)
    with pytest.warns(BlendHunterWarning, match='have no calibration'):
        choose_threshold(table, flagged=0.5)
    table.meta['BHCALIB'] = 'logistic'
    assert expected_blends(table)[0] == pytest.approx(1.0)
