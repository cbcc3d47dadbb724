# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Readout of a field: noise, saturation and resampling."""

from functools import cache

import numpy as np
from scipy.ndimage import maximum_filter

from blendhunter._utils.simulated_noise import add_noise, smoothing_kernel

__all__ = ['expose']

# of the Lanczos kernel, in px
ORDER = 3


def expose(pixels, camera, rng):
    """
    Add noise and artifacts to noiseless pixels, saturate, and resample.

    Returns the pixels, the mask, and by how many px (x, y) the resampling
    has moved the image.
    """
    exposure = camera.exposure
    shift = rng.uniform(-0.5, 0.5, 2) if exposure.resampling else np.zeros(2)
    if exposure.noise is not None:
        # resampling smooths the noise
        sigma = np.sqrt(camera.variance(pixels)) / _remaining(
            shift, exposure.noise_correlation)
        pixels = add_noise(pixels, sigma, rng,
                           correlation=exposure.noise_correlation)
    mask = np.zeros(pixels.shape, dtype=bool)
    if exposure.artifacts is not None:
        extra, mask = exposure.artifacts.draw(pixels.shape, camera.noise, rng)
        pixels += extra
    if exposure.saturation is not None:
        level = np.float32(exposure.saturation)
        pixels = np.array(pixels, dtype=np.float32)
        if exposure.bleed:
            _bleed(pixels, level, exposure.bleed)
        full = pixels >= level
        pixels[full] = level
        if exposure.mask_saturated:
            mask |= full
    if exposure.resampling:
        pixels = _resample(pixels, shift)
        # a defect rings as far as the kernel reaches
        mask = maximum_filter(mask, 2 * ORDER + 1)
    return pixels, mask, shift


def _bleed(pixels, level, share):
    """Let some of the charge above a level run along the columns."""
    full = pixels >= level
    for x in np.flatnonzero(full.any(axis=0)):
        column = pixels[:, x]
        edges = np.flatnonzero(np.diff(full[:, x], prepend=False,
                                       append=False))
        for start, end in edges.reshape(-1, 2):
            charge = share * np.sum(column[start:end] - level, dtype=float)
            for side in (column[end:], column[:start][::-1]):
                _fill(side, level, charge / 2)


def _fill(side, level, charge):
    """Fill pixels up to a level, the first ones first, in place."""
    room = np.maximum(level - side, 0)
    before = np.concatenate([[0], np.cumsum(room, dtype=float)[:-1]])
    side += np.clip(charge - before, 0, room).astype(side.dtype)


@cache
def _kernel():
    """Return the interpolant of the resampling."""
    import galsim

    return galsim.Lanczos(ORDER)


def _remaining(shift, correlation):
    """Return the RMS that noise of unit RMS keeps when resampled."""
    if not np.any(shift):
        return 1.0
    noise = smoothing_kernel(correlation)
    steps = np.arange(-ORDER, ORDER + 1)
    return float(np.prod([
        np.linalg.norm(np.convolve(noise, _kernel().xval(steps - by)))
        for by in shift]) / np.sum(noise**2))


def _resample(pixels, shift):
    """Return an image moved by less than a pixel, as a coadd resamples."""
    import galsim

    # beyond the edge the sky goes on
    wide = np.pad(pixels.astype(np.float32, copy=False), ORDER, mode='edge')
    image = galsim.InterpolatedImage(
        galsim.Image(wide), scale=1.0, x_interpolant=_kernel(),
        calculate_stepk=False, calculate_maxk=False, pad_factor=1.0)
    moved = image.shift(*shift).drawImage(
        nx=wide.shape[1], ny=wide.shape[0], scale=1.0, method='no_pixel',
        dtype=np.float32).array
    return moved[ORDER:-ORDER, ORDER:-ORDER].copy()
