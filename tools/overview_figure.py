# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Draw the picture of the README: a simulated field and its flagged sources.

Usage: python tools/overview_figure.py docs/_static/overview.png
"""

import sys

import numpy as np

from blendhunter import BlendIdentifier, DetectedImage, simulate_field
from blendhunter.plotting.notebook import new_figure
from blendhunter.simulation import SourceModel

SIZE = 600
N_STAMPS = 6
FLAGGED = '#d62728'


def stretch(data):
    """Compress the range of values, as eyes like it."""
    return np.arcsinh(data / 2)


def draw_field(axes, detected, result):
    """Draw the image with a circle around each source."""
    axes.imshow(stretch(detected.pixels / detected.noise), origin='lower',
                cmap='gray_r', vmin=-1, vmax=4)
    flagged = np.asarray(result['is_blend'])
    for rows, color, width in ((~flagged, '#1f77b4', 0.8),
                               (flagged, FLAGGED, 2.0)):
        axes.scatter(result['x_centroid'][rows], result['y_centroid'][rows],
                     s=80, facecolors='none', edgecolors=color,
                     linewidths=width)
    axes.set_title(f'{len(result)} detections, {flagged.sum()} flagged '
                   '(red)', fontsize=19)
    axes.set_axis_off()


def draw_stamp(axes, stamps, i, corner, truth, probability):
    """Draw one stamp with its segment and the true sources."""
    data, region = stamps.data[i], stamps.regions[i]
    axes.imshow(stretch(data), origin='lower', cmap='gray_r', vmin=-1,
                vmax=np.max(stretch(data)[region]))
    axes.contour(region, levels=[0.5], colors=FLAGGED, linewidths=1.2)
    x, y = truth['x'] - corner[0], truth['y'] - corner[1]
    inside = (np.clip(np.rint([x, y]), 0, 50) == np.rint([x, y])).all(axis=0)
    rows, columns = (np.rint(v[inside]).astype(int) for v in (y, x))
    own = region[rows, columns]
    axes.plot(x[inside][own], y[inside][own], '+', color='#17becf', ms=11,
              mew=2)
    axes.set_title(f'P = {probability:.2f}', fontsize=17)
    axes.set_axis_off()


def main(path):
    """Simulate, classify and draw."""
    image, truth = simulate_field(
        (SIZE, SIZE), sources=SourceModel(density=130), rng=1)
    truth = truth[truth['snr'] > 5]
    detected = DetectedImage.from_image(image)
    result = BlendIdentifier(precision='float32').classify(detected)
    order = np.argsort(-np.nan_to_num(result['blend_prob']))[:N_STAMPS]
    stamps = detected.stamps(order)
    figure = new_figure(figsize=(12.5, 5.6))
    left, right = figure.subfigures(1, 2, width_ratios=[5.2, 7])
    draw_field(left.subplots(), detected, result)
    for i, axes in enumerate(right.subplots(2, N_STAMPS // 2).flat):
        row = order[i]
        corner = np.rint([detected.x[row], detected.y[row]]) - 25
        draw_stamp(axes, stamps, i, corner, truth, result['blend_prob'][row])
    right.suptitle('Likely blends: segment (red), true sources (+)',
                   fontsize=19)
    figure.savefig(path, dpi=100)


if __name__ == '__main__':
    main(*sys.argv[1:])
