# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Stamps equal the pixels of Cutout2D; fills and flags are right."""

import numpy as np
import pytest
from astropy.nddata import Cutout2D
from numpy.testing import assert_array_equal

from blendhunter import extract_stamps
from blendhunter._utils.arrays import round_position
from blendhunter.stamps import BlendFlag
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


def test_integers_are_filled_without_wrapping():
    image = np.full((60, 60), 5, dtype='u2')
    mask = np.zeros(image.shape, bool)
    mask[20:30] = True
    stamps = extract_stamps(image, [[30, 30]], mask=mask, noise=2.0)
    assert stamps.data.dtype == np.float32
    assert np.abs(stamps.data).max() < 12


def test_no_positions(image):
    stamps = extract_stamps(image, [])
    assert stamps.data.shape == (0, 51, 51)
    assert len(stamps) == 0
