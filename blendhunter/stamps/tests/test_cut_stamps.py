# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Stamps of a clean array: pixels, regions, flags and fills, exactly."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter.stamps import BlendFlag, cut_stamps
from blendhunter.stamps.regions import Segments
from blendhunter.stamps.windows import cut_windows, noise_pattern

SHAPE = (20, 30)
SIZE = 5


@pytest.fixture
def data():
    return np.random.default_rng(1).normal(size=SHAPE)


def at(*positions):
    """Return x and y of positions."""
    return np.array(positions, dtype=float).T


def flag_bits(stamps, bit):
    """Return which stamps have a flag."""
    return (stamps.flags & bit > 0).tolist()


def test_without_mask_and_segments_all_pixels_are_the_sources(data):
    x, y = at([10.4, 12.0], [28.0, 19.0], [-1.0, 3.0])
    stamps = cut_stamps(data, x, y, size=SIZE)
    ix, iy = np.array([10, 28, -1]), np.array([12, 19, 3])
    assert_array_equal(stamps.data, cut_windows(data, ix, iy, SIZE))
    assert_array_equal(stamps.regions, cut_windows(
        np.ones(SHAPE, dtype=bool), ix, iy, SIZE))
    assert stamps.regions.dtype == bool
    assert stamps.flags.dtype == np.int32
    assert len(stamps) == 3


def test_regions_at_every_edge(data):
    y, x = (axis.ravel() for axis in np.mgrid[-4:24, -4:34])
    stamps = cut_stamps(data, x, y, size=SIZE)
    assert_array_equal(stamps.regions, cut_windows(
        np.ones(SHAPE, dtype=bool), x, y, SIZE))


def test_stamps_are_51_px_wide(data):
    assert cut_stamps(data, *at([10, 12])).data.shape == (1, 51, 51)


def test_rows_of_stamps(data):
    stamps = cut_stamps(data, *at([10, 12], [1, 1], [29, 0]), size=SIZE)
    part = stamps[[2, 0]]
    assert len(part) == 2
    for name in ('data', 'regions', 'flags'):
        assert_array_equal(getattr(part, name), getattr(stamps, name)[[2, 0]])


def test_flags_of_positions(data):
    """The first and last pixels of each axis, and those beyond."""
    stamps = cut_stamps(data, *at(
        [2, 2], [1, 9], [27, 17], [28, 9], [9, 1], [9, 18],  # edge or not
        [0, 0], [29, 19], [-1, 9], [30, 9], [9, -1], [9, 20]), size=SIZE)
    assert flag_bits(stamps, BlendFlag.EDGE) == [
        False, True, False, *[True] * 9]
    assert flag_bits(stamps, BlendFlag.OFF_IMAGE) == [False] * 8 + [True] * 4
    assert flag_bits(stamps, BlendFlag.UNUSABLE) == [False] * 6 + [True] * 6
    assert not any(flag_bits(stamps, BlendFlag.MASKED | BlendFlag.NO_SEGMENT))


@pytest.mark.parametrize(('n_masked', 'flags'), [
    (0, 0), (1, BlendFlag.MASKED), (7, BlendFlag.MASKED),
    (8, BlendFlag.MASKED | BlendFlag.UNUSABLE)])
def test_flags_of_masked_pixels(data, n_masked, flags):
    """Of 25 pixels, 17.5 must be good."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[8:13, 8:13] = np.arange(25).reshape(5, 5) < n_masked
    stamps = cut_stamps(data, *at([10, 10]), mask=mask, noise=1.0, size=SIZE)
    assert stamps.flags.tolist() == [flags]


def test_masked_pixels_count_with_those_off_the_image(data):
    """Five of 25 are off the image: two masked ones are allowed."""
    mask = np.zeros(SHAPE, dtype=bool)
    mask[10, :2] = True
    x, y = at([1, 10])
    stamps = cut_stamps(data, x, y, mask=mask, noise=1.0, size=SIZE)
    assert stamps.flags.tolist() == [BlendFlag.EDGE | BlendFlag.MASKED]
    region = np.ones((SIZE, SIZE), dtype=bool)
    region[:, 0] = region[2, 1:3] = False
    assert_array_equal(stamps.regions[0], region)
    mask[10, 2] = True
    stamps = cut_stamps(data, x, y, mask=mask, noise=1.0, size=SIZE)
    assert stamps.flags.tolist() == [
        BlendFlag.EDGE | BlendFlag.MASKED | BlendFlag.UNUSABLE]


def test_masked_pixels_are_filled_and_no_part_of_a_region(data):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[10, 9] = True
    x, y = at([20, 10], [10, 11])
    stamps = cut_stamps(data, x, y, mask=mask, noise=3.0, size=SIZE)
    wanted = cut_windows(data, np.array([20, 10]), np.array([10, 11]), SIZE)
    wanted[1, 1, 1] = np.float32(3) * noise_pattern([9], [10], 1)[0, 0, 0]
    assert_array_equal(stamps.data, wanted)
    region = np.ones((2, SIZE, SIZE), dtype=bool)
    region[1, 1, 1] = False
    assert_array_equal(stamps.regions, region)
    assert stamps.flags.tolist() == [0, BlendFlag.MASKED]


def test_fills_follow_a_noise_map(data):
    noise = np.arange(1.0, 601).reshape(SHAPE)
    mask = np.zeros(SHAPE, dtype=bool)
    mask[10, 9] = mask[12, 10] = True
    x, y = at([20, 10], [10, 11])
    stamps = cut_stamps(data, x, y, mask=mask, noise=noise, size=SIZE)
    for row, column in ((10, 9), (12, 10)):
        assert stamps.data[1, row - 9, column - 8] == pytest.approx(
            noise[row, column] * noise_pattern([column], [row], 1)[0, 0, 0],
            rel=1e-12)


def make_segments():
    """Return segments 4 and 7, side by side, and a position without."""
    image = np.zeros(SHAPE, dtype=np.int32)
    image[9:12, 8:11] = 4
    image[9:12, 14:17] = 7
    return Segments(image, np.array([7, 0, 4]), 2.0)


def test_segments_of_chosen_rows(data):
    """Rows 2 and 1 of the segments: segment 4, then a disc."""
    segments = make_segments()
    stamps = cut_stamps(data, *at([9, 10], [20, 4]), segments=segments,
                        rows=np.array([2, 1]), noise=1.0, size=SIZE)
    wanted = np.zeros((2, SIZE, SIZE), dtype=bool)
    wanted[0, 1:4, 1:4] = True
    steps = np.arange(-2, 3)
    wanted[1] = np.hypot(steps, steps[:, None]) <= 2
    assert_array_equal(stamps.regions, wanted)
    assert stamps.flags.tolist() == [0, BlendFlag.NO_SEGMENT]


def test_masked_pixels_and_neighbors_are_filled(data):
    segments = make_segments()
    mask = np.zeros(SHAPE, dtype=bool)
    mask[10, 8] = True
    x, y = at([15, 10], [4, 18], [10, 10])
    stamps = cut_stamps(data, x, y, segments=segments, mask=mask, noise=2.0,
                        size=SIZE)
    original = cut_windows(data, x.astype(int), y.astype(int), SIZE)
    changed = stamps.data != original
    assert not changed[1].any()
    # segment 7 begins 2 px right of the stamp: its last column is filled
    filled = np.zeros((SIZE, SIZE), dtype=bool)
    filled[:, 4] = True
    filled[1:4, 3] = True  # dilated by 3 px: in rows of its own
    filled[2, 0] = True  # the masked pixel
    assert_array_equal(changed[2], filled)
    pattern = 2 * noise_pattern([10], [10], SIZE)[0]
    assert_array_equal(stamps.data[2][filled], pattern[filled])
    region = np.zeros((SIZE, SIZE), dtype=bool)
    region[1:4, :3] = True
    region[2, 0] = False
    assert_array_equal(stamps.regions[2], region)


def test_disc_at_the_edge(data):
    """It ends there, and the stamp has both flags."""
    stamps = cut_stamps(data, *at([0, 3]), segments=make_segments(),
                        rows=np.array([1]), noise=1.0, size=SIZE)
    assert stamps.flags.tolist() == [
        BlendFlag.EDGE | BlendFlag.NO_SEGMENT | BlendFlag.UNUSABLE]
    assert stamps.regions[0].sum(axis=0).tolist() == [0, 0, 5, 3, 1]


@pytest.mark.parametrize('dtype', ['f4', 'f8', 'i4'])
def test_type_of_pixels(data, dtype):
    """Integers become float32 where noise could be filled in."""
    data = (100 * data).astype(dtype)
    filled = np.float32 if dtype == 'i4' else dtype
    position, options = at([10, 10]), {'noise': 1.0, 'size': SIZE}
    assert cut_stamps(data, *position, **options).data.dtype == dtype
    for more in ({'mask': np.zeros(SHAPE, dtype=bool)},
                 {'segments': make_segments(), 'rows': np.array([2])}):
        stamps = cut_stamps(data, *position, **options, **more)
        assert stamps.data.dtype == filled


def test_the_image_is_not_changed(data):
    before = data.copy()
    cut_stamps(data, *at([10, 10]), mask=np.ones(SHAPE, dtype=bool),
               noise=1.0, size=SIZE)
    assert_array_equal(data, before)
