# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Check images, masks, noise and segmentation images."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.nddata import (
    Cutout2D,
    InverseVariance,
    NDData,
    StdDevUncertainty,
    VarianceUncertainty,
)

from blendhunter._utils.masked import split_masked
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images.fits_files import from_hdu, pick_hdu, read_fits

__all__ = ['AcceptedImage', 'accept_image', 'accept_parts',
           'accept_segmentation', 'unpack']

UNITS_IN_CAPITALS = ('adu', 'count', 'ct', 'electron')


@dataclass(frozen=True, eq=False)
class AcceptedImage:
    """
    A checked image, which has the same form for every kind of input.

    Parameters
    ----------
    data : 2-D `~numpy.ndarray`
        Pixels in native byte order. Masked pixels are zero.
    mask : 2-D bool `~numpy.ndarray` or None
        True marks bad pixels, including the non-finite ones.
    noise : float, 2-D float `~numpy.ndarray` or None
        RMS noise per pixel in the unit of ``data``.
    unit : `~astropy.units.Unit` or None
        Unit of the pixels.
    given_wcs : `~astropy.wcs.WCS`, callable or None
        The WCS, or a function that reads it from the header.
    """

    data: np.ndarray
    mask: np.ndarray | None
    noise: float | np.ndarray | None
    unit: u.UnitBase | None
    given_wcs: object

    @cached_property
    def wcs(self):
        """
        World coordinate system, or None.

        A FITS header is read when this is first used. A header that cannot
        be used raises ValueError.
        """
        return resolve_wcs(self.given_wcs)


def resolve_wcs(wcs):
    """Return a WCS that may have come as a function that reads it."""
    return wcs() if callable(wcs) else wcs


def accept_image(image, *, mask=None, noise=None, wcs=None, ext=None):
    """
    Check an image of any accepted form.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
        Array of any real dtype and byte order, masked array, Quantity,
        NDData, CCDData or Cutout2D, HDU or HDUList, or the path of a
        FITS file, also as ``FILE[EXT]``. All masked pixels are bad
        pixels.
    mask : 2-D bool array, optional
        True marks bad pixels.
    noise : float, Quantity or 2-D array, optional
        RMS noise per pixel. Pixels whose noise is masked, not finite or
        not positive are bad pixels.
    wcs : `~astropy.wcs.WCS`, optional
        World coordinate system; by default that of the image.
    ext : int or str, optional
        Extension of an HDUList or a path; by default the first one with a
        2-D image.

    Returns
    -------
    image : `~blendhunter.images.AcceptedImage`
        The checked image. The input is not changed.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    """
    if isinstance(image, AcceptedImage):
        return image
    return accept_parts(*unpack(image, ext), mask=mask, noise=noise, wcs=wcs)


def accept_parts(data, own, *, mask=None, noise=None, wcs=None):
    """Check what `unpack` gives, or a window of it; see `accept_image`."""
    data, hidden, unit = split_masked(data)
    data = _check_pixels(data)
    unit = _known_unit(own.get('unit')) or unit
    mask = _prefer('mask', mask, own.get('mask'))
    noise = _prefer('noise', noise, own.get('noise'))
    wcs = _prefer('wcs', wcs, own.get('wcs'))
    bad = np.zeros(data.shape, dtype=bool)
    if hidden is not None:
        bad |= hidden
    if mask is not None:
        bad |= _check_mask(mask, data.shape)
    if data.dtype.kind == 'f':
        bad |= ~np.isfinite(data)
    if bad.all():
        msg = 'image has no usable pixel: all are masked or not finite'
        raise ValueError(msg)
    if noise is not None:
        noise, unknown = _check_noise(noise, data.shape, unit)
        if unknown is not None:
            bad |= unknown
    if not bad.any():
        return AcceptedImage(data, None, noise, unit, wcs)
    data = data.copy()
    data[bad] = 0
    return AcceptedImage(data, bad, noise, unit, wcs)


def _known_unit(unit):
    """Return a unit; None, with a warning, for a text that is not known."""
    if not isinstance(unit, str):
        return unit
    # FITS writers like capitals, and 'DU' must not become deci-u
    text = unit.lower() if unit.lower() in UNITS_IN_CAPITALS else unit
    try:
        return u.Unit(text)
    except (ValueError, TypeError):
        warnings.warn(f'image: its BUNIT {unit!r} is not a known unit; '
                      'fluxes have no unit', BlendHunterWarning,
                      stacklevel=6)
        return None


def _prefer(name, explicit, own):
    """Return the explicit value, with a warning if the image has one."""
    if explicit is None:
        return own
    if own is not None and not callable(own):
        warnings.warn(f'{name} was given, and image has its own; the '
                      'given one is used', BlendHunterWarning,
                      stacklevel=4)
    return explicit


def unpack(image, ext):
    """Return the pixels and what came with them."""
    from astropy.io import fits

    if isinstance(image, (str, Path)):
        return read_fits(image, ext)
    if isinstance(image, fits.HDUList):
        return from_hdu(pick_hdu(image, ext, 'image'), image)
    if isinstance(image, (fits.ImageHDU, fits.PrimaryHDU, fits.CompImageHDU)):
        return from_hdu(image)
    if isinstance(image, NDData):
        # a mask of False is numpy's way to say that there is none
        mask = None if image.mask is None or not np.any(image.mask) else (
            image.mask)
        return image.data, {'mask': mask, 'unit': image.unit,
                            'wcs': image.wcs,
                            'noise': _uncertainty(image)}
    if isinstance(image, Cutout2D):
        return image.data, {'wcs': image.wcs}
    if isinstance(image, (np.ndarray, list, tuple)) or hasattr(
            image, '__array__'):
        return image, {}
    msg = ('image must be a 2-D array, Quantity, NDData, HDU or FITS path, '
           f'got {type(image).__name__}')
    raise TypeError(msg)


def _uncertainty(image):
    """Return the standard deviation that an NDData carries, or None."""
    uncertainty = image.uncertainty
    if uncertainty is None or uncertainty.array is None:
        return None
    known = (StdDevUncertainty, VarianceUncertainty, InverseVariance)
    if not isinstance(uncertainty, known):
        warnings.warn('image: its uncertainty has the type '
                      f'{uncertainty.uncertainty_type!r} and is not used',
                      BlendHunterWarning, stacklevel=4)
        return None
    values, mask, _ = split_masked(uncertainty.array)
    if mask is not None:
        uncertainty = type(uncertainty)(np.where(mask, np.nan, values),
                                        unit=uncertainty.unit)
    with np.errstate(divide='ignore', invalid='ignore'):
        deviation = uncertainty.represent_as(StdDevUncertainty)
    if deviation.unit is None:
        return deviation.array
    return deviation.array * deviation.unit


def _check_pixels(data):
    """Check shape and dtype and return native byte order."""
    if data.ndim != 2:
        msg = f'image must be 2-D, got {data.ndim}-D of shape {data.shape}'
        raise ValueError(msg)
    if data.dtype.kind == 'c':
        msg = f'image must be real, got the dtype {data.dtype}'
        raise TypeError(msg)
    if data.dtype.kind not in 'fiub':
        msg = f'image must be numeric, got the dtype {data.dtype}'
        raise TypeError(msg)
    if data.size == 0:
        msg = f'image is empty: its shape is {data.shape}'
        raise ValueError(msg)
    if data.dtype.kind == 'b':
        return data.astype(np.float32)
    if data.dtype.itemsize < 4 and data.dtype.kind == 'f':
        return data.astype(np.float32)
    return data.astype(data.dtype.newbyteorder('='), copy=False)


def _check_mask(mask, shape):
    """Return the mask as a boolean array; masked entries are bad."""
    mask, hidden, _ = split_masked(mask)
    if mask.shape != shape:
        msg = (f'mask must have the shape of the image {shape}, '
               f'got {mask.shape}')
        raise ValueError(msg)
    if mask.dtype.kind not in 'biuf':
        msg = f'mask must be boolean, got the dtype {mask.dtype}'
        raise TypeError(msg)
    mask = mask.astype(bool)
    return mask if hidden is None else mask | hidden


def _check_noise(noise, shape, unit):
    """Return the noise, and where a map holds no usable value."""
    noise, hidden, own = split_masked(noise)
    if noise.dtype.kind not in 'fiu':
        msg = f'noise must be a number or a 2-D map, got {noise.dtype}'
        raise TypeError(msg)
    if own is not None:
        noise = _convert(noise, own, unit)
    if noise.ndim == 0:
        noise = np.nan if hidden is not None else float(noise)
        if not (np.isfinite(noise) and noise > 0):
            msg = f'noise must be positive and finite, got {noise!r}'
            raise ValueError(msg)
        return noise, None
    if noise.shape != shape:
        msg = (f'noise must be a number or have the shape of the image '
               f'{shape}, got {noise.shape}')
        raise ValueError(msg)
    noise = noise.astype(np.result_type(noise.dtype.newbyteorder('='),
                                        np.float32))
    unknown = ~(np.isfinite(noise) & (noise > 0))
    if hidden is not None:
        unknown |= hidden
    if unknown.all():
        msg = 'noise has no positive finite value'
        raise ValueError(msg)
    if not unknown.any():
        return noise, None
    noise[unknown] = np.median(noise[~unknown])
    return noise, unknown


def _convert(noise, own, unit):
    """Return the noise in the unit of the image."""
    if unit is None and own != u.dimensionless_unscaled:
        msg = f'noise has the unit {own} but image has none'
        raise ValueError(msg)
    try:
        return own.to(unit or u.dimensionless_unscaled, noise)
    except u.UnitConversionError as error:
        msg = f'noise: {error}'
        raise u.UnitConversionError(msg) from None


def accept_segmentation(segmentation, shape, *, name='segmentation'):
    """
    Check a segmentation image.

    Parameters
    ----------
    segmentation : 2-D int array or SegmentationImage
        Segmentation image; 0 is the sky. Masked pixels are sky, too.
    shape : tuple of int
        Shape of its image.
    name : str, optional
        Name of the argument, for the error message.

    Returns
    -------
    segmentation : 2-D int `~numpy.ndarray`
        The labels of the pixels.

    Raises
    ------
    TypeError, ValueError
        If it is not an integer array of this shape.
    """
    if hasattr(segmentation, 'labels'):  # a SegmentationImage
        segmentation = segmentation.data
    data, hidden, _ = split_masked(segmentation)
    if data.dtype.kind not in 'iu':
        msg = f'{name} must hold integer labels, got {data.dtype}'
        raise TypeError(msg)
    if data.shape != tuple(shape):
        msg = (f'{name} must have the shape of the image {tuple(shape)}, '
               f'got {data.shape}')
        raise ValueError(msg)
    if hidden is not None:
        data = np.where(hidden, 0, data)
    if data.min(initial=0) < 0:
        msg = f'{name} must hold labels of 0 or more'
        raise ValueError(msg)
    if data.max(initial=0) > np.iinfo(np.int32).max:
        msg = f'{name} must hold labels below 2**31'
        raise ValueError(msg)
    return data.astype(np.int32, copy=False)
