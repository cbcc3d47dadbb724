# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The mean image of the stars, its width and its asymmetry."""

import warnings
from dataclasses import dataclass

import numpy as np
from astropy.nddata import NDData
from astropy.table import Table

from blendhunter.benchmark.isolated_sources import (
    POINT_LIKE,
    find_isolated_sources,
)
from blendhunter.exceptions import BlendHunterWarning

__all__ = ['MIN_STARS', 'MeanStar', 'asymmetry', 'find_stars', 'mean_star',
           'width_at_half_maximum']

#: Stars that are needed in an image.
MIN_STARS = 20
# the brightest of them are used; brighter ones may saturate
MAX_STARS = 60
SNR_LIMITS = (50.0, 3000.0)
ISOLATION = 12.0
# px of a star's image, and its pixels on each of them
SIZE = 25
OVERSAMPLING = 2
MAX_ITERATIONS = 6
# the asymmetry is measured within so many px
RADIUS = 8.0
# and the width within so many times the half width
FIT_RADIUS = 4.0
# variance of a pixel of unit width, as FWHM**2 of a Gaussian: 8 ln 2 / 12
PIXEL = 0.462


@dataclass(frozen=True, eq=False)
class MeanStar:
    """
    The mean image of the stars of one image.

    ``pixels`` have half of the width of the image's; ``fwhm`` (px)
    is without the image's pixel, and ``asymmetry`` as `asymmetry` returns.
    """

    pixels: np.ndarray
    fwhm: float
    asymmetry: float
    n_stars: int


def find_stars(detected):
    """
    Return the rows of the stars of a `~blendhunter.DetectedImage`.

    The brightest first, without those that may saturate; and why there
    are none, or ''.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', BlendHunterWarning)
            rows, table = find_isolated_sources(detected, ISOLATION)
    except ValueError as error:
        return np.zeros(0, dtype=int), str(error)
    snr = np.asarray(table['snr'])
    good = np.flatnonzero((table['kind'] == POINT_LIKE)
                          & (snr > SNR_LIMITS[0]) & (snr < SNR_LIMITS[1]))
    good = good[np.argsort(-snr[good], kind='stable')]
    return rows[good], ''


def mean_star(detected, rows):
    """Return the `MeanStar` of some rows of a `~blendhunter.DetectedImage`."""
    from photutils.psf import EPSFBuilder, extract_stars
    from threadpoolctl import threadpool_limits

    rows = rows[:MAX_STARS]
    image = NDData(np.asarray(detected.image.normalized, dtype=float),
                   mask=detected.mask)
    builder = EPSFBuilder(oversampling=OVERSAMPLING, progress_bar=False,
                          maxiters=MAX_ITERATIONS)
    # the fits are so small that threads cost more than they save: 3
    # against 150 s on a busy machine
    with warnings.catch_warnings(), threadpool_limits(1):
        # on single stars that are left out
        warnings.simplefilter('ignore')
        stars = extract_stars(image, Table({
            'x': detected.x[rows], 'y': detected.y[rows]}), size=SIZE)
        result = builder(stars)
    pixels = np.asarray(result.epsf.data, dtype=float)
    wide = width_at_half_maximum(pixels) / OVERSAMPLING
    return MeanStar(pixels, float(np.sqrt(max(wide**2 - PIXEL, 0.25))),
                    asymmetry(pixels, RADIUS * OVERSAMPLING), len(rows))


def width_at_half_maximum(image):
    """
    Return the full width at half maximum (px) of a Moffat profile.

    It is fitted to the pixels: the brightest one alone would be too bright
    by the noise.
    """
    from scipy.optimize import least_squares

    y, x = np.indices(image.shape)
    bright = (image - image.max() / 5).clip(min=0)
    cy, cx = ((bright * axis).sum() / bright.sum() for axis in (y, x))
    half = np.sqrt(np.count_nonzero(image > image.max() / 2) / np.pi)
    near = np.hypot(y - cy, x - cx) < max(FIT_RADIUS * half, 3)

    def residuals(values):
        peak, y0, x0, log_width, log_beta = values
        beta = 1 + np.exp(log_beta)
        scale = np.exp(2 * log_width) / (2 ** (1 / beta) - 1)
        distance = (y[near] - y0) ** 2 + (x[near] - x0) ** 2
        return (peak * (1 + distance / scale) ** -beta
                - image[near] / image.max())

    fit = least_squares(residuals, [1, cy, cx, np.log(half), 1.0])
    return float(2 * np.exp(fit.x[3]))


def asymmetry(image, radius):
    """
    Return sum(abs(I - I turned by half a turn)) / (2 sum(I)).

    Within a radius (px), about the center for which it is least. What
    noise adds is that of the pixels beyond, and is subtracted.
    """
    from scipy.ndimage import shift
    from scipy.optimize import minimize

    y, x = np.indices(image.shape)
    middle = (np.array(image.shape) - 1) / 2
    distance = np.hypot(y - middle[0], x - middle[1])
    inside = distance < radius
    beyond = (distance > 1.1 * radius) & (distance < 1.4 * radius)
    total = 2 * image[inside].sum()
    bright = (image - image.max() / 5).clip(min=0)
    start = [at - (bright * axis).sum() / bright.sum()
             for at, axis in zip(middle, (y, x), strict=True)]

    def difference(move):
        moved = shift(image, move, order=1)
        return np.abs(moved - moved[::-1, ::-1])

    best = difference(minimize(
        lambda move: difference(move)[inside].sum(), start,
        method='Nelder-Mead', options={'xatol': 0.05, 'fatol': 1e-4 * total,
                                       'maxiter': 60}).x)
    noise = best[beyond].mean() if beyond.any() else 0.0
    return float(max(best[inside].mean() - noise, 0) * inside.sum() / total)
