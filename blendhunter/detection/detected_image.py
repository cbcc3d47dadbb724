"""`DetectedImage`: an image, its sources, their segments and stamps."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from astropy.table import Table

from blendhunter.detection.background import (
    BackgroundSubtractedImage,
    subtract_background,
)
from blendhunter.detection.given_sources import GivenSources, trusted_labels
from blendhunter.detection.settings import DetectionSettings
from blendhunter.detection.source_finding import find_sources, measure_sources
from blendhunter.stamps import STAMP_SIZE, assign_segments, cut_stamps
from blendhunter.stamps.stamp_noise import noise_of_stamps

__all__ = ['DetectedImage']


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
        sources = GivenSources.of(catalog, segmentation, settings, chip)
        image = subtract_background(image, mask=mask, noise=noise, wcs=wcs,
                                    ext=ext, background=background,
                                    method=sources.settings.method)
        sources = sources.on_image(
            image.data.shape, lambda: image.wcs, columns=columns, sky=sky,
            pixel_origin=pixel_origin)
        if sources.catalog is not None:
            return cls(image, sources.catalog, sources.x, sources.y,
                       sources.settings, sources.labels,
                       sources.segmentation)
        if sources.segmentation is not None:
            return cls.from_segmentation(image, sources.segmentation,
                                         sources.settings)
        return cls.from_background_subtracted(image, sources.settings)

    @classmethod
    def from_segmentation(cls, image, segmentation, settings):
        """
        Measure the segments of a background-subtracted image.

        Parameters
        ----------
        image : `~blendhunter.detection.BackgroundSubtractedImage`
        segmentation : 2-D int `~numpy.ndarray`
        settings : `~blendhunter.DetectionSettings`

        Returns
        -------
        detected : `DetectedImage`
        """
        table = measure_sources(image, segmentation)
        return cls(image, table, np.asarray(table['x_centroid']),
                   np.asarray(table['y_centroid']), settings,
                   np.asarray(table['label']), segmentation)

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
    def noise_kind(self):
        """Where the noise came from: 'scalar', 'map' or 'estimated'."""
        return self.image.noise_kind

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
            labels = trusted_labels(labels, self.segmentation, self.x,
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

    def parts(self):
        """Yield all rows, and these sources: there are no tiles."""
        yield np.arange(len(self)), self

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
