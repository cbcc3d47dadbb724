"""What counts as a blend, case by case."""

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_array_equal

from blendhunter.cli import main
from blendhunter.simulation import FieldRanges, simulate_detections
from blendhunter.training import simulated_sets
from blendhunter.truth.blend_definition import (
    check_flux_ratio,
    detection_outcomes,
    label_positions,
    label_segments,
    label_stamps,
    source_fluxes,
)
from blendhunter.truth.overlap import (
    blendedness,
    group_sources,
    marginalized_snr,
    matched_filter_snr,
    neighbor_separation,
)


def label(sources, *, at=(60.0, 60.0), flux=None, **options):
    """
    Label of a segment of 20x20 px that holds the given sources.

    Their fluxes are their SNRs unless they are given.
    """
    segmentation = np.zeros((120, 120), dtype=int)
    segmentation[50:70, 50:70] = 4
    truth = Table(rows=sources or None, names=('x', 'y', 'snr'),
                  dtype=(float, float, float))
    truth['flux'] = truth['snr'] if flux is None else flux
    detections = Table({'label': [4], 'x_centroid': [at[0]],
                        'y_centroid': [at[1]]})
    return label_segments(segmentation, detections, truth, **options)[0]


@pytest.mark.parametrize(('sources', 'expected'), [
    ([(60, 60, 50.0)], 0),
    ([(60, 60, 50.0), (65, 60, 6.0)], 1),
    ([(60, 60, 5.0), (65, 60, 5.0)], 1),
    ([(60, 60, 50.0), (61, 60, 40.0)], -1),  # nearer than 2 px
    ([(60, 60, 50.0), (62, 60, 40.0)], 1),
    ([(60, 60, 50.0), (65, 60, 4.0)], -1),
    ([(60, 60, 50.0), (65, 60, 2.9)], 0),
    ([(60, 60, 50.0), (80, 60, 40.0)], 0),  # outside the segment
    ([(60, 60, 4.0), (65, 60, 3.5)], -1),
    ([(60, 60, 50.0), (61, 60, 40.0), (66, 60, 6.0)], 1),
    ([], -1)])
def test_segments(sources, expected):
    assert label(sources)['truth_label'] == expected


STAR = (60, 60, 2000.0)


@pytest.mark.parametrize(('sources', 'ratio', 'expected'), [
    ([STAR, (65, 60, 20.0)], 0.01, 1),   # 1 % of the star's flux
    ([STAR, (65, 60, 19.9)], 0.01, -1),
    ([STAR, (65, 60, 19.9)], 0.009, 1),
    ([STAR, (65, 60, 6.0)], 0.01, -1),   # 0.3 %
    ([STAR, (65, 60, 6.0)], 0, 1),
    ([STAR, (65, 60, 4.0)], 0.01, -1),   # of SNR 3 to 5
    ([STAR, (65, 60, 2.9)], 0.01, 0),    # of SNR below 3: it is not seen
    ([STAR, (65, 60, 6.0), (60, 65, 100.0)], 0.01, 1),
    ([STAR, (65, 60, 6.0), (61, 60, 100.0)], 0.01, -1),  # nearer than 2 px
    ([STAR, (65, 60, 2000.0)], 1, 1),
    ([STAR, (65, 60, 1999.0)], 1.0, -1)])
def test_companions_without_flux_are_unclear(sources, ratio, expected):
    assert label(sources, min_flux_ratio=ratio)['truth_label'] == expected


def test_the_companion_is_the_one_that_matters():
    """A small source of 0.3 % may have the higher SNR of two."""
    sources = [STAR, (65, 60, 60.0), (60, 70 - 1, 50.0)]
    row = label(sources, flux=[2000, 6, 100])
    assert row['truth_label'] == 1
    assert (row['primary'], row['secondary']) == (0, 2)
    assert row['separation'] == 9
    assert row['companion_snr'] == 50
    assert row['n_sources'] == 3
    every = label(sources, flux=[2000, 6, 100], min_flux_ratio=0)
    assert (every['secondary'], every['separation']) == (1, 5)
    # without it, the next in SNR
    faint = label(sources[:2], flux=[2000, 6])
    assert (faint['primary'], faint['secondary']) == (0, 1)
    assert np.isnan(faint['separation'])
    assert np.isnan(faint['companion_snr'])


def test_brightest_is_the_highest_snr():
    """A wide source of SNR 4 and much flux does not set the scale."""
    sources = [(60, 60, 50.0), (65, 60, 10.0), (58, 60, 4.0)]
    row = label(sources, flux=[50, 10, 5000])
    assert row['truth_label'] == 1
    assert (row['primary'], row['secondary']) == (0, 1)


def test_fluxes_from_magnitudes():
    truth = Table({'magnitude': [20.0, 24.9, 25.1, np.nan]})
    flux = source_fluxes(truth, 0.01)
    assert (flux[1:3] >= 0.01 * flux[0]).tolist() == [True, False]
    assert np.isnan(flux[3])
    # a column of fluxes is preferred if there is one that is known
    truth['flux'] = np.nan
    assert source_fluxes(truth, 0.01)[0] == flux[0]
    truth['flux'] = [5.0, 0.0, -1.0, np.inf]
    assert_array_equal(source_fluxes(truth, 0.01), [5, *[np.nan] * 3])
    assert source_fluxes(truth, 0).tolist() == [1] * 4
    masked = Table(truth, masked=True)
    masked['flux'].mask = [False, True, True, True]
    assert_array_equal(source_fluxes(masked, 0.01), [5, *[np.nan] * 3])
    assert truth['flux'][2] == -1


@pytest.mark.parametrize('unknown', [99.0, -99.0, -999.0])
def test_magnitudes_that_mean_unknown(unknown):
    flux = source_fluxes(Table({'magnitude': [20.0, unknown]}), 0.01)
    assert np.isfinite(flux).tolist() == [True, False]


def test_a_source_of_unknown_snr_is_unclear():
    sources = [(60, 60, 50.0), (65, 60, 40.0)]
    assert label(sources)['truth_label'] == 1
    for snr in (np.ma.masked, np.nan):
        assert label([*sources[:1], (65, 60, snr)])['truth_label'] == -1
        # of unknown SNR is not the brightest
        row = label([(60, 60, snr), (65, 60, 40.0)])
        assert (row['primary'], row['truth_label']) == (1, -1)


def test_a_companion_of_unknown_flux_is_unclear():
    sources = [(60, 60, 50.0), (65, 60, 40.0)]
    for flux in ([9.0, np.nan], [np.nan, 9.0], [9.0, -1.0]):
        assert label(sources, flux=flux)['truth_label'] == -1
        assert label(sources, flux=flux,
                     min_flux_ratio=0)['truth_label'] == 1


def test_truth_without_fluxes():
    for columns in ({}, {'flux': [np.nan]}, {'magnitude': [np.nan]}):
        truth = Table({'snr': [9.0], **columns})
        with pytest.raises(ValueError, match="no 'flux' or 'magnitude' is "
                           'known.*min_flux_ratio of 0'):
            source_fluxes(truth, 0.01)
        assert source_fluxes(truth, 0).tolist() == [1]
    assert source_fluxes(Table({'snr': []}), 0.01).size == 0


@pytest.mark.parametrize('ratio', [-0.01, 1.01, np.nan, None, '0.01'])
def test_bad_flux_ratio(ratio):
    with pytest.raises(ValueError, match='min_flux_ratio must lie between '
                       '0 and 1, got'):
        check_flux_ratio(ratio)
    with pytest.raises(ValueError, match='min_flux_ratio must lie'):
        label([STAR], min_flux_ratio=ratio)


def test_edge_is_unclear():
    assert label([(60, 60, 50.0)], at=(25.9, 60))['truth_label'] == -1
    assert label([(60, 60, 50.0)], at=(60, 93.1))['truth_label'] == -1
    assert label([(60, 60, 50.0)], at=(26.0, 93.0))['truth_label'] == 0


def test_companion_is_described():
    row = label([(60, 60, 50.0), (63, 64, 6.0), (60, 66, 9.0), (61, 60, 30)])
    assert row['separation'] == pytest.approx(6.0)
    assert row['companion_snr'] == pytest.approx(9.0)
    assert row['n_sources'] == 4


def test_stamps():
    assert label_stamps([1, 2, 3]).tolist() == [0, 1, 1]


def test_snr():
    image = np.zeros((2, 4, 4))
    image[0, 1, 1], image[0, 2, 2] = 3, 4
    assert matched_filter_snr(image, 2.0).tolist() == [2.5, 0.0]


@pytest.mark.parametrize('distance', [1.0, 2.5, 4.0, 7.0])
def test_marginalized_snr_is_what_the_other_source_cannot_imitate(distance):
    """A least-squares fit of its flux, position and shape leaves as much."""
    seeing = 4.0
    y, x = (np.mgrid[-24:25, -24:25] / (0.55 * seeing))
    # the image is moved by 30 degrees
    dx, dy = (distance / (0.55 * seeing) * np.array(
        [np.cos(np.pi / 6), np.sin(np.pi / 6)]))
    primary = np.exp(-(x**2 + y**2) / 2)
    companion = np.exp(-((x - dx)**2 + (y - dy)**2) / 2).ravel()
    known = np.stack([(term * primary).ravel() for term in (
        np.ones_like(x), x, y, x**2, x * y, y**2)], axis=1)
    left = companion - known @ np.linalg.lstsq(known, companion, rcond=None)[0]
    expected = np.linalg.norm(left) / np.linalg.norm(companion)
    assert marginalized_snr(20.0, distance, seeing) == pytest.approx(
        20 * expected, rel=2e-3)


def test_labels_of_positions():
    """Two sources of SNR 5 in the stamp around the rounded position."""
    truth = Table({'x': [60.0, 70.0, 80.0, 85.4], 'y': [60.0, 60.0, 60.0, 60],
                   'snr': [50.0, 4.9, 5.0, 90.0]})
    detections = Table({'x_centroid': [60.4, 60.4, 75.0, 200.0],
                        'y_centroid': [60.0, 35.0, 60.0, 60.0]})
    assert label_positions(detections, truth, 51).tolist() == [1, 1, 1, 0]
    assert label_positions(detections, truth, 31).tolist() == [0, 0, 1, 0]
    assert label_positions(detections, truth[1:2], 51).tolist() == [0] * 4


def test_outcomes():
    """One blend, two halves of a split one, an isolated one, an empty one."""
    segmentation = np.zeros((200, 200), dtype=int)
    for number, x in ((3, 30), (5, 60), (6, 70), (7, 110), (9, 150)):
        segmentation[40:50, x:x + 10] = number
    detections = Table({
        'label': [3, 5, 6, 7, 9], 'x_centroid': [35.0, 65, 75, 115, 155],
        'y_centroid': np.full(5, 45.0)})
    truth = Table({'x': [33.0, 37, 65, 75, 115], 'y': np.full(5, 45.0),
                   'snr': [40.0, 9, 30, 6, 20],
                   'flux': [40.0, 9, 30, 6, 20]})

    def outcomes(ratio=0.01):
        labels = label_segments(segmentation, detections, truth,
                                min_flux_ratio=ratio)
        return detection_outcomes(segmentation, detections, labels, truth,
                                  min_flux_ratio=ratio).tolist()

    assert outcomes() == ['unrecognized', 'recognized', 'recognized',
                          'single', 'unclear']
    # a source too faint to count makes no split blend of its neighbor
    truth['snr'][3] = 4.0
    assert outcomes()[1:3] == ['single', 'single']
    # nor does one with too little flux, merged or split
    truth['snr'][3] = 6.0
    truth['flux'] = [1000.0, 9, 1000, 6, 20]
    assert outcomes() == ['unclear', 'single', 'single', 'single', 'unclear']
    assert outcomes(0) == ['unrecognized', 'recognized', 'recognized',
                           'single', 'unclear']


def test_faint_neighbors_of_a_star_are_split_from_each_other():
    """Each with its nearest in flux, in any order along the row."""
    segmentation = np.zeros((120, 160), dtype=int)
    for number, x in ((1, 40), (2, 50), (3, 60), (4, 70)):
        segmentation[40:50, x:x + 10] = number
    detections = Table({
        'label': [2, 1, 3, 4, 1], 'x_centroid': [55.0, 45, 65, 75, 45],
        'y_centroid': np.full(5, 45.0)})
    truth = Table({'x': [45.0, 55, 65, 75], 'y': np.full(4, 45.0),
                   'snr': [10.0, 5000, 12, 900]})
    truth['flux'] = truth['snr']

    def outcomes():
        labels = label_segments(segmentation, detections, truth)
        return detection_outcomes(segmentation, detections, labels,
                                  truth).tolist()

    # 5000 and 900; 10 and 12, whose segments do not touch each other
    assert outcomes() == ['recognized'] * 5
    truth['flux'][3] = 20.0
    assert outcomes() == ['single', *['recognized'] * 4]
    truth['flux'] = [10.0, 5000, np.nan, np.nan]
    assert outcomes() == ['single'] * 5


def test_labels_of_simulated_detections():
    """The ratio changes labels alone, of blends with faint companions."""
    options = {'shape': (300, 300), 'rng': 4, 'keep_unclear': True,
               'ranges': FieldRanges(
                   density=(130.0, 130.0), noise=(0.5, 0.5),
                   n_sigma=(1.5, 1.5))}
    made = simulate_detections(1, min_flux_ratio=0.3, **options)
    every = simulate_detections(1, min_flux_ratio=0, **options)
    assert_array_equal(made.arrays['stamps'], every.arrays['stamps'])
    before, after = (np.asarray(item.truth['truth_label'])
                     for item in (every, made))
    changed = before != after
    assert changed.sum() > 2
    assert np.all(before[changed] == 1)
    assert np.all(after[changed] == -1)
    for item, blend in ((made, after == 1), (every, changed)):
        difference = np.asarray(item.truth['magnitude_2']
                                - item.truth['magnitude_1'])
        assert_array_equal(difference[blend] > -2.5 * np.log10(0.3),
                           changed[blend])
    assert [item.provenance['min_flux_ratio']
            for item in (made, every)] == [0.3, 0]
    with pytest.raises(ValueError, match='min_flux_ratio must lie'):
        simulate_detections(100, min_flux_ratio=1.1)


def test_command_of_detections(tmp_path, monkeypatch, capsys):
    seen = {}

    def simulate(n, **options):
        seen.update(n=n, **options)
        return simulate_detections(0)

    command = ['simulate', 'detections', '3', '--n-jobs', '1', '-o',
               str(tmp_path / 'd.h5'), '--min-flux-ratio']
    assert main([*command, '1.5']) == 1
    assert capsys.readouterr().err.splitlines()[0].endswith(
        'min_flux_ratio must lie between 0 and 1, got 1.5')
    monkeypatch.setattr(simulated_sets, 'simulate_detections', simulate)
    assert main([*command, '0']) == 0
    assert (seen['n'], seen['min_flux_ratio']) == (3, 0)


def test_blendedness():
    """Two equal sources that overlap by half of their light."""
    source = np.zeros((5, 5))
    source[2, 1:3] = 1
    other = np.roll(source, 1, axis=1)
    total = source + other
    # <S1, S1> = 2, <S1, S> = 3, <S, S> = 6
    assert blendedness(source, total) == pytest.approx(1 - 2 / 3)
    assert blendedness(source, total, norm='total') == pytest.approx(1 / 2)
    assert blendedness(source, source) == 0
    stack = blendedness(np.stack([source, 0 * source]),
                        np.stack([total, total]))
    assert stack.tolist() == pytest.approx([1 / 3, 0])
    with pytest.raises(ValueError, match="norm must be .*, got 'peak'"):
        blendedness(source, total, norm='peak')


def test_groups_of_sources():
    """Those whose light runs together above the noise."""
    total = np.zeros((20, 30))
    total[5, 5:10] = 3.0
    total[6, 10] = 4.0  # a diagonal neighbor belongs to it
    total[15, 20] = 2.0
    total[15, 25] = 0.9
    x, y = [25.0, 10, 5, 20], [15.0, 6, 5, 15]
    group, snr = group_sources(total, 1.0, x, y)
    assert group.tolist() == [0, 1, 1, 2]
    together = np.sqrt(5 * 9 + 16)
    assert snr.tolist() == pytest.approx([0, together, together, 2])
    assert neighbor_separation(x, y).tolist() == pytest.approx(
        [5, np.hypot(5, 1), np.hypot(5, 1), 5])
    assert neighbor_separation([3.0], [4.0]).tolist() == [np.inf]
