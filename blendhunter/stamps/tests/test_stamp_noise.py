# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The noise that the pixels of a stamp are divided by."""

import numpy as np
from numpy.testing import assert_array_equal

from blendhunter.stamps.stamp_noise import noise_of_stamps


def test_one_noise_for_all_pixels():
    noise = noise_of_stamps(2.5, np.array([3.0]), np.array([4.0]), 5)
    assert noise == 2.5
    assert noise.dtype == np.float32


def test_noise_is_cut_from_a_map_and_1_off_the_image():
    """Without division by zero in the part of a stamp off the image."""
    noise = np.arange(1, 26, dtype=np.float32).reshape(5, 5) / 8
    x, y = np.array([2.4, 0.5]), np.array([1.6, 4.0])
    local = noise_of_stamps(noise, x, y, 3)
    assert local.dtype == np.float32
    assert_array_equal(local[0], noise[1:4, 1:4])
    # column 0 is the center: halves go down
    assert_array_equal(local[1], [[1, *noise[3, :2]], [1, *noise[4, :2]],
                                  [1, 1, 1]])


def test_unknown_noise_is_1():
    noise = np.full((3, 3), 4.0)
    noise[0, 0], noise[2, 2], noise[0, 2] = 0, -1, np.nan
    local = noise_of_stamps(noise, np.array([1.0]), np.array([1.0]), 3)
    assert_array_equal(local[0], [[1, 4, 1], [4, 4, 4], [4, 4, 1]])
