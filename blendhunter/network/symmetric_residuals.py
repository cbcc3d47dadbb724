# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Residuals of stamps after the subtraction of one symmetric source."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from blendhunter.stamps import STAMP_SIZE

__all__ = ['adaptive_moments', 'mirror_stamps', 'symmetric_residuals']

MIDDLE = STAMP_SIZE // 2
# radius around the center in which the brightest source is searched, px
SEARCH_RADIUS = 7
# of the Gaussian window: half of the square, and limits of its sigma, px
WINDOW_HALF = 10
WINDOW_SIGMA = (1.0, 4.0)
N_ITERATIONS = 6
MAX_DRIFT = 2.0
MIN_PULL = 0.25
# below this windowed SNR a source counts as round
MIN_SNR = 15.0
MIN_AXIS_RATIO = 0.2
# pixels beyond this have moments that float32 cannot hold
HIGHEST = 1e8
# pixels that a cubic interpolation takes along each axis
N_TAPS = 4
# mean of the lesser of two normal deviates of unit RMS: -1 / sqrt(pi)
MEAN_OF_LESSER = -0.5642


@dataclass(frozen=True)
class _Moments:
    """What `adaptive_moments` returns, an entry for each stamp."""

    center: np.ndarray
    second: np.ndarray
    window: np.ndarray
    snr: np.ndarray


def symmetric_residuals(z, regions):
    """
    Subtract a symmetric source from stamps, in two ways.

    A single galaxy looks much the same after a rotation by 180 degrees
    about its center (the asymmetry of Conselice et al. 2000, ApJ 529, 886;
    SDSS's deblender rests on it, Lupton et al. 2001), and along an ellipse.
    A companion does not.

    ``z`` are pixels over their noise, float32 of shape (n, 51, 51);
    ``regions`` (bool) say where the source is. Returns

    - ``z`` minus the rotated stamp, over sqrt(2);
    - ``z`` minus the mean of min(z, rotated z) along concentric ellipses,
      the profile of the symmetric part.

    Both are in units of the noise, or a little less: interpolation smooths
    the noise of the rotated stamp (by up to a third, half way between
    pixels). In the core of sources of high SNR a few per cent of their
    light are left, too.
    """
    # unknown pixels (NaN) affect the channels of their own stamp alone
    z = np.nan_to_num(np.clip(z, -HIGHEST, HIGHEST), nan=0.0)
    moments = adaptive_moments(z, regions)
    mirrored, known = mirror_stamps(z, moments.center)
    turned = np.where(known, z - mirrored, 0) / np.float32(np.sqrt(2))
    symmetric = np.where(known, np.minimum(z, mirrored) - np.float32(
        MEAN_OF_LESSER), z)
    radius = _elliptical_radius(moments)
    return turned, z - _mean_profile(symmetric, radius)


def adaptive_moments(z, regions):
    """
    Measure the brightest source near the middle of stamps.

    ``center``, x and y (px): the maximum of the 3 x 3 px mean within 7 px
    of the central pixel (and inside the region, if it reaches there),
    refined by the centroid in a round Gaussian window as large as the
    source (adaptive moments: Bernstein & Jarvis 2002, AJ 123, 583);
    ``second`` moments xx, xy and yy (px^2), the variance of the ``window``
    (px^2), and the ``snr`` in it.
    """
    peak = _brightest(z, regions)
    n = len(z)
    steps = np.arange(-WINDOW_HALF, WINDOW_HALF + 1)
    values = z[np.arange(n)[:, None, None],
               peak[:, 1, None, None] + steps[:, None],
               peak[:, 0, None, None] + steps]
    steps = steps.astype(np.float32)
    shift = np.zeros((n, 2), dtype=np.float32)
    variance = np.full(n, 2.0, dtype=np.float32)
    lowest, highest = np.square(WINDOW_SIGMA)
    for i in range(N_ITERATIONS):
        away = steps - shift[..., None]
        # the window is a product, so the sums need one matrix product
        weight = np.exp(away**2 * (-0.5 / variance[:, None, None]))
        wx, wy = weight[:, 0], weight[:, 1]
        ax, ay = away[:, 0], away[:, 1]
        powers_x = np.stack([wx, wx * ax, wx * ax**2], axis=2)
        powers_y = np.stack([wy, wy * ay, wy * ay**2], axis=1)
        sums = powers_y @ values @ powers_x
        total = np.maximum(sums[:, 0, 0], 1)
        first = np.stack([sums[:, 0, 1], sums[:, 1, 0]], axis=1)
        second = np.stack([sums[:, 0, 2], sums[:, 1, 1], sums[:, 2, 0]],
                          axis=1) / total[:, None]
        if i < N_ITERATIONS - 1:
            step = _unwindowed(first / total[:, None], second, variance)
            shift = np.clip(shift + step, -MAX_DRIFT, MAX_DRIFT)
            variance = np.clip(second[:, 0] + second[:, 2], lowest, highest)
    snr = sums[:, 0, 0] / np.sqrt(np.sum(wx**2, axis=1)
                                  * np.sum(wy**2, axis=1))
    return _Moments(peak + shift, second, variance, snr)


def _brightest(z, regions):
    """Return x and y of the brightest pixels near the middle."""
    inner = slice(MIDDLE - SEARCH_RADIUS, MIDDLE + SEARCH_RADIUS + 1)
    near = z[:, inner, inner]
    for axis in (1, 2):
        near = uniform_filter1d(near, 3, axis=axis, mode='nearest')
    steps = np.arange(-SEARCH_RADIUS, SEARCH_RADIUS + 1)
    disc = np.hypot(steps[:, None], steps) <= SEARCH_RADIUS
    allowed = regions[:, inner, inner] & disc
    allowed[~allowed.any(axis=(1, 2))] = disc
    brightest = np.where(allowed, near, -np.inf).reshape(
        len(z), disc.size).argmax(axis=1)
    iy, ix = np.divmod(brightest, 2 * SEARCH_RADIUS + 1)
    return np.column_stack([ix, iy]) + MIDDLE - SEARCH_RADIUS


def mirror_stamps(z, centers):
    """
    Rotate stamps by 180 degrees about ``centers``, x and y in px.

    Interpolated with cubic polynomials (Catmull & Rom 1974). Also returns
    the mask of pixels that need none off the stamp.
    """
    size = z.shape[-1]
    whole = np.floor(2 * centers).astype(int)
    fraction = (2 * centers - whole).astype(np.float32)[..., None, None]
    # pixel x takes the four around 2c - x
    first = whole[..., None] - np.arange(size)
    inside_x, inside_y = np.moveaxis(
        (first >= 1) & (first < size - 2), 1, 0)
    # turned about the middle, what is left is a shift by less than that
    start = np.clip(2 * size - 3 - whole, 0, 2 * size - 3)
    width = size + N_TAPS - 1
    low = start.min(initial=size)
    high = start.max(initial=size) + width
    turned = np.zeros((len(z), high - low, high - low), dtype=z.dtype)
    inner = slice(size - low, 2 * size - low)
    turned[:, inner, inner] = z[:, ::-1, ::-1]
    windows = np.lib.stride_tricks.sliding_window_view(
        turned, (width, width), axis=(1, 2))
    start -= low
    mirrored = windows[np.arange(len(z)), start[:, 1], start[:, 0]]
    mirrored = sum(weight * mirrored[:, :, 3 - i:size + 3 - i]
                   for i, weight in enumerate(_cubic_weights(
                       fraction[:, 0])))
    mirrored = sum(weight * mirrored[:, 3 - i:size + 3 - i]
                   for i, weight in enumerate(_cubic_weights(
                       fraction[:, 1])))
    return mirrored, inside_y[:, :, None] & inside_x[:, None, :]


def _cubic_weights(t):
    """Return Catmull & Rom's weights of four pixels at a fraction."""
    return (((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2,
            ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2)


def _unwindowed(centroid, second, variance):
    """
    Undo a round Gaussian window's pull of the centroid to its center.

    A Gaussian source that is d from the center of the window of variance
    W, and has moments M in it, has its centroid at (1 - M / W) d.
    """
    xx, xy, yy = (second / variance[:, None]).T
    xx, yy = (np.clip(1 - value, MIN_PULL, 1) for value in (xx, yy))
    determinant = np.maximum(xx * yy - xy**2, MIN_PULL**2)
    x, y = centroid.T
    return np.stack([yy * x + xy * y, xy * x + xx * y],
                    axis=1) / determinant[:, None]


def _elliptical_radius(moments):
    """Return each pixel's radius along the source's ellipse, px."""
    xx, xy, yy = _unit_ellipse(*moments.second.T, moments.window,
                               moments.snr >= MIN_SNR)
    steps = np.arange(STAMP_SIZE)
    dx, dy = (steps - moments.center[..., None]).astype(np.float32).swapaxes(
        0, 1)
    # the determinant is one: an ellipse with the area of the circle
    square = (yy[:, None, None] * dx[:, None, :]**2
              + xx[:, None, None] * dy[:, :, None]**2
              - 2 * xy[:, None, None] * dx[:, None, :] * dy[:, :, None])
    return np.sqrt(np.maximum(square, 0))


def _unit_ellipse(xx, xy, yy, window, usable):
    """
    Undo a round Gaussian window, and scale to unit determinant.

    A Gaussian source of covariance S seen through a window W has the
    covariance M = (S^-1 + W^-1)^-1, so S has M's axes.
    """
    mean, difference = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    angle = np.arctan2(xy, (xx - yy) / 2) / 2
    major, minor = (np.clip(value, 0.05, 0.95 * window) for value in (
        mean + difference, mean - difference))
    ratio = np.sqrt(minor * (window - major) / (major * (window - minor)))
    ratio = np.where(usable, np.clip(ratio, MIN_AXIS_RATIO, 1), 1)
    cosine, sine = np.cos(angle), np.sin(angle)
    return tuple(value.astype(np.float32) for value in (
        cosine**2 / ratio + sine**2 * ratio,
        cosine * sine * (1 / ratio - ratio),
        sine**2 / ratio + cosine**2 * ratio))


def _mean_profile(z, radius):
    """Return the mean at each pixel's radius, linear between whole px."""
    n = len(z)
    floor = np.floor(radius)
    fraction = radius - floor
    below = floor.astype(int)
    n_bins = int(below.max(initial=0)) + 2
    first = below + n_bins * np.arange(n)[:, None, None]
    sums, above = (np.stack([
        np.bincount(first.ravel(), values.ravel(), minlength=n * n_bins)
        for values in (share, share * z)]) for share in (
            1 - fraction, fraction))
    # the second share is that of the next whole px, of the same stamp
    sums[:, 1:] += above[:, :-1]
    mean = (sums[1] / np.maximum(sums[0], 1e-6)).astype(np.float32)
    low, high = mean.take(first), mean[1:].take(first)
    return low + fraction * (high - low)
