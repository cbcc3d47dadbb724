# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Read images from FITS files."""

import re
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np

__all__ = ['about_hdu', 'from_hdu', 'open_fits', 'pick_hdu', 'read_array',
           'read_fits', 'split_ext']


def split_ext(path, ext=None):
    """
    Split ``FILE[EXT]`` into the path and its extension.

    The brackets are part of the name if a file of that whole name exists.
    """
    text = str(path)
    found = re.fullmatch(r'(.+)\[([^\[\]]+)\]', text)
    if found is None or Path(text).exists():
        return Path(path), ext
    name = found[2].strip()
    own = int(name) if name.lstrip('-').isdigit() else name
    if ext is not None and ext != own:
        msg = (f'ext: {text!r} in the path and ext={ext!r} are different '
               'extensions')
        raise ValueError(msg)
    return Path(found[1]), own


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
        if hdu.is_image and _is_2d(hdu.header):
            return hdu
    msg = f'{name} has no 2-D image'
    raise ValueError(msg)


def _is_2d(header):
    """Tell whether an image has two axes longer than one pixel."""
    n = header.get('NAXIS', 0)
    return n >= 2 and all(header[f'NAXIS{i}'] == 1 for i in range(3, n + 1))


def from_hdu(hdu, hdus=None):
    """
    Return pixels, a function for the celestial WCS, and BUNIT of an HDU.

    The WCS is made when it is needed: pixel positions need none. ``hdus``
    are the file, which holds the tables of some distortions.
    """
    if not hdu.is_image or hdu.data is None:
        msg = f'image: HDU {hdu.name!r} has no image'
        raise ValueError(msg)
    data = hdu.data
    if data.ndim > 2 and _is_2d(hdu.header):
        data = data.reshape(data.shape[-2:])
    return data, about_hdu(hdu, hdus)


def about_hdu(hdu, hdus=None):
    """Return a function for the WCS, and BUNIT, as `from_hdu` does."""
    header, own = hdu.header, {}
    if _card(header, 'CTYPE1'):
        own['wcs'] = lambda: _celestial(header, hdus)
    if _card(header, 'BUNIT'):
        own['unit'] = str(header['BUNIT']).strip()
    return own


def _card(header, name):
    """Return a card; None if it is missing or damaged: pixels need none."""
    from astropy.io.fits import VerifyError

    try:
        return header.get(name)
    except VerifyError:
        return None


def _celestial(header, hdus):
    """Return the celestial WCS of a header, None if there is none."""
    from astropy.wcs import WCS

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            wcs = WCS(header, fobj=hdus)
            if not wcs.has_celestial:
                return None
            wcs = wcs.celestial
            # wcslib finds most contradictions only when it is used
            wcs.pixel_to_world_values(0, 0)
    # wcslib, astropy and numpy each raise their own kinds
    except Exception as error:
        reason = str(error).strip().split('\n')[-1] or repr(error)
        msg = f'wcs: the WCS of image cannot be used: {reason}'
        raise ValueError(msg) from error
    return wcs


@contextmanager
def open_fits(path, name):
    """Open a FITS file, with a one-line error for each way to fail."""
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyUserWarning

    path = Path(path)
    if not path.exists():
        msg = f'{name}: no such file: {str(path)!r}'
        raise FileNotFoundError(msg)
    try:
        with warnings.catch_warnings():
            # odd cards are common and harmless, a cut-off file is not; only
            # the words of astropy, as the filter holds for other threads too
            warnings.simplefilter('ignore', AstropyUserWarning)
            warnings.filterwarnings(
                'error', message='File may have been truncated',
                category=AstropyUserWarning)
            # opened here, so that it is closed whatever fails
            with path.open('rb') as file, fits.open(
                    file, memmap=False) as hdus:
                yield hdus
    except (OSError, AstropyUserWarning, TypeError, EOFError,
            KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else repr(error)
        msg = f'{name}: cannot read {str(path)!r} as FITS: {reason}'
        raise OSError(msg) from error


def read_fits(path, ext, name='image'):
    """Return pixels, and WCS and unit if there are any, of a FITS file."""
    path, ext = split_ext(path, ext)
    with open_fits(path, name) as hdus:
        hdu = pick_hdu(hdus, ext, f'{name} {str(path)!r}')
        number = hdus.index_of(hdu) if ext is None else ext
        data, own = from_hdu(hdu)
    if 'wcs' in own:
        own['wcs'] = lambda: _read_celestial(path, number)
    return data, own


def _read_celestial(path, number):
    """Return the celestial WCS of an HDU of a file."""
    from astropy.io import fits

    with path.open('rb') as file, fits.open(file) as hdus:
        return _celestial(hdus[number].header, hdus)


def read_array(path, name):
    """
    Read a 2-D image from a FITS file.

    Parameters
    ----------
    path : str or path-like
        ``FILE`` or ``FILE[EXT]``. Without an extension the first one with
        a 2-D image is read.
    name : str
        Name of the argument, for the error message.

    Returns
    -------
    array : 2-D `~numpy.ndarray`
        The pixels.

    Raises
    ------
    OSError, ValueError
        With a message that begins with ``name``.
    """
    try:
        data, _ = read_fits(path, None, name)
    except ValueError as error:
        msg = str(error).replace('image', name, 1)
        raise ValueError(msg) from error
    return np.asarray(data)
