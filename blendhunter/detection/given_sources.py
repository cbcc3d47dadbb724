# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The catalog and the segmentation image that a user gives."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from astropy.table import Table

from blendhunter._utils.arrays import values_at
from blendhunter.catalogs import (
    as_table,
    catalog_labels,
    catalog_positions,
)
from blendhunter.detection import _photutils
from blendhunter.detection.settings import DetectionSettings
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images import accept_segmentation

__all__ = ['GivenSources', 'trusted_labels']

# labels belong to a segmentation if so many positions agree with it
MIN_AGREEMENT = 0.8
# a catalog of another image, or of other coordinates, has fewer rows here
MIN_ON_IMAGE = 0.05
MIN_ROWS = 5


@dataclass(frozen=True, eq=False)
class GivenSources:
    """
    A catalog, its positions and its segments, as far as they are given.

    Parameters
    ----------
    settings : `~blendhunter.DetectionSettings`
        Those of the catalog, or else those that were given.
    catalog : `~astropy.table.Table` or None, optional
        The catalog.
    segmentation : optional
        A 2-D int `~numpy.ndarray` once it is checked, or None.
    detected : bool, optional
        Whether the catalog records its settings: its segments can be
        detected again.
    x, y : float `~numpy.ndarray` of shape (n,) or None, optional
        Positions in pixels; NaN if a row has none.
    labels : int `~numpy.ndarray` of shape (n,) or None, optional
        Segment of each row.
    """

    settings: DetectionSettings
    catalog: Table | None = None
    segmentation: object = None
    detected: bool = False
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    labels: np.ndarray | None = None

    @classmethod
    def of(cls, catalog, segmentation, settings, chip):
        """Tell a catalog from segments; see `DetectedImage.from_image`."""
        if catalog is not None and segmentation is None and hasattr(
                catalog, 'areas') and hasattr(catalog, 'labels'):
            catalog, segmentation = None, catalog
        if segmentation is None and hasattr(catalog, 'segment_cutout'):
            # its segments, once the shape of the image is known
            segmentation = catalog
        own, table = None, None
        if catalog is not None:
            table = as_table(catalog, chip=chip)
            own = DetectionSettings.from_meta(table.meta)
        return cls(own or settings or DetectionSettings(), table,
                   segmentation, own is not None)

    def on_image(self, shape, wcs, **positions):
        """
        Check the segments, and find the positions, on an image.

        ``wcs`` is called if it is needed; ``positions`` are the options of
        `~blendhunter.catalogs.catalog_positions`.
        """
        segmentation = self.segmentation
        if hasattr(segmentation, 'segment_cutout'):
            segmentation = _photutils.catalog_segments(segmentation, shape)
        if segmentation is not None:
            segmentation = accept_segmentation(segmentation, shape)
        found = replace(self, segmentation=segmentation)
        if self.catalog is None:
            return found
        x, y = catalog_positions(self.catalog, wcs=wcs, **positions)
        _check_on_image(x, y, shape)
        # labels count for the segmentation that came with them, or for
        # one that is detected again with the catalog's own settings
        labels = (None if segmentation is None and not self.detected
                  else catalog_labels(self.catalog))
        if segmentation is not None and labels is not None:
            labels = trusted_labels(labels, segmentation, x, y)
        return replace(found, x=x, y=y, labels=labels)


def trusted_labels(labels, segmentation, x, y):
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
            'catalog: its labels do not fit the segments of image. Does it '
            'belong to another segmentation image, or was it detected with '
            'another mask, noise or background? The segments at the '
            'positions are used', BlendHunterWarning, stacklevel=5)
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
        reason = (f'all {n} positions are within a few pixels, around '
                  f'({np.median(ix):g}, {np.median(iy):g})')
    if reason is not None:
        warnings.warn(
            f'catalog: {reason}. Are they sky coordinates (use sky or '
            'columns), or do they belong to another image?',
            BlendHunterWarning, stacklevel=5)
