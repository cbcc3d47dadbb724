# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Segmentation and deblending with photutils."""

import warnings

import numpy as np

__all__ = ['background', 'catalog_segments', 'find', 'measure',
           'segmentation_image', 'smoothed']

# SEP's and SExtractor's default filter, so that both detectors see the
# same smoothing
FILTER = np.outer([1, 2, 1], [1, 2, 1]) / 16.0
MERGED, TRUNCATED = 1, 2


def background(data, mask, mesh_size):
    """Return level and RMS maps (float32) of photutils' Background2D."""
    from photutils.background import Background2D

    estimate = Background2D(data, mesh_size, mask=mask, filter_size=3,
                            exclude_percentile=90)
    return tuple(_interpolated(np.asarray(mesh, dtype=np.float32), mesh_size,
                               data.shape)
                 for mesh in (estimate.background_mesh,
                              estimate.background_rms_mesh))


def _interpolated(mesh, size, shape):
    """
    Return the spline of a mesh, within the range of the meshes around.

    That of Background2D is kept within the range of all meshes, so that a
    pixel would depend on the whole image.
    """
    from scipy.ndimage import maximum_filter, minimum_filter, zoom

    smooth = zoom(mesh, size, order=3, mode='reflect', grid_mode=True)
    lowest, highest = (
        np.repeat(np.repeat(limit(mesh, 3), size, axis=0), size, axis=1)
        for limit in (minimum_filter, maximum_filter))
    return np.clip(smooth, lowest, highest)[:shape[0], :shape[1]]


def segmentation_image(labels):
    """Wrap an integer array as a photutils SegmentationImage."""
    from photutils.segmentation import SegmentationImage

    return SegmentationImage(labels)


def find(normalized, *, mask, n_sigma, n_pixels, deblend, n_levels,
         contrast):
    """
    Detect sources on an image divided by its noise.

    Returns the segmentation image (int32) and a dict with x, y, a, b (px),
    theta (radian) and flag of the labels 1, 2, ... The flags are those of
    SEP: 1 for the child of a split, 2 at the edge.
    """
    from photutils.segmentation import deblend_sources, detect_sources
    from photutils.utils.exceptions import NoDetectionsWarning

    smooth = smoothed(normalized)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', NoDetectionsWarning)
        segments = detect_sources(smooth, n_sigma, n_pixels, mask=mask)
    if segments is None:
        empty = np.zeros(0)
        columns = dict.fromkeys(('x', 'y', 'a', 'b', 'theta'), empty)
        columns['flag'] = empty.astype(np.int32)
        return np.zeros(normalized.shape, dtype=np.int32), columns
    merged = np.zeros(0, dtype=int)
    if deblend:
        with warnings.catch_warnings():
            # n_markers of very large sources: a note, not an error
            warnings.simplefilter('ignore')
            segments = deblend_sources(
                smooth, segments, n_pixels, n_levels=n_levels,
                contrast=contrast, progress_bar=False)
        merged = segments.deblended_labels
    split = np.isin(segments.labels, merged)
    segments.relabel_consecutive()
    labels = np.asarray(segments.data, dtype=np.int32)
    columns = measure(normalized, labels, mask=mask, smooth=smooth)
    columns['flag'][split] |= MERGED
    return labels, columns


def measure(normalized, segmentation, *, mask=None, smooth=None):
    """
    Measure the segments 1, 2, ... of an image divided by its noise.

    Returns the columns of `find`. Shapes are measured on the image that
    the detector sees: ``smooth``, by default filtered here.
    """
    from photutils.segmentation import SourceCatalog

    if smooth is None:
        smooth = smoothed(normalized)
    segments = segmentation_image(segmentation)
    catalog = SourceCatalog(normalized, segments, convolved_data=smooth,
                            mask=mask)
    ny, nx = normalized.shape
    columns = {'x': catalog.x_centroid, 'y': catalog.y_centroid,
               'a': catalog.semimajor_axis.value,
               'b': catalog.semiminor_axis.value,
               'theta': catalog.orientation.to_value('radian')}
    columns = {key: np.atleast_1d(np.asarray(value, dtype=float))
               for key, value in columns.items()}
    columns['flag'] = np.array([
        TRUNCATED if (rows.start == 0 or columns_.start == 0
                      or rows.stop == ny or columns_.stop == nx) else 0
        for rows, columns_ in segments.slices], dtype=np.int32)
    return columns


def smoothed(normalized):
    """Return the image smoothed by the detectors' default filter."""
    from scipy.ndimage import convolve

    return convolve(normalized, FILTER.astype(np.float32), mode='constant')


def catalog_segments(catalog, shape):
    """Return the segmentation image of a photutils SourceCatalog."""
    segmentation = np.zeros(shape, dtype=np.int32)
    single = catalog.isscalar
    for label, box, cutout in zip(
            np.atleast_1d(catalog.labels),
            [catalog.slices] if single else catalog.slices,
            [catalog.segment_cutout] if single else catalog.segment_cutout,
            strict=True):
        segmentation[box][np.asarray(cutout) == label] = label
    return segmentation
