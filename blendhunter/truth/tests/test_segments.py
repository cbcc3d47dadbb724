# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What counts as a blend, segment by segment."""

import numpy as np
import pytest
from astropy.table import Table

from blendhunter.truth.blend_definition import (
    label_positions,
    label_segments,
    label_stamps,
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
    ([(60, 60, 50.0), (65, 60, 3.0)], -1),
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


def test_edge_is_unclear():
    assert label([(60, 60, 50.0)], at=(25.9, 60))['truth_label'] == -1
    assert label([(60, 60, 50.0)], at=(60, 93.1))['truth_label'] == -1
    assert label([(60, 60, 50.0)], at=(26.0, 93.0))['truth_label'] == 0


def test_companion_is_described():
    row = label([(60, 60, 50.0), (63, 64, 6.0), (60, 66, 9.0), (61, 60, 30)])
    assert row['separation'] == pytest.approx(6.0)
    assert row['companion_snr'] == pytest.approx(9.0)
    assert row['n_sources'] == 4


def test_bad_flux_ratio():
    with pytest.raises(ValueError, match='^min_flux_ratio must be'):
        label([STAR], min_flux_ratio=-0.01)


def test_types_of_columns():
    row = label([(60, 60, 50.0), (65, 60, 6.0)])
    assert {name: row[name].dtype.str[1:] for name in row.colnames} == {
        'truth_label': 'i1', 'n_sources': 'i2', 'separation': 'f4',
        'companion_snr': 'f4', 'primary': 'i4', 'secondary': 'i4'}


def test_sources_of_snr_3_are_counted():
    row = label([(60, 60, 50.0), (65, 60, 3.0), (60, 65, 2.9)])
    assert row['n_sources'] == 2


def test_the_first_companion_in_snr_is_named():
    """Of those that make no blend; the others come later."""
    row = label([(60, 60, 3.5), (65, 60, 4.5), (60, 65, 4.0)])
    assert (row['truth_label'], row['primary'], row['secondary']) == (-1, 1, 2)


def test_each_detection_by_itself():
    """An empty segment, none at all, one source, one that is unknown."""
    segmentation = np.zeros((120, 120), dtype=int)
    segmentation[40:50, 40:50] = 3
    segmentation[40:50, 60:70] = 8
    truth = Table({'x': [65.0, 55], 'y': [45.0, 45], 'snr': [20.0, 30],
                   'flux': [20.0, 30]})
    detections = Table({'label': [3, 0, 8, 99],
                        'x_centroid': [45.0, 55, 65, 80],
                        'y_centroid': [45.0, 45, 45, 80]})
    labels = label_segments(segmentation, detections, truth)
    assert labels['truth_label'].tolist() == [-1, -1, 0, -1]
    assert labels['n_sources'].tolist() == [0, 0, 1, 0]
    assert labels['primary'].tolist() == [-1, -1, 0, -1]
    assert labels['secondary'].tolist() == [-1] * 4
    for name in ('separation', 'companion_snr'):
        assert np.isnan(labels[name]).all()
    none = label_segments(segmentation, detections, truth[:0])
    assert none['truth_label'].tolist() == [-1] * 4
    assert len(label_segments(segmentation, detections[:0], truth)) == 0


@pytest.mark.parametrize(('position', 'expected'), [
    ((26, 60), 0), ((25.9, 60), -1), ((60, 26), 0), ((60, 25.9), -1),
    ((113, 60), 0), ((113.1, 60), -1), ((60, 93), 0), ((60, 93.1), -1)])
def test_each_edge(position, expected):
    """26 px from the edges of an image of 120 rows and 140 columns."""
    segmentation = np.zeros((120, 140), dtype=int)
    segmentation[50:70, 50:70] = 4
    truth = Table({'x': [60.0], 'y': [60.0], 'snr': [9.0], 'flux': [9.0]})
    detections = Table({'label': [4], 'x_centroid': [position[0]],
                        'y_centroid': [position[1]]})
    labels = label_segments(segmentation, detections, truth)
    assert labels['truth_label'].tolist() == [expected]


def test_stamps():
    labels = label_stamps([0, 1, 2, 3])
    assert labels.tolist() == [0, 0, 1, 1]
    assert labels.dtype == np.int8


def test_labels_of_positions():
    """Two sources of SNR 5 in the stamp around the rounded position."""
    truth = Table({'x': [60.0, 70.0, 80.0, 85.4], 'y': [60.0, 60.0, 60.0, 60],
                   'snr': [50.0, 4.9, 5.0, 90.0]})
    detections = Table({'x_centroid': [60.4, 60.4, 75.0, 200.0],
                        'y_centroid': [60.0, 35.0, 60.0, 60.0]})
    assert label_positions(detections, truth, 51).tolist() == [1, 1, 1, 0]
    assert label_positions(detections, truth, 31).tolist() == [0, 0, 1, 0]
    assert label_positions(detections, truth[1:2], 51).tolist() == [0] * 4


def test_two_sources_of_snr_5_make_a_stamp_a_blend():
    truth = Table({'x': [60.0, 70.0], 'y': [60.0, 61.0], 'snr': [5.0, 5.0]})
    detections = Table({'x_centroid': [60.0], 'y_centroid': [60.0]})
    labels = label_positions(detections, truth, 51)
    assert labels.tolist() == [1]
    # half a stamp is 10.5 and 9.5 px
    assert label_positions(detections, truth, 21).tolist() == [1]
    assert label_positions(detections, truth, 19).tolist() == [0]
    truth['snr'][1] = np.nan
    assert label_positions(detections, truth, 51).tolist() == [0]
    assert label_positions(detections, truth[:0], 51).dtype == np.int8
