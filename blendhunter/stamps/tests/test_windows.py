# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Windows and the noise that fills pixels."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter.stamps.windows import (
    PATTERN_SIZE,
    cut_windows,
    noise_pattern,
    pixel_counts,
)

# pixels with every distance from the edges, and far off the image
SHAPE = (7, 10)
IY, IX = (axis.ravel() for axis in np.mgrid[-9:17, -9:20])


def windows_of_padded(array, ix, iy, size):
    """Cut windows out of an image with a wide border of zeros."""
    wide = np.pad(array, 40)
    half = size // 2
    return np.array([wide[y + 40 - half:y + 41 + half,
                          x + 40 - half:x + 41 + half]
                     for x, y in zip(ix, iy, strict=True)])


@pytest.mark.parametrize('size', [1, 3, 5, 7, 9, 15])
def test_windows_have_the_pixels_of_a_padded_image(size):
    image = np.arange(1.0, 71).reshape(SHAPE)
    windows = cut_windows(image, IX, IY, size)
    assert_array_equal(windows, windows_of_padded(image, IX, IY, size))


def test_windows_on_the_image_and_off_it_do_not_disturb_each_other():
    image = np.arange(1.0, 71).reshape(SHAPE)
    order = np.random.default_rng(3).permutation(IX.size)
    windows = cut_windows(image, IX[order], IY[order], 5)
    assert_array_equal(windows, cut_windows(image, IX, IY, 5)[order])


@pytest.mark.parametrize('dtype', ['>f4', 'i2', bool])
def test_windows_keep_the_type_of_the_pixels(dtype):
    windows = cut_windows(np.ones(SHAPE, dtype=dtype), IX, IY, 3)
    assert windows.dtype == dtype
    assert cut_windows(np.ones(SHAPE, dtype=dtype), IX[:0], IY[:0],
                       3).shape == (0, 3, 3)


def test_windows_are_copies():
    image = np.zeros(SHAPE)
    windows = cut_windows(image, np.array([4, 0]), np.array([3, 0]), 3)
    windows += 1
    assert not image.any()


@pytest.mark.parametrize('size', [1, 3, 5, 7, 9, 15])
def test_counts_are_those_of_windows_of_ones(size):
    counts = pixel_counts(SHAPE, IX, IY, size)
    ones = windows_of_padded(np.ones(SHAPE, dtype=int), IX, IY, size)
    assert_array_equal(counts, ones.sum(axis=(1, 2)))


def test_pattern_is_standard_normal():
    pattern = noise_pattern(np.array([255]), np.array([255]), 511)
    assert abs(pattern.mean()) < 0.008
    assert pattern.std() == pytest.approx(1, abs=0.006)


def test_pattern_never_changes():
    """Stored results depend on these numbers."""
    pattern = noise_pattern([1], [1], 3)
    assert pattern.dtype == np.float32
    assert pattern.shape == (1, 3, 3)
    assert pattern[0, :2, :2].ravel() == pytest.approx(
        [-0.4192186, -0.684773, 0.6500801, pattern[0, 1, 1]], rel=1e-6)
    # the last pixel of the pattern
    assert noise_pattern([511], [511], 1)[0, 0, 0] == pytest.approx(
        0.5144293, rel=1e-6)


def test_pattern_belongs_to_the_pixels_of_the_image():
    whole = noise_pattern([20], [20], 41)[0]
    ix, iy = np.array([9, 30, 12]), np.array([25, 7, 12])
    assert_array_equal(noise_pattern(ix, iy, 5),
                       windows_of_padded(whole, ix, iy, 5))


def test_pattern_repeats():
    assert PATTERN_SIZE == 512
    near = noise_pattern([-3, 5], [4, -600], 7)
    far = noise_pattern([-3 + 512, 5 - 1024], [4 + 512, 424], 7)
    assert_array_equal(near, far)
    assert not np.array_equal(near[0], near[1])
