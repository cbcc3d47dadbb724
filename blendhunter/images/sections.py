# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Read and check large images in windows."""

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images.acceptance import (
    AcceptedImage,
    accept_parts,
    unpack,
)
from blendhunter.images.fits_files import (
    about_hdu,
    open_fits,
    pick_hdu,
    read_fits,
    split_ext,
)

__all__ = ['ImageSections', 'image_shape', 'open_sections']

# files of these names are compressed as a whole
COMPRESSED = ('.gz', '.bz2', '.xz', '.z', '.zip')


@dataclass(frozen=True, eq=False)
class ImageSections:
    """
    An image of which windows are read.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of the whole image.
    pixels : object
        Gives the pixels of a window when it is indexed with two slices.
    own : dict
        What comes with the pixels: ``wcs``, ``unit``, ``mask``, ``noise``.
    given : dict
        ``mask``, ``noise`` and ``wcs`` as for `accept_image`.
    """

    shape: tuple
    pixels: object
    own: dict
    given: dict

    def read(self, window):
        """
        Read and check a window, a tuple of two slices.

        Returns an `AcceptedImage`, or None if no pixel is usable. Its WCS
        is that of the window.
        """
        parts = [{name: value[window] if np.ndim(value) == 2 else value
                  for name, value in part.items() if name != 'wcs'}
                 for part in (self.own, self.given)]
        corner = window[1].start, window[0].start
        parts[1]['wcs'] = lambda: WindowWCS.of(self.wcs, corner)
        try:
            return accept_parts(self.pixels[window], parts[0], **parts[1])
        except ValueError as error:
            # other windows may hold more
            if any(text in str(error) for text in (
                    'no usable pixel', 'no positive finite value')):
                return None
            raise

    @property
    def wcs(self):
        """The WCS that was given, or that of the image; or None."""
        for part in (self.given, self.own):
            if part.get('wcs') is not None:
                wcs = part['wcs']
                return wcs() if callable(wcs) else wcs
        return None


@dataclass(frozen=True)
class WindowWCS:
    """
    The celestial WCS of an image, for the pixels of a window.

    `astropy.wcs.WCS.slice` does not move the tables of some distortions.
    """

    celestial_wcs: object
    corner: tuple

    @classmethod
    def of(cls, wcs, corner):
        """Return the WCS of the window that begins at a corner (x, y)."""
        if wcs is None or not wcs.has_celestial:
            return None
        return cls(wcs.celestial, corner)

    @property
    def has_celestial(self):
        """Whether there are celestial axes: always."""
        return True

    @property
    def celestial(self):
        """The WCS itself."""
        return self

    def pixel_to_world(self, x, y):
        """Return the sky coordinates of pixels of the window."""
        return self.celestial_wcs.pixel_to_world(
            x + self.corner[0], y + self.corner[1])


@dataclass(frozen=True, eq=False)
class _Section:
    """The pixels of an HDU, without leading axes of one pixel."""

    hdu: object

    def __getitem__(self, window):
        lead = (0,) * (len(self.hdu.shape) - 2)
        return np.asarray(self.hdu.section[(*lead, *window)])


def image_shape(image, ext=None):
    """
    Return the shape of an image, whose pixels are not read; or None.

    None is returned for what `accept_image` must look at.
    """
    if isinstance(image, (str, Path)):
        path, ext = split_ext(image, ext)
        with open_fits(path, 'image') as hdus:
            shape = getattr(pick_hdu(hdus, ext, f'image {str(path)!r}'),
                            'shape', None)
    elif isinstance(image, AcceptedImage):
        shape = image.data.shape
    else:
        shape = getattr(image, 'shape', None)
    return None if shape is None or len(shape) < 2 else tuple(shape[-2:])


@contextmanager
def open_sections(image, *, ext=None, **given):
    """
    Open an image as `ImageSections`.

    The arguments are those of `accept_image`; arrays have the shape of the
    image. Only the windows of a FITS file are read, or the tiles around
    them if it is tile-compressed. A file that is compressed as a whole is
    read completely, with a warning.
    """
    shape = image_shape(image, ext)
    for name in ('mask', 'noise'):
        _check_shape(name, given.get(name), shape)
    if isinstance(image, AcceptedImage):
        own = {'mask': image.mask, 'noise': image.noise, 'unit': image.unit,
               'wcs': image.given_wcs}
        yield ImageSections(image.data.shape, image.data, own, {})
        return
    if not isinstance(image, (str, Path)):
        data, own = unpack(image, ext)
        data = data if hasattr(data, 'shape') else np.asarray(data)
        yield ImageSections(tuple(data.shape), data, own, given)
        return
    path, ext = split_ext(image, ext)
    if path.suffix.lower() in COMPRESSED:
        warnings.warn(f'image: {str(path)!r} is compressed, so the whole '
                      'file is read at once', BlendHunterWarning,
                      stacklevel=5)
        data, own = read_fits(path, ext)
        yield ImageSections(tuple(data.shape), data, own, given)
        return
    with open_fits(path, 'image') as hdus:
        hdu = pick_hdu(hdus, ext, f'image {str(path)!r}')
        if not hdu.is_image or len(hdu.shape) < 2:
            msg = f'image: HDU {hdu.name!r} has no image'
            raise ValueError(msg)
        yield ImageSections(tuple(hdu.shape[-2:]), _Section(hdu),
                            about_hdu(hdu, hdus), given)


def _check_shape(name, values, shape):
    """Refuse a plane of another shape than that of the image."""
    if np.ndim(values) and np.shape(values) != shape:
        msg = (f'{name} must have the shape of the image {shape}, got '
               f'{np.shape(values)}')
        raise ValueError(msg)
