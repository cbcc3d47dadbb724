"""Stamps cut where the detector puts the source."""

import numpy as np

from blendhunter.detection import DetectedImage
from blendhunter.stamps import STAMP_SIZE

__all__ = ['center_on_detections']

# empty pixels between the stamps of a mosaic, so that none of their
# sources run together
GAP = 8
# the detection of a central source lies within this, in px
MAX_DISTANCE = 6.0


def center_on_detections(arrays, noise, margin, owner, companions):
    """
    Cut stamps around SEP's centroids, as the pipeline does.

    All stamps are detected in one mosaic, with the default settings of
    `~blendhunter.detect` (the paper's). ``arrays`` holds ``centrals``,
    ``companions`` and ``unit_noise``, wider than a stamp by the margin
    (px) on each side. ``companions`` are positions x, y in the stamps
    ``owner``. A stamp stays as it is if there was no detection, or if a
    companion would end outside.

    Returns the arrays, cut, and for each stamp by how many whole pixels
    it moved in x and y, and the distance (px) of the detection, NaN if it
    stayed.
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
    detected = DetectedImage.from_image(mosaic, noise=float(noise),
                                        background=None)
    x, y = detected.x, detected.y
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
