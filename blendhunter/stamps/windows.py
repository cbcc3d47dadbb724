# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Cut fixed-size windows out of an image, and fill pixels with noise."""

from functools import cache

import numpy as np

__all__ = ['PATTERN_SIZE', 'cut_windows', 'noise_pattern', 'pixel_counts']

PATTERN_SIZE = 512


def cut_windows(array, ix, iy, size):
    """
    Cut square windows of odd ``size`` around pixels (ix, iy).

    They are copies, bitwise equal to ``Cutout2D(mode='partial',
    fill_value=0)``; a center may lie off the image.
    """
    ny, nx = array.shape
    half = size // 2
    out = np.empty((len(ix), size, size), dtype=array.dtype)
    inside = ((ix >= half) & (ix < nx - half)
              & (iy >= half) & (iy < ny - half))
    # copying slices is faster than one fancy index: 9 against 14 ms for
    # 2 900 windows of 51 px in an image of 2600 px
    for i, x0, y0 in zip(np.flatnonzero(inside).tolist(),
                         (ix[inside] - half).tolist(),
                         (iy[inside] - half).tolist(), strict=True):
        out[i] = array[y0:y0 + size, x0:x0 + size]
    for i in np.flatnonzero(~inside):
        left, bottom = int(ix[i]) - half, int(iy[i]) - half
        x0, x1 = max(left, 0), max(min(left + size, nx), 0)
        y0, y1 = max(bottom, 0), max(min(bottom + size, ny), 0)
        out[i] = 0
        if x1 > x0 and y1 > y0:
            out[i, y0 - bottom:y1 - bottom,
                x0 - left:x1 - left] = array[y0:y1, x0:x1]
    return out


def pixel_counts(shape, ix, iy, size):
    """Count the pixels of each window that lie on the image."""
    half = size // 2
    spans = [np.clip(np.minimum(center + half + 1, length)
                     - np.maximum(center - half, 0), 0, size)
             for center, length in ((ix, shape[1]), (iy, shape[0]))]
    return spans[0] * spans[1]


@cache
def _pattern():
    """Return the fixed field of standard normal deviates."""
    from scipy.special import ndtri

    # raw words of a bit generator are stable for all NumPy versions,
    # the streams of Generator.standard_normal are not
    words = np.random.PCG64(20_220_098).random_raw(PATTERN_SIZE**2)
    uniform = ((words >> np.uint64(11)).astype(float) + 0.5) / 2**53
    return ndtri(uniform).astype(np.float32).reshape(PATTERN_SIZE, -1)


def noise_pattern(ix, iy, size):
    """
    Return standard normal deviates fixed to absolute pixel positions.

    The same source gets the same filled pixels in any batch or run. The
    pattern repeats after `PATTERN_SIZE` pixels.
    """
    steps = np.arange(size) - size // 2
    rows = (np.asarray(iy)[:, None] + steps) % PATTERN_SIZE
    columns = (np.asarray(ix)[:, None] + steps) % PATTERN_SIZE
    return _pattern()[rows[:, :, None], columns[:, None, :]]
