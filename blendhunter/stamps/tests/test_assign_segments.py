# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Which segment each position gets, label by label."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter.stamps import assign_segments


def at(*positions):
    """Return x and y of positions."""
    return np.array(positions, dtype=float).reshape(-1, 2).T


def make_segmentation():
    """Return segments 1 (1 px), 3 (4 px) and 7 (9 px)."""
    segmentation = np.zeros((8, 12), dtype=np.int32)
    segmentation[0, 0] = 1
    segmentation[3:5, 3:5] = 3
    segmentation[4:7, 8:11] = 7
    return segmentation


def test_labels_at_the_rounded_positions():
    segmentation = make_segmentation()
    segments = assign_segments(segmentation, *at(
        [0.5, -0.4], [2.6, 4.4], [10.4, 6.0], [10.6, 6.0], [-3.0, 2.0],
        [np.nan, 4.0]))
    assert segments.labels.tolist() == [1, 3, 7, 0, 0, 0]
    assert segments.labels.dtype == np.int64
    assert segments.image is segmentation


def test_disc_has_the_median_area():
    """Labels that no pixel has do not count."""
    segments = assign_segments(make_segmentation(), *at([3, 3]))
    assert segments.disc_radius == pytest.approx(np.sqrt(4 / np.pi))


def test_disc_of_an_image_without_segments():
    segmentation = np.zeros((8, 12), dtype=int)
    for labels in (None, [5, 0]):
        segments = assign_segments(segmentation, *at([3, 3], [5, 5]),
                                   labels=labels)
        assert segments.disc_radius == pytest.approx(3)
        assert segments.labels.tolist() == [0, 0]
        assert segments.image is segmentation


def test_image_without_pixels():
    for labels in (None, []):
        segments = assign_segments(np.zeros((0, 0), dtype=int), *at(),
                                   labels=labels)
        assert segments.image.size == segments.labels.size == 0


def test_labels_that_are_given():
    """Those of no segment, and of a position that is unknown, become 0."""
    labels = np.array([7, 0, -1, 2, 8, 9, 3, 3, 1], dtype=np.int16)
    x, y = at(*[[5, 5]] * 6, [np.nan, 5], [5, np.inf], [-99, 5])
    segments = assign_segments(make_segmentation(), x, y, labels=labels)
    assert segments.labels.tolist() == [7, 0, 0, 0, 0, 0, 0, 0, 1]
    assert segments.labels.dtype == np.int64
    assert labels.tolist() == [7, 0, -1, 2, 8, 9, 3, 3, 1]


def test_labels_of_an_image_without_sky():
    segmentation = np.ones((3, 3), dtype=int)
    segmentation[2] = 2
    segments = assign_segments(segmentation, *at([1, 1], [1, 1], [1, 1]),
                               labels=[0, 2, 5])
    assert segments.labels.tolist() == [0, 2, 0]


@pytest.mark.parametrize('sky', [True, False])
def test_large_labels_are_numbered_anew(sky):
    """Labels above the number of pixels would take memory."""
    segmentation = np.array([[50, 60, 60], [50, 50, 60]], dtype=np.int64)
    compact = np.array([[1, 2, 2], [1, 1, 2]])
    if sky:
        segmentation[0, 0] = compact[0, 0] = 0
    segments = assign_segments(segmentation, *at([0, 1], [2, 0]))
    assert_array_equal(segments.image, compact)
    assert segments.image.dtype == np.int32
    assert segments.labels.tolist() == [1, 2]
    wanted = [60, 55, 50, 70, 0, 40, -3]
    segments = assign_segments(segmentation, *at(*[[1, 1]] * 7),
                               labels=wanted)
    assert_array_equal(segments.image, compact)
    assert segments.labels.tolist() == [2, 0, 1, 0, 0, 0, 0]


def test_labels_up_to_the_number_of_pixels_are_kept():
    segmentation = np.array([[0, 6, 6], [0, 0, 6]])
    assert assign_segments(segmentation, *at([1, 0])).labels.tolist() == [6]
    segmentation[segmentation == 6] = 7
    assert assign_segments(segmentation, *at([1, 0])).labels.tolist() == [1]


def test_the_lowest_label_may_be_1():
    """Without sky and with a large label."""
    segments = assign_segments(np.array([[1, 99], [1, 99]]),
                               *at([0, 0], [1, 1]))
    assert_array_equal(segments.image, [[1, 2], [1, 2]])
    assert segments.labels.tolist() == [1, 2]


def test_shared_segments_are_divided_pixel_by_pixel():
    """Each pixel goes to the nearest position; new labels follow the old."""
    segmentation = np.zeros((12, 14), dtype=np.int16)
    segmentation[1:9, 1:7] = 2
    segmentation[3:11, 8:13] = 4
    segmentation[0, 8:13] = 5
    x, y = at([2, 2], [10, 0], [5.2, 3.1], [3, 7.4], [9, 4], [11, 9], [0, 0],
              [12, 1])
    before = segmentation.copy()
    segments = assign_segments(segmentation, x, y)
    assert segments.labels.tolist() == [6, 5, 8, 7, 9, 10, 0, 0]
    wanted = segmentation.astype(int)
    for old, sharing in ((2, {6: 0, 8: 2, 7: 3}), (4, {9: 4, 10: 5})):
        rows, columns = np.nonzero(segmentation == old)
        numbers, sources = list(sharing), list(sharing.values())
        distance = np.hypot(columns[:, None] - x[sources],
                            rows[:, None] - y[sources])
        wanted[rows, columns] = np.array(numbers)[distance.argmin(axis=1)]
    assert_array_equal(segments.image, wanted)
    assert segments.image.dtype == np.int64
    assert_array_equal(segmentation, before)


def test_shared_segments_may_stay_whole():
    segmentation = make_segmentation()
    segments = assign_segments(segmentation, *at([3, 3], [4, 4]),
                               divide=False)
    assert segments.image is segmentation
    assert segments.labels.tolist() == [3, 3]


def test_rows_at_one_position_share_a_segment():
    """Two segments are shared: the first by rows at one position alone."""
    segmentation = make_segmentation()
    segments = assign_segments(segmentation, *at(
        [3, 3], [3, 3], [8, 5], [10, 5], [8, 5]))
    assert segments.labels.tolist() == [3, 3, 8, 9, 8]
    wanted = segmentation.copy()
    wanted[4:7, 8:10] = 8  # column 9 is equally near: to the first
    wanted[4:7, 10] = 9
    assert_array_equal(segments.image, wanted)


def test_labels_that_are_given_are_not_changed():
    labels = np.array([3, 3])
    segments = assign_segments(make_segmentation(), *at([3, 3], [4, 4]),
                               labels=labels)
    assert segments.labels.tolist() == [8, 9]
    assert labels.tolist() == [3, 3]
