# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The tables of the benchmarks."""

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_array_equal, assert_equal

from blendhunter import BlendIdentifier
from blendhunter.benchmark import (
    StampSpec,
    evaluate_image,
    evaluate_stamps,
)
from blendhunter.benchmark.metrics import proportion_error
from blendhunter.benchmark.report import compare_flags
from blendhunter.benchmark.score_tables import table_lines
from blendhunter.benchmark.stamp_detectors import stamp_scores
from blendhunter.benchmark.whole_stamps import (
    VARIANTS,
    false_positives_by_galaxy,
    vary_stamps,
)
from blendhunter.benchmark.wrong_answers import WrongAnswers
from blendhunter.plotting import plot_contact_sheet


def test_printed_errors_have_the_digits_they_need():
    table = Table({'method': ['a', 'b', 'c', 'd'],
                   'auc': [1.0, 0.944, np.nan, 0.5],
                   'auc_error': [0.00027, 0.003, 0.1, np.nan],
                   'n': [3, 4, 5, 6], 'share': [0.123456, 7.0, np.nan, 1e-9]})
    rows = [line.split() for line in table_lines(table)[2:]]
    assert rows == [['a', '1.0000', '±', '0.0003', '3', '0.1235'],
                    ['b', '0.944', '±', '0.003', '4', '7'],
                    ['c', '-', '5', '-'], ['d', '0.500', '6', '1e-09']]


def test_flags_compared_with_simple_ones():
    result = Table({'truth_label': [1, 1, 0, 0, -1],
                    'is_blend': [True, False, True, False, True],
                    'flag': [1, 1, 0, 2, 1], 'n_pixels': [9, 3, 2, 8, 99]})
    table = compare_flags(result)
    assert table['method'].tolist() == ['network', 'SEP merged flag',
                                        'largest segments']
    assert table['flagged'].tolist() == [2, 2, 2]
    assert table['completeness'].tolist() == [0.5, 1, 0.5]
    assert table['purity'].tolist() == [0.5, 1, 0.5]
    assert table.meta == {'clear': 4, 'blends': 2}


def test_options_name_all_preprocessings():
    from blendhunter.cli.options import PREPROCESSINGS
    from blendhunter.network import preprocessing

    assert set(PREPROCESSINGS) == set(preprocessing.PREPROCESSINGS)


def test_quartiles():
    result = Table({'flux': np.arange(40.0), 'n_pixels': np.arange(40),
                    'blend_prob': np.ones(40),
                    'is_blend': np.arange(40) >= 30})
    result['blend_prob'][0] = np.nan
    table = evaluate_image(result)
    assert table['quartile'].tolist() == [1, 2, 3, 4]
    assert table['n_sources'].sum() == 39
    # the brightest ten of the 39 with a probability are flagged
    assert table['share'].tolist() == pytest.approx([0, 0, 0.1, 1])


def test_stamps_of_an_unskilled_network(random_weights):
    identifier = BlendIdentifier(random_weights, batch_size=32)
    examined = []
    sets = (StampSpec('parametric', 5.0),
            StampSpec('structured', 14.5, varied=True),
            StampSpec('realistic', 14.5),
            StampSpec('stars', 14.5, blend_fraction=0.0))
    table = evaluate_stamps(identifier, 60, sets=sets, detectors=('sep',),
                            rng=4001,
                            examine=lambda *set_: examined.append(set_))
    # without real galaxies their set is left out
    assert [spec for spec, *_ in examined] == [sets[0], sets[1], sets[3]]
    assert list(dict.fromkeys(table['set'])) == ['parametric', 'structured',
                                                 'stars']
    part = table[table['set'] == 'structured']
    assert part['method'].tolist() == [
        'network', *(f'network, {name}' for name in VARIANTS), 'sep oracle',
        'sep truth-free']
    sep = table[table['method'] == 'sep oracle']
    # 0.95 with a standard error of 0.03
    assert np.all(sep['accuracy'][:2] > 0.85)
    assert np.isnan(sep['completeness'][2])
    assert sep['tnr'][2] > 0.95
    assert np.isnan(sep['completeness_close_fpr1']).all()
    network = table[table['method'] == 'network']
    for row, (spec, made, p) in zip(network, examined, strict=True):
        assert (row['set'], row['sigma']) == (spec.kind, spec.sigma)
        label = np.asarray(made.truth['label'])
        assert row['accuracy'] == np.mean((p >= 0.5) == label)
        alone = np.sort(p[label == 0])
        close = p[(label == 1) & (made.truth['separation'] < 10)]
        # of 30 or 60 isolated stamps, 1 per cent is none
        assert_equal(row['completeness_close_fpr1'], np.mean(close > alone[-1])
                     if len(close) else np.nan)


def test_scores_of_real_galaxies_have_their_error():
    truth = Table({'label': np.repeat([0, 1], 200),
                   'separation': np.full(400, 5.0),
                   'index': np.tile(np.repeat([3, 7, 8, 9], 50), 2)})
    label = truth['label'].copy()
    label[:50] = 1
    scores = stamp_scores(label, truth)
    assert scores['tnr'] == 0.75
    assert scores['tnr_error'] == pytest.approx(np.sqrt(0.75 * 0.25 / 3))
    assert scores['close_error'] == proportion_error(1.0, 4)
    truth['index'] = -1
    assert stamp_scores(label, truth)['tnr_error'] == proportion_error(
        0.75, 200)


def test_false_positives_by_galaxy():
    truth = Table({'label': [0, 0, 0, 0, 0, 1, 0],
                   'index': [4, 9, 9, 4, 9, 9, -1]})
    p = np.array([0.2, 0.9, 0.8, 0.5, np.nan, 0.9, 0.9])
    table = false_positives_by_galaxy(p, truth)
    assert table['index'].tolist() == [9, 4]
    assert table['stamps'].tolist() == [3, 2]
    assert table['false_positives'].tolist() == [2, 1]
    assert len(false_positives_by_galaxy(p[-1:], truth[-1:])) == 0


def test_real_galaxies_are_missed_before_anything_is_measured(
        random_weights, tmp_path):
    examined = []
    with pytest.raises(FileNotFoundError, match='nowhere'):
        evaluate_stamps(BlendIdentifier(random_weights), 20,
                        cosmos_dir=tmp_path / 'nowhere',
                        examine=lambda *set_: examined.append(set_))
    assert not examined


def test_variants_keep_the_pixels():
    rng = np.random.default_rng(1)
    stamps = rng.normal(0, 2, (5, 51, 51)).astype(np.float32)
    shifted, sigma = vary_stamps(stamps, 2.0, VARIANTS[0], rng=2)
    assert sigma == 2.0
    for one, other in zip(stamps, shifted, strict=True):
        found = [np.array_equal(one[max(dy, 0):51 + min(dy, 0),
                                    max(dx, 0):51 + min(dx, 0)],
                                other[max(-dy, 0):51 + min(-dy, 0),
                                      max(-dx, 0):51 + min(-dx, 0)])
                 for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
        assert sum(found) == 1
    small, sigma = vary_stamps(stamps, 2.0, VARIANTS[1])
    np.testing.assert_allclose(small / sigma, stamps / 2.0, rtol=1e-6)
    turned, _ = vary_stamps(stamps, 2.0, VARIANTS[2])
    np.testing.assert_array_equal(turned[1], np.rot90(stamps[1]))
    with pytest.raises(ValueError, match='variant must be one of'):
        vary_stamps(stamps, 2.0, 'mirrored')


class FakeStamps:
    """Ten stamps whose pixels are their number, half of them blends."""

    stamps = np.broadcast_to(np.arange(10.0)[:, None, None], (10, 51, 51))
    truth = Table({'label': np.arange(10) % 2, 'x_2': np.arange(10.0),
                   'y_2': np.full(10, 5.0),
                   'index': np.where(np.arange(10) < 5, 7, 8)})


def test_wrong_answers_of_several_sets_are_sorted():
    wrong = WrongAnswers(3)
    p = np.array([0.9, 0.9, 0.6, 0.1, 0.7, 0.3, 0.2, 0.6, 0.1, 0.9])
    wrong(StampSpec('realistic', 2.0), FakeStamps, p)
    wrong(StampSpec('stars', 1.0), FakeStamps, 1 - p)
    stamps, marks = wrong.sheet()
    # over their noise: sigma 2, then 1
    assert stamps['missed'][:, 0, 0].tolist() == [1.5, 1, 9]
    assert stamps['false positives'][:, 0, 0].tolist() == [0, 8, 6]
    assert marks['missed'][:, 0].tolist() == [[3, 5], [1, 5], [9, 5]]
    assert wrong.remarks == [
        'realistic: 3 of 3 false positives are stamps of galaxy 7, one of 2',
        'stars: 2 of 2 false positives are stamps of galaxy 8, one of 2']


def test_contact_sheet_shows_each_stamp_once():
    rng = np.random.default_rng(1)
    rows = {'missed': rng.normal(size=(5, 9, 9)),
            'found': rng.normal(size=(2, 9, 9))}
    marks = {'missed': rng.uniform(0, 9, (5, 1, 2))}
    figure = plot_contact_sheet(rows, noise=1.0, marks=marks, across=3)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == [
        'missed\n1–3', 'missed\n4–5', 'found']
    for axes, stamp in zip(shown, [*rows['missed'], *rows['found']],
                           strict=True):
        assert_array_equal(axes.images[0].get_array(), np.arcsinh(stamp / 2))
    circles = [axes.collections[0].get_offsets() for axes in shown
               if axes.collections]
    assert_array_equal(circles, marks['missed'])
