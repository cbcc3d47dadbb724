# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Pixels without data, although their values are finite."""

import numpy as np

__all__ = ['MAX_SNR', 'areas_without_data', 'is_extreme']

# beyond this, over the noise, float32 can neither square a pixel nor keep
# the sums of its neighbors; the brightest star reaches about 1e7
MAX_SNR = 1e15
# a mesh with this share of one value holds no data, if the other meshes
# hardly repeat their values, as they do in images of few counts
MAX_REPEATED = 0.5
MAX_REPEATED_ELSEWHERE = 0.1
MIN_PIXELS = 32


def is_extreme(data, noise=1.0):
    """Tell which pixels no arithmetic in float32 can hold."""
    with np.errstate(over='ignore', invalid='ignore'):
        return ~(np.abs(data) < MAX_SNR * np.asarray(noise))


def areas_without_data(data, mesh_size):
    """
    Find areas that are filled with one repeated value, such as zero.

    Chip gaps and borders of mosaics often look like this. The noise of
    their meshes would be too small and would cause false detections.
    Returns a mask (bool) of connected areas of the value that dominates
    meshes. None if there are none, or if all meshes repeat values (images
    of few counts, or without noise).
    """
    from scipy.ndimage import label

    value, share = _repeated_values(data, mesh_size)
    dominated = share > MAX_REPEATED
    if not dominated.any() or dominated.all() or np.median(
            share[~dominated]) > MAX_REPEATED_ELSEWHERE:
        return None
    values, counts = np.unique(value[dominated], return_counts=True)
    same = data == values[np.argmax(counts)]
    areas, n_areas = label(same)
    sizes = np.bincount(areas.ravel(), minlength=n_areas + 1)
    keep = sizes >= MIN_PIXELS
    keep[0] = False
    empty = keep[areas]
    return empty if empty.any() else None


def _repeated_values(data, mesh_size):
    """Return the most common value of each mesh, and its share."""
    value, share = [], []
    for y in range(0, data.shape[0], mesh_size):
        for x in range(0, data.shape[1], mesh_size):
            mesh = data[y:y + mesh_size, x:x + mesh_size].ravel()
            # what fills more than half of a sorted list is in its middle;
            # unknown pixels (NaN) equal nothing
            middle = np.partition(mesh, mesh.size // 2)[mesh.size // 2]
            value.append(middle)
            share.append(np.mean(mesh == middle))
    return np.array(value), np.array(share)
