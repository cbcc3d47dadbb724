"""From the light of a field to its pixels: noise, saturation, resampling."""

from functools import cache

import numpy as np

from blendhunter._utils.simulated_noise import add_noise

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
        pixels = add_noise(
            pixels, np.sqrt(camera.variance(pixels)) / _remaining(shift), rng,
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


def _remaining(shift):
    """Return the RMS that white noise of unit RMS keeps when resampled."""
    if not np.any(shift):
        return 1.0
    steps = np.arange(-ORDER, ORDER + 1)
    return float(np.prod([np.sqrt(np.sum(_kernel().xval(steps - by) ** 2))
                          for by in shift]))


def _resample(pixels, shift):
    """Return an image moved by less than a pixel, as a coadd resamples."""
    import galsim

    image = galsim.InterpolatedImage(
        galsim.Image(np.asarray(pixels, dtype=np.float32)), scale=1.0,
        x_interpolant=_kernel(), calculate_stepk=False, calculate_maxk=False,
        pad_factor=1.0)
    return image.shift(*shift).drawImage(
        nx=pixels.shape[1], ny=pixels.shape[0], scale=1.0,
        method='no_pixel', dtype=np.float32).array
