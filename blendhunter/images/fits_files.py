"""Reading images from FITS, with one clear error for each failure."""

import warnings
from pathlib import Path

import numpy as np
from astropy import units as u

__all__ = ['from_hdu', 'pick_hdu', 'read_array', 'read_fits']


def pick_hdu(hdus, ext, name):
    """Return the HDU asked for, or the first that holds a 2-D image."""
    if ext is not None:
        try:
            return hdus[ext]
        except (KeyError, IndexError):
            known = [hdu.name or i for i, hdu in enumerate(hdus)]
            msg = f'ext {ext!r} not found in {name}; it has {known}'
            raise ValueError(msg) from None
    for hdu in hdus:
        if hdu.is_image and hdu.header.get('NAXIS') == 2:
            return hdu
    msg = f'{name} holds no 2-D image'
    raise ValueError(msg)


def from_hdu(hdu):
    """Return pixels, celestial WCS and unit of an HDU."""
    from astropy.wcs import WCS

    if not hdu.is_image or hdu.data is None:
        msg = f'image: HDU {hdu.name!r} holds no image'
        raise ValueError(msg)
    header = hdu.header
    own = {}
    if header.get('CTYPE1'):
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            wcs = WCS(header)
        own['wcs'] = wcs if wcs.has_celestial else None
    if header.get('BUNIT'):
        try:
            own['unit'] = u.Unit(header['BUNIT'])
        except (ValueError, TypeError):
            own['unit'] = None
    return hdu.data, own


def read_fits(path, ext):
    """Read a FITS file with a one-line error for each way to fail."""
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyUserWarning

    if not Path(path).exists():
        msg = f'image: no such file: {str(path)!r}'
        raise FileNotFoundError(msg)
    try:
        with warnings.catch_warnings():
            # odd cards are common and harmless, a cut-off file is not
            warnings.simplefilter('ignore', AstropyUserWarning)
            warnings.filterwarnings('error', message='.*truncated',
                                    category=AstropyUserWarning)
            with fits.open(path, memmap=False) as hdus:
                return from_hdu(pick_hdu(hdus, ext, f'image {str(path)!r}'))
    except (OSError, AstropyUserWarning, TypeError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else repr(error)
        msg = f'image: cannot read {str(path)!r} as FITS: {reason}'
        raise OSError(msg) from error


def read_array(path, name):
    """
    Read the first 2-D image of a FITS file.

    Parameters
    ----------
    path : str or path-like
    name : str
        Name of the argument, for the error message.

    Returns
    -------
    array : 2-D `~numpy.ndarray`

    Raises
    ------
    OSError, ValueError
        With a message that begins with ``name``.
    """
    try:
        data, _ = read_fits(path, None)
    except (OSError, ValueError) as error:
        msg = str(error).replace('image', name, 1)
        raise type(error)(msg) from error
    return np.asarray(data)
