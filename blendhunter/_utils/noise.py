"""White and correlated noise of unit RMS."""

import numpy as np

__all__ = ['draw_noise']


def draw_noise(shape, rng, *, correlation=0.0):
    """
    Draw noise of zero mean and unit RMS per pixel.

    Parameters
    ----------
    shape : tuple of int
        (..., ny, nx); images along the first axes are independent.
    rng : `~numpy.random.Generator`
    correlation : float, optional
        Width (sigma, px) of the Gaussian that white noise is smoothed
        with, as resampling does; neighbouring pixels at distance d then
        correlate by ``exp(-d**2 / (4 correlation**2))``. 0 is white.

    Returns
    -------
    noise : float32 `~numpy.ndarray`
    """
    if correlation == 0:
        return rng.standard_normal(shape, dtype=np.float32)
    from scipy.ndimage import gaussian_filter1d

    # a margin as wide as the filter: no edge, and no periodicity
    margin = int(np.ceil(4 * correlation)) + 1
    wide = (*shape[:-2], shape[-2] + 2 * margin, shape[-1] + 2 * margin)
    noise = rng.standard_normal(wide, dtype=np.float32)
    # a delta function shows by how much the filter lowers the RMS
    delta = np.zeros(8 * int(np.ceil(correlation)) + 9)
    delta[len(delta) // 2] = 1
    kernel = gaussian_filter1d(delta, correlation)
    for axis in (-2, -1):
        noise = gaussian_filter1d(noise, correlation, axis=axis)
    inner = slice(margin, -margin)
    return noise[..., inner, inner] / np.float32(np.sum(kernel**2))
