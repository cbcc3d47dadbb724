"""The sources of a background-subtracted image, in one canonical table."""

import numpy as np
from astropy import units as u
from astropy.table import QTable

from blendhunter.detection import _photutils, _sep
from blendhunter.detection.settings import DETECTION_KEY

__all__ = ['find_in_normalized', 'find_sources']

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

    Returns
    -------
    catalog : `~astropy.table.QTable`
        See `~blendhunter.detect`.
    segmentation : 2-D int32 `~numpy.ndarray`
        Labels 1, 2, ...; 0 is sky.
    """
    segmentation, found = find_in_normalized(image.normalized, settings,
                                             mask=image.mask)
    n = len(found['x'])
    area, flux, variance = _segment_sums(segmentation, image, n)
    with np.errstate(invalid='ignore', divide='ignore'):
        snr = flux / np.sqrt(variance)
    # not `<<`, which changes the unit of an array in place
    flux = flux * image.scale
    catalog = QTable()
    catalog['label'] = np.arange(1, n + 1, dtype=np.int32)
    catalog['x_centroid'] = found['x']
    catalog['y_centroid'] = found['y']
    catalog['flux'] = (flux if image.unit is None
                       else u.Quantity(flux, image.unit))
    catalog['semimajor_axis'] = found['a'] * u.pix
    catalog['semiminor_axis'] = found['b'] * u.pix
    catalog['orientation'] = np.rad2deg(found['theta']) * u.deg
    catalog['n_pixels'] = area.astype(np.int32)
    catalog['flag'] = found['flag']
    catalog['snr'] = snr
    catalog.meta[DETECTION_KEY] = settings.to_meta()
    return catalog, segmentation


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
