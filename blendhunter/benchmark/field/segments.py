"""Segments of a catalogue that came without its segmentation image."""

import numpy as np

from blendhunter.catalogs import plain_values

__all__ = ['paint_ellipses']

NEEDED = ('n_pixels', 'semimajor_axis', 'semiminor_axis', 'orientation')
# px beyond the outermost source, where the image is taken to end
MARGIN = 3


def paint_ellipses(catalog, x, y):
    """
    Paint each detection as an ellipse of its area, shape and angle.

    Parameters
    ----------
    catalog : `~astropy.table.Table`
        With ``n_pixels``, ``semimajor_axis``, ``semiminor_axis`` (px) and
        ``orientation`` (degree), as from `~blendhunter.detect`.
    x, y : float `~numpy.ndarray` of shape (n,)
        Positions in px.

    Returns
    -------
    segmentation : 2-D int32 `~numpy.ndarray`
        From the origin to the outermost source, where the image is taken
        to end; where ellipses meet, the pixel belongs to the one whose
        centre is nearest in units of its own axes.
    labels : int `~numpy.ndarray` of shape (n,)
        1, 2, ...; 0 for rows without a position.

    Raises
    ------
    ValueError
        If the catalogue lacks a column.
    """
    missing = [name for name in NEEDED if name not in catalog.colnames]
    if missing:
        msg = (f'segmentation: the first catalogue has no {missing}, so its '
               'segments are not known; give the segmentation image')
        raise ValueError(msg)
    area, major, minor, angle = (plain_values(catalog[name])
                                 for name in NEEDED)
    ratio = np.clip(minor / np.maximum(major, 1e-3), 0.05, 1.0)
    long = np.sqrt(area / (np.pi * ratio))
    good = np.flatnonzero(np.isfinite(x) & np.isfinite(y)
                          & np.isfinite(long) & np.isfinite(angle))
    labels = np.zeros(len(x), dtype=int)
    labels[good] = good + 1
    shape = [int(np.max(v[good], initial=0)) + MARGIN for v in (y, x)]
    image = np.zeros(shape, dtype=np.int32)
    nearest = np.ones(shape)
    for row in good:
        reach = int(np.ceil(long[row]))
        box = tuple(slice(max(int(v[row]) - reach, 0),
                          max(int(v[row]) + reach + 2, 0)) for v in (y, x))
        dy, dx = (np.arange(part.start, min(part.stop, n)) - v[row]
                  for part, n, v in zip(box, shape, (y, x), strict=True))
        cos, sin = np.cos(np.deg2rad(angle[row])), np.sin(
            np.deg2rad(angle[row]))
        along = (dx * cos + dy[:, None] * sin) / long[row]
        across = (dy[:, None] * cos - dx * sin) / (long[row] * ratio[row])
        distance = along**2 + across**2
        mine = distance <= nearest[box]
        image[box][mine] = labels[row]
        nearest[box][mine] = distance[mine]
    return image, labels
