# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Background and noise of an image, in scaled units."""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blendhunter._utils.arrays import robust_sigma, unit_scale
from blendhunter._utils.masked import split_masked
from blendhunter.detection import _photutils, _sep
from blendhunter.detection.no_data import areas_without_data, is_extreme
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images import accept_image
from blendhunter.images.acceptance import resolve_wcs

__all__ = ['MESH_SIZE', 'BackgroundSubtractedImage', 'subtract_background']

MESH_SIZE = 64
ESTIMATORS = {'sep': _sep.background, 'photutils': _photutils.background}
# noise that differs from the image's own scatter by more is suspicious
MAX_NOISE_RATIO = 3.0


@dataclass(frozen=True, eq=False)
class BackgroundSubtractedImage:
    """
    A background-subtracted image in scaled units.

    Parameters
    ----------
    data : 2-D float32 `~numpy.ndarray`
        ``(image - background) / scale``. Masked pixels are zero.
    mask : 2-D bool `~numpy.ndarray` or None
        True marks bad pixels.
    noise : float or 2-D float32 `~numpy.ndarray`
        RMS noise per pixel, divided by ``scale``.
    scale : float
        A power of two near the noise of the image, in the unit of the
        image.
    noise_kind : {'scalar', 'map', 'estimated'}
        Whether the noise was given as a number or a map, or estimated.
    unit : `~astropy.units.Unit` or None, optional
        Unit of the image.
    given_wcs : `~astropy.wcs.WCS`, callable or None, optional
        The WCS, or a function that reads it from the header.
    """

    data: np.ndarray
    mask: np.ndarray | None
    noise: float | np.ndarray
    scale: float
    noise_kind: str
    unit: object = None
    given_wcs: object = None

    @cached_property
    def wcs(self):
        """World coordinate system, or None; it is read when needed."""
        return resolve_wcs(self.given_wcs)

    @cached_property
    def normalized(self):
        """The image divided by its noise (float32)."""
        return self.data / np.asarray(self.noise, dtype=np.float32)


def subtract_background(image, *, mask=None, noise=None, wcs=None, ext=None,
                        background='auto', method='sep'):
    """
    Subtract the background of an image and determine its noise.

    Two kinds of pixels are masked: those that are too large for float32
    (1e15 times the noise), and areas that are filled with one value.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
        Array, masked array, Quantity, NDData, HDU or FITS path.
    mask, noise, wcs, ext : optional
        See `~blendhunter.images.accept_image`.
    background : 'auto', None, float or 2-D array, optional
        'auto' subtracts the mesh estimate of the detector (64 px boxes,
        3x3 median filter), or the median if the image is smaller than one
        box. A number or an array is subtracted as it is; its masked pixels
        become bad pixels. None subtracts nothing.
    method : {'sep', 'photutils'}, optional
        Estimates the background, and the noise if it is not given.

    Returns
    -------
    image : `~blendhunter.detection.BackgroundSubtractedImage`
        The image without background, with its noise and mask.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    """
    image = accept_image(image, mask=mask, noise=noise, wcs=wcs, ext=ext)
    level, hidden = _check_background(background, image.data.shape,
                                      image.unit)
    scale = unit_scale(image.data if image.mask is None
                       else image.data[~image.mask][None])
    bad = _bad_pixels(image, hidden, scale)
    with np.errstate(over='ignore'):
        data = np.ascontiguousarray(
            image.data / image.data.dtype.type(scale)
            if image.data.dtype.kind == 'f' else image.data / scale,
            dtype=np.float32)
    if bad is not None:
        data[bad] = 0
    noise, kind = image.noise, 'map' if np.ndim(image.noise) else 'scalar'
    if noise is not None:
        noise = noise / scale
        if np.ndim(noise):
            noise = noise.astype(np.float32)
    if level is not None:
        data = data - np.asarray(level / scale, dtype=np.float32)
    if level is None or noise is None:
        mesh_level, rms = _estimate(data, bad, method)
        if level is None:
            data = data - mesh_level
        if noise is None:
            noise, kind = rms, 'estimated'
    extreme = is_extreme(data, noise)
    if extreme.any():
        bad = extreme if bad is None else bad | extreme
        if bad.all():
            msg = ('noise is too small: every pixel is more than 1e15 times '
                   'the noise')
            raise ValueError(msg)
    if bad is not None:
        data[bad] = 0
    if kind != 'estimated':
        _compare_noise(data, bad, noise)
    return BackgroundSubtractedImage(data, bad, noise, scale, kind,
                                     image.unit, image.given_wcs)


def _bad_pixels(image, hidden, scale):
    """Return all pixels that must not be used, or None."""
    bad = [image.mask, hidden]
    if image.data.dtype.kind == 'f':
        bad.append(is_extreme(image.data, scale))
    if image.noise is None and min(image.data.shape) >= MESH_SIZE:
        data = image.data if image.mask is None else np.where(
            image.mask, np.nan, image.data)
        empty = areas_without_data(data, MESH_SIZE)
        if empty is not None:
            warnings.warn(
                f'image: {np.sum(empty)} pixels are masked, because they are '
                'in areas filled with one value '
                f'({data[empty][0]:g}) and seem to have no data',
                BlendHunterWarning, stacklevel=5)
        bad.append(empty)
    bad = [part for part in bad if part is not None and part.any()]
    if not bad:
        return None
    bad = np.logical_or.reduce(bad)
    if bad.all():
        msg = 'image has no usable pixel: all are masked or not finite'
        raise ValueError(msg)
    return bad


def _compare_noise(data, bad, noise):
    """Warn if the noise that was given cannot be that of the image."""
    good = slice(None) if bad is None else ~bad
    # of neighboring pixels, so that large sources do not count
    steps = np.diff(data if bad is None else np.where(bad, np.nan, data))
    scatter = robust_sigma(steps) / np.sqrt(2)
    given = float(np.median(np.broadcast_to(noise, data.shape)[good]))
    ratio = given / scatter if scatter > 0 else 1.0
    if not 1 / MAX_NOISE_RATIO <= ratio <= MAX_NOISE_RATIO:
        warnings.warn(
            f'noise is {ratio:.2g} times the scatter of the image (medians). '
            'Is it a weight map, a variance, or in another unit?',
            BlendHunterWarning, stacklevel=4)


def _check_background(background, shape, unit):
    """Return the background, None for 'auto', and its masked pixels."""
    if isinstance(background, str):
        if background == 'auto':
            return None, None
        msg = ("background must be 'auto', None, a number or a 2-D array, "
               f'got {background!r}')
        raise ValueError(msg)
    if background is None:
        return np.zeros(()), None
    level, hidden, own = split_masked(background)
    try:
        level = level.astype(float)
    except (TypeError, ValueError):
        msg = f'background must be numbers, got the dtype {level.dtype}'
        raise TypeError(msg) from None
    if own is not None and unit is not None:
        level = own.to(unit, level)
    if level.ndim != 0 and level.shape != shape:
        msg = (f'background must be a number or have the shape of the image '
               f'{shape}, got {level.shape}')
        raise ValueError(msg)
    if hidden is not None and level.ndim:
        level = np.where(hidden, 0, level)
    if not np.all(np.isfinite(level)) or (hidden is not None
                                          and not level.ndim):
        msg = 'background must be finite'
        raise ValueError(msg)
    return level, hidden


def _estimate(data, mask, method):
    """Return level and RMS: meshes, or constants for a small image."""
    if min(data.shape) >= MESH_SIZE:
        level, rms = ESTIMATORS[method](data, mask, MESH_SIZE)
        if np.all(rms > 0):
            return level, rms
        # a mesh without any scatter (padding, saturated) gets the
        # image's typical noise instead of none
        positive = rms[rms > 0]
        floor = np.median(positive) if positive.size else 1.0
        return level, np.where(rms > 0, rms, floor).astype(np.float32)
    good = data if mask is None else data[~mask][None]
    level = np.float32(np.median(good))
    return level, robust_sigma(good) or float(np.std(good)) or 1.0
