# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The regions of the sources, and the segments of their neighbors."""

from dataclasses import dataclass

import numpy as np

from blendhunter._utils.arrays import values_at
from blendhunter.stamps.windows import cut_windows

__all__ = ['DILATION', 'Segments', 'assign_segments', 'region_windows']

DILATION = 3
# half-widths of the rows of a disc of radius 3 px, from its center row
DISC_ROWS = (3, 2, 2, 0)


@dataclass(frozen=True)
class Segments:
    """
    A segmentation image and the segment of each position.

    Parameters
    ----------
    image : 2-D int `~numpy.ndarray`
        Segmentation image in which each position has its own segment.
    labels : int `~numpy.ndarray` of shape (n,)
        Segment of each position; 0 if it has none and a disc is used.
    disc_radius : float
        Radius of this disc in px. Its area is the median segment area.
    """

    image: np.ndarray
    labels: np.ndarray
    disc_radius: float


def assign_segments(segmentation, x, y, *, labels=None, divide=True):
    """
    Assign a separate segment to every position.

    Parameters
    ----------
    segmentation : 2-D int `~numpy.ndarray`
        Segmentation image; 0 is sky.
    x, y : float `~numpy.ndarray` of shape (n,)
        Positions in pixels.
    labels : int array_like of shape (n,), optional
        Segment of each position, where it is known. By default it is the
        label at the rounded position.
    divide : bool, optional
        Whether to divide a segment that several positions share. Each of
        its pixels then belongs to the nearest position.

    Returns
    -------
    segments : `~blendhunter.stamps.Segments`
        The segment of each position.
    """
    shape = segmentation.shape
    if segmentation.max(initial=0) > segmentation.size:
        # so that memory follows the number of segments, not their labels
        values, segmentation = np.unique(segmentation, return_inverse=True)
        if values[0] > 0:
            values, segmentation = np.append(0, values), segmentation + 1
        segmentation = segmentation.reshape(shape).astype(np.int32)
        if labels is not None:
            labels = np.asarray(labels)
            place = np.searchsorted(values, labels).clip(0, len(values) - 1)
            labels = np.where(values[place] == labels, place, 0)
    areas = np.bincount(segmentation.ravel())[1:]
    areas = areas[areas > 0]
    median = np.median(areas) if areas.size else np.pi * DILATION**2
    if labels is None:
        labels = values_at(segmentation, x, y).astype(np.int64)
    else:
        labels = np.array(labels, dtype=np.int64)
        known = np.zeros(int(segmentation.max(initial=0)) + 1, dtype=bool)
        known[np.unique(segmentation)] = True
        valid = (labels > 0) & (labels < known.size)
        labels[~(valid & known[np.where(valid, labels, 0)])] = 0
        labels[~(np.isfinite(x) & np.isfinite(y))] = 0
    image = segmentation
    if divide:
        image, labels = _divide_shared(segmentation, labels, x, y)
    return Segments(image, labels, float(np.sqrt(median / np.pi)))


def _divide_shared(segmentation, labels, x, y):
    """Relabel the segments that several positions share."""
    unique, counts = np.unique(labels[labels > 0], return_counts=True)
    shared = unique[counts > 1]
    if shared.size == 0:
        return segmentation, labels
    from scipy.ndimage import find_objects

    image = segmentation.astype(np.int64)
    labels = labels.copy()
    boxes = find_objects(segmentation.astype(np.int32, copy=False))
    next_label = int(segmentation.max()) + 1
    for label in shared.tolist():
        rows = np.flatnonzero(labels == label)
        # rows at one position, as in catalogs of overlapping tiles, have
        # one segment between them
        points, which = np.unique(np.column_stack([x[rows], y[rows]]),
                                  axis=0, return_inverse=True)
        if len(points) == 1:
            continue
        box = boxes[label - 1]
        py, px = np.nonzero(image[box] == label)
        gy, gx = py + box[0].start, px + box[1].start
        nearest = np.argmin((gx[:, None] - points[:, 0]) ** 2
                            + (gy[:, None] - points[:, 1]) ** 2, axis=1)
        labels[rows] = next_label + which.ravel()
        image[gy, gx] = next_label + nearest
        next_label += len(points)
    return image, labels


def _dilate(stack):
    """Dilate each image of a boolean stack by a disc of radius 3 px."""
    n, ny, nx = stack.shape
    wide = {0: stack}
    for width in range(1, DILATION + 1):
        grown = wide[width - 1].copy()
        grown[:, :, width:] |= stack[:, :, :nx - width]
        grown[:, :, :nx - width] |= stack[:, :, width:]
        wide[width] = grown
    out = np.zeros_like(stack)
    for dy in range(-DILATION, DILATION + 1):
        source = wide[DISC_ROWS[abs(dy)]]
        out[:, max(dy, 0):ny + min(dy, 0)] |= (
            source[:, max(-dy, 0):ny - max(dy, 0)])
    return out


def region_windows(segments, rows, ix, iy, size):
    """
    Cut the region of each source and the pixels of its neighbors.

    Of the rows of ``segments`` with central pixels (ix, iy), in windows
    of odd ``size``: ``region`` is True in a source's own segment or disc,
    ``others`` in the other segments, dilated by 3 px but never over the
    region, and ``is_disc`` where the source has no segment.
    """
    margin = DILATION
    windows = cut_windows(segments.image, ix, iy, size + 2 * margin)
    own = segments.labels[rows][:, None, None]
    region = (windows == own) & (own > 0)
    inner = slice(margin, margin + size)
    is_disc = ~region[:, inner, inner].any(axis=(1, 2))
    if is_disc.any():
        steps = np.arange(windows.shape[1]) - windows.shape[1] // 2
        disc = np.hypot(*np.meshgrid(steps, steps)) <= segments.disc_radius
        found = windows[is_disc]
        middle = windows.shape[1] // 2
        under = found[:, middle, middle][:, None, None]
        region[is_disc] = disc & ((found == 0) | (found == under))
    others = _dilate((windows > 0) & ~region) & ~region
    return region[:, inner, inner], others[:, inner, inner], is_disc
