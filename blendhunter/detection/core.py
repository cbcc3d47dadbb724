"""Detection with either detector, and their one canonical table."""

import json
import warnings
from dataclasses import asdict, dataclass

import numpy as np
from astropy import units as u
from astropy.table import QTable

from blendhunter._utils.images import as_image
from blendhunter._utils.tables import meta_value
from blendhunter.detection import _photutils, _sep
from blendhunter.detection.background import subtract_background
from blendhunter.exceptions import NoDetectionsWarning

__all__ = ['DETECTION_KEY', 'Detection', 'detect', 'detect_prepared',
           'settings_from_meta']

DETECTION_KEY = 'blendhunter.detection'
FINDERS = {'sep': _sep.find, 'photutils': _photutils.find}
ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class Detection:
    """
    Settings of a detection; the defaults are the paper's (Table 2).

    Parameters
    ----------
    method : {'sep', 'photutils'}
        The detector.
    n_sigma : float
        Threshold in units of the noise per pixel.
    n_pixels : int
        Least number of connected pixels above it.
    deblend : bool
        Whether to split segments with several peaks.
    n_levels : int
        Number of deblending levels.
    contrast : float
        Least fraction of the flux of a peak of its own.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    method: str = 'sep'
    n_sigma: float = 1.5
    n_pixels: int = 5
    deblend: bool = True
    n_levels: int = 32
    contrast: float = 0.005

    def __post_init__(self):
        checks = [
            ('method', self.method in FINDERS, f'one of {sorted(FINDERS)}'),
            ('n_sigma', self.n_sigma > 0, 'positive'),
            ('n_pixels', self.n_pixels >= 1, 'at least 1'),
            ('n_levels', self.n_levels >= 1, 'at least 1'),
            ('contrast', 0 <= self.contrast <= 1, 'between 0 and 1')]
        for name, good, wanted in checks:
            if not good:
                msg = f'{name} must be {wanted}, got {getattr(self, name)!r}'
                raise ValueError(msg)

    def to_meta(self):
        """Return the settings as a string for a table's meta."""
        return json.dumps(asdict(self), separators=(',', ':'),
                          default=lambda value: value.item())


def settings_from_meta(meta):
    """
    Read the settings that `detect` left in a table's meta.

    Parameters
    ----------
    meta : mapping
        Also as it was read from FITS.

    Returns
    -------
    settings : `Detection` or None
        None where the table does not come from `detect`.
    """
    try:
        return Detection(**json.loads(meta_value(meta, DETECTION_KEY)))
    except (TypeError, ValueError):
        return None


def detect(image, *, method='sep', n_sigma=1.5, n_pixels=5, deblend=True,
           n_levels=32, contrast=0.005, mask=None, noise=None,
           background='auto', ext=None, return_segmentation=False):
    """
    Detect the sources of an image.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
        Array, masked array, Quantity, NDData, HDU or FITS path.
    method : {'sep', 'photutils'}, optional
        The detector; both return the same columns.
    n_sigma : float, optional
        Threshold in units of the noise per pixel, whatever form the
        noise has.
    n_pixels : int, optional
        Least number of connected pixels above the threshold.
    deblend : bool, optional
        Whether to split segments with several peaks.
    n_levels, contrast : int, float, optional
        Number of deblending levels and least flux fraction of a peak.
    mask : 2-D bool array, optional
        True marks bad pixels.
    noise : float, Quantity or 2-D array, optional
        RMS noise per pixel; by default the uncertainty of the image,
        else the detector's robust background RMS.
    background : 'auto', None, float or 2-D array, optional
        'auto' subtracts a mesh estimate, None nothing.
    ext : int or str, optional
        Extension of a FITS path.
    return_segmentation : bool, optional
        Whether to return the segmentation image too.

    Returns
    -------
    catalog : `~astropy.table.QTable`
        One row per source: ``label``; ``x_centroid``, ``y_centroid`` (px,
        0-indexed); ``flux`` (sum over the segment, unit of the image);
        ``semimajor_axis``, ``semiminor_axis`` (RMS along the axes, pix),
        ``orientation`` (deg, counter-clockwise from x); ``n_pixels`` of
        the segment; ``flag`` (1 child of a split, 2 at the image edge, 4
        and 8 SEP's own); ``snr`` (flux over its noise). The settings
        stand in ``meta['blendhunter.detection']``.
    segmentation : `~photutils.segmentation.SegmentationImage` or None
        Only with ``return_segmentation``; None where nothing was found.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    """
    settings = Detection(method=method, n_sigma=n_sigma, n_pixels=n_pixels,
                         deblend=deblend, n_levels=n_levels,
                         contrast=contrast)
    image = as_image(image, mask=mask, noise=noise, ext=ext)
    prepared = subtract_background(image, background=background,
                                   method=method)
    catalog, segmentation = detect_prepared(prepared, settings,
                                            unit=image.unit)
    if len(catalog) == 0:
        warnings.warn(f'no source above {n_sigma} sigma was found',
                      NoDetectionsWarning, stacklevel=2)
    if not return_segmentation:
        return catalog
    if len(catalog) == 0:
        return catalog, None
    return catalog, _photutils.segmentation_image(segmentation)


def detect_prepared(prepared, settings, *, unit=None):
    """
    Detect on a background-subtracted image; the check-free core.

    Parameters
    ----------
    prepared : `~blendhunter.detection.background.Subtracted`
    settings : `Detection`
    unit : `~astropy.units.Unit`, optional
        Unit of the image.

    Returns
    -------
    catalog : `~astropy.table.QTable`
        See `detect`.
    segmentation : 2-D int32 `~numpy.ndarray`
        Labels 1, 2, ...; 0 is sky.
    """
    segmentation, found = FINDERS[settings.method](
        prepared.normalised(), mask=prepared.mask, n_sigma=settings.n_sigma,
        n_pixels=settings.n_pixels, deblend=settings.deblend,
        n_levels=settings.n_levels, contrast=settings.contrast)
    n = len(found['x'])
    area, flux, variance = _segment_sums(segmentation, prepared, n)
    with np.errstate(invalid='ignore', divide='ignore'):
        snr = flux / np.sqrt(variance)
    # not `<<`, which changes the unit of an array in place
    flux = flux * prepared.scale
    catalog = QTable()
    catalog['label'] = np.arange(1, n + 1, dtype=np.int32)
    catalog['x_centroid'] = found['x']
    catalog['y_centroid'] = found['y']
    catalog['flux'] = flux if unit is None else u.Quantity(flux, unit)
    catalog['semimajor_axis'] = found['a'] * u.pix
    catalog['semiminor_axis'] = found['b'] * u.pix
    catalog['orientation'] = np.rad2deg(found['theta']) * u.deg
    catalog['n_pixels'] = area.astype(np.int32)
    catalog['flag'] = found['flag']
    catalog['snr'] = snr
    catalog.meta[DETECTION_KEY] = settings.to_meta()
    return catalog, segmentation


def _segment_sums(segmentation, prepared, n):
    """Return area, flux and noise variance of the segments 1 to n."""
    sums = np.zeros((3, n + 1))
    for start in range(0, len(segmentation), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        labels = segmentation[rows].ravel()
        variance = np.broadcast_to(
            np.square(prepared.noise[rows] if np.ndim(prepared.noise)
                      else prepared.noise, dtype=float),
            segmentation[rows].shape)
        sums[0] += np.bincount(labels, minlength=n + 1)
        sums[1] += np.bincount(labels, prepared.data[rows].ravel(), n + 1)
        sums[2] += np.bincount(labels, variance.ravel(), n + 1)
    return sums[:, 1:]
