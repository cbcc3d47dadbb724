# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Measure noise, seeing and source density on the images of a survey."""

import warnings

import numpy as np

from blendhunter._utils.simulated_noise import smoothing_kernel
from blendhunter.adaptation.conditions import SurveyConditions
from blendhunter.adaptation.star_images import (
    MIN_STARS,
    find_stars,
    mean_star,
)
from blendhunter.detection import DetectedImage, DetectionSettings
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.simulation.surveys import FWHM_TO_SIGMA

__all__ = ['detect_images', 'measure_conditions', 'noise_correlation']

FAINT = 10
# px around segments that are left out, and pixels over the noise beyond
# which no noise is expected
MARGIN = 3
CLIPPED = 4.0
# neighbors correlate less in noise that is smoothed by 1 px (0.78), and
# more in images of sources alone
SMOOTHEST = 0.85
# widths of the smoothing in px, for which the correlation is tabulated
WIDTHS = np.linspace(0, 1, 201)


def detect_images(images, *, ext=None, detector='sep', n_sigma=1.5):
    """
    Return the `~blendhunter.DetectedImage` of one image or several.

    A list or a tuple holds several; see
    `~blendhunter.DetectedImage.from_image` for what an image may be.
    """
    images = list(images) if isinstance(images, (list, tuple)) else [images]
    if not images:
        msg = 'images must not be empty'
        raise ValueError(msg)
    settings = DetectionSettings(method=detector, n_sigma=n_sigma)
    return [image if isinstance(image, DetectedImage)
            else DetectedImage.from_image(image, ext=ext, settings=settings)
            for image in images]


def measure_conditions(detected, *, pixel_scale=None):
    """
    Measure the properties of the images of a survey.

    Parameters
    ----------
    detected : list of `~blendhunter.DetectedImage`
        All of one survey, detected with the same settings.
    pixel_scale : float, optional
        Width of a pixel in arcsec; by default that of the WCS.

    Returns
    -------
    conditions : `SurveyConditions`
        Medians over the images; the depth is not known yet.
    stars : list of `~blendhunter.adaptation.star_images.MeanStar`
        Of the images with 20 stars or more.

    Raises
    ------
    ValueError
        If an image has no noise, there is no pixel scale, or no image has
        20 stars; the message says how many were found.
    """
    scale = _pixel_scale(detected, pixel_scale)
    found = [_image_noise(image) for image in detected]
    stars = _mean_stars(detected)
    fwhm = np.array([star.fwhm for star in stars])
    seeing = float(np.median(fwhm)) * scale
    correlation = np.median([noise_correlation(image, float(np.median(fwhm)))
                             for image in detected])
    area = sum(_n_pixels(image) for image in detected) * (scale / 60) ** 2
    flux = np.concatenate([np.asarray(image.catalog['flux'], dtype=float)
                           for image in detected])
    settings = detected[0].settings
    return SurveyConditions(
        pixel_scale=scale, noise=float(np.median(found)),
        unit=str(detected[0].unit or ''),
        noise_correlation=round(float(correlation), 3), seeing=seeing,
        seeing_range=(float(fwhm.min()) * scale, float(fwhm.max()) * scale),
        asymmetry=float(np.median([star.asymmetry for star in stars])),
        n_stars=sum(star.n_stars for star in stars),
        density=len(flux) / area,
        faint_flux=float(np.percentile(flux, FAINT)),
        detector=settings.method, n_sigma=float(settings.n_sigma),
        n_images=len(detected)), stars


def _pixel_scale(detected, given):
    """Return the pixel scale in arcsec, given or of the WCS."""
    if given is not None:
        if not 0 < given < np.inf:
            msg = f'pixel_scale must be positive, got {given!r}'
            raise ValueError(msg)
        return float(given)
    from astropy.wcs.utils import proj_plane_pixel_scales

    scales = []
    for image in detected:
        wcs = image.wcs
        if wcs is None or not wcs.has_celestial:
            msg = ('pixel_scale (arcsec) must be given, because an image has '
                   'no WCS')
            raise ValueError(msg)
        scales.append(3600 * np.mean(proj_plane_pixel_scales(wcs.celestial)))
    if max(scales) > 1.01 * min(scales):
        msg = ('images must all have the same pixel scale, got '
               f'{min(scales):.4g} to {max(scales):.4g} arcsec')
        raise ValueError(msg)
    return float(np.median(scales))


def _image_noise(image):
    """Return the noise per pixel; refuse an image that has none."""
    z, free = _free_pixels(image)
    if np.sum(free) > 1:
        own = _covariance(z, free, 0)
        if own > 0 and _covariance(z, free, 1) < SMOOTHEST * own:
            return float(np.median(image.noise))
    msg = ('images must have noise; in one of them the pixels without '
           'sources are all equal, or as smooth as a source')
    raise ValueError(msg)


def _mean_stars(detected):
    """Return the mean star of each image that has enough of them."""
    stars, most, reason = [], 0, ''
    for image in detected:
        rows, why = find_stars(image)
        if len(rows) >= MIN_STARS:
            stars.append(mean_star(image, rows))
        elif not most:
            most, reason = len(rows), why
        else:
            most = max(most, len(rows))
    if not stars:
        msg = (f'images: {MIN_STARS} isolated stars in an image are needed '
               f'to measure the PSF, found {most}')
        raise ValueError(f'{msg} ({reason})' if reason else msg)
    if len(stars) < len(detected):
        warnings.warn(
            f'images: the PSF is that of {len(stars)} of {len(detected)} '
            f'images; the others have fewer than {MIN_STARS} stars',
            BlendHunterWarning, stacklevel=3)
    return stars


def _n_pixels(image):
    """Return the number of pixels that are not masked."""
    masked = 0 if image.mask is None else np.count_nonzero(image.mask)
    return image.image.data.size - masked


def _free_pixels(image):
    """Return an image over its noise, and where it has no source."""
    from scipy.ndimage import binary_dilation

    z = image.image.normalized
    covered = image.segmentation > 0
    if image.mask is not None:
        covered |= image.mask
    covered = binary_dilation(covered, iterations=MARGIN)
    free = ~covered
    level = np.median(z[free]) if free.any() else 0.0
    z = z - level
    return z, free & (np.abs(z) < CLIPPED)


def _covariance(z, free, lag):
    """Return the covariance of free pixels at a distance along the axes."""
    n = z.shape[0] - lag, z.shape[1] - lag
    sums = count = 0.0
    for a, b in ((np.s_[:n[0]], np.s_[lag:]),
                 (np.s_[:, :n[1]], np.s_[:, lag:])):
        both = free[a] & free[b]
        sums += np.sum((z[a] * z[b])[both], dtype=float)
        count += np.count_nonzero(both)
    return sums / max(count, 1)


def noise_correlation(image, fwhm):
    """
    Measure the ``noise_correlation`` (px) of `FieldRanges` on an image.

    Sources that are too faint to detect correlate over the PSF (``fwhm``
    in px). The covariance at a distance at which noise does not
    correlate tells their share, which is subtracted.
    """
    z, free = _free_pixels(image)
    sigma = fwhm * FWHM_TO_SIGMA
    far = int(np.clip(np.rint(1.2 * fwhm), 2, 8))
    sources = max(_covariance(z, free, far), 0) / np.exp(
        -far**2 / (4 * sigma**2))
    noise, neighbors = (
        _covariance(z, free, lag) - sources * np.exp(
            -lag**2 / (4 * sigma**2)) for lag in (0, 1))
    if noise <= 0:
        return 0.0
    return float(np.interp(neighbors / noise, _tabulated(), WIDTHS))


def _tabulated():
    """Return the correlation of neighbors for each of `WIDTHS`."""
    kernels = [smoothing_kernel(width) for width in WIDTHS]
    values = [np.sum(k[1:] * k[:-1]) / np.sum(k**2) for k in kernels]
    return np.maximum.accumulate(values)
