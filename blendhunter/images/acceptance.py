"""Reading and checking of images, masks, noise and segmentations."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.nddata import (
    InverseVariance,
    NDData,
    StdDevUncertainty,
    VarianceUncertainty,
)

from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images.fits_files import from_hdu, pick_hdu, read_fits

__all__ = ['AcceptedImage', 'accept_image', 'accept_segmentation']


@dataclass(frozen=True)
class AcceptedImage:
    """
    An image after checking, whatever it came as.

    Parameters
    ----------
    data : 2-D `~numpy.ndarray`
        Pixels in native byte order. Those under ``mask`` are zero.
    mask : 2-D bool `~numpy.ndarray` or None
        True marks bad pixels, the non-finite ones among them.
    noise : float, 2-D float `~numpy.ndarray` or None
        RMS noise per pixel in the unit of ``data``.
    unit : `~astropy.units.Unit` or None
        Unit of the pixels.
    wcs : `~astropy.wcs.WCS` or None
        World coordinate system.
    """

    data: np.ndarray
    mask: np.ndarray | None
    noise: float | np.ndarray | None
    unit: u.UnitBase | None
    wcs: object


def accept_image(image, *, mask=None, noise=None, wcs=None, ext=None):
    """
    Check an image of any accepted kind.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
        Array of any real dtype and byte order, masked array, Quantity,
        NDData or CCDData, HDU or HDUList, or the path of a FITS file.
    mask : 2-D bool array, optional
        True marks bad pixels.
    noise : float, Quantity or 2-D array, optional
        RMS noise per pixel.
    wcs : `~astropy.wcs.WCS`, optional
    ext : int or str, optional
        Extension of an HDUList or a path; by default the first with a
        2-D image.

    Returns
    -------
    image : `AcceptedImage`
        The input is never changed.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    """
    data, own = _unpack(image, ext)
    data = _check_pixels(data)
    unit = own.get('unit')
    mask = _prefer('mask', mask, own.get('mask'))
    noise = _prefer('noise', noise, own.get('noise'))
    wcs = _prefer('wcs', wcs, own.get('wcs'))
    bad = np.zeros(data.shape, dtype=bool)
    if mask is not None:
        bad |= _check_mask(mask, data.shape)
    if data.dtype.kind == 'f':
        bad |= ~np.isfinite(data)
    if bad.all():
        msg = ('image has no usable pixel: all are masked or not finite'
               if data.size else 'image is empty')
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


def _prefer(name, explicit, own):
    """Return the explicit value, with a warning if the image has one."""
    if explicit is None:
        return own
    if own is not None:
        warnings.warn(f'{name} was given and is also part of the image: '
                      'the given one is used', BlendHunterWarning,
                      stacklevel=4)
    return explicit


def _unpack(image, ext):
    """Return the pixel array and what came with it."""
    from astropy.io import fits

    if isinstance(image, (str, Path)):
        return read_fits(image, ext)
    if isinstance(image, fits.HDUList):
        return from_hdu(pick_hdu(image, ext, 'image'))
    if isinstance(image, (fits.ImageHDU, fits.PrimaryHDU, fits.CompImageHDU)):
        return from_hdu(image)
    if isinstance(image, NDData):
        return image.data, {'mask': image.mask, 'unit': image.unit,
                            'wcs': image.wcs,
                            'noise': _uncertainty(image)}
    if isinstance(image, u.Quantity):
        return image.value, {'unit': image.unit}
    if isinstance(image, np.ma.MaskedArray):
        mask = None if image.mask is np.ma.nomask else image.mask
        return image.data, {'mask': mask}
    if isinstance(image, np.ndarray):
        return image, {}
    if isinstance(image, (list, tuple)) or hasattr(image, '__array__'):
        return np.asarray(image), {}
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
        warnings.warn('the uncertainty of image is of the kind '
                      f'{uncertainty.uncertainty_type!r} and is not used',
                      BlendHunterWarning, stacklevel=4)
        return None
    deviation = uncertainty.represent_as(StdDevUncertainty)
    if deviation.unit is None:
        return deviation.array
    return deviation.array * deviation.unit


def _check_pixels(data):
    """Check shape and dtype and return native byte order."""
    data = np.asarray(data)
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
    """Return the mask as a boolean array of the image's shape."""
    mask = np.asarray(mask)
    if mask.shape != shape:
        msg = (f'mask must have the shape of the image {shape}, '
               f'got {mask.shape}')
        raise ValueError(msg)
    return mask.astype(bool)


def _check_noise(noise, shape, unit):
    """Return the noise, and where a map holds no usable value."""
    if isinstance(noise, u.Quantity):
        if unit is None and noise.unit != u.dimensionless_unscaled:
            msg = f'noise has the unit {noise.unit} but image has none'
            raise ValueError(msg)
        noise = noise.to_value(unit or u.dimensionless_unscaled)
    noise = np.asarray(noise)
    if noise.dtype.kind not in 'fiu':
        msg = f'noise must be a number or a 2-D map, got {noise.dtype}'
        raise TypeError(msg)
    if noise.ndim == 0:
        noise = float(noise)
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
    if unknown.all():
        msg = 'noise has no positive finite value'
        raise ValueError(msg)
    if not unknown.any():
        return noise, None
    noise[unknown] = np.median(noise[~unknown])
    return noise, unknown


def accept_segmentation(segmentation, shape, *, name='segmentation'):
    """
    Check a segmentation image.

    Parameters
    ----------
    segmentation : 2-D int array or photutils SegmentationImage
        0 is sky.
    shape : tuple of int
        Shape of the image that it belongs to.
    name : str, optional
        Name of the argument, for the error message.

    Returns
    -------
    segmentation : 2-D int `~numpy.ndarray`

    Raises
    ------
    TypeError, ValueError
        If it is not an integer array of that shape.
    """
    data = getattr(segmentation, 'data', segmentation)
    if not isinstance(data, np.ndarray):
        data = np.asarray(segmentation)
    if data.dtype.kind not in 'iu':
        msg = f'{name} must hold integer labels, got {data.dtype}'
        raise TypeError(msg)
    if data.shape != tuple(shape):
        msg = (f'{name} must have the shape of the image {tuple(shape)}, '
               f'got {data.shape}')
        raise ValueError(msg)
    if data.min(initial=0) < 0:
        msg = f'{name} must hold labels of 0 and above'
        raise ValueError(msg)
    if data.max(initial=0) > np.iinfo(np.int32).max:
        msg = f'{name} must hold labels below 2**31'
        raise ValueError(msg)
    return data.astype(np.int32, copy=False)
