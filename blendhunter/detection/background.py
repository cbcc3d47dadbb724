"""Background and noise of an image, in a unit near its noise."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blendhunter._utils.arrays import robust_sigma, unit_scale
from blendhunter.detection import _photutils, _sep
from blendhunter.images import accept_image

__all__ = ['MESH_SIZE', 'BackgroundSubtractedImage', 'subtract_background']

MESH_SIZE = 64
ESTIMATORS = {'sep': _sep.background, 'photutils': _photutils.background}


@dataclass(frozen=True, eq=False)
class BackgroundSubtractedImage:
    """
    A background-subtracted image in scaled units.

    Parameters
    ----------
    data : 2-D float32 `~numpy.ndarray`
        ``(image - background) / scale``; zero under the mask.
    mask : 2-D bool `~numpy.ndarray` or None
        True marks bad pixels.
    noise : float or 2-D float32 `~numpy.ndarray`
        RMS noise per pixel over ``scale``.
    scale : float
        Power of two near the noise of the image, in its unit.
    noise_kind : {'scalar', 'map', 'estimated'}
        Where the noise came from.
    unit : `~astropy.units.Unit` or None, optional
        Unit of the image.
    wcs : `~astropy.wcs.WCS` or None, optional
    """

    data: np.ndarray
    mask: np.ndarray | None
    noise: float | np.ndarray
    scale: float
    noise_kind: str
    unit: object = None
    wcs: object = None

    @cached_property
    def normalized(self):
        """The image divided by its noise (float32)."""
        return self.data / np.asarray(self.noise, dtype=np.float32)


def subtract_background(image, *, mask=None, noise=None, wcs=None, ext=None,
                        background='auto', method='sep'):
    """
    Subtract the background of an image and determine its noise.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
        Array, masked array, Quantity, NDData, HDU or FITS path.
    mask, noise, wcs, ext : optional
        As for `~blendhunter.images.accept_image`.
    background : 'auto', None, float or 2-D array, optional
        'auto' subtracts the mesh estimate of the detector (64 px boxes,
        3x3 median filter), or the median if the image is smaller than
        one box. A number or an array is subtracted as given; None
        subtracts nothing.
    method : {'sep', 'photutils'}, optional
        The estimator of the background and of an unknown noise.

    Returns
    -------
    image : `BackgroundSubtractedImage`

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    """
    image = accept_image(image, mask=mask, noise=noise, wcs=wcs, ext=ext)
    scale = unit_scale(image.data if image.mask is None
                       else image.data[~image.mask][None])
    data = (image.data / image.data.dtype.type(scale)
            if image.data.dtype.kind == 'f' else image.data / scale)
    data = np.ascontiguousarray(data, dtype=np.float32)
    given = _check_background(background, data.shape, image.unit)
    noise, kind = image.noise, 'map' if np.ndim(image.noise) else 'scalar'
    if noise is not None:
        noise = noise / scale
        if np.ndim(noise):
            noise = noise.astype(np.float32)
    if given is not None:
        data = data - np.asarray(given / scale, dtype=np.float32)
    if given is None or noise is None:
        level, rms = _estimate(data, image.mask, method)
        if given is None:
            data = data - level
        if noise is None:
            noise, kind = rms, 'estimated'
    if image.mask is not None:
        data[image.mask] = 0
    return BackgroundSubtractedImage(data, image.mask, noise, scale, kind,
                                     image.unit, image.wcs)


def _check_background(background, shape, unit):
    """Return the background as an array, or None for 'auto'."""
    if isinstance(background, str):
        if background == 'auto':
            return None
        msg = ("background must be 'auto', None, a number or a 2-D array, "
               f'got {background!r}')
        raise ValueError(msg)
    if background is None:
        return np.zeros(())
    if hasattr(background, 'to_value') and unit is not None:
        background = background.to_value(unit)
    background = np.asarray(background, dtype=float)
    if background.ndim != 0 and background.shape != shape:
        msg = (f'background must be a number or have the shape of the image '
               f'{shape}, got {background.shape}')
        raise ValueError(msg)
    if not np.all(np.isfinite(background)):
        msg = 'background must be finite'
        raise ValueError(msg)
    return background


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
