"""`detect`: the sources of an image, in one table."""

import warnings

from blendhunter.detection import _photutils
from blendhunter.detection.settings import DetectionSettings
from blendhunter.detection.tiled_image import open_image
from blendhunter.detection.tiles import TILE_SIZE
from blendhunter.exceptions import NoDetectionsWarning

__all__ = ['detect']


def detect(image, *, method='sep', n_sigma=1.5, n_pixels=5, deblend=True,
           n_levels=32, contrast=0.005, mask=None, noise=None,
           background='auto', ext=None, tile_size=TILE_SIZE,
           return_segmentation=False):
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
    tile_size : int or None, optional
        An image that is wider or higher is worked on in tiles of this
        width (px), which overlap by 512 px on each side. Of a FITS file
        one tile after the other is read. None never does so.
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
        and 8 SEP's own); ``snr`` (flux over its noise). Its
        ``meta['BHDETECT']`` records the settings.
    segmentation : `~photutils.segmentation.SegmentationImage` or None
        Only with ``return_segmentation``; None if nothing was found.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    """
    settings = DetectionSettings(
        method=method, n_sigma=n_sigma, n_pixels=n_pixels, deblend=deblend,
        n_levels=n_levels, contrast=contrast)
    with open_image(image, mask=mask, noise=noise, background=background,
                    ext=ext, settings=settings, tile_size=tile_size,
                    keep_segmentation=return_segmentation) as detected:
        for _ in detected.parts():
            pass
    catalog = detected.catalog
    if not len(catalog):
        warnings.warn(f'no source above {n_sigma} sigma was found',
                      NoDetectionsWarning, stacklevel=2)
    if not return_segmentation:
        return catalog
    return catalog, (_photutils.segmentation_image(detected.segmentation)
                     if len(catalog) else None)
