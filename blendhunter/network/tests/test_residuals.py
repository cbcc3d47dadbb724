# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What is left of stamps without one symmetric source."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter._utils.arrays import dihedral
from blendhunter.network.preprocessing import (
    preprocess_noise,
    preprocess_residuals,
)
from blendhunter.network.symmetric_residuals import (
    adaptive_moments,
    mirror_stamps,
    symmetric_residuals,
)

SIZE = 51
INNER = slice(7, 58)


def gaussians(centers, *, peak=100.0, sigma=2.5, ratio=1.0, angle=0.0):
    """Elliptical Gaussians at x, y."""
    yy, xx = np.mgrid[:SIZE, :SIZE]
    centers = np.asarray(centers, dtype=float)
    dx = xx - centers[:, :1, None]
    dy = yy - centers[:, 1:, None]
    along = np.cos(angle) * dx + np.sin(angle) * dy
    across = np.cos(angle) * dy - np.sin(angle) * dx
    return (peak * np.exp(-(along**2 * ratio + across**2 / ratio)
                          / (2 * sigma**2))).astype(np.float32)


def everywhere(stamps):
    return np.ones(stamps.shape, dtype=bool)


@pytest.mark.parametrize('center', [(25, 25), (24.5, 26), (23.5, 22.5)])
def test_mirror_at_pixels_and_their_edges_is_exact(center):
    """Half a turn about the middle of a block flips the block."""
    stamps = np.random.default_rng(1).normal(size=(3, SIZE, SIZE)).astype('f4')
    mirrored, known = mirror_stamps(stamps, np.tile(center, (3, 1)))
    steps = np.arange(SIZE)
    x, y = (int(2 * c) - steps for c in center)
    x_on, y_on = ((v >= 1) & (v < SIZE - 2) for v in (x, y))
    assert_array_equal(known, np.broadcast_to(
        y_on[:, None] & x_on, known.shape))
    block = np.ix_(range(3), steps[y_on], steps[x_on])
    assert_allclose(mirrored[block], stamps[np.ix_(range(3), y[y_on],
                                                   x[x_on])], atol=1e-6)


def test_centers_of_single_sources():
    rng = np.random.default_rng(2)
    centers = 25 + rng.uniform(-5, 5, (40, 2))
    for sigma, ratio in ((1.3, 1.0), (2.5, 0.5), (5.0, 0.8)):
        stamps = gaussians(centers, sigma=sigma, ratio=ratio, angle=0.6)
        assert_allclose(adaptive_moments(stamps, everywhere(stamps)).center,
                        centers, atol=0.03)


def test_the_center_lies_inside_the_region():
    stamps = gaussians([(23, 25)], peak=50, sigma=1.5) + gaussians(
        [(30, 25)], peak=90, sigma=1.5)
    region = everywhere(stamps)
    region[:, :, 26:] = False
    assert adaptive_moments(stamps, everywhere(stamps)).center[0, 0] > 28
    assert adaptive_moments(stamps, region).center[0, 0] < 24
    # a region out of reach does not count
    region[:] = False
    region[:, 0, 0] = True
    assert adaptive_moments(stamps, region).center[0, 0] > 28


@pytest.mark.parametrize('ratio', [1.0, 0.6, 0.35])
def test_single_sources_leave_noise(ratio):
    """As much as the noise of a difference, and no more."""
    rng = np.random.default_rng(3)
    centers = 25 + rng.uniform(-1, 1, (60, 2))
    stamps = gaussians(centers, ratio=ratio, angle=1.0)
    stamps += rng.standard_normal(stamps.shape, dtype=np.float32)
    turned, profile = symmetric_residuals(stamps, everywhere(stamps))
    near = np.hypot(*np.mgrid[-25:26, -25:26]) < 8
    # interpolation smooths the turned stamp's noise
    assert 0.8 < turned[:, near].std() < 1.05
    assert profile[:, near].std() < 1.6
    assert abs(turned[:, near].mean()) < 0.02


def test_a_companion_stays_and_its_mirror_image_is_negative():
    rng = np.random.default_rng(4)
    centers = 25 + rng.uniform(-0.5, 0.5, (30, 2))
    stamps = gaussians(centers) + gaussians(centers + (5, 3), peak=20,
                                            sigma=1.5)
    stamps += rng.standard_normal(stamps.shape, dtype=np.float32)
    turned, profile = symmetric_residuals(stamps, everywhere(stamps))
    assert turned[:, 28, 30].mean() == pytest.approx(20 / np.sqrt(2), rel=0.3)
    assert turned[:, 22, 20].mean() == pytest.approx(-20 / np.sqrt(2), rel=0.3)
    assert profile[:, 28, 30].mean() == pytest.approx(20, rel=0.3)
    assert abs(profile[:, 22, 20].mean()) < 4


def test_stamps_without_a_source_are_finite():
    rng = np.random.default_rng(5)
    stamps = np.zeros((5, SIZE, SIZE), dtype=np.float32)
    stamps[1] = rng.standard_normal((SIZE, SIZE))
    stamps[2] = -50
    stamps[3] = 1e6 * rng.standard_normal((SIZE, SIZE))
    stamps[4, 20:30, 20:30] = 1e37
    for residual in symmetric_residuals(stamps, everywhere(stamps)):
        assert residual.dtype == np.float32
        assert np.isfinite(residual).all()
    assert_array_equal(symmetric_residuals(stamps, everywhere(stamps))[0][0],
                       0)
    # an unknown pixel leaves the other stamps alone
    stamps[0, 25, 25] = np.nan
    assert_array_equal(
        symmetric_residuals(stamps, everywhere(stamps))[0][1:],
        symmetric_residuals(stamps[1:], everywhere(stamps[1:]))[0])
    empty = np.zeros((0, SIZE, SIZE), dtype=np.float32)
    assert symmetric_residuals(empty, everywhere(empty))[0].shape == (
        0, SIZE, SIZE)


def test_a_stamp_counts_alone_and_in_any_orientation():
    rng = np.random.default_rng(6)
    stamps = gaussians(25 + rng.uniform(-1, 1, (5, 2)), ratio=0.5, angle=0.4)
    stamps += rng.standard_normal(stamps.shape, dtype=np.float32)
    together = symmetric_residuals(stamps, everywhere(stamps))
    for i in range(5):
        alone = symmetric_residuals(stamps[i:i + 1],
                                    everywhere(stamps[:1]))
        for a, b in zip(alone, together, strict=True):
            assert_allclose(a[0], b[i], atol=1e-4)
    for turn in range(1, 8):
        view = symmetric_residuals(dihedral(stamps, turn),
                                   everywhere(stamps))
        for a, b in zip(view, together, strict=True):
            # the strip without a partner is not the same on both sides
            core = (slice(None), slice(12, 39), slice(12, 39))
            assert_allclose(a[core], dihedral(b, turn)[core], atol=2e-2)


def test_channels_extend_those_of_the_noise():
    rng = np.random.default_rng(7)
    stamps = 3 * (gaussians([(25, 25)] * 2) + rng.normal(size=(2, SIZE,
                                                               SIZE)))
    region = everywhere(stamps)
    region[:, :10] = False
    before = stamps.copy()
    channels = preprocess_residuals(stamps, region, 3.0)
    assert channels.shape == (2, 65, 65, 5)
    assert_allclose(channels[..., :3], preprocess_noise(stamps, region, 3.0),
                    atol=1e-6)
    turned, profile = symmetric_residuals((stamps / 3).astype('f4'), region)
    assert_allclose(channels[:, INNER, INNER, 3], np.arcsinh(turned / 2),
                    atol=1e-5)
    assert_allclose(channels[:, INNER, INNER, 4], np.arcsinh(profile / 2),
                    atol=1e-5)
    assert_array_equal(channels[:, :7], 0)
    assert_array_equal(stamps, before)
    assert_allclose(preprocess_residuals(stamps * 1e-12, region, 3e-12),
                    channels, atol=1e-3)
