"""What counts as a blend, case by case."""

import numpy as np
import pytest
from astropy.table import Table

from blendhunter.truth import (
    distinct_snr,
    label_segments,
    label_stamps,
    matched_filter_snr,
)


def label(sources, *, at=(60.0, 60.0)):
    """Label of a segment of 20x20 px that holds the given sources."""
    segmentation = np.zeros((120, 120), dtype=int)
    segmentation[50:70, 50:70] = 4
    truth = Table(rows=sources or None, names=('x', 'y', 'snr'),
                  dtype=(float, float, float))
    detections = Table({'label': [4], 'x_centroid': [at[0]],
                        'y_centroid': [at[1]]})
    return label_segments(segmentation, detections, truth)[0]


@pytest.mark.parametrize(('sources', 'expected'), [
    ([(60, 60, 50.0)], 0),
    ([(60, 60, 50.0), (65, 60, 6.0)], 1),
    ([(60, 60, 5.0), (65, 60, 5.0)], 1),
    ([(60, 60, 50.0), (61, 60, 40.0)], -1),  # nearer than 2 px
    ([(60, 60, 50.0), (62, 60, 40.0)], 1),
    ([(60, 60, 50.0), (65, 60, 4.0)], -1),
    ([(60, 60, 50.0), (65, 60, 2.9)], 0),
    ([(60, 60, 50.0), (80, 60, 40.0)], 0),  # outside the segment
    ([(60, 60, 4.0), (65, 60, 3.5)], -1),
    ([(60, 60, 50.0), (61, 60, 40.0), (66, 60, 6.0)], 1),
    ([], -1)])
def test_segments(sources, expected):
    assert label(sources)['truth_label'] == expected


def test_edge_is_unclear():
    assert label([(60, 60, 50.0)], at=(25.9, 60))['truth_label'] == -1
    assert label([(60, 60, 50.0)], at=(60, 93.1))['truth_label'] == -1
    assert label([(60, 60, 50.0)], at=(26.0, 93.0))['truth_label'] == 0


def test_companion_is_described():
    row = label([(60, 60, 50.0), (63, 64, 6.0), (60, 66, 9.0), (61, 60, 30)])
    assert row['separation'] == pytest.approx(6.0)
    assert row['companion_snr'] == pytest.approx(9.0)
    assert row['n_sources'] == 4


def test_stamps():
    assert label_stamps([1, 2, 3]).tolist() == [0, 1, 1]


def test_snr():
    image = np.zeros((2, 4, 4))
    image[0, 1, 1], image[0, 2, 2] = 3, 4
    assert matched_filter_snr(image, 2.0).tolist() == [2.5, 0.0]


@pytest.mark.parametrize('distance', [1.0, 2.5, 4.0, 7.0])
def test_distinct_snr_is_what_the_other_source_cannot_imitate(distance):
    """A least-squares fit of its flux, position and shape leaves as much."""
    seeing = 4.0
    y, x = (np.mgrid[-24:25, -24:25] / (0.55 * seeing))
    # the image is moved by 30 degrees
    dx, dy = (distance / (0.55 * seeing) * np.array(
        [np.cos(np.pi / 6), np.sin(np.pi / 6)]))
    primary = np.exp(-(x**2 + y**2) / 2)
    companion = np.exp(-((x - dx)**2 + (y - dy)**2) / 2).ravel()
    known = np.stack([(term * primary).ravel() for term in (
        np.ones_like(x), x, y, x**2, x * y, y**2)], axis=1)
    left = companion - known @ np.linalg.lstsq(known, companion, rcond=None)[0]
    expected = np.linalg.norm(left) / np.linalg.norm(companion)
    assert distinct_snr(20.0, distance, seeing) == pytest.approx(
        20 * expected, rel=2e-3)
