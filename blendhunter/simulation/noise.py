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
    noise = rng.standard_normal(shape, dtype=np.float32)
    if correlation == 0:
        return noise
    from scipy.ndimage import gaussian_filter1d

    # a delta function shows by how much the filter lowers the RMS
    delta = np.zeros(8 * int(np.ceil(correlation)) + 9)
    delta[len(delta) // 2] = 1
    kernel = gaussian_filter1d(delta, correlation)
    for axis in (-2, -1):
        noise = gaussian_filter1d(noise, correlation, axis=axis,
                                  mode='wrap')
    return noise / np.float32(np.sum(kernel**2))
