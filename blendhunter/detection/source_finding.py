# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Find the sources of a background-subtracted image."""

import warnings

import numpy as np
from astropy import units as u
from astropy.table import QTable

from blendhunter._utils.descriptions import DETECTED, describe_columns
from blendhunter._utils.meta import record_meta
from blendhunter.detection import _photutils, _sep
from blendhunter.exceptions import BlendHunterWarning

__all__ = ['find_in_normalized', 'find_sources', 'measure_sources']

FINDERS = {'sep': _sep.find, 'photutils': _photutils.find}
ROWS_AT_ONCE = 256


def find_in_normalized(normalized, settings, *, mask=None):
    """Run the detector on an image over its noise; see its adapter."""
    return FINDERS[settings.method](
        normalized, mask=mask, n_sigma=settings.n_sigma,
        n_pixels=settings.n_pixels, deblend=settings.deblend,
        n_levels=settings.n_levels, contrast=settings.contrast)


def find_sources(image, settings):
    """
    Find the sources of a `BackgroundSubtractedImage`; nothing is checked.

    Returns the catalog (see `~blendhunter.detect`) and the segmentation
    image (int32) with the labels 1, 2, ...
    """
    segmentation, found = find_in_normalized(image.normalized, settings,
                                             mask=image.mask)
    catalog = _table(image, segmentation, found)
    catalog['label'][:] = np.arange(1, len(catalog) + 1, dtype=np.int32)
    record_meta(catalog.meta, detection=settings.to_meta())
    return catalog, segmentation


def measure_sources(image, segmentation):
    """
    Measure given segments of a `BackgroundSubtractedImage`.

    Returns the catalog of `find_sources`, with the labels of the
    segmentation image; its meta records no detection settings.
    """
    labels, compact = np.unique(segmentation, return_inverse=True)
    if labels[:1] == 0:
        labels = labels[1:]
    else:
        compact = compact + 1
    compact = compact.reshape(segmentation.shape).astype(np.int32)
    if not labels.size:
        found = {name: np.zeros(0) for name in ('x', 'y', 'a', 'b', 'theta')}
        found['flag'] = np.zeros(0, dtype=np.int32)
    else:
        found = _photutils.measure(image.normalized, compact,
                                   mask=image.mask)
    catalog = _table(image, compact, found)
    catalog['label'][:] = labels.astype(np.int32)
    return catalog


def _table(image, segmentation, found):
    """Return the canonical table of the segments 1, 2, ..."""
    n = len(found['x'])
    area, flux, variance = _segment_sums(segmentation, image, n)
    with np.errstate(invalid='ignore', divide='ignore'):
        snr = flux / np.sqrt(variance)
    # not `<<`, which changes the unit of an array in place
    flux = flux * image.scale
    catalog = QTable()
    catalog['label'] = np.zeros(n, dtype=np.int32)
    catalog['x_centroid'] = found['x']
    catalog['y_centroid'] = found['y']
    _add_sky(catalog, image)
    catalog['flux'] = (flux if image.unit is None
                       else u.Quantity(flux, image.unit))
    catalog['semimajor_axis'] = found['a'] * u.pix
    catalog['semiminor_axis'] = found['b'] * u.pix
    catalog['orientation'] = np.rad2deg(found['theta']) * u.deg
    catalog['n_pixels'] = area.astype(np.int32)
    catalog['flag'] = found['flag']
    catalog['snr'] = snr
    return describe_columns(catalog, DETECTED)


def _add_sky(catalog, image):
    """Add ``ra`` and ``dec`` if the image has a celestial WCS."""
    try:
        wcs = image.wcs
        if wcs is None or not wcs.has_celestial:
            return
        sky = wcs.celestial.pixel_to_world(
            catalog['x_centroid'], catalog['y_centroid']).icrs
    except ValueError as error:
        warnings.warn(f'{error}; the catalog has no ra and dec',
                      BlendHunterWarning, stacklevel=5)
        return
    catalog['ra'], catalog['dec'] = sky.ra, sky.dec


def _segment_sums(segmentation, image, n):
    """Return area, flux and noise variance of the segments 1 to n."""
    sums = np.zeros((3, n + 1))
    for start in range(0, len(segmentation), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        labels = segmentation[rows].ravel()
        variance = np.broadcast_to(
            np.square(image.noise[rows] if np.ndim(image.noise)
                      else image.noise, dtype=float),
            segmentation[rows].shape)
        sums[0] += np.bincount(labels, minlength=n + 1)
        sums[1] += np.bincount(labels, image.data[rows].ravel(), n + 1)
        sums[2] += np.bincount(labels, variance.ravel(), n + 1)
    return sums[:, 1:]
