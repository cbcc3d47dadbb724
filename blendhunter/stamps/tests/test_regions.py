# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Each source has its own segment; its neighbors are filled with noise."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.ndimage import binary_dilation

from blendhunter import extract_stamps
from blendhunter.stamps import BlendFlag, assign_segments
from blendhunter.stamps.regions import Segments, region_windows
from blendhunter.stamps.windows import cut_windows

DISC = np.hypot(*np.mgrid[-3:4, -3:4]) <= 3


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(size=(100, 120))


def make_segmentation(shape=(100, 120)):
    segmentation = np.zeros(shape, dtype=np.int32)
    segmentation[45:56, 50:61] = 1
    segmentation[45:56, 66:72] = 2
    return segmentation


def test_region_is_the_own_segment_and_neighbors_are_filled(image):
    segmentation = make_segmentation()
    stamps = extract_stamps(image, [[55, 50]], segmentation=segmentation,
                            noise=1.0)
    inner = (slice(25, 76), slice(30, 81))
    assert_array_equal(stamps.regions[0], segmentation[inner] == 1)
    changed = stamps.data[0] != image[inner]
    assert changed[20:31, 36:42].all()  # the neighbor
    assert changed[25, 33]  # 3 px to its left
    assert not changed[25, 32]  # 4 px
    assert changed[33, 36]  # 3 px above its corner
    assert not changed[33, 34]  # (2, 3) is outside the disc
    assert not changed[stamps.regions[0]].any()


def test_dilation_stops_at_the_own_segment(image):
    segmentation = make_segmentation()
    segmentation[45:56, 61:66] = 2
    stamps = extract_stamps(image, [[55, 50]], segmentation=segmentation,
                            noise=1.0)
    own = segmentation[25:76, 30:81] == 1
    assert_array_equal(stamps.data[0][own], image[25:76, 30:81][own])


def test_neighbor_outside_the_stamp_reaches_in(image):
    segmentation = make_segmentation()
    segmentation[40:60, 81:90] = 3  # begins 1 px beyond the stamp
    stamps = extract_stamps(image, [[55, 50]], segmentation=segmentation,
                            noise=1.0)
    assert stamps.data[0][25, 50] != image[50, 80]


def test_shared_segment_is_divided(image):
    segmentation = make_segmentation()
    stamps = extract_stamps(image, [[52, 50], [58, 50]],
                            segmentation=segmentation, noise=1.0)
    left = np.zeros(image.shape, dtype=bool)
    left[45:56, 50:56] = True  # column 55 is equally near: to the first
    assert_array_equal(stamps.regions[0], left[25:76, 27:78])
    assert stamps.regions[0].sum() + stamps.regions[1].sum() == 121


def test_position_without_segment_gets_a_disc(image):
    segmentation = make_segmentation()
    stamps = extract_stamps(image, [[30, 80]], segmentation=segmentation)
    assert stamps.flags[0] & BlendFlag.NO_SEGMENT
    area = np.median([121, 66])
    assert stamps.regions[0].sum() == pytest.approx(area, rel=0.15)
    assert stamps.regions[0][25, 25]


def test_rows_at_one_place_keep_one_segment(image):
    segmentation = make_segmentation()
    stamps = extract_stamps(image, [[55, 50], [55, 50], [np.nan, 50]],
                            segmentation=segmentation, noise=1.0,
                            labels=[1, 1, 1])
    assert stamps.regions.sum(axis=(1, 2))[:2].tolist() == [121, 121]
    assert stamps.flags[:2].tolist() == [0, 0]


def test_label_of_a_segment_far_away_gives_a_disc(image):
    segmentation = make_segmentation()
    segmentation[95:, 110:] = 9
    stamps = extract_stamps(image, [[55, 50]], labels=[9], noise=1.0,
                            segmentation=segmentation)
    assert stamps.flags[0] & BlendFlag.NO_SEGMENT
    assert stamps.regions[0][25, 25]


def test_labels_choose_the_segment(image):
    segmentation = make_segmentation()
    stamps = extract_stamps(image, [[55, 50]], segmentation=segmentation,
                            labels=[2])
    assert_array_equal(stamps.regions[0],
                       segmentation[25:76, 30:81] == 2)
    missing = assign_segments(segmentation, np.array([55.0]),
                              np.array([50.0]), labels=[77])
    assert missing.labels.tolist() == [0]


def test_same_pixels_whatever_the_batch(image):
    segmentation = make_segmentation()
    both = extract_stamps(image, [[55, 50], [69, 50]], noise=1.0,
                          segmentation=segmentation)
    one = extract_stamps(image, [[69, 50]], noise=1.0,
                         segmentation=segmentation)
    assert_array_equal(both.data[1], one.data[0])


def test_nothing_is_modified(image):
    before = image.copy()
    segmentation = make_segmentation()
    seg_before = segmentation.copy()
    extract_stamps(image, [[52, 50], [58, 50]], segmentation=segmentation)
    assert_array_equal(image, before)
    assert_array_equal(segmentation, seg_before)


def scattered_segments():
    """Return rectangles at random, numbered from 1 on."""
    rng = np.random.default_rng(4)
    image = np.zeros((40, 50), dtype=np.int32)
    for label in range(1, 31):
        x, y = rng.integers(0, 48), rng.integers(0, 38)
        image[y:y + rng.integers(1, 6), x:x + rng.integers(1, 6)] = label
    return image


def test_regions_and_neighbors_are_those_of_a_dilation():
    """In stamps anywhere on the image, of each segment in turn."""
    image = scattered_segments()
    rng = np.random.default_rng(5)
    pixels = rng.choice(np.argwhere(image), 300)
    own = image[*pixels.T]
    iy, ix = (pixels + rng.integers(-4, 5, pixels.shape)).T
    size = 9
    region, others, is_disc = region_windows(
        Segments(image, own, 2.5), np.arange(300), ix, iy, size)
    windows = cut_windows(image, ix, iy, size + 6)
    inner = (slice(3, -3), slice(3, -3))
    n_checked = 0
    for i, window in enumerate(windows):
        wanted = window == own[i]
        assert is_disc[i] == (not wanted[inner].any())
        if is_disc[i]:
            continue
        n_checked += 1
        neighbors = binary_dilation((window > 0) & ~wanted, DISC) & ~wanted
        assert_array_equal(region[i], wanted[inner])
        assert_array_equal(others[i], neighbors[inner])
    assert n_checked > 200
    assert region.dtype == others.dtype == bool


def disc_at(image, radius, *, ix=10, iy=10, label=0, size=9):
    """Return the region and the neighbors of a source without segment."""
    region, others, is_disc = region_windows(
        Segments(image, np.array([label]), radius), np.array([0]),
        np.array([ix]), np.array([iy]), size)
    assert is_disc.tolist() == [True]
    return region[0], others[0]


def test_disc_reaches_its_radius():
    image = np.zeros((21, 21), dtype=int)
    wanted = np.zeros((9, 9), dtype=bool)
    wanted[1:8, 1:8] = DISC
    for radius, on_the_axes in ((3.0, True), (2.99, False)):
        region, others = disc_at(image, radius)
        wanted[[1, 4, 4, 7], [4, 1, 7, 4]] = on_the_axes
        assert_array_equal(region, wanted)
        assert not others.any()


def test_disc_leaves_out_other_segments():
    """But not the one at its center, which belongs to nobody."""
    image = np.zeros((21, 21), dtype=int)
    image[10, 10:12] = 5
    image[9, 10] = 1
    region, others = disc_at(image, 3.0)
    wanted = np.zeros((9, 9), dtype=bool)
    wanted[1:8, 1:8] = DISC
    wanted[3, 4] = False
    assert_array_equal(region, wanted)
    # around the pixel of segment 1, outside the disc
    near = np.zeros((9, 9), dtype=bool)
    near[0:7, 1:8] = DISC
    assert_array_equal(others, near & ~wanted)


def test_segment_0_is_none():
    """A source without a segment does not own the sky."""
    image = np.zeros((21, 21), dtype=int)
    image[2, 2] = 3
    assert disc_at(image, 1.0)[0].sum() == 5


def test_segment_just_outside_the_stamp_gives_a_disc():
    """Without it, the region of the source would be empty."""
    image = np.zeros((21, 21), dtype=int)
    for column, is_disc in ((14, False), (15, True), (17, True)):
        image[:] = 0
        image[10, column] = 6
        region, _, found = region_windows(
            Segments(image, np.array([6]), 1.0), np.array([0]),
            np.array([10]), np.array([10]), 9)
        assert found.tolist() == [is_disc]
        assert region.sum() == (5 if is_disc else 1)
