"""What counts as a blend, case by case."""

import numpy as np
import pytest
from astropy.table import Table

from blendhunter.truth.blend_definition import (
    detection_outcomes,
    label_positions,
    label_segments,
    label_stamps,
)
from blendhunter.truth.overlap import (
    blendedness,
    group_sources,
    marginalized_snr,
    matched_filter_snr,
    neighbor_separation,
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
def test_marginalized_snr_is_what_the_other_source_cannot_imitate(distance):
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
    assert marginalized_snr(20.0, distance, seeing) == pytest.approx(
        20 * expected, rel=2e-3)


def test_labels_of_positions():
    """Two sources of SNR 5 in the stamp around the rounded position."""
    truth = Table({'x': [60.0, 70.0, 80.0, 85.4], 'y': [60.0, 60.0, 60.0, 60],
                   'snr': [50.0, 4.9, 5.0, 90.0]})
    detections = Table({'x_centroid': [60.4, 60.4, 75.0, 200.0],
                        'y_centroid': [60.0, 35.0, 60.0, 60.0]})
    assert label_positions(detections, truth, 51).tolist() == [1, 1, 1, 0]
    assert label_positions(detections, truth, 31).tolist() == [0, 0, 1, 0]
    assert label_positions(detections, truth[1:2], 51).tolist() == [0] * 4


def test_outcomes():
    """One blend, two halves of a split one, an isolated one, an empty one."""
    segmentation = np.zeros((200, 200), dtype=int)
    for number, x in ((3, 30), (5, 60), (6, 70), (7, 110), (9, 150)):
        segmentation[40:50, x:x + 10] = number
    detections = Table({
        'label': [3, 5, 6, 7, 9], 'x_centroid': [35.0, 65, 75, 115, 155],
        'y_centroid': np.full(5, 45.0)})
    truth = Table({'x': [33.0, 37, 65, 75, 115], 'y': np.full(5, 45.0),
                   'snr': [40.0, 9, 30, 6, 20]})

    def outcomes():
        labels = label_segments(segmentation, detections, truth)
        return detection_outcomes(segmentation, detections, labels,
                                  truth).tolist()

    assert outcomes() == ['unrecognized', 'recognized', 'recognized',
                          'single', 'unclear']
    # a source too faint to count makes no split blend of its neighbor
    truth['snr'][3] = 4.0
    assert outcomes()[1:3] == ['single', 'single']


def test_blendedness():
    """Two equal sources that overlap by half of their light."""
    source = np.zeros((5, 5))
    source[2, 1:3] = 1
    other = np.roll(source, 1, axis=1)
    total = source + other
    # <S1, S1> = 2, <S1, S> = 3, <S, S> = 6
    assert blendedness(source, total) == pytest.approx(1 - 2 / 3)
    assert blendedness(source, total, norm='total') == pytest.approx(1 / 2)
    assert blendedness(source, source) == 0
    stack = blendedness(np.stack([source, 0 * source]),
                        np.stack([total, total]))
    assert stack.tolist() == pytest.approx([1 / 3, 0])
    with pytest.raises(ValueError, match="norm must be .*, got 'peak'"):
        blendedness(source, total, norm='peak')


def test_groups_of_sources():
    """Those whose light runs together above the noise."""
    total = np.zeros((20, 30))
    total[5, 5:10] = 3.0
    total[6, 10] = 4.0  # a diagonal neighbor belongs to it
    total[15, 20] = 2.0
    total[15, 25] = 0.9
    x, y = [25.0, 10, 5, 20], [15.0, 6, 5, 15]
    group, snr = group_sources(total, 1.0, x, y)
    assert group.tolist() == [0, 1, 1, 2]
    together = np.sqrt(5 * 9 + 16)
    assert snr.tolist() == pytest.approx([0, together, together, 2])
    assert neighbor_separation(x, y).tolist() == pytest.approx(
        [5, np.hypot(5, 1), np.hypot(5, 1), 5])
    assert neighbor_separation([3.0], [4.0]).tolist() == [np.inf]
