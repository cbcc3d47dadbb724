# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Small numerical helpers for pixel arrays."""

import hashlib

import numpy as np
from astropy.stats import mad_std

__all__ = ['digest', 'dihedral', 'robust_sigma', 'round_position',
           'unit_scale', 'values_at']

MAX_SAMPLE = 200_000
FAR = -(2**30)


def digest(stack):
    """Return a hash of every 97th image of a stack, from the first."""
    return hashlib.sha256(np.ascontiguousarray(stack[::97])).hexdigest()


def dihedral(array, turn):
    """Turn a stack by 0 to 7: quarter turns, mirrored from 4 on."""
    array = np.rot90(array, turn % 4, axes=(1, 2))
    return array[:, :, ::-1] if turn >= 4 else array


def round_position(position):
    """
    Round pixel coordinates the way `~astropy.nddata.Cutout2D` does.

    That is ``ceil(position - 0.5)``: halves go down. Coordinates that are
    not finite, or absurdly far away, become a large negative number.
    """
    position = np.asarray(position, dtype=float)
    usable = np.abs(position) < -FAR
    return np.where(usable, np.ceil(np.where(usable, position, 0) - 0.5),
                    FAR).astype(np.int64)


def values_at(image, x, y):
    """Return the pixels at some (rounded) positions, 0 off the image."""
    ix, iy = round_position(x), round_position(y)
    ny, nx = image.shape
    on = (ix >= 0) & (ix < nx) & (iy >= 0) & (iy < ny)
    values = np.zeros(len(ix), dtype=image.dtype)
    values[on] = image[iy[on], ix[on]]
    return values


def _sample(array):
    """Return at most `MAX_SAMPLE` evenly spread finite values."""
    stride = max(1, int(np.sqrt(array.size / MAX_SAMPLE)))
    values = np.asarray(array[::stride, ::stride], dtype=float).ravel()
    values = values[np.isfinite(values)]
    if values.size == 0 and stride > 1:
        values = np.asarray(array, dtype=float).ravel()
        values = values[np.isfinite(values)]
    return values


def robust_sigma(array):
    """
    Estimate the noise of a 2-D image from its median absolute deviation.

    Pixels that are not finite are ignored. It is 0 if more than half the
    pixels are equal or none is finite.
    """
    values = _sample(np.asarray(array))
    return float(mad_std(values)) if values.size else 0.0


def unit_scale(array):
    """
    Return a power of two near the noise of a 2-D image.

    Dividing by it is exact and brings images in any flux unit, maggies
    (1e-12) as well as electrons, to numbers near one, so that float32
    squares neither under- nor overflow.
    """
    array = np.asarray(array)
    sigma = robust_sigma(array)
    if sigma == 0:
        values = _sample(array)
        # a difference of two extreme values may overflow: halve first
        sigma = 2 * float(np.std(values / 2)) if values.size else 0.0
    if sigma == 0 or not np.isfinite(sigma):
        return 1.0
    return float(2.0 ** np.clip(np.round(np.log2(sigma)), -1000, 1000))
