"""Stamps cut where the detector puts the source."""

import numpy as np

from blendhunter._utils.images import ImageData
from blendhunter.detection import (
    Detection,
    detect_prepared,
    subtract_background,
)
from blendhunter.stamps import STAMP_SIZE

__all__ = ['centre_on_detections']

# empty pixels between the stamps of a mosaic, so that none of their
# sources run together
GAP = 8
# a detection that stands for the central source lies within this, in px
MAX_DISTANCE = 6.0


def centre_on_detections(arrays, noise, margin, owner, companions):
    """
    Cut stamps around SEP's centroids, as the pipeline does.

    All stamps are detected in one mosaic, with the settings that are
    `~blendhunter.detect`'s defaults (the paper's).

    Parameters
    ----------
    arrays : dict of `~numpy.ndarray` of shape (n, m, m)
        ``centrals``, ``companions`` and ``unit_noise``, wider than a
        stamp by the margin on each side.
    noise : float
        RMS of the noise.
    margin : int
        The farthest that a stamp can move, in px.
    owner : int `~numpy.ndarray` of shape (m,)
        Stamp of each companion.
    companions : float `~numpy.ndarray` of shape (m, 2)
        Its x and y in the stamp; a stamp that would leave one of them
        outside stays where it is.

    Returns
    -------
    arrays : dict of `~numpy.ndarray` of shape (n, 51, 51)
    shift : float `~numpy.ndarray` of shape (n, 3)
        By how many whole pixels a stamp moved in x and y, and the
        distance of the detection from the central pixel in px; NaN
        where there was none, and the stamp stayed.
    """
    image = (arrays['centrals'] + arrays['companions']
             + np.float32(noise) * arrays['unit_noise'])
    n, size = image.shape[:2]
    if not n:
        return {name: np.zeros((0, STAMP_SIZE, STAMP_SIZE), np.float32)
                for name in arrays}, np.zeros((0, 3))
    # the detector's position is that of the source in whole pixels
    middle = size // 2
    found = _nearest_detections(image, noise, middle)
    move = np.rint(found[:, :2] - middle)
    move[~np.isfinite(found[:, 2])] = 0
    move = move.clip(-margin, margin).astype(int)
    after = companions - move[owner]
    outside = np.any((after < -0.5) | (after >= STAMP_SIZE - 0.5), axis=1)
    move[owner[outside]] = 0
    found[owner[outside], 2] = np.nan
    steps = np.arange(STAMP_SIZE)
    rows = (margin + move[:, 1])[:, None, None] + steps[:, None]
    columns = (margin + move[:, 0])[:, None, None] + steps
    which = np.arange(n)[:, None, None]
    cut = {name: array[which, rows, columns]
           for name, array in arrays.items()}
    return cut, np.column_stack([move, found[:, 2]])


def _nearest_detections(stack, noise, middle):
    """Return x, y and distance of the detection nearest to each middle."""
    n, size = stack.shape[:2]
    across = int(np.ceil(np.sqrt(n)))
    cell = size + GAP
    # the gap gets noise of its own: zeros would lower the RMS
    mosaic = np.random.default_rng(0).normal(
        0, noise, (across * cell, across * cell)).astype(np.float32)
    corner = np.stack(np.divmod(np.arange(n), across), axis=1) * cell
    for (y, x), image in zip(corner, stack, strict=True):
        mosaic[y:y + size, x:x + size] = image
    data = ImageData(mosaic, None, float(noise), None, None)
    catalog, _ = detect_prepared(
        subtract_background(data, background=None), Detection())
    x, y = (np.asarray(catalog[key]) for key in ('x_centroid', 'y_centroid'))
    column, row = (np.floor((v + 0.5) / cell).astype(int) for v in (x, y))
    owner = row * across + column
    local = np.column_stack([x - column * cell, y - row * cell])
    distance = np.hypot(*(local - middle).T)
    result = np.full((n, 3), np.nan)
    good = (distance < MAX_DISTANCE) & (owner < n)
    # the nearest comes last and stays
    order = np.argsort(-distance[good], kind='stable')
    result[owner[good][order]] = np.column_stack(
        [local, distance])[good][order]
    return result
