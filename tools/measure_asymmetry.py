# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Compare the asymmetry of an image's stars with that of simulated PSFs.

Usage: python tools/measure_asymmetry.py IMAGE

The asymmetry of a star is A = sum(abs(I - I turned by half a turn)) /
(2 sum(I)) within 8 px of the center that makes it least. Noise adds to it,
so that only stars with an SNR above 600 are used.
"""

import sys

import numpy as np
from measure_morphology import asymmetry

from blendhunter.benchmark.isolated_sources import (
    POINT_LIKE,
    find_isolated_sources,
)
from blendhunter.detection import DetectedImage
from blendhunter.simulation import CameraPSF
from blendhunter.simulation.camera_psf import OPTICS

RADIUS = 8
HALF_WIDTH = 14
MIN_SNR, MAX_SNR = 600.0, 5000.0
ISOLATION = 12.0
N_SIMULATED = 200
SCALE = 0.187
SEEING = 0.65
QUANTILES = (10, 25, 50, 75, 90, 95, 100)


def real_stars(path):
    """Return the asymmetry of the bright isolated stars of an image."""
    detected = DetectedImage.from_image(path)
    _, table = find_isolated_sources(detected, ISOLATION)
    stars = table[(table['kind'] == POINT_LIKE) & (table['snr'] > MIN_SNR)
                  & (table['snr'] < MAX_SNR)]
    pixels = np.asarray(detected.image.data)
    values = []
    for x, y in zip(np.rint(stars['x_centroid']).astype(int),
                    np.rint(stars['y_centroid']).astype(int), strict=True):
        box = (slice(y - HALF_WIDTH, y + HALF_WIDTH + 1),
               slice(x - HALF_WIDTH, x + HALF_WIDTH + 1))
        if pixels[box].shape == (2 * HALF_WIDTH + 1,) * 2:
            values.append(asymmetry(np.array(pixels[box], dtype=float),
                                    RADIUS))
    return values


def simulated_stars(rng):
    """Return the asymmetry of stars with the PSF of ``psf='camera'``."""
    model = CameraPSF(SEEING, **OPTICS)
    size = 2 * HALF_WIDTH + 1
    return [asymmetry(model.draw(rng).drawImage(
        nx=size, ny=size, scale=SCALE, dtype=float).array, RADIUS)
        for _ in range(N_SIMULATED)]


def main():
    """Write the quantiles of both."""
    lines = [f'{"per cent":>20}' + ''.join(f'{q:7d}' for q in QUANTILES)]
    for name, values in (
            ('stars of the image', real_stars(sys.argv[1])),
            ('simulated stars', simulated_stars(np.random.default_rng(0)))):
        lines.append(f'{name:>20}' + ''.join(
            f'{value:7.3f}' for value in np.percentile(values, QUANTILES))
            + f' ({len(values)})')
    sys.stdout.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
