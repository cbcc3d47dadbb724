# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Which detections are blends, and which were split."""

import numpy as np
import pytest
from astropy.table import Table

from blendhunter.truth.blend_definition import (
    detection_outcomes,
    label_segments,
)


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


def outcomes_of_two(snr=(30.0, 30.0), flux=(30.0, 30.0), *, second=(50, 50),
                    shape=(10, 10), **options):
    """Outcomes of two segments, one at (40, 40) and one to choose."""
    segmentation = np.zeros((120, 120), dtype=int)
    centers = []
    for number, (x, y) in ((2, (40, 40)), (7, second)):
        segmentation[y:y + shape[0], x:x + shape[1]] = number
        centers.append((x + shape[1] / 2 - 0.5, y + shape[0] / 2 - 0.5))
    x, y = np.array(centers).T
    detections = Table({'label': [2, 7], 'x_centroid': x, 'y_centroid': y})
    truth = Table({'x': x, 'y': y, 'snr': snr, 'flux': flux})
    labels = label_segments(segmentation, detections, truth, **options)
    return detection_outcomes(segmentation, detections, labels, truth,
                              **options).tolist()


@pytest.mark.parametrize(('second', 'outcome'), [
    ((50, 40), 'recognized'), ((40, 50), 'recognized'),
    ((50, 50), 'recognized'),  # they touch at a corner
    ((51, 40), 'single'), ((50, 51), 'single')])
def test_segments_that_touch_are_split(second, outcome):
    assert outcomes_of_two(second=second) == [outcome] * 2


def test_both_halves_need_a_source_of_snr_5():
    assert outcomes_of_two(snr=(5.0, 5.0)) == ['recognized'] * 2
    assert outcomes_of_two(snr=(5.0, 4.9)) == ['single'] * 2
    assert outcomes_of_two(snr=(5.0, np.nan)) == ['single'] * 2


@pytest.mark.parametrize(('flux', 'ratio', 'outcome'), [
    ((1000.0, 10.0), 0.01, 'recognized'), ((1000.0, 9.9), 0.01, 'single'),
    ((9.9, 1000.0), 0.01, 'single'), ((1000.0, 9.9), 0, 'recognized'),
    ((1000.0, 1000.0), 1, 'recognized'), ((1000.0, np.nan), 0.01, 'single')])
def test_flux_ratio_of_the_halves(flux, ratio, outcome):
    assert outcomes_of_two(flux=flux, min_flux_ratio=ratio) == [outcome] * 2


def test_one_per_cent_is_the_default_ratio():
    assert outcomes_of_two(flux=(1000.0, 10.0)) == ['recognized'] * 2
    assert outcomes_of_two(flux=(1000.0, 9.9)) == ['single'] * 2


def test_halves_of_unknown_flux_are_single():
    assert outcomes_of_two(flux=(np.nan, 5.0)) == ['single'] * 2


def test_no_detections():
    segmentation = np.zeros((120, 120), dtype=int)
    detections = Table({'label': np.zeros(0, int), 'x_centroid': np.zeros(0),
                        'y_centroid': np.zeros(0)})
    truth = Table({'x': [5.0], 'y': [5.0], 'snr': [9.0], 'flux': [9.0]})
    labels = label_segments(segmentation, detections, truth)
    assert detection_outcomes(segmentation, detections, labels,
                              truth).tolist() == []
