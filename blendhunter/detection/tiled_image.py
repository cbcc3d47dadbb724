# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The sources of a large image, which is processed tile by tile."""

import warnings
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.arrays import values_at
from blendhunter.detection.background import subtract_background
from blendhunter.detection.detected_image import DetectedImage
from blendhunter.detection.given_sources import GivenSources
from blendhunter.detection.tiles import (
    HALO,
    TILE_SIZE,
    check_tile_size,
    is_large,
    plan_tiles,
)
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images.sections import image_shape, open_sections

__all__ = ['TiledImage', 'open_image']

# px around a core in which sources are kept until it is known whether the
# next tile has them; what the centroids of one source differ by, and more
SEAM = 0.05
SAME = 0.5
# of a source of the catalog, from where the detection of a tile finds it
# again
FOUND_AGAIN = 0.02
# halos of a tile whose sources reach its edges
MAX_HALO = 4 * HALO


class TiledImage:
    """
    A large image, of which one tile after the other is detected.

    It has the attributes of a `~blendhunter.DetectedImage` that the
    classification needs. Its `parts` can be used once; they are not kept.

    Parameters
    ----------
    sections : `~blendhunter.images.sections.ImageSections`
        The image.
    sources : `~blendhunter.detection.given_sources.GivenSources`
        Without a catalog the sources are detected, or measured.
    tile_size : int
        Width of a tile in px, with its halo.
    background : 'auto', None, float or 2-D array, optional
        As for `~blendhunter.detect`.
    keep_segmentation : bool, optional
        Whether to put the segments of all tiles together.
    """

    def __init__(self, sections, sources, tile_size, *, background='auto',
                 keep_segmentation=False):
        self.sections = sections
        self.sources = sources
        self.tiles = plan_tiles(sections.shape, tile_size)
        self.background = background
        self.noise_kind = None
        self.segmentation = sources.segmentation
        if keep_segmentation and self.segmentation is None:
            self.segmentation = np.zeros(sections.shape, dtype=np.int32)
        self._tables = []
        self._seams = np.zeros((0, 2))

    def __len__(self):
        if self.sources.catalog is not None:
            return len(self.sources.catalog)
        return sum(map(len, self._tables))

    @property
    def catalog(self):
        """The sources of the tiles so far, or the catalog that was given."""
        if self.sources.catalog is not None:
            return self.sources.catalog
        if not self._tables:
            return Table()
        return vstack(self._tables, metadata_conflicts='silent')

    @property
    def x(self):
        """The x coordinate of each source in the image, px."""
        return self._position('x')

    @property
    def y(self):
        """The y coordinate of each source in the image, px."""
        return self._position('y')

    def _position(self, axis):
        if self.sources.catalog is not None:
            return getattr(self.sources, axis)
        return np.concatenate([np.zeros(0), *(
            table[f'{axis}_centroid'] for table in self._tables)])

    def parts(self):
        """
        Yield rows of the catalog, and these sources in their tile.

        The positions of the sources are those in the tile; the catalog has
        those in the image. Warnings that all tiles have come once.
        """
        told = set()
        for tile in self.tiles:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter('always')
                part = (self._detected(tile) if self.sources.catalog is None
                        else self._of_catalog(tile))
            for warning in caught:
                text = str(warning.message)
                if text[:40] not in told:
                    told.add(text[:40])
                    warnings.warn(warning.message, warning.category,
                                  stacklevel=3)
            if part is not None:
                yield part
        if self.noise_kind is None and self.sources.catalog is None:
            msg = ('image has no usable pixel: all are masked or not '
                   'finite')
            raise ValueError(msg)

    def _image(self, tile):
        """Return a tile's background-subtracted image; None if unusable."""
        accepted = self.sections.read(tile.window)
        if accepted is None:
            return None
        level = self.background
        if np.ndim(level) == 2:
            level = level[tile.window]
        image = subtract_background(accepted, background=level,
                                    method=self.sources.settings.method)
        self.noise_kind = image.noise_kind
        return image

    def _detected(self, tile):
        """Detect a tile; return its rows and the sources of its core."""
        halo = HALO
        while True:
            grown = tile.grown(halo)
            image = self._image(grown)
            if image is None:
                return None
            found = self._found(image, grown.window)
            x, y = (position + corner for position, corner in zip(
                (found.x, found.y), grown.corner, strict=True))
            keep = np.flatnonzero(tile.contains(x, y, SEAM))
            cut = np.intersect1d(found.labels[keep],
                                 grown.cut_labels(found.segmentation))
            if not cut.size or halo >= MAX_HALO:
                break
            halo *= 2
        if cut.size:
            warnings.warn(
                f'image: {cut.size} segments are wider than {MAX_HALO} px '
                'and were cut at the edge of a tile; use a larger tile_size',
                BlendHunterWarning, stacklevel=2)
        keep = self._not_yet(tile, x, y, keep)
        rows, part = self._append(found.select(keep), x[keep], y[keep])
        if self.sources.segmentation is None and self.segmentation is not None:
            self._put_segments(grown.window, part)
        return rows, part

    def _found(self, image, window):
        """Detect a window, or measure its segments."""
        segments, settings = self.sources.segmentation, self.sources.settings
        if segments is None:
            return DetectedImage.from_background_subtracted(image, settings)
        return DetectedImage.from_segmentation(image, segments[window],
                                               settings)

    def _not_yet(self, tile, x, y, keep):
        """Leave out sources at a seam that another tile had already."""
        near = keep[~tile.contains(x[keep], y[keep], -SEAM)]
        points = np.column_stack([x[near], y[near]])
        if len(points) and len(self._seams):
            distance = np.hypot(*(points[:, None] - self._seams).T).T
            twice = (distance < SAME).any(axis=1)
            keep = np.setdiff1d(keep, near[twice])
            points = points[~twice]
        self._seams = np.concatenate([self._seams, points])
        return keep

    def _append(self, found, x, y):
        """Give the sources of a tile their rows, labels and positions."""
        first = len(self)
        rows = np.arange(first, first + len(found))
        table = found.catalog.copy()
        if self.sources.segmentation is None:
            table['label'] = (rows + 1).astype(np.int32)
        table['x_centroid'], table['y_centroid'] = x, y
        self._tables.append(table)
        return rows, replace(found, catalog=table)

    def _put_segments(self, window, part):
        """Write the segments of a tile's sources into the whole image."""
        new = np.zeros(part.given_segmentation.max(initial=0) + 1,
                       dtype=np.int32)
        new[part.labels] = part.catalog['label']
        segments = new[part.given_segmentation]
        whole = self.segmentation[window]
        whole[segments > 0] = segments[segments > 0]

    def _of_catalog(self, tile):
        """Return the rows of the catalog in a core, and their sources."""
        sources = self.sources
        core = (np.isfinite(sources.x) & np.isfinite(sources.y)
                & tile.contains(sources.x, sources.y))
        image = self._image(tile) if core.any() else None
        if image is None:
            return None
        x, y = (position - corner for position, corner in zip(
            (sources.x, sources.y), tile.corner, strict=True))
        ny, nx = image.data.shape
        # the others share segments with those of the core
        rows = np.flatnonzero(core | ((x > -1) & (x < nx)
                                      & (y > -1) & (y < ny)))
        x, y = x[rows], y[rows]
        if sources.segmentation is None:
            labels, segmentation = _segments_again(sources, image, x, y)
        else:
            labels = (None if sources.labels is None
                      else sources.labels[rows])
            segmentation = sources.segmentation[tile.window]
        part = DetectedImage(image, sources.catalog[rows], x, y,
                             sources.settings, labels, segmentation)
        inside = np.flatnonzero(core[rows])
        return rows[inside], part.select(inside)


def _segments_again(sources, image, x, y):
    """Detect a tile; return the labels of some rows, and the segments."""
    found = DetectedImage.from_background_subtracted(image, sources.settings)
    if not sources.detected or not len(found):
        return None, found.segmentation
    from scipy.spatial import cKDTree

    distance, which = cKDTree(np.column_stack([found.x, found.y])).query(
        np.column_stack([x, y]))
    return np.where(distance < FOUND_AGAIN, found.labels[which],
                    values_at(found.segmentation, x, y)), found.segmentation


@contextmanager
def open_image(image, catalog=None, *, tile_size=TILE_SIZE,
               keep_segmentation=False, **options):
    """
    Open a `DetectedImage`, or a `TiledImage` if it is large.

    Images that are wider or higher than ``tile_size`` are processed tile by
    tile. With ``keep_segmentation`` the segmentation image is kept. All
    other arguments are those of `DetectedImage.from_image`.
    """
    check_tile_size(tile_size)
    shape = image_shape(image, options.get('ext'))
    if not is_large(shape, tile_size):
        yield DetectedImage.from_image(image, catalog, **options)
        return
    sources = GivenSources.of(
        catalog, *(options.pop(name, None)
                   for name in ('segmentation', 'settings', 'chip')))
    background = options.pop('background', 'auto')
    positions = {name: options.pop(name, None)
                 for name in ('columns', 'sky', 'pixel_origin')}
    with open_sections(image, **options) as sections:
        sources = sources.on_image(sections.shape, lambda: sections.wcs,
                                   **positions)
        if (keep_segmentation and sources.catalog is not None
                and sources.segmentation is None):
            msg = ('return_segmentation needs a segmentation, or '
                   'tile_size=None, if a catalog is given for an image of '
                   f'{sections.shape[1]} x {sections.shape[0]} px')
            raise ValueError(msg)
        yield TiledImage(sections, sources, tile_size, background=background,
                         keep_segmentation=keep_segmentation)
