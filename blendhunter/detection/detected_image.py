# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""An image with its sources, their segments and their stamps."""

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

    Make it once per image, with `~blendhunter.DetectedImage.from_image`.
    Training, classification and benchmarks all cut their stamps with this
    class. So the training stamps and the classified stamps are alike.

    Parameters
    ----------
    image : `~blendhunter.detection.BackgroundSubtractedImage`
        The image without background, with its noise and mask.
    catalog : `~astropy.table.Table`
        One row per source.
    x, y : float `~numpy.ndarray` of shape (n,)
        Positions in pixels; NaN if a row has no position.
    settings : `~blendhunter.DetectionSettings`
        Settings of the detection of the segments.
    labels : int `~numpy.ndarray` of shape (n,) or None, optional
        Segment of each row. None uses the segment at the position.
    given_segmentation : 2-D int `~numpy.ndarray` or None, optional
        The segmentation image. With None the segments are detected when
        they are first needed.
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
        Check an image, subtract its background and find its sources.

        Parameters
        ----------
        image : image-like of shape (ny, nx)
            Array, masked array, Quantity, NDData, HDU or FITS path.
        catalog : table-like or path, optional
            The sources; see `~blendhunter.catalogs.as_table`. A photutils
            ``SourceCatalog`` has its own segments. Without a catalog the
            sources are detected, or measured in the segments of
            ``segmentation``.
        segmentation : 2-D int array or SegmentationImage, optional
            Segmentation image of the sources; 0 is the sky. By default it
            is detected. You may also give a ``SegmentationImage`` as
            ``catalog``.
        mask : 2-D bool array, optional
            True marks bad pixels.
        noise : float, Quantity or 2-D array, optional
            RMS noise per pixel. By default the uncertainty of the image,
            or else the robust background RMS of the detector.
        background : 'auto', None, float or 2-D array, optional
            'auto' subtracts a mesh estimate, None nothing.
        settings : `~blendhunter.DetectionSettings`, optional
            Settings of the detection. Settings in the meta of the catalog
            take precedence, because they give its segments again.
        wcs : `~astropy.wcs.WCS`, optional
            WCS for catalogs with sky coordinates; by default that of the
            image.
        ext : int or str, optional
            Extension of a FITS path.
        columns, sky, pixel_origin : optional
            Position columns of the catalog; see
            `~blendhunter.catalogs.catalog_positions`.
        chip : int, optional
            Number of the catalog in a FITS_LDAC file with several
            catalogs. The first one is 1.

        Returns
        -------
        detected : `~blendhunter.DetectedImage`
            The image and its sources.

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
            The image without background.
        segmentation : 2-D int `~numpy.ndarray`
            Segmentation image; 0 is the sky.
        settings : `~blendhunter.DetectionSettings`
            Settings of the detection that made the segments.

        Returns
        -------
        detected : `~blendhunter.DetectedImage`
            The image, with one source per segment.
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
            The image without background.
        settings : `~blendhunter.DetectionSettings`, optional
            Settings of the detection.

        Returns
        -------
        detected : `~blendhunter.DetectedImage`
            The image and its sources.
        """
        settings = settings or DetectionSettings()
        catalog, segmentation = find_sources(image, settings)
        return cls(image, catalog, np.asarray(catalog['x_centroid']),
                   np.asarray(catalog['y_centroid']), settings,
                   np.asarray(catalog['label']), segmentation)

    @property
    def pixels(self):
        """Background-subtracted pixels in the unit of the image (float64)."""
        return self.image.data * np.float64(self.image.scale)

    @property
    def noise(self):
        """RMS noise per pixel in the unit of the image: a number or a map."""
        return self.image.noise * np.float64(self.image.scale)

    @property
    def mask(self):
        """Mask, where True marks bad pixels; None if there are none."""
        return self.image.mask

    @property
    def noise_kind(self):
        """Origin of the noise: given 'scalar' or 'map', or 'estimated'."""
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
        """Segmentation image; 0 is the sky."""
        if self.given_segmentation is not None:
            return self.given_segmentation
        return find_sources(self.image, self.settings)[1]

    @cached_property
    def segments(self):
        """Segment of each row, as `~blendhunter.stamps.Segments`."""
        labels = self.labels
        if labels is not None and self.given_segmentation is None:
            labels = trusted_labels(labels, self.segmentation, self.x,
                                    self.y)
        return assign_segments(self.segmentation, self.x, self.y,
                               labels=labels)

    def stamps(self, rows=None, region='segment'):
        """
        Cut the stamps of sources, in units of the noise.

        Parameters
        ----------
        rows : int array_like of shape (m,), optional
            Rows of the catalog; by default all.
        region : {'segment', 'stamp'}, optional
            'segment': the region is the segment of the source, and other
            segments are replaced by noise. 'stamp': the region is the
            whole stamp, and nothing is replaced.

        Returns
        -------
        stamps : `~blendhunter.stamps.Stamps`
            The stamps of m sources. Their ``data`` are divided by the
            noise per pixel (float32).

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
        """
        Iterate over the parts of the image: this image is the only one.

        Yields
        ------
        rows : int `~numpy.ndarray` of shape (n,)
            All rows of the catalog.
        part : `~blendhunter.DetectedImage`
            This image. Large images that are read in tiles have several
            parts.
        """
        yield np.arange(len(self)), self

    def select(self, rows):
        """
        Return the same image with a part of its sources.

        Parameters
        ----------
        rows : int or bool array_like
            Rows of the catalog.

        Returns
        -------
        detected : `~blendhunter.DetectedImage`
            The image with these sources. Each keeps its segment and its
            stamp.
        """
        segments = self.segments
        return replace(self, catalog=self.catalog[rows], x=self.x[rows],
                       y=self.y[rows], labels=segments.labels[rows],
                       given_segmentation=segments.image)
