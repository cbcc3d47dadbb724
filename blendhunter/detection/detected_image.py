"""`DetectedImage`: an image, its sources, their segments and stamps."""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from astropy.table import Table

from blendhunter._utils.arrays import values_at
from blendhunter.catalogs import (
    as_table,
    catalog_labels,
    catalog_positions,
)
from blendhunter.detection import _photutils
from blendhunter.detection.background import (
    BackgroundSubtractedImage,
    subtract_background,
)
from blendhunter.detection.settings import DetectionSettings
from blendhunter.detection.source_finding import find_sources, measure_sources
from blendhunter.exceptions import BlendHunterWarning, NoDetectionsWarning
from blendhunter.images import accept_segmentation
from blendhunter.stamps import STAMP_SIZE, assign_segments, cut_stamps
from blendhunter.stamps.stamp_noise import noise_of_stamps

__all__ = ['DetectedImage', 'detect']

# labels belong to a segmentation if so many positions agree with it
MIN_AGREEMENT = 0.8
# a catalog of another image, or of other coordinates, has fewer rows here
MIN_ON_IMAGE = 0.05
MIN_ROWS = 5


@dataclass(frozen=True, eq=False)
class DetectedImage:
    """
    An image with its sources and their segments.

    It is made once per image, by `from_image`. Detection, training,
    classification and benchmarks all cut their stamps here, so that a
    network is trained on the stamps that it later classifies.

    Parameters
    ----------
    image : `~blendhunter.detection.BackgroundSubtractedImage`
    catalog : `~astropy.table.Table`
        One row per source.
    x, y : float `~numpy.ndarray` of shape (n,)
        Positions in pixels; NaN if a row has none.
    settings : `~blendhunter.DetectionSettings`
        What the segments are detected with.
    labels : int `~numpy.ndarray` of shape (n,) or None, optional
        Segment of each row. None takes the segment at its position.
    given_segmentation : 2-D int `~numpy.ndarray` or None, optional
        None detects the segments when they are first needed.
    """

    image: BackgroundSubtractedImage
    catalog: Table
    x: np.ndarray
    y: np.ndarray
    settings: DetectionSettings
    labels: np.ndarray | None = None
    given_segmentation: np.ndarray | None = None

    def __repr__(self):
        return (f'<DetectedImage of shape {self.image.data.shape} with '
                f'{len(self)} sources>')

    def __len__(self):
        return len(self.catalog)

    @classmethod
    def from_image(cls, image, catalog=None, *, segmentation=None, mask=None,
                   noise=None, background='auto', settings=None, wcs=None,
                   ext=None, columns=None, sky=None, pixel_origin=None,
                   chip=None):
        """
        Accept an image, subtract its background and find its sources.

        Parameters
        ----------
        image : image-like of shape (ny, nx)
            Array, masked array, Quantity, NDData, HDU or FITS path.
        catalog : table-like or path, optional
            The sources; see `~blendhunter.catalogs.as_table`. A photutils
            ``SourceCatalog`` brings its own segments. None detects them,
            or measures the segments of ``segmentation``.
        segmentation : 2-D int array or SegmentationImage, optional
            Segment of each source, 0 for the sky. None detects them. A
            ``SegmentationImage`` as ``catalog`` means the same.
        mask : 2-D bool array, optional
            True marks bad pixels.
        noise : float, Quantity or 2-D array, optional
            RMS noise per pixel; by default the image's uncertainty, else
            the detector's robust background RMS.
        background : 'auto', None, float or 2-D array, optional
            'auto' subtracts a mesh estimate, None nothing.
        settings : `~blendhunter.DetectionSettings`, optional
            By default those in the catalog's meta, or else the
            defaults. Settings in the meta of a catalog take precedence,
            because its segments must be found again.
        wcs : `~astropy.wcs.WCS`, optional
            For catalogs with sky coordinates; by default the image's.
        ext : int or str, optional
            Extension of a FITS path.
        columns, sky, pixel_origin : optional
            Position columns of the catalog and what they mean; see
            `~blendhunter.catalogs.catalog_positions`.
        chip : int, optional
            Which catalog of a FITS_LDAC file with several, from 1.

        Returns
        -------
        detected : `DetectedImage`

        Raises
        ------
        TypeError, ValueError, OSError
            If an argument cannot be used; the message names it.
        """
        if catalog is not None and segmentation is None and hasattr(
                catalog, 'areas') and hasattr(catalog, 'labels'):
            catalog, segmentation = None, catalog
        own, table = None, None
        if catalog is not None:
            table = as_table(catalog, chip=chip)
            own = DetectionSettings.from_meta(table.meta)
        settings = own or settings or DetectionSettings()
        image = subtract_background(image, mask=mask, noise=noise, wcs=wcs,
                                    ext=ext, background=background,
                                    method=settings.method)
        if segmentation is None and hasattr(catalog, 'segment_cutout'):
            segmentation = _photutils.catalog_segments(catalog,
                                                       image.data.shape)
        if segmentation is not None:
            segmentation = accept_segmentation(segmentation,
                                               image.data.shape)
        if table is None and segmentation is None:
            return cls.from_background_subtracted(image, settings)
        if table is None:
            table = measure_sources(image, segmentation)
            return cls(image, table, np.asarray(table['x_centroid']),
                       np.asarray(table['y_centroid']), settings,
                       np.asarray(table['label']), segmentation)
        x, y = catalog_positions(table, wcs=lambda: image.wcs,
                                 columns=columns, sky=sky,
                                 pixel_origin=pixel_origin)
        _check_on_image(x, y, image.data.shape)
        # labels count for the segmentation that came with them, or for
        # one that is detected again with the catalog's own settings
        labels = (None if segmentation is None and own is None
                  else catalog_labels(table))
        if segmentation is not None and labels is not None:
            labels = _trusted_labels(labels, segmentation, x, y)
        return cls(image, table, x, y, settings, labels, segmentation)

    @classmethod
    def from_background_subtracted(cls, image, settings=None):
        """
        Find the sources of a background-subtracted image.

        Parameters
        ----------
        image : `~blendhunter.detection.BackgroundSubtractedImage`
        settings : `~blendhunter.DetectionSettings`, optional

        Returns
        -------
        detected : `DetectedImage`
        """
        settings = settings or DetectionSettings()
        catalog, segmentation = find_sources(image, settings)
        return cls(image, catalog, np.asarray(catalog['x_centroid']),
                   np.asarray(catalog['y_centroid']), settings,
                   np.asarray(catalog['label']), segmentation)

    @property
    def pixels(self):
        """Background-subtracted pixels in the image's unit (float64)."""
        return self.image.data * np.float64(self.image.scale)

    @property
    def noise(self):
        """RMS noise per pixel in the image's unit: a number or a map."""
        return self.image.noise * np.float64(self.image.scale)

    @property
    def mask(self):
        """True marks bad pixels; None if there are none."""
        return self.image.mask

    @property
    def unit(self):
        """Unit of the image, or None."""
        return self.image.unit

    @property
    def wcs(self):
        """World coordinate system of the image, or None."""
        return self.image.wcs

    @cached_property
    def segmentation(self):
        """Segmentation image; 0 is sky."""
        if self.given_segmentation is not None:
            return self.given_segmentation
        return find_sources(self.image, self.settings)[1]

    @cached_property
    def segments(self):
        """The segment of each row: `~blendhunter.stamps.Segments`."""
        labels = self.labels
        if labels is not None and self.given_segmentation is None:
            labels = _trusted_labels(labels, self.segmentation, self.x,
                                     self.y)
        return assign_segments(self.segmentation, self.x, self.y,
                               labels=labels)

    def stamps(self, rows=None, region='segment'):
        """
        Cut the stamps of some sources, in units of the noise.

        Parameters
        ----------
        rows : int array_like of shape (m,), optional
            Rows of the catalog; by default all.
        region : {'segment', 'stamp'}, optional
            'segment': each region is the source's own segment, and the
            other segments are replaced by noise. 'stamp': the region is
            the whole stamp, and nothing is replaced.

        Returns
        -------
        stamps : `~blendhunter.stamps.Stamps`
            Of m sources; ``data`` is float32, over the noise per pixel.

        Raises
        ------
        ValueError
            If ``region`` is unknown.
        """
        if region not in ('segment', 'stamp'):
            msg = f"region must be 'segment' or 'stamp', got {region!r}"
            raise ValueError(msg)
        rows = np.arange(len(self)) if rows is None else np.asarray(rows)
        x, y = self.x[rows], self.y[rows]
        stamps = cut_stamps(
            self.image.data, x, y, noise=self.image.noise,
            mask=self.image.mask, rows=rows,
            segments=self.segments if region == 'segment' else None)
        return replace(stamps, data=stamps.data / noise_of_stamps(
            self.image.noise, x, y, STAMP_SIZE))

    def select(self, rows):
        """
        Return the same image with some of its sources.

        Parameters
        ----------
        rows : int or bool array_like
            Rows of the catalog.

        Returns
        -------
        detected : `DetectedImage`
            Each source keeps its segment, and so its stamp.
        """
        segments = self.segments
        return replace(self, catalog=self.catalog[rows], x=self.x[rows],
                       y=self.y[rows], labels=segments.labels[rows],
                       given_segmentation=segments.image)


def _trusted_labels(labels, segmentation, x, y):
    """
    Return labels if they belong to a segmentation that was made again.

    They do not if the catalog was detected with another mask, noise or
    background, or on another image: then None, with a warning.
    """
    here = values_at(segmentation, x, y)
    on = here > 0
    if on.any() and np.mean(here[on] == labels[on]) > MIN_AGREEMENT:
        return labels
    if len(labels):
        warnings.warn(
            'the labels of catalog do not fit the segments of image (is it '
            'of another segmentation, or was it detected with another mask, '
            'noise or background?): the segments at the positions are used',
            BlendHunterWarning, stacklevel=5)
    return None


def _check_on_image(x, y, shape):
    """Warn if the positions can hardly be those of this image."""
    known = np.isfinite(x) & np.isfinite(y)
    n = np.sum(known)
    if n < MIN_ROWS:
        return
    ix, iy = np.round(x[known]), np.round(y[known])
    on = (ix >= 0) & (ix < shape[1]) & (iy >= 0) & (iy < shape[0])
    reason = None
    if np.mean(on) < MIN_ON_IMAGE:
        reason = f'{np.sum(~on)} of {n} positions are off the image'
    elif len(np.unique(np.column_stack([ix, iy]), axis=0)) <= max(
            (1 - MIN_AGREEMENT) * n / 2, 1):
        reason = (f'{n} positions are on a few pixels, around '
                  f'({np.median(ix):g}, {np.median(iy):g})')
    if reason is not None:
        warnings.warn(
            f'catalog: {reason}; are they sky coordinates (use sky, or '
            'columns), or of another image?', BlendHunterWarning,
            stacklevel=5)


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
        and 8 SEP's own); ``snr`` (flux over its noise). Its
        ``meta['BHDETECT']`` records the settings.
    segmentation : `~photutils.segmentation.SegmentationImage` or None
        Only with ``return_segmentation``; None if nothing was found.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    """
    detected = DetectedImage.from_image(
        image, mask=mask, noise=noise, background=background, ext=ext,
        settings=DetectionSettings(
            method=method, n_sigma=n_sigma, n_pixels=n_pixels,
            deblend=deblend, n_levels=n_levels, contrast=contrast))
    if not len(detected):
        warnings.warn(f'no source above {n_sigma} sigma was found',
                      NoDetectionsWarning, stacklevel=2)
    if not return_segmentation:
        return detected.catalog
    return detected.catalog, (
        _photutils.segmentation_image(detected.segmentation)
        if len(detected) else None)
