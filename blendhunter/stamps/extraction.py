# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Cut stamps: pixels, regions and flags."""

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from blendhunter._utils.arrays import robust_sigma, round_position
from blendhunter._utils.masked import plain_values, split_masked
from blendhunter.catalogs import as_table, catalog_positions
from blendhunter.images import accept_image, accept_segmentation
from blendhunter.stamps.flags import BlendFlag
from blendhunter.stamps.regions import assign_segments, region_windows
from blendhunter.stamps.windows import (
    cut_windows,
    noise_pattern,
    pixel_counts,
)

__all__ = ['STAMP_SIZE', 'Stamps', 'cut_stamps', 'extract_stamps']

STAMP_SIZE = 51
MAX_UNUSABLE = 0.3


@dataclass(frozen=True)
class Stamps:
    """
    A stack of stamps.

    Parameters
    ----------
    data : `~numpy.ndarray` of shape (n, 51, 51)
        Pixels in the unit of the image. Stamps from
        `~blendhunter.DetectedImage.stamps` are divided by the noise.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51)
        True in the region of each source.
    flags : int32 `~numpy.ndarray` of shape (n,)
        Sums of the bits of `~blendhunter.stamps.BlendFlag`.
    """

    data: np.ndarray
    regions: np.ndarray
    flags: np.ndarray

    def __len__(self):
        return len(self.data)

    def __getitem__(self, rows):
        return Stamps(self.data[rows], self.regions[rows], self.flags[rows])


def extract_stamps(image, positions, *, segmentation=None, labels=None,
                   mask=None, noise=None, ext=None, size=STAMP_SIZE):
    """
    Cut a stamp around each position.

    Without segmentation and mask the pixels are exactly those of
    ``Cutout2D(image, position, size, mode='partial', fill_value=0)``.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
        Array, masked array, Quantity, NDData, HDU or FITS path. Pixels
        that are replaced are filled with noise around zero. So subtract
        the background first if pixels are replaced.
    positions : array_like of shape (n, 2), or Table
        Positions x and y in pixels; integers are pixel centers. Or a
        catalog; see `~blendhunter.catalogs.catalog_positions`.
    segmentation : 2-D int array or SegmentationImage, optional
        With a segmentation image, each region is the segment of its
        source. The pixels of other segments, dilated by 3 px, are replaced
        by noise.
    labels : int array_like of shape (n,), optional
        Segment of each position; by default the one at its pixel.
    mask : 2-D bool array, optional
        True marks bad pixels. They are replaced by noise, as are
        non-finite pixels.
    noise : float or 2-D array, optional
        RMS noise per pixel in the unit of the image, for the replaced
        pixels. By default it is estimated from the image.
    ext : int or str, optional
        Extension of a FITS path.
    size : int, optional
        Width of the stamps in px, an odd number.

    Returns
    -------
    stamps : `~blendhunter.stamps.Stamps`
        The stamps, with one entry per position.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type, shape or value; the message
        names it.
    """
    if not isinstance(size, Integral) or size < 1 or size % 2 != 1:
        msg = f'size must be a positive odd integer, got {size!r}'
        raise ValueError(msg)
    image = accept_image(image, mask=mask, noise=noise, ext=ext)
    x, y = _check_positions(positions, image)
    segments = None
    if segmentation is not None:
        segmentation = accept_segmentation(segmentation, image.data.shape)
        segments = assign_segments(segmentation, x, y,
                                   labels=_check_labels(labels, len(x)))
    sigma = image.noise
    if sigma is None and (segments is not None or image.mask is not None):
        # the pixels under the mask are 0
        sigma = robust_sigma(image.data if image.mask is None else
                             np.where(image.mask, np.nan, image.data))
    return cut_stamps(image.data, x, y, mask=image.mask, noise=sigma,
                      segments=segments, size=size)


def _check_labels(labels, n):
    """Return labels, 0 for masked ones."""
    if labels is None:
        return None
    labels, hidden, _ = split_masked(labels)
    if labels.shape != (n,) or (labels.dtype.kind not in 'iu' and n):
        msg = (f'labels must be {n} integers, one for each position, got '
               f'{labels.dtype} of shape {labels.shape}')
        raise ValueError(msg)
    return labels if hidden is None else np.where(hidden, 0, labels)


def _check_positions(positions, image):
    """Return x and y of positions, which may be a table."""
    if hasattr(positions, 'colnames') or hasattr(positions, 'to_table'):
        return catalog_positions(as_table(positions),
                                 wcs=lambda: image.wcs)
    try:
        positions = plain_values(positions)
    except (TypeError, ValueError) as error:
        msg = f'positions must be numbers: {error}'
        raise ValueError(msg) from error
    if positions.size == 0:
        positions = positions.reshape(0, 2)
    if positions.ndim != 2 or positions.shape[1] != 2:
        msg = ('positions must have the shape (n, 2), '
               f'got {positions.shape}')
        raise ValueError(msg)
    return positions.T


def cut_stamps(data, x, y, *, mask=None, noise=None, segments=None,
               rows=None, size=STAMP_SIZE):
    """
    Cut stamps out of a 2-D array, without any check.

    Parameters
    ----------
    data : 2-D float `~numpy.ndarray`
        Pixels.
    x, y : float `~numpy.ndarray` of shape (n,)
        Positions in pixels.
    mask : 2-D bool `~numpy.ndarray`, optional
        True marks bad pixels. It must include the non-finite pixels.
    noise : float or 2-D `~numpy.ndarray`, optional
        RMS noise per pixel. It is needed with ``mask`` or ``segments``.
    segments : `~blendhunter.stamps.Segments`, optional
        Segments of the sources. Without them the region is the whole
        stamp.
    rows : int `~numpy.ndarray` of shape (n,), optional
        Row of each position in ``segments``; by default all rows.
    size : int, optional
        Width of the stamps in px, an odd number.

    Returns
    -------
    stamps : `~blendhunter.stamps.Stamps`
        The stamps, with one entry per position.
    """
    ix, iy = round_position(x), round_position(y)
    ny, nx = data.shape
    flags = np.zeros(len(ix), dtype=np.int32)
    stack = cut_windows(data, ix, iy, size)
    on_image = pixel_counts(data.shape, ix, iy, size)
    usable = on_image.astype(float)
    off = (ix < 0) | (ix >= nx) | (iy < 0) | (iy >= ny)
    flags[on_image < size**2] |= BlendFlag.EDGE
    flags[off] |= BlendFlag.OFF_IMAGE
    fill = None
    if mask is not None:
        fill = cut_windows(mask, ix, iy, size)
        masked = fill.sum(axis=(1, 2))
        flags[masked > 0] |= BlendFlag.MASKED
        usable -= masked
    regions = _whole_stamp(ix, iy, data.shape, size, on_image)
    if fill is not None:
        regions &= ~fill
    if segments is not None:
        rows = np.arange(len(ix)) if rows is None else rows
        own, others, is_disc = region_windows(segments, rows, ix, iy, size)
        regions &= own
        fill = others if fill is None else fill | others
        flags[is_disc] |= BlendFlag.NO_SEGMENT
    flags[usable < (1 - MAX_UNUSABLE) * size**2] |= BlendFlag.UNUSABLE
    if stack.dtype.kind != 'f' and (mask is not None
                                    or segments is not None):
        stack = stack.astype(np.float32)  # integers could not hold noise
    if fill is not None and fill.any():
        _fill_noise(stack, fill, noise, ix, iy, size)
    return Stamps(stack, regions, flags)


def _whole_stamp(ix, iy, shape, size, on_image):
    """Return a stack that is True on the image and False off it."""
    whole = np.ones((len(ix), size, size), dtype=bool)
    cut = np.flatnonzero(on_image < size**2)
    x, y = (center[cut, None] + np.arange(size) - size // 2
            for center in (ix, iy))
    whole[cut] = (((y >= 0) & (y < shape[0]))[:, :, None]
                  & ((x >= 0) & (x < shape[1]))[:, None, :])
    return whole


def _fill_noise(stack, fill, noise, ix, iy, size):
    """Replace the marked on-image pixels of a stack by noise, in place."""
    touched = np.flatnonzero(fill.any(axis=(1, 2)))
    values = noise_pattern(ix[touched], iy[touched], size)
    if np.ndim(noise) == 2:
        values = values * cut_windows(noise, ix[touched], iy[touched], size)
    else:
        values = values * noise
    where = fill[touched]
    part = stack[touched]
    part[where] = values[where].astype(stack.dtype)
    stack[touched] = part
