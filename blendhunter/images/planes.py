# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Read pixels, noise and mask from the planes of one file."""

import warnings

import numpy as np

from blendhunter.images.acceptance import accept_image
from blendhunter.images.fits_files import open_fits, pick_hdu, split_ext

__all__ = ['bad_pixels', 'read_beside', 'read_planes']

# extension names of survey files, in the order in which they are tried
PIXELS = ('SCI', 'IMAGE', 'DATA')
MASKS = ('MSK', 'MASK', 'DQ')
# and what turns each kind of noise plane into the standard deviation
NOISES = {'ERR': 1.0, 'ERROR': 1.0, 'SIGMA': 1.0, 'RMS': 1.0, 'STD': 1.0,
          'VARIANCE': 0.5, 'VAR': 0.5, 'WGT': -0.5, 'WHT': -0.5,
          'WEIGHT': -0.5, 'IVAR': -0.5, 'INVVAR': -0.5}
# header cards of Rubin and HSC name the bits of their masks
BIT_CARD = 'MP_'
# names that mark what was found in a pixel, and no defect
NO_DEFECTS = ('DETECTED', 'DETECTED_NEGATIVE', 'NOT_DEBLENDED',
              'BRIGHT_OBJECT', 'REJECTED', 'INEXACT_PSF', 'CLIPPED',
              'INTRP', 'CROSSTALK', 'ITL_DIP')


def read_planes(path, *, ext=None, mask_bits=None):
    """
    Read an image with the noise and the mask in the same file.

    The planes are found by the names of their extensions: pixels (``SCI``,
    ``IMAGE``), mask (``MSK``, ``MASK``, ``DQ``) and noise (``ERR``,
    ``VARIANCE``, or the inverse variances ``WGT`` and ``WHT``). Files of
    Rubin, HSC, HST and DES use these names.

    Parameters
    ----------
    path : path-like
        FITS file.
    ext : int or str, optional
        Extension of the pixels, if its name is not a known one.
    mask_bits : sequence of int or str, optional
        Bits of the mask that mark a bad pixel: numbers from 0, or names
        from the header (``MP_...``). By default all bits. If the header
        names the bits, those that do not mark a defect, such as
        ``DETECTED``, are left out.

    Returns
    -------
    image : `~blendhunter.images.AcceptedImage`
        The image. `~blendhunter.detect`,
        `~blendhunter.DetectedImage.from_image` and
        `~blendhunter.BlendIdentifier.classify` accept it.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read, or has neither noise nor mask.
    """
    path, ext = split_ext(path, ext)
    with open_fits(path, 'image') as hdus:
        names = {hdu.name: hdu for hdu in [*hdus][::-1] if hdu.is_image}
        if ext is None:
            ext = next((name for name in PIXELS if name in names), None)
        pixels = pick_hdu(hdus, ext, f'image {str(path)!r}')
        mask = next((names[name] for name in MASKS if name in names), None)
        noise = next((name for name in NOISES if name in names), None)
        if mask is None and noise is None:
            msg = (f'image: {str(path)!r} has no noise or mask plane with a '
                   f'known name; it has {list(names)}')
            raise ValueError(msg)
        ext = hdus.index_of(pixels)
        options = {}
        if mask is not None:
            options['mask'] = bad_pixels(mask.data, mask_bits, mask.header)
        if noise is not None:
            options['noise'] = to_noise(names[noise].data, NOISES[noise])
    return accept_image(path, ext=ext, **options)


def to_noise(plane, power=1.0):
    """Return the standard deviation of a plane; NaN if it is unknown."""
    plane = np.asarray(plane, dtype=float)
    return np.where(plane > 0, plane, np.nan) ** power


def bad_pixels(plane, bits=None, header=None):
    """
    Return which pixels of a mask plane are bad.

    Parameters
    ----------
    plane : 2-D int `~numpy.ndarray`
        Bits; 0 is a good pixel.
    bits, header : optional
        The bits of bad pixels as in `read_planes`, and the header with
        their names.

    Returns
    -------
    bad : 2-D bool `~numpy.ndarray`
        True marks bad pixels.

    Raises
    ------
    ValueError
        If a bit is unknown.
    """
    plane = np.asarray(plane)
    known = {card[len(BIT_CARD):]: int(header[card]) for card in header
             if card.startswith(BIT_CARD)} if header is not None else {}
    if bits is None and not known:
        return plane != 0
    if plane.dtype.kind not in 'iu':
        msg = f'mask_bits: the mask must hold integers, got {plane.dtype}'
        raise ValueError(msg)
    if bits is None:
        bits = [name for name in known if name not in NO_DEFECTS]
    value = 0
    for bit in bits:
        number = known.get(str(bit).upper(), bit)
        if not str(number).isdigit() or int(number) > 62:
            msg = (f'mask_bits: {bit!r} is neither the number nor the name '
                   f'of a bit; the names of the mask are {sorted(known)}')
            raise ValueError(msg)
        value |= 1 << int(number)
    return (plane.astype(np.int64) & value) != 0


def read_beside(path, name, image, ext=None, *, bits=None):
    """
    Read a plane that belongs to an image: its mask, noise or weights.

    ``bits`` not None reads a mask. A ValueError says so if it would be
    the plane of the image itself, as when both are one file and no
    extension is named.
    """
    path, own = split_ext(path)
    image, ext = split_ext(image, ext)
    with open_fits(path, name) as hdus:
        hdu = pick_hdu(hdus, own, f'{name} {str(path)!r}')
        if path.exists() and image.exists() and path.samefile(image) and (
                hdu is pick_hdu(hdus, ext, f'image {str(image)!r}')):
            known = [other.name or i for i, other in enumerate(hdus)]
            msg = (f'{name}: {str(path)!r} is the plane of the image itself; '
                   f'give another plane as FILE[EXT]; the file has {known}')
            raise ValueError(msg)
        if not hdu.is_image or hdu.data is None or hdu.data.ndim < 2:
            msg = (f'{name}: {str(path)!r} has no image in '
                   f'{hdu.name or own!r}; give the plane as FILE[EXT]')
            raise ValueError(msg)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            data = np.array(hdu.data)
        data = data.reshape(data.shape[-2:])
        return data if bits is None else bad_pixels(data, bits or None,
                                                    hdu.header)
