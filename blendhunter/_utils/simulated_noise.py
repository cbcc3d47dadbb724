# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""White and correlated noise."""

import numpy as np

__all__ = ['add_noise', 'draw_noise', 'smoothing_kernel']


def add_noise(clean, sigma, rng, *, correlation=0.0):
    """
    Return noiseless images (..., ny, nx) with noise, float32.

    ``sigma`` is the RMS per pixel: a number, or an array that broadcasts.
    """
    noise = draw_noise(clean.shape, rng, correlation=correlation)
    noise *= np.asarray(sigma, dtype=np.float32)
    noise += clean
    return noise


def draw_noise(shape, rng, *, correlation=0.0):
    """
    Draw noise of zero mean and unit RMS per pixel, float32.

    Images along the first axes of the shape (..., ny, nx) are
    independent. ``correlation`` is the width (sigma, px) of the Gaussian
    that white noise is smoothed with, as resampling does; neighboring
    pixels at distance d then correlate by
    ``exp(-d**2 / (4 correlation**2))``. 0 is white.
    """
    if correlation == 0:
        return rng.standard_normal(shape, dtype=np.float32)
    from scipy.ndimage import gaussian_filter1d

    # a margin as wide as the filter: no edge, and no periodicity
    margin = int(np.ceil(4 * correlation)) + 1
    wide = (*shape[:-2], shape[-2] + 2 * margin, shape[-1] + 2 * margin)
    noise = rng.standard_normal(wide, dtype=np.float32)
    for axis in (-2, -1):
        noise = gaussian_filter1d(noise, correlation, axis=axis)
    inner = slice(margin, -margin)
    # the filter lowers the RMS by the norm of its kernel, on each axis
    return noise[..., inner, inner] / np.float32(
        np.sum(smoothing_kernel(correlation)**2))


def smoothing_kernel(correlation):
    """Return the kernel along one axis that white noise is smoothed with."""
    if correlation == 0:
        return np.ones(1)
    from scipy.ndimage import gaussian_filter1d

    # a delta function shows the kernel
    delta = np.zeros(8 * int(np.ceil(correlation)) + 9)
    delta[len(delta) // 2] = 1
    return gaussian_filter1d(delta, correlation)
