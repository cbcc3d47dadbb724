# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The seeing of an image, from the sizes of its stars."""

import numpy as np

from blendhunter._utils.arrays import round_position, values_at
from blendhunter.detection._sep import half_light_radii
from blendhunter.detection.stellar_locus import find_stellar_locus
from blendhunter.stamps import STAMP_SIZE

__all__ = ['FWHM_PER_RADIUS', 'StarSizes']

#: FWHM of the seeing over the half-light radius of a star with an SNR of
#: 100. Measured in simulated fields: 1.66 at 2 px to 1.83 at 6 px.
FWHM_PER_RADIUS = 1.75
# the central pixel of a source that may be a star with an SNR of 50, and of
# one that is not saturated, over the noise
PEAKS = (5.0, 3000.0)
# sources that are measured in one part of an image: the brightest
MOST = 500
# stars that a seeing needs, and the widest locus that is one of stars
NEEDED = 10
WIDEST = 0.1
# the total flux lies within so many RMS radii, px
TOTAL = 4.0
TOTAL_LIMITS = (4.0, 20.0)
STEPS = np.arange(STAMP_SIZE) - STAMP_SIZE // 2


class StarSizes:
    """Sizes of the bright sources of an image, part after part."""

    def __init__(self):
        self._sizes = np.zeros((3, 0))

    def add(self, detected):
        """Measure the brightest sources of a `~blendhunter.DetectedImage`."""
        noise = detected.image.noise
        noise = (noise if np.ndim(noise) == 0
                 else values_at(noise, detected.x, detected.y))
        with np.errstate(invalid='ignore', divide='ignore'):
            peak = values_at(detected.image.data, detected.x,
                             detected.y) / noise
            rows = np.flatnonzero((peak > PEAKS[0]) & (peak < PEAKS[1]))
        rows = rows[np.argsort(-peak[rows], kind='stable')][:MOST]
        stamps = detected.stamps(rows)
        rows = rows[stamps.flags == 0]
        stamps = stamps[stamps.flags == 0]
        x, y, width, ratio, snr = _moments(stamps.data, stamps.regions)
        x, y = (offset + round_position(center[rows]) for offset, center in (
            (x, detected.x), (y, detected.y)))
        radius = half_light_radii(detected.image.data, x, y, np.clip(
            TOTAL * width, *TOTAL_LIMITS))
        self._sizes = np.concatenate(
            [self._sizes, [radius, snr, ratio]], axis=1)

    def find_locus(self):
        """Return the `StellarLocus`; None if there are too few stars."""
        try:
            locus = find_stellar_locus(*self._sizes)
        except ValueError:
            return None
        if locus.n_stars < NEEDED or locus.scatter > WIDEST:
            return None
        return locus


def _moments(z, regions):
    """
    Measure stamps over their noise within their regions.

    Returns the offset of the centroid from the central pixel, the RMS
    radius (px), a / b, and the SNR, each of shape (n,).
    """
    light = np.where(regions & (z > 0), z, 0).astype(float)
    total = np.maximum(light.sum(axis=(1, 2)), 1e-9)

    def mean(values):
        return np.sum(light * values, axis=(1, 2)) / total

    x, y = mean(STEPS), mean(STEPS[:, None])
    dx = STEPS - x[:, None, None]
    dy = STEPS[:, None] - y[:, None, None]
    xx, yy, xy = mean(dx**2), mean(dy**2), mean(dx * dy)
    middle = (xx + yy) / 2
    spread = np.hypot((xx - yy) / 2, xy)
    area = np.maximum(regions.sum(axis=(1, 2)), 1)
    ratio = np.sqrt((middle + spread) / np.maximum(middle - spread, 1e-3))
    snr = np.sum(z * regions, axis=(1, 2)) / np.sqrt(area)
    return x, y, np.sqrt(2 * middle), ratio, snr
