# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The stellar locus: the half-light radius of stars as a function of SNR."""

from dataclasses import dataclass

import numpy as np

__all__ = ['StellarLocus', 'find_stellar_locus']

#: Stars that are needed, and the SNR from which they are used.
MIN_STARS = 8
FIT_SNR = 50.0
#: Largest a/b of a star.
STAR_AXIS_RATIO = 1.15
# widths are fractions of the radius. On the KiDS image of the tests stars
# above an SNR of 300 scatter by 0.02
MIN_WIDTH = 0.02
# the window in which the locus is looked for, and the farthest member
WINDOW = 0.16
N_WIDTHS = 2.0
# the locus is tilted: wings of faint stars are lost in the noise. KiDS:
# 0.06 per factor of ten
MAX_SLOPE = 0.15
N_ITERATIONS = 30
PIVOT = 100.0


@dataclass(frozen=True)
class StellarLocus:
    """
    A line in the logarithms of SNR and half-light radius, and its width.

    ``pivot_radius`` (px) is the radius at an SNR of 100, ``slope`` that
    of ln(radius) per factor of ten in SNR. Widths are fractions of the
    radius: ``scatter`` of bright stars, ``noise`` that of an SNR of 1.
    """

    pivot_radius: float
    slope: float
    scatter: float
    noise: float
    n_stars: int

    def radius(self, snr):
        """Return the half-light radius (px) of a star."""
        return self.pivot_radius * np.exp(self.slope * _decades(snr))

    def width(self, snr):
        """Return the scatter of stars, as a fraction of their radius."""
        return np.hypot(self.scatter, self.noise / np.asarray(snr))

    def distance(self, radius, snr):
        """Return how many widths radii lie above the locus."""
        return np.log(radius / self.radius(snr)) / self.width(snr)


def find_stellar_locus(radius, snr, axis_ratio):
    """
    Find the `StellarLocus` among isolated sources.

    Only the side of small radii is measured: there are no galaxies. A
    ValueError says how many stars there are if they are too few.
    """
    good = (radius > 0) & np.isfinite(snr) & (axis_ratio < STAR_AXIS_RATIO)
    bright = good & (snr >= FIT_SNR)
    _check_count(np.sum(bright))
    size, decades = np.log(radius[bright]), _decades(snr[bright])
    line, members = np.array([0.0, _sharp_edge(size)]), None
    for _ in range(N_ITERATIONS):
        offset = size - np.polyval(line, decades)
        scatter = _lower_scatter(offset[np.abs(offset) < WINDOW], MIN_WIDTH)
        chosen = np.abs(offset) < min(N_WIDTHS * scatter, WINDOW)
        if members is not None and np.array_equal(chosen, members):
            break
        members = chosen
        _check_count(np.sum(members))
        line = _fit_line(decades[members], size[members])
    locus = StellarLocus(float(np.exp(line[1])), float(line[0]),
                         float(scatter), 0.0, int(np.sum(members)))
    faint = good & (snr < FIT_SNR)
    offset = np.log(radius[faint] / locus.radius(snr[faint]))
    return StellarLocus(locus.pivot_radius, locus.slope, locus.scatter,
                        float(_lower_scatter(offset * snr[faint], 0.5)),
                        locus.n_stars)


def _decades(snr):
    """Return the factors of ten above the pivot."""
    return np.log10(np.asarray(snr, dtype=float) / PIVOT)


def _check_count(n):
    """Refuse a locus of too few stars."""
    if n < MIN_STARS:
        msg = (f'image: the stellar locus needs {MIN_STARS} isolated stars '
               f'with an SNR above {FIT_SNR:g} and a/b < '
               f'{STAR_AXIS_RATIO:g}, found {n}')
        raise ValueError(msg)


def _sharp_edge(size):
    """
    Return the logarithm of a radius that many have, and few a smaller one.

    The mode alone may be that of the galaxies, whose distribution is wide
    and has no sharp edge.
    """
    size = np.sort(size)
    number = np.searchsorted(size, size + WINDOW) - np.arange(len(size))
    below = np.arange(len(size)) - np.searchsorted(size, size - WINDOW)
    start = np.argmax(number - below)
    return np.median(size[start:start + number[start]])


def _lower_scatter(offset, least):
    """Return the robust scatter below zero, or else the least one."""
    below = -offset[offset < 0]
    if len(below) < MIN_STARS // 2:
        return least
    return max(1.4826 * np.median(below), least)


def _fit_line(decades, size):
    """Fit a line with a tilt that is not absurd."""
    slope = np.polyfit(decades, size, 1)[0] if np.ptp(decades) > 0.3 else 0
    slope = np.clip(slope, -MAX_SLOPE, MAX_SLOPE)
    return np.array([slope, np.median(size - slope * decades)])
