# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Detect the sources of an image."""

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
        The detector. Both return the same columns.
    n_sigma : float, optional
        Detection threshold in units of the noise per pixel.
    n_pixels : int, optional
        Least number of connected pixels above the threshold.
    deblend : bool, optional
        Whether to split segments with several peaks.
    n_levels : int, optional
        Number of deblending levels.
    contrast : float, optional
        Least fraction of the flux for a peak to become a separate source.
    mask : 2-D bool array, optional
        True marks bad pixels.
    noise : float, Quantity or 2-D array, optional
        RMS noise per pixel. By default the uncertainty of the image, or
        else the robust background RMS of the detector.
    background : 'auto', None, float or 2-D array, optional
        'auto' subtracts a mesh estimate, None nothing.
    ext : int or str, optional
        Extension of a FITS path.
    tile_size : int or None, optional
        An image that is wider or higher than this (px) is processed in
        tiles of this width, which overlap by 512 px on each side. A FITS
        file is then read tile by tile. None never uses tiles.
    return_segmentation : bool, optional
        Whether to return the segmentation image too.

    Returns
    -------
    catalog : `~astropy.table.QTable`
        One row per source, with the columns

        - ``label``: number of the segment;
        - ``x_centroid``, ``y_centroid``: position (px; 0 is the center of
          the first pixel);
        - ``ra``, ``dec``: sky position (deg), if the image has a WCS;
        - ``flux``: sum over the segment, in the unit of the image;
        - ``semimajor_axis``, ``semiminor_axis``: RMS along the axes (px);
        - ``orientation``: angle of the major axis (deg, counter-clockwise
          from the x axis);
        - ``n_pixels``: number of pixels of the segment;
        - ``flag``: sum of 1 (part of a split segment), 2 (at the edge of
          the image), 4 and 8 (other flags of SEP);
        - ``snr``: flux over its noise.

        ``meta['BHDETECT']`` records the settings.
    segmentation : `~photutils.segmentation.SegmentationImage` or None
        Only with ``return_segmentation``. None if nothing was found.

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
        warnings.warn(f'no source was found above {n_sigma} sigma',
                      NoDetectionsWarning, stacklevel=2)
    if not return_segmentation:
        return catalog
    return catalog, (_photutils.segmentation_image(detected.segmentation)
                     if len(catalog) else None)
