# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Detection with SEP (Source Extractor as a library)."""

from contextlib import contextmanager
from threading import Lock

import numpy as np

__all__ = ['background', 'find', 'half_light_radii']

MAX_SUBOBJECTS = 1 << 16
MIN_STACK = 300_000
# SEP's limits belong to the process: one thread after the other sets them
_LIMITS = Lock()


def background(data, mask, mesh_size):
    """Return level and RMS maps (float32) of SEP's background mesh."""
    import sep

    estimate = sep.Background(data, mask=mask, bw=mesh_size, bh=mesh_size,
                              fw=3, fh=3)
    return estimate.back(), estimate.rms()


@contextmanager
def _limits(n_pixels):
    """Set SEP's process-wide buffers for a while."""
    import sep

    with _LIMITS:
        stack = sep.get_extract_pixstack()
        children = sep.get_sub_object_limit()
        try:
            sep.set_extract_pixstack(n_pixels)
            sep.set_sub_object_limit(max(children, MAX_SUBOBJECTS))
            yield
        finally:
            sep.set_extract_pixstack(stack)
            sep.set_sub_object_limit(children)


def _extract(normalized, n_sigma, **options):
    """
    Run SEP with a stack of pixels that grows only where it must.

    A stack for every pixel of the image would take many times its memory.
    """
    import sep

    limit = max(MIN_STACK, normalized.size // 50)
    while True:
        try:
            with _limits(limit):
                return sep.extract(normalized, n_sigma, **options)
        except Exception as error:
            if ('pixel buffer full' not in str(error)
                    or limit > normalized.size):
                raise
            limit = min(4 * limit, normalized.size + MIN_STACK)


def find(normalized, *, mask, n_sigma, n_pixels, deblend, n_levels,
         contrast):
    """
    Detect sources on an image divided by its noise.

    With ``err=1`` the threshold is ``n_sigma`` of the *unfiltered* noise.
    With a noise map SEP applies the threshold to the filtered
    signal-to-noise ratio, and segments become about twice as large.
    Returns the segmentation image (int32) and a dict with x, y, a, b (px),
    theta (radian) and flag of the labels 1, 2, ...
    """
    objects, segmentation = _extract(
        normalized, n_sigma, err=1.0, mask=mask, minarea=n_pixels,
        deblend_nthresh=n_levels, deblend_cont=contrast if deblend else 1.0,
        segmentation_map=True)
    columns = {key: np.asarray(objects[key], dtype=float)
               for key in ('x', 'y', 'a', 'b', 'theta')}
    columns['flag'] = objects['flag'].astype(np.int32)
    return segmentation, columns


def half_light_radii(data, x, y, largest):
    """Return radii (px) of half the flux within ``largest`` (px)."""
    import sep

    return sep.flux_radius(np.ascontiguousarray(data), x, y, largest, 0.5,
                           subpix=5)[0]
