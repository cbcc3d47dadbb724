# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""How much sources overlap, on images made by hand."""

import numpy as np
import pytest

from blendhunter.truth.overlap import (
    blendedness,
    group_sources,
    marginalized_snr,
    matched_filter_snr,
    neighbor_separation,
)


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
    with pytest.raises(ValueError, match=(
            "^norm must be 'source' or 'total', got 'peak'$")):
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


@pytest.mark.parametrize('scale', [1e-12, 1.0, 1e12])
def test_blendedness_in_any_unit(scale):
    source = scale * np.array([[1.0, 2.0]])
    total = source + scale * np.array([[1.0, 0.0]])
    # <S1, S1> = 5, <S1, S> = 6, <S, S> = 8
    assert blendedness(source, total) == pytest.approx(1 / 6)
    assert blendedness(source, total, norm='total') == pytest.approx(1 / 4)


def test_images_of_integers_do_not_overflow():
    image = np.full((2, 2), 200, dtype=np.uint8)
    assert matched_filter_snr(image, 4.0) == 100
    assert blendedness(image // 2, image) == 0.5


def test_an_image_without_light():
    dark = np.zeros((2, 3, 3))
    for norm in ('source', 'total'):
        assert blendedness(dark, dark, norm=norm).tolist() == [0, 0]


def test_separation_of_two_sources():
    assert neighbor_separation([0.0, 3.0], [0.0, 4.0]).tolist() == [5, 5]
    assert neighbor_separation([0.0, 3.0, 3.0], [0.0, 4.0, 4.0]).tolist() == [
        5, 0, 0]
    assert neighbor_separation([], []).tolist() == []


def test_sources_below_the_noise_are_groups_of_their_own():
    total = np.zeros((20, 30))
    total[5, 5:7] = 3.0
    total[5, 12] = total[5, 20] = 5.0
    total[15, 20] = 2.0  # not above the noise
    x, y = [0.0, 5, 20, 1, 6, 20, -9, 12], [0.0, 5, 5, 0, 5, 15, 0, 5]
    group, snr = group_sources(total, 2.0, x, y)
    assert group.tolist() == [0, 1, 2, 3, 1, 4, 5, 6]
    assert group.dtype == np.int32
    pair = np.sqrt(18) / 2
    assert snr.tolist() == pytest.approx([0, pair, 2.5, 0, pair, 0, 0, 2.5])


def test_power_is_summed_in_double_precision():
    total = np.full((50, 50), 0.1, dtype=np.float32)
    _, snr = group_sources(total, 0.01, [3.0], [4.0])
    assert snr[0] == pytest.approx(5000 * float(np.float32(0.1)), rel=1e-12)
