"""Stamps equal Cutout2D's pixels; regions, fills and flags are right."""

import numpy as np
import pytest
from astropy.nddata import Cutout2D
from astropy.table import Table
from numpy.testing import assert_array_equal

from blendhunter import decode_blend_flags, extract_stamps
from blendhunter._utils.arrays import round_position
from blendhunter.stamps import BlendFlag, assign_segments
from blendhunter.stamps.windows import noise_pattern

POSITIONS = np.array([
    [50.2, 60.7], [10.5, 11.5], [-0.5, 0.0], [0.0, 0.0], [119.4, 99.4],
    [60.5, 59.5], [119.0, 50.0], [-10.3, 40.0], [25.0, 25.0], [94.0, 74.0]])


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(size=(100, 120))


@pytest.mark.parametrize('dtype', ['f4', 'f8', '>f4', 'i4', 'u2'])
def test_pixels_are_those_of_cutout2d(image, dtype):
    image = (100 * image + 500).astype(dtype)
    stamps = extract_stamps(image, POSITIONS)
    for stamp, (x, y) in zip(stamps.data, POSITIONS, strict=True):
        cutout = Cutout2D(image, (x, y), 51, mode='partial', fill_value=0)
        assert_array_equal(stamp, cutout.data)


def test_pixels_of_image_smaller_than_a_stamp():
    image = np.arange(20.0 * 30).reshape(20, 30)
    stamp = extract_stamps(image, [[14.0, 9.0]]).data[0]
    cutout = Cutout2D(image, (14.0, 9.0), 51, mode='partial', fill_value=0)
    assert_array_equal(stamp, cutout.data)


def test_rounding_is_that_of_cutout2d():
    for x in (0.5, 1.5, 2.49, 2.5, 2.51, 10.5, 11.5):
        cutout = Cutout2D(np.zeros((40, 40)), (x, 20), 1)
        assert round_position(x) == cutout.xmin_original


def test_edge_and_off_image_flags(image):
    flags = extract_stamps(image, [[60, 50], [3, 50], [-1, 50], [-999, 50],
                                   [np.nan, 4], [np.inf, 4]]).flags
    assert flags[0] == 0
    assert flags[1] == BlendFlag.EDGE | BlendFlag.UNUSABLE
    assert np.all(flags[2:] & BlendFlag.OFF_IMAGE)
    assert np.all(flags[3:] & BlendFlag.UNUSABLE)


def test_edge_stamp_with_enough_pixels_is_usable(image):
    assert extract_stamps(image, [[12, 50]]).flags[0] == BlendFlag.EDGE


def test_masked_and_nan_pixels_are_filled_with_noise(image):
    image[40:50, 50:60] = np.nan
    mask = np.zeros(image.shape, dtype=bool)
    mask[55:60, 60] = True
    stamps = extract_stamps(image, [[55, 50], [94, 74]], mask=mask, noise=2.0)
    assert np.all(np.isfinite(stamps.data))
    assert stamps.flags.tolist() == [BlendFlag.MASKED, 0]
    assert not stamps.regions[0][15:25, 20:30].any()
    # the filled pixels follow the pattern of their absolute position
    expected = 2 * noise_pattern(np.array([55]), np.array([50]), 51)[0]
    assert_array_equal(stamps.data[0][15:25, 20:30],
                       expected[15:25, 20:30].astype(image.dtype))


def test_mostly_masked_stamp_is_unusable(image):
    mask = np.zeros(image.shape, dtype=bool)
    mask[:, 50:70] = True
    flags = extract_stamps(image, [[60, 50]], mask=mask).flags
    assert flags[0] == BlendFlag.MASKED | BlendFlag.UNUSABLE


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


def test_integers_are_filled_without_wrapping():
    image = np.full((60, 60), 5, dtype='u2')
    mask = np.zeros(image.shape, bool)
    mask[20:30] = True
    stamps = extract_stamps(image, [[30, 30]], mask=mask, noise=2.0)
    assert stamps.data.dtype == np.float32
    assert np.abs(stamps.data).max() < 12


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


def test_pattern_is_standard_normal():
    pattern = noise_pattern(np.array([255]), np.array([255]), 511)
    assert abs(pattern.mean()) < 0.008
    assert pattern.std() == pytest.approx(1, abs=0.006)


def test_nothing_is_modified(image):
    before = image.copy()
    segmentation = make_segmentation()
    seg_before = segmentation.copy()
    extract_stamps(image, [[52, 50], [58, 50]], segmentation=segmentation)
    assert_array_equal(image, before)
    assert_array_equal(segmentation, seg_before)


def test_no_positions(image):
    stamps = extract_stamps(image, [])
    assert stamps.data.shape == (0, 51, 51)
    assert len(stamps) == 0


@pytest.mark.parametrize('positions', [[1.0, 2.0], [[1, 2, 3]]])
def test_wrong_positions(image, positions):
    with pytest.raises(ValueError, match=r'positions must have the shape'):
        extract_stamps(image, positions)


@pytest.mark.parametrize('size', [0, 50, -3])
def test_wrong_size(image, size):
    with pytest.raises(ValueError, match='size must be a positive odd'):
        extract_stamps(image, [[5, 5]], size=size)


def test_decoded_flags():
    assert decode_blend_flags(0) == []
    assert decode_blend_flags(255) == [flag.name.lower()
                                       for flag in BlendFlag]
    assert decode_blend_flags(np.int32(34)) == ['off_image', 'no_segment']
    assert decode_blend_flags([0, 5], return_bit_values=True) == [[], [1, 4]]
    column = Table({'blend_flags': np.array([64, 0], 'i4')})['blend_flags']
    assert decode_blend_flags(column) == [['out_of_domain'], []]
    assert decode_blend_flags([]) == []
    for flags in (-1, 256, [1, 300]):
        with pytest.raises(ValueError, match='flags must be sums of the'):
            decode_blend_flags(flags)
    with pytest.raises(TypeError, match='flags must be integers'):
        decode_blend_flags(1.0)
