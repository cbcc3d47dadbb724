"""Segments of a catalog that came without its segmentation image."""

import numpy as np

from blendhunter.catalogs import plain_values

__all__ = ['paint_ellipses']

NEEDED = ('n_pixels', 'semimajor_axis', 'semiminor_axis', 'orientation')
# px beyond the outermost source, where the image is taken to end
MARGIN = 3


def paint_ellipses(catalog, x, y):
    """
    Return a segmentation image of ellipses, and the label of each row.

    Each detection is an ellipse of its area (``n_pixels``), shape and
    angle. The image ends at the outermost source. If ellipses meet, a
    pixel belongs to the one whose center is nearest in units of its own
    axes. Labels are 1, 2, ...; 0 for rows without a position.
    """
    from photutils.aperture import EllipticalAperture

    missing = [name for name in NEEDED if name not in catalog.colnames]
    if missing:
        msg = (f'segmentation: the first catalog has no {missing}, so its '
               'segments are not known; give the segmentation image')
        raise ValueError(msg)
    area, major, minor, angle = (plain_values(catalog[name])
                                 for name in NEEDED)
    ratio = np.clip(minor / np.maximum(major, 1e-3), 0.05, 1.0)
    long = np.sqrt(area / (np.pi * ratio))
    good = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & (long > 0)
                          & np.isfinite(long) & np.isfinite(angle))
    labels = np.zeros(len(x), dtype=int)
    labels[good] = good + 1
    shape = [int(np.max(v[good], initial=0)) + MARGIN for v in (y, x)]
    image = np.zeros(shape, dtype=np.int32)
    nearest = np.full(shape, np.inf)
    for row in good:
        theta = np.deg2rad(angle[row])
        mask = EllipticalAperture(
            (x[row], y[row]), long[row], long[row] * ratio[row],
            theta=theta).to_mask(method='center')
        box, part = mask.get_overlap_slices(shape)
        if box is None:
            continue
        dy, dx = (np.arange(v.start, v.stop) - center for v, center in
                  zip(box, (y[row], x[row]), strict=True))
        along = dx * np.cos(theta) + dy[:, None] * np.sin(theta)
        across = dy[:, None] * np.cos(theta) - dx * np.sin(theta)
        distance = along**2 + (across / ratio[row])**2
        distance /= long[row]**2
        mine = (mask.data[part] > 0) & (distance <= nearest[box])
        image[box][mine] = labels[row]
        nearest[box][mine] = distance[mine]
    return image, labels
