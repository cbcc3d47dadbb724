# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Fields with known sources: labels, scores, other catalogs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import roc_auc_score

from blendhunter import DetectedImage, DetectionSettings, detect
from blendhunter.benchmark.field import (
    compare_catalogs,
    evaluate_field,
    evaluate_survey,
    field_bins,
    field_curves,
    field_scores,
    prepare_truth,
    train_on_survey,
)
from blendhunter.benchmark.field.compare import paint_ellipses
from blendhunter.benchmark.field.field_evaluation import SURVEY_RANGES
from blendhunter.benchmark.field.field_scores import field_examples
from blendhunter.benchmark.field.truth_match import match_to_truth
from blendhunter.benchmark.metrics import (
    bootstrap_error,
    completeness_at_purity,
    proportion_error,
    share_in_top,
    threshold_at_false_positives,
    threshold_at_purity,
)
from blendhunter.cli import main
from blendhunter.network.priors import correct_prior
from blendhunter.network.weights import read_metadata
from blendhunter.plotting import plot_field_bins, plot_field_curves
from blendhunter.simulation import simulate_field
from blendhunter.simulation.fields import draw_field

SMALL = {'shape': (260, 260),
         'ranges': replace(SURVEY_RANGES, density=(60.0, 60.0))}


@pytest.fixture(scope='module')
def sky():
    """An image of a CFIS-like field, and its truth."""
    return simulate_field((420, 420), rng=11)


@pytest.fixture(scope='module')
def measured(sky, random_weights):
    from blendhunter import BlendIdentifier

    return evaluate_field(sky[0], sky[1],
                          BlendIdentifier(random_weights, batch_size=32))


def blocks(*boxes, shape=(120, 120)):
    """A segmentation image of rectangles, labeled 1, 2, ..."""
    segmentation = np.zeros(shape, dtype=np.int32)
    for label, (x0, x1, y0, y1) in enumerate(boxes, start=1):
        segmentation[y0:y1, x0:x1] = label
    return segmentation


def detections(segmentation):
    """Detections at the middle of each segment."""
    labels = np.unique(segmentation[segmentation > 0])
    return Table({'label': labels, **{
        f'{axis}_centroid': [np.where(segmentation == label)[i].mean()
                             for label in labels]
        for axis, i in (('x', 1), ('y', 0))}})


def sources(*rows):
    return Table(rows=rows, names=('x', 'y', 'snr', 'magnitude'),
                 dtype=[float] * 4)


def test_outcomes():
    """Every outcome, from segments drawn by hand."""
    segmentation = blocks((40, 50, 40, 50), (50, 60, 40, 50),
                          (70, 80, 40, 50), (40, 50, 70, 80),
                          (60, 70, 70, 80), (70, 80, 80, 90))
    truth = sources(
        (44, 44, 50, 22), (54, 44, 20, 23),  # 1 and 2 touch: a split
        (74, 44, 40, 22),                    # 3 alone
        (42, 74, 40, 22), (47, 74, 10, 24),  # 4 holds both
        (64, 74, 40, 22), (74, 84, 4, 25))   # 5 touches 6 at a corner,
    found = match_to_truth(detections(segmentation), segmentation, truth)
    # the sixth holds only a source of SNR 4: no blend that was split
    assert found['outcome'].tolist() == [
        'recognized', 'recognized', 'single', 'unrecognized', 'single',
        'single']
    assert found['truth_label'].tolist() == [0, 0, 0, 1, 0, 0]


def test_a_source_listed_twice_is_not_split():
    segmentation = blocks((40, 50, 40, 50), (70, 80, 40, 50))
    twice = detections(segmentation)[[0, 0, 1]]
    found = match_to_truth(twice, segmentation, sources(
        (44, 44, 50, 22), (74, 44, 40, 22)))
    assert found['outcome'].tolist() == ['single', 'single', 'single']


def test_unclear_outcomes():
    segmentation = blocks((40, 50, 40, 50), (60, 70, 60, 70))
    found = match_to_truth(
        detections(segmentation), segmentation,
        sources((44, 44, 50, 22), (48, 44, 4, 25)))
    # a second source of SNR 4; no source at all
    assert found['outcome'].tolist() == ['unclear', 'unclear']
    assert np.isnan(found['separation'][1])


def test_companion_of_a_blend_and_neighbor_of_a_single():
    segmentation = blocks((30, 50, 40, 50), (70, 80, 40, 50))
    found = match_to_truth(
        detections(segmentation), segmentation,
        sources((34, 44, 50, 22.0), (46, 44, 10, 24.0), (36, 44, 2, 26.0),
                (74, 44, 40, 21.0), (77, 62, 6, 25.0), (75, 44, 2, 27.0)))
    assert found['outcome'].tolist() == ['unrecognized', 'single']
    # of the blend, what makes it one, though a fainter one is nearer; of
    # the single one, the nearest source of SNR 3, wherever it is
    assert_allclose(found['separation'], [12, np.hypot(3, 18)], rtol=1e-6)
    assert_allclose(found['companion_snr'], [10, 6])
    assert_allclose(found['magnitude_difference'], [2, 4], atol=1e-6)


def test_a_faint_companion_makes_no_blend():
    """Merged with a bright source, and split from one."""
    segmentation = blocks((30, 50, 40, 50), (60, 70, 40, 50),
                          (70, 80, 40, 50))
    truth = sources((34, 44, 2000, 17.0), (46, 44, 9, 22.1),
                    (64, 44, 2000, 17.0), (74, 44, 9, 22.1))
    found = match_to_truth(detections(segmentation), segmentation, truth)
    assert found['outcome'].tolist() == ['unclear', 'single', 'single']
    assert found['truth_label'].tolist() == [-1, 0, 0]
    assert_allclose(found['magnitude_difference'], [5.1, 5.1, -5.1],
                    rtol=1e-6)
    every = match_to_truth(detections(segmentation), segmentation, truth,
                           min_flux_ratio=0)
    assert every['outcome'].tolist() == ['unrecognized', 'recognized',
                                         'recognized']
    truth['magnitude'] = np.nan
    with pytest.raises(ValueError, match="truth: it has no known 'flux'"):
        match_to_truth(detections(segmentation), segmentation, truth)


def test_field_without_true_sources_in_reach():
    segmentation = blocks((40, 50, 40, 50))
    found = match_to_truth(detections(segmentation), segmentation,
                           sources((44, 44, 50, 22)))
    assert found['outcome'].tolist() == ['single']
    assert np.isnan(found['separation'][0])


def test_truth_with_a_magnitude_limit():
    table = Table({'X_IMAGE': [11.0, 12.0, np.nan], 'Y_IMAGE': [1.0, 2, 3],
                   'MAG_AUTO': [25.0, 22.5, 20.0]})
    truth = prepare_truth(table, mag_limit=25.0)
    assert truth['x'].tolist() == [10, 11]
    assert_allclose(truth['snr'], [5.0, 50.0])
    assert_allclose(truth['magnitude'], [25.0, 22.5])
    # a magnitude that is not known is no very bright source
    table['MAG_AUTO'][0] = -99.0
    assert len(prepare_truth(table, mag_limit=25.0)) == 1
    table['snr'] = 9.0
    assert prepare_truth(table)['snr'].tolist() == [9, 9]
    table.remove_column('snr')
    with pytest.raises(ValueError, match="no column 'snr'; give mag_limit"):
        prepare_truth(table)
    with pytest.raises(ValueError, match="mag_column: truth has no column "
                       "'i'"):
        prepare_truth(table, mag_limit=25, mag_column='i')
    table.rename_column('MAG_AUTO', 'i')
    with pytest.raises(ValueError, match='name its magnitudes'):
        prepare_truth(table, mag_limit=25)
    assert len(prepare_truth(table, mag_limit=25, mag_column='i')) == 1


def test_fluxes_of_the_truth():
    """Its fluxes, if the magnitudes are not chosen."""
    table = Table({'x': [11.0, 12.0], 'y': [1.0, 2.0], 'snr': [9.0, 8.0],
                   'MAG_AUTO': [20.0, 22.5], 'i': [21.0, -99.0]})
    assert_allclose(prepare_truth(table)['flux'], [1e-8, 1e-9])
    table['FLUX_AUTO'] = [30.0, -1.0]
    truth = prepare_truth(table)
    assert truth['flux'].tolist() == [30, -1]
    # prepared twice, it is the same
    again = prepare_truth(truth)
    assert again.colnames == truth.colnames
    assert again['flux'].tolist() == [30, -1]
    assert_allclose(prepare_truth(table, mag_limit=25)['flux'],
                    [1e-8, 1e-9])
    by_name = prepare_truth(table, mag_column='i')
    assert_allclose(by_name['flux'], [10**-8.4, np.nan])
    table['FLUX_AUTO'] = np.nan
    assert_allclose(prepare_truth(table)['flux'], [1e-8, 1e-9])
    assert np.all(np.isnan(prepare_truth(table['x', 'y', 'snr'])['flux']))


def test_truth_on_the_sky(sky):
    """Sky positions go through the image's WCS."""
    image, truth = sky
    there = prepare_truth(truth['ra', 'dec', 'snr'], wcs=image.wcs)
    assert_allclose(there['x'], truth['x'], atol=1e-6)
    assert np.all(np.isnan(there['magnitude']))


def test_measured_field(measured, sky):
    table = measured.truth
    methods = {'network', 'network, whole stamp', 'area x a/b', 'area',
               'a/b', 'flag', 'photutils split'}
    assert {f'score: {name}' for name in methods} <= set(table.colnames)
    assert measured.arrays['stamps'].shape == (len(table), 51, 51)
    catalog = detect(sky[0])
    assert len(catalog) == len(table)
    assert_allclose(table['x_centroid'], catalog['x_centroid'])
    assert set(table['outcome']) == {'unrecognized', 'recognized', 'single',
                                     'unclear'}
    assert set(np.unique(table['stamp_label'])) == {0, 1}
    blended = table['truth_label'] == 1
    assert np.all(table['stamp_label'][blended] == 1)
    assert np.all(table['separation'][blended] >= 2)


def test_measured_field_with_bright_companions(measured, sky, identifier):
    """Fewer blends, and the same single ones."""
    made = evaluate_field(sky[0], sky[1], identifier, regions=(),
                          min_flux_ratio=0.5)
    label, strict = (np.asarray(table['truth_label'])
                     for table in (measured.truth, made.truth))
    changed = label != strict
    assert changed.any()
    assert np.all(label[changed] == 1)
    assert np.all(strict[changed] == -1)
    half = 2.5 * np.log10(2)
    assert np.all(measured.truth['magnitude_difference'][changed] > half)
    assert np.all(made.truth['magnitude_difference'][strict == 1] <= half)
    assert np.all(measured.truth['magnitude_difference'][label == 1] <= 5)
    assert [item.provenance['min_flux_ratio']
            for item in (measured, made)] == [0.01, 0.5]


def test_scores_are_those_of_classify(measured, sky, random_weights):
    """Unknown where classify knows nothing: at the edges."""
    from blendhunter import BlendIdentifier

    for region, name in (('segment', 'network'),
                         ('stamp', 'network, whole stamp')):
        result = BlendIdentifier(random_weights, region=region,
                                 batch_size=32).classify(sky[0])
        assert np.isnan(result['blend_prob']).any()
        assert_array_equal(measured.truth[f'score: {name}'],
                           result['blend_prob'])


def test_a_detected_image_gives_the_same_scores(measured, sky, identifier):
    detected = DetectedImage.from_image(sky[0])
    made = evaluate_field(detected, sky[1], identifier)
    for name in measured.truth.colnames:
        assert_array_equal(made.truth[name], measured.truth[name])
    assert_array_equal(made.arrays['stamps'],
                       detected.stamps().data.astype('f2'))


def test_photutils_with_a_mask(sky, identifier):
    mask = np.zeros(sky[0].shape, dtype=bool)
    mask[200:230] = True
    detected = DetectedImage.from_image(
        sky[0].data, mask=mask,
        settings=DetectionSettings(method='photutils'))
    made = evaluate_field(detected, sky[1], identifier)
    table = made.truth
    assert len(table) > 50
    # its own deblending is no rival of itself
    assert 'score: photutils split' not in table.colnames
    assert 'score: flag' in table.colnames
    assert np.isin('recognized', table['outcome'])
    assert not np.any((table['y_centroid'] > 201)
                      & (table['y_centroid'] < 228))


def test_one_region_alone(sky, identifier):
    made = evaluate_field(sky[0], sky[1], identifier, regions=('segment',))
    assert 'score: network' in made.truth.colnames
    assert 'score: network, whole stamp' not in made.truth.colnames
    assert np.all(np.isnan(field_scores(made.truth)['stamp_auc']))


def test_measured_scores(measured):
    scores = field_scores(measured.truth, n_samples=20)
    rows = {row['method']: row for row in scores}
    # more light, more likely a blend
    assert rows['area']['auc'] > 0.6
    assert np.isnan(rows['network']['stamp_auc'])
    # that of the very question, on the clear ones with a probability
    clear = measured.truth[measured.truth['truth_label'] >= 0]
    assert scores['n'][0] == len(clear)
    p = np.asarray(clear['score: network, whole stamp'])
    assert np.isfinite(p).all()
    several = clear['stamp_label'] == 1
    assert 0 < several.sum() < len(clear)
    whole = rows['network, whole stamp']
    assert whole['stamp_auc'] == pytest.approx(roc_auc_score(several, p))
    assert whole['stamp_accuracy'] == np.mean((p >= 0.5) == several)
    errors = [name for name in scores.colnames if name.endswith('_error')]
    # no clear detection may be split by photutils: no error of the AUC
    varied = [len(np.unique(clear[f'score: {method}'])) > 1
              for method in scores['method']]
    assert sum(varied) >= 6
    for name in errors:
        assert np.all(scores[name][varied] > 0), name


@pytest.mark.parametrize(('field', 'message'), [
    (np.zeros((100, 100)), 'no source was detected'),
    (None, 'none of the 1 sources lies on the image')])
def test_nothing_to_measure(field, message, sky, identifier):
    image = sky[0].data if field is None else field
    with pytest.raises(ValueError, match=message):
        evaluate_field(DetectedImage.from_image(image, noise=14.5),
                       sources((-50, 20, 9, 22)), identifier)


def made_up():
    """200 detections, a quarter of them blends, and three scores."""
    blended = np.arange(200) % 4 == 0
    rng = np.random.default_rng(1)
    table = Table({
        'truth_label': np.append(blended.astype(int), [-1, -1]),
        'stamp_label': np.ones(202, dtype=int),
        'separation': np.where(np.arange(202) < 100, 2.5, 7.0),
        'companion_snr': np.where(np.arange(202) < 50, 8.0, 12.0),
        'magnitude_difference': np.full(202, 0.5),
        'snr': np.full(202, 30.0)})
    table['score: sharp'] = np.append(blended + rng.uniform(0, 0.9, 200),
                                      [9, 9])
    table['score: blind'] = 1.0
    table['score: noisy'] = np.append(blended + rng.normal(0, 1, 200),
                                      [9, 9])
    table['score: noisy'][:3] = np.nan
    return table, blended


def test_scores_of_made_up_detections():
    table, blended = made_up()
    rows = {row['method']: row for row in field_scores(table)}
    sharp = rows['sharp']
    assert (sharp['n'], sharp['n_blends']) == (200, 50)
    # 50 of 50 blends, half of them 7 px apart with an SNR of 12: Wilson's
    # errors, as all resampled sets agree
    for name, n in (('completeness_purity50', 50),
                    ('completeness_purity80', 50),
                    ('completeness_purity90', 50), ('resolvable', 25)):
        assert sharp[name] == 1
        assert sharp[f'{name}_error'] == proportion_error(1.0, n)
    assert sharp['auc'] == 1
    assert np.isnan(sharp['auc_error'])
    # 50 blends, of which 20 and all fit into the top 10 and 30 per cent
    assert sharp['completeness_reject10'] == pytest.approx(20 / 50)
    assert sharp['completeness_reject30'] == 1
    assert rows['blind']['auc'] == 0.5
    assert rows['blind']['completeness_purity50'] == 0
    # unknown scores rank below all others
    score = np.array(table['score: noisy'][:200])
    score[:3] = -99
    assert rows['noisy']['auc'] == pytest.approx(roc_auc_score(blended,
                                                               score))
    assert 0.02 < rows['noisy']['auc_error'] < 0.08


def test_bins_of_made_up_detections():
    table, _ = made_up()
    bins = field_bins(table)
    part = bins[(bins['method'] == 'sharp')
                & (bins['working_point'] == 'rejected 10')
                & (bins['quantity'] == 'separation')]
    assert part['n_flagged'].sum() == 20
    assert part['n_blends'].sum() == 50
    two, seven = (part[part['low'] == low][0] for low in (0, 6))
    assert (two['n_blends'], seven['n_blends']) == (25, 25)
    assert np.all(part['purity'][part['n_flagged'] > 0] == 1)
    assert np.all(np.isnan(part['completeness'][part['n_blends'] == 0]))
    full = bins[(bins['method'] == 'sharp') & (bins['quantity'] == 'snr')
                & (bins['working_point'] == 'purity 80')]
    # the lowest threshold of 80 % purity: all blends and a few more
    row = full[full['low'] == 20][0]
    assert row['completeness'] == 1
    assert row['purity'] >= 0.8
    blind = bins[(bins['method'] == 'blind')
                 & (bins['working_point'] == 'purity 80')]
    assert blind['n_flagged'].sum() == 0


def test_every_detection_is_in_a_bin(measured):
    """False positives without a neighbor count in the purity, too."""
    bins = field_bins(measured.truth, n_samples=3)
    clear = measured.truth['truth_label'] >= 0
    blends = np.sum(measured.truth['truth_label'] == 1)
    tenth = bins[(bins['method'] == 'area')
                 & (bins['working_point'] == 'rejected 10')]
    for quantity in ('separation', 'magnitude_difference', 'companion_snr',
                     'snr'):
        part = tenth[tenth['quantity'] == quantity]
        assert part['n_flagged'].sum() == pytest.approx(0.1 * clear.sum(),
                                                        abs=0.3)
        assert part['n_blends'].sum() == blends


def test_errors_include_that_of_the_threshold():
    """Few flagged: the threshold itself is uncertain."""
    table, _ = made_up()
    bins = field_bins(table)
    part = bins[(bins['method'] == 'noisy') & (bins['quantity'] == 'snr')
                & (bins['working_point'] == 'rejected 10')
                & (bins['low'] == 20)][0]
    binomial = np.sqrt(part['completeness'] * (1 - part['completeness'])
                       / part['n_blends'])
    assert 0.5 * binomial < part['completeness_error'] < 2 * binomial
    sure = bins[(bins['method'] == 'sharp') & (bins['completeness'] == 1)]
    assert_array_equal(sure['completeness_error'],
                       proportion_error(1.0, sure['n_blends']))
    empty = bins[bins['n_blends'] == 0]
    assert len(empty)
    assert np.all(np.isnan(empty['completeness_error']))


def test_field_without_blends():
    table, _ = made_up()
    single = table[table['truth_label'] == 0]
    scores = field_scores(single, n_samples=5)
    assert np.all(np.isnan(scores['completeness_reject10']))
    assert np.all(np.isnan(scores['auc']))
    assert len(field_curves(single)) == 0
    curves = plot_field_curves(field_curves(single))
    # the diagonal alone
    assert [len(axes.lines) for axes in curves.axes] == [1, 0]
    bins = plot_field_bins(field_bins(single, n_samples=5))
    assert panel_values(bins, 'completeness') == {
        name: [] for name in ('sharp', 'blind', 'noisy')}


def panel_values(figure, value):
    """The points that the first panel of a kind of row shows, by method."""
    axes = next(axes for axes in figure.axes
                if axes.get_ylabel().startswith(value))
    return {bars.get_label(): bars.lines[0].get_ydata().tolist()
            for bars in axes.containers}


def test_figure_of_bins_shows_the_table():
    table, _ = made_up()
    bins = field_bins(table, n_samples=5)
    figure = plot_field_bins(bins, methods=('noisy', 'sharp', 'absent'))
    # 4 quantities; completeness and purity at two working points
    assert len(figure.axes) == 16
    first = bins[(bins['working_point'] == 'purity 80')
                 & (bins['quantity'] == 'separation')]
    for value, count in (('completeness', 'n_blends'),
                         ('purity', 'n_flagged')):
        shown = panel_values(figure, value)
        assert list(shown) == ['noisy', 'sharp']
        for method, points in shown.items():
            part = first[first['method'] == method]
            assert_array_equal(points, part[value][np.isfinite(part[value])])
        axes = next(axes for axes in figure.axes
                    if axes.get_ylabel().startswith(value))
        counts = first[count][first['method'] == 'noisy']
        labels = [text.get_text() for text in axes.get_xticklabels()]
        assert labels[0] == f'< 3\n({counts[0]:.0f})'
        assert labels[1] == f'3–4\n({counts[1]:.0f})'
        assert labels[-1] == f'> 15\n({counts[-1]:.0f})'


def test_figure_of_curves_shows_the_table():
    table, _ = made_up()
    table['score: flag'] = (np.asarray(table['score: sharp']) > 0.5)
    curves = field_curves(table)
    left, right = plot_field_curves(curves).axes
    lines = {line.get_label(): line for line in left.lines[:-1]}
    assert list(lines) == ['sharp', 'blind', 'noisy', 'flag']
    noisy = curves[curves['method'] == 'noisy'][1:]
    assert_array_equal(lines['noisy'].get_xydata(), np.column_stack(
        [noisy['false_positives'], noisy['completeness']]))
    assert_array_equal(right.lines[2].get_xydata(), np.column_stack(
        [noisy['completeness'], noisy['purity']]))
    # of a yes-or-no answer one point
    assert len(lines['flag'].get_xydata()) == 1


def test_curves_of_made_up_detections():
    table, blended = made_up()
    curves = field_curves(table)
    sharp = curves[curves['method'] == 'sharp']
    assert np.trapezoid(sharp['completeness'],
                        sharp['false_positives']) == pytest.approx(1)
    last = curves[-1]
    assert last['completeness'] == last['false_positives'] == 1
    assert last['purity'] == pytest.approx(blended.mean())
    only = table[:0]
    assert len(field_curves(only)) == 0


def test_examples():
    table, _ = made_up()
    assert all(len(part) == 0 for part in field_examples(table, 5).values())
    score = np.asarray(table['score: sharp']) - 0.6
    table['score: network'] = score
    rows = field_examples(table, 300)
    label = np.asarray(table['truth_label'])
    assert score[rows['found'][0]] == score[:200].max()
    assert score[rows['missed'][0]] == score[:200][label[:200] == 1].min()
    # none of them is right and wrong, nor unclear
    for kind, blended, flagged in (('found', 1, True), ('missed', 1, False),
                                   ('false positives', 0, True)):
        assert set(rows[kind]) == set(np.flatnonzero(
            (label == blended) & ((score >= 0.5) == flagged)))
    assert len(field_examples(table, 5)['found']) == 5


def test_thresholds():
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    blended = np.array([1, 0, 1, 0, 0], dtype=bool)
    assert threshold_at_purity(score, blended, 0.6) == 0.7
    assert threshold_at_purity(score, blended, 1.0) == 0.9
    assert threshold_at_purity(-score, blended, 0.9) == np.inf
    assert threshold_at_purity(score, ~blended & blended, 0.5) == np.inf
    assert np.isnan(completeness_at_purity(score, np.zeros(5, bool), 0.5))
    assert share_in_top(score, 0.4).tolist() == [1, 1, 0, 0, 0]
    # those that tie share what is left, in any order
    assert share_in_top([1.0, 1, 1, 1], 0.5).tolist() == [0.5] * 4
    assert_allclose(share_in_top([0, 1, 2, 1], 0.5), [0, 0.5, 1, 0.5])
    assert share_in_top([], 0.5).size == 0
    assert share_in_top(score, 1.0).tolist() == [1] * 5
    assert threshold_at_false_positives([1.0, 2, 3, 4], 0.25) == 3


def test_bootstrap_of_several_numbers():
    values = np.arange(100.0)
    one = bootstrap_error(np.mean, values)
    several = bootstrap_error(lambda v: [np.mean(v), np.nan], values)
    assert several[0] == pytest.approx(one)
    assert np.isnan(several[1])
    assert np.isnan(bootstrap_error(lambda _: np.nan, values))
    # resampled sets without a value do not count
    assert bootstrap_error(lambda v: v.mean() if 0 in v else np.nan,
                           values) == pytest.approx(one, rel=0.2)


def test_bad_flux_ratio(sky, identifier):
    """Refused before any work."""
    for function in (
            lambda: evaluate_field(*sky, identifier, min_flux_ratio=2),
            lambda: evaluate_survey('cfis', identifier, 100,
                                    min_flux_ratio=-1),
            lambda: train_on_survey('cfis', 100, min_flux_ratio=2),
            lambda: compare_catalogs({'a': Table()}, sky[1],
                                     min_flux_ratio=np.nan)):
        with pytest.raises(ValueError, match='min_flux_ratio must be'):
            function()


def test_survey_fields(identifier):
    """The same seed, the same fields, for any number of processes."""
    one = evaluate_survey('cfis', identifier, 2, regions=('segment',), rng=3,
                          **SMALL)
    two = evaluate_survey('cfis', identifier, 2, regions=('segment',),
                          n_jobs=2, rng=np.random.SeedSequence(3), **SMALL)
    assert set(one.truth['field']) == {0, 1}
    assert_array_equal(one.arrays['stamps'], two.arrays['stamps'])
    assert_array_equal(one.truth['flux'], two.truth['flux'])
    other = evaluate_survey('cfis', identifier, 1, regions=(), rng=4, **SMALL)
    assert not np.array_equal(other.truth['flux'],
                              one.truth['flux'][one.truth['field'] == 0])


def test_trees_of_a_survey(sky, identifier):
    trees = train_on_survey('cfis', 1, shape=(500, 500), rng=5)
    made = evaluate_field(sky[0], sky[1], identifier, regions=(),
                          trees=trees)
    rows = {row['method']: row for row in field_scores(made.truth,
                                                       n_samples=2)}
    assert rows['boosted trees']['auc'] > 0.6


def test_fields_end_at_their_surveys_depth():
    """KiDS sees 1.1 magnitudes less deep than CFIS."""
    faint = {}
    for survey in ('cfis', 'kids'):
        _, truth, *_ = draw_field((150, 150), survey, SURVEY_RANGES,
                                  np.random.SeedSequence(1))
        faint[survey] = truth['magnitude'].max()
    assert 26.9 < faint['cfis'] < 27.4
    assert 25.6 < faint['kids'] < 26.3


@pytest.fixture(scope='module')
def catalogs(sky, measured):
    """The network's answer, SEP's, and a shuffled and shifted one."""
    catalog = detect(sky[0])
    mine = catalog.copy()
    mine['blend_prob'] = measured.truth['score: area']
    order = np.random.default_rng(1).permutation(len(mine))[5:]
    theirs = Table({'X_IMAGE': np.asarray(mine['x_centroid'])[order] + 1.3,
                    'Y_IMAGE': np.asarray(mine['y_centroid'])[order] + 0.8,
                    'FLAGS': np.where(measured.truth['truth_label'] == 1,
                                      2, 1)[order]})
    return {'mine': mine, 'sep': catalog, 'theirs': theirs}


def test_compare_with_labeled_detections(catalogs, measured):
    table = compare_catalogs(catalogs, measured.truth)
    assert len(table) == len(measured.truth) - 5
    assert table.meta['matched'] == {
        'mine': len(measured.truth), 'sep': len(measured.truth),
        'theirs': len(measured.truth) - 5}
    rows = {row['method']: row for row in field_scores(table, n_samples=2)}
    assert set(rows) == {'mine', 'sep', 'theirs'}
    # its flag 2 is the truth, and flag 1 means something else
    assert rows['theirs']['auc'] == 1
    assert 0.5 < rows['mine']['auc'] < 1
    # the same bit counts if the column is named
    named = compare_catalogs({'theirs': catalogs['theirs']}, measured.truth,
                             columns='FLAGS')
    assert field_scores(named, n_samples=2)['auc'][0] == 1
    both = compare_catalogs({'mine': catalogs['mine']}, measured.truth)
    alone = {row['method']: row for row in field_scores(measured.truth,
                                                        n_samples=2)}
    assert field_scores(both, n_samples=2)['auc'][0] == pytest.approx(
        alone['area']['auc'])


def test_compare_with_true_sources(catalogs, sky, measured):
    """Segments as ellipses give nearly the labels of the segments."""
    mine = {'mine': catalogs['mine']}
    rough = compare_catalogs(mine, sky[1])
    labels, rough_labels = (np.asarray(table['truth_label'])
                            for table in (measured.truth, rough))
    # both kinds, so that calling all single would not do
    assert np.mean(rough_labels[labels == 0] == 0) > 0.85
    assert np.mean(rough_labels[labels == 1] == 1) > 0.6
    assert rough.meta['segments'] == 'ellipses'
    _, segmentation = detect(sky[0], return_segmentation=True)
    exact = compare_catalogs(mine, sky[1], segmentation=segmentation.data)
    assert_array_equal(exact['truth_label'], measured.truth['truth_label'])
    strict = compare_catalogs(mine, sky[1], segmentation=segmentation.data,
                              min_flux_ratio=0.5)
    assert np.sum(strict['truth_label'] == 1) < np.sum(labels == 1)
    with pytest.raises(ValueError, match="truth: it has no known 'flux'"):
        compare_catalogs(mine, sky[1]['x', 'y', 'snr'],
                         segmentation=segmentation.data)


def test_compare_several_fields(identifier):
    made = evaluate_survey('cfis', identifier, 2, regions=(), rng=3,
                           **SMALL).truth
    other = made['field', 'x_centroid', 'y_centroid']
    other['prob'] = np.asarray(made['truth_label']) == 1
    table = compare_catalogs({'other': other[::-1]}, made)
    assert len(table) == len(made)
    assert field_scores(table, n_samples=2)['auc'][0] == 1


def test_compare_bare_tables(measured):
    """Labels, positions and words are enough."""
    label = np.asarray(measured.truth['truth_label'])
    truth = Table({'u': measured.truth['x_centroid'],
                   'v': measured.truth['y_centroid'], 'truth_label': label})
    theirs = Table({'x': measured.truth['x_centroid'],
                    'y': measured.truth['y_centroid'],
                    'answer': np.where(label == 1, 'True', 'false')})
    theirs['field'] = 'W3'
    theirs['answer'][0] = ''
    table = compare_catalogs({'theirs': theirs}, truth, columns=['answer'],
                             truth_columns=('u', 'v'))
    scores = field_scores(table, n_samples=2)
    assert scores['auc'][0] > 0.99
    assert np.isnan(scores['resolvable'][0])
    assert len(field_bins(table)) == 0
    theirs['answer'][1] = 'maybe'
    with pytest.raises(ValueError, match="'answer' of theirs must hold"):
        compare_catalogs({'theirs': theirs}, truth, columns=['answer'],
                         truth_columns=('u', 'v'))


def test_a_row_stands_for_one_detection():
    truth = Table({'x': [50.0, 51.5, 90.0], 'y': [50.0, 50, 90],
                   'truth_label': [0, 1, 0]})
    theirs = Table({'x': [50.8, 90.0], 'y': [50.0, 90.0],
                    'prob': [0.9, 0.1]})
    table = compare_catalogs({'theirs': theirs}, truth)
    assert table['x'].tolist() == [51.5, 90.0]


def test_compare_errors(catalogs, measured):
    truth = measured.truth
    with pytest.raises(ValueError, match='catalogs must not be empty'):
        compare_catalogs({}, truth)
    with pytest.raises(ValueError, match="mine has no column 'nope'"):
        compare_catalogs(catalogs, truth, columns=['nope'])
    with pytest.raises(ValueError, match='one name for each of the 3'):
        compare_catalogs(catalogs, truth, columns=['a', 'b'])
    bare = Table({'x': [1.0], 'y': [2.0]})
    with pytest.raises(ValueError, match='name the probability or flag of '
                       'bare'):
        compare_catalogs({'bare': bare}, truth)
    bare['p'] = 0.5
    with pytest.raises(ValueError, match='no labeled detection has a row'):
        compare_catalogs({'bare': bare}, truth, columns=['p'])
    with pytest.raises(ValueError, match='give the segmentation image'):
        compare_catalogs({'bare': bare}, sources((1, 2, 9, 22)),
                         columns=['p'])


def test_ellipses_have_the_area_and_angle():
    catalog = Table({'n_pixels': [314, 5, 100],
                     'semimajor_axis': [4.0, 1.0, 1.0],
                     'semiminor_axis': [1.0, 1.0, 1.0],
                     'orientation': [90.0, 0.0, 0.0]})
    x, y = np.array([60.0, 120.0, 64.0]), np.array([60.0, 120.0, 60.0])
    image, labels = paint_ellipses(catalog, x, y)
    assert labels.tolist() == [1, 2, 3]
    alone, _ = paint_ellipses(catalog[:2], x[:2], y[:2])
    assert np.sum(alone == 1) == pytest.approx(314, rel=0.05)
    # standing up: tall and narrow
    rows, columns = np.nonzero(alone == 1)
    assert np.ptp(rows) > 3 * np.ptp(columns)
    assert image[60, 64] == 3
    masked = Table(catalog, masked=True)
    masked['n_pixels'].mask = [False, True, False]
    assert paint_ellipses(masked, x, y)[1].tolist() == [1, 0, 3]
    assert image[60, 60] == 1
    _, none = paint_ellipses(catalog, np.array([60.0, np.nan, 64.0]), y)
    assert none.tolist() == [1, 0, 3]


def test_commands(tmp_path, sky, random_weights, capsys):
    image, truth = sky
    fits.writeto(tmp_path / 'f.fits', image.data)
    truth.write(tmp_path / 'f.ecsv')
    assert main(['benchmark', 'field', '--image', str(tmp_path / 'f.fits'),
                 '--truth', str(tmp_path / 'f.ecsv'), '--n-training', '0',
                 '--weights', str(random_weights), '-o',
                 str(tmp_path / 'out')]) == 0
    printed = capsys.readouterr().out
    assert 'unrecognized blends are' in printed
    assert ' ± ' in printed
    assert '± 0.000' not in printed
    assert '± 0.000' not in (tmp_path / 'out' / 'scores.rst').read_text()
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'bins.ecsv', 'bins.pdf', 'bins.png', 'curves.ecsv', 'curves.pdf',
        'curves.png', 'detections.ecsv', 'scores.ecsv', 'scores.rst',
        'strip.png']
    written = Table.read(tmp_path / 'out' / 'detections.ecsv')
    # to the last digit: other catalogs are matched to it
    assert_allclose(written['x_centroid'],
                    detect(image.data)['x_centroid'], rtol=1e-12)
    written['p'] = written['score: area']
    written.remove_column('truth_label')
    written.write(tmp_path / 'a.ecsv')
    assert main(['benchmark', 'compare', str(tmp_path / 'a.ecsv'),
                 str(tmp_path / 'a.ecsv'), '--truth',
                 str(tmp_path / 'out' / 'detections.ecsv')]) == 1
    assert 'is given twice' in capsys.readouterr().err
    assert main(['benchmark', 'compare', str(tmp_path / 'a.ecsv'),
                 '--columns', 'p', '-o', str(tmp_path / 'cmp'), '--truth',
                 str(tmp_path / 'out' / 'detections.ecsv')]) == 0
    assert 'labeled detections' in capsys.readouterr().out
    assert (tmp_path / 'cmp' / 'curves.png').is_file()
    assert Table.read(tmp_path / 'out' / 'scores.ecsv').meta[
        'BHCMD'].startswith('blendhunter benchmark field')
    assert main(['benchmark', 'compare', str(tmp_path / 'a.ecsv'),
                 '-o', str(tmp_path / 'cmp'), '--truth', 'x']) == 1
    assert 'use --overwrite to replace' in capsys.readouterr().err


def test_command_with_a_truth_without_fluxes(tmp_path, sky, random_weights,
                                             capsys):
    """Refused before trees are trained; with 0 it is enough."""
    image, truth = sky
    fits.writeto(tmp_path / 'f.fits', image.data)
    truth['x', 'y', 'snr'].write(tmp_path / 'f.ecsv')
    command = ['benchmark', 'field', '--image', str(tmp_path / 'f.fits'),
               '--truth', str(tmp_path / 'f.ecsv'), '--regions', 'segment',
               '--weights', str(random_weights), '-o',
               str(tmp_path / 'out')]
    assert main([*command, '--n-training', '1000']) == 1
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert "truth: it has no known 'flux' or 'magnitude'" in error[0]
    assert main([*command, '--n-training', '0', '--min-flux-ratio',
                 '0']) == 0
    assert 'unrecognized blends are' in capsys.readouterr().out


@pytest.fixture(scope='module')
def survey_run(tmp_path_factory, random_weights):
    """Weights, and the detections that the command made with them."""
    directory = tmp_path_factory.mktemp('survey')
    weights = directory / 'w.h5'
    weights.write_bytes(random_weights.read_bytes())
    assert main(['benchmark', 'field', '--n', '1', '--size', '400',
                 '--n-training', '1', '--n-jobs', '1', '--regions',
                 'segment', '--weights', str(weights), '--record',
                 '-o', str(directory / 'out')]) == 0
    return weights, directory / 'out' / 'detections.ecsv'


def test_command_records_scores(survey_run, random_weights):
    weights, _ = survey_run
    before, metadata = (read_metadata(path)
                        for path in (random_weights, weights))
    # JSON that others than Python read, too
    json.dumps(metadata, allow_nan=False)
    stored = metadata['results']['segment']
    assert {'network', 'boosted trees'} <= {row['method'] for row in stored}
    # the scores and nothing else
    for key in ('results', 'sha256'):
        assert before.pop(key) != metadata.pop(key)
    assert before == metadata


def test_calibrate_command(survey_run, random_weights, tmp_path, capsys):
    """The mean probability becomes the fraction of blends."""
    detections = str(survey_run[1])
    new = tmp_path / 'new.h5'
    command = ['calibrate', str(random_weights), '--detections', detections]
    assert main([*command, '-o', str(new)]) == 0
    printed = capsys.readouterr().out
    before, after = (read_metadata(path) for path in (random_weights, new))
    for name in ('trained_fraction', 'prior'):
        assert (f'segment, {name}: {before[name]["segment"]:.4f} -> '
                f'{after[name]["segment"]:.4f}') in printed
        assert after[name]['stamp'] == before[name]['stamp']
    table = Table.read(detections)
    table = table[table['truth_label'] >= 0]
    raw = correct_prior(table['score: network'], before['prior']['segment'],
                        before['trained_fraction']['segment'])
    mended = correct_prior(raw, after['trained_fraction']['segment'],
                           after['prior']['segment'],
                           slope=after['calibration']['segment']['slope'])
    fraction = np.mean(table['truth_label'])
    assert after['prior']['segment'] == pytest.approx(fraction, abs=1e-6)
    assert np.nanmean(mended) == pytest.approx(fraction, abs=2e-3)
    assert main([*command, '-o', str(new)]) == 1
    assert 'exists; use --overwrite' in capsys.readouterr().err
    # the file itself is changed without -o, and then it is another one
    copy = tmp_path / 'copy.h5'
    copy.write_bytes(random_weights.read_bytes())
    command[1] = str(copy)
    assert main(command) == 0
    assert copy.read_bytes() == new.read_bytes()
    assert main(command) == 1
    assert 'made with other weights' in capsys.readouterr().err
    command[1] = 'default'
    assert main(command) == 1
    assert 'the packaged weights cannot be changed' in capsys.readouterr().err


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--image', 'a.fits'], '--image and --truth must be given'),
    (['--truth', 'a.ecsv'], '--image and --truth must be given'),
    (['--n-training', '0', '--survey', 'hubble'], 'survey must be one of'),
    (['--n-sigma', '-1'], 'n_sigma must be positive'),
    (['--min-flux-ratio', '1.5'], 'min_flux_ratio must be between 0 and 1'),
    (['--record'], 'the packaged weights cannot be changed'),
    (['--record', '--n-views', '8'], 'only scores with n_views=1'),
    (['--record', '--regions', 'stamp'], 'only scores for the region segment'),
    (['--weights', 'nothing.h5'], 'nothing.h5'),
    (['--image', 'no.fits', '--truth', 'no.ecsv'], 'no.fits')])
def test_command_errors(arguments, message, tmp_path, capsys):
    assert main(['benchmark', 'field', *arguments, '-o',
                 str(tmp_path / 'out')]) == 1
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert message in error[0]
    assert not (tmp_path / 'out').exists()
