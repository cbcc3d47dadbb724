# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Find the isolated sources of an image: stars and round galaxies."""

import warnings

import numpy as np
from astropy.table import Table

from blendhunter.catalogs import plain_values
from blendhunter.detection import DetectedImage
from blendhunter.detection.source_finding import measure_sources
from blendhunter.detection.stellar_locus import (
    STAR_AXIS_RATIO,
    find_stellar_locus,
)
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.stamps import STAMP_SIZE

__all__ = ['KINDS', 'OTHER', 'POINT_LIKE', 'ROUND', 'TOTAL',
           'find_isolated_sources']

#: What an isolated source can be.
POINT_LIKE, ROUND, OTHER = 'point-like', 'round', 'other'
KINDS = (POINT_LIKE, ROUND)
#: SNR of the sources that count, and how many of one kind are needed.
TOTAL = (50.0, 1000.0)
NEEDED = 10
ROUND_AXIS_RATIO = 1.3
# widths of the locus: stars are nearer, round galaxies farther above it
STAR_WIDTHS = 3.0
GALAXY_WIDTHS = 5.0
LEAST_EXCESS = 0.15
# saturated stars are larger than the locus: up to twice on the KiDS image
# of the tests
SATURATED_RADII = 2.5
# half-light radius (px) below which nothing can be told apart
UNDERSAMPLED = 1.0
# simulated fields without stars give 0.04 to 0.10, with stars 0.02; the
# PSF of the NTT image of the tests varies, and gives 0.06
WIDE = 0.07
# bits of the detector's flag: at the edge, an overflow, a singular shape
BAD_FLAGS = 2 | 4 | 8
# px around masked pixels that make a segment unusable
MASK_MARGIN = 2
# a catalog of another image has fewer positions on segments, or no more
# than chance puts there
LEAST_ON_SEGMENTS = 0.2
TIMES_CHANCE = 2.0
MEASURED = ('label', 'x_centroid', 'y_centroid', 'flux', 'semimajor_axis',
            'semiminor_axis', 'n_pixels', 'flag', 'snr')


def find_isolated_sources(detected, isolation):
    """
    Find the isolated sources of a `~blendhunter.DetectedImage`.

    Returns their rows and a table as in
    `~blendhunter.benchmark.SinglesResult`, without probabilities. Its
    meta has the density of detections (per px) and the stars of the
    locus. A ValueError says why an image or a catalog cannot be used.
    """
    found = _all_detections(detected)
    labels = detected.segments.labels
    _check_catalog(detected, labels, len(found))
    label = np.asarray(found['label'])
    place = np.searchsorted(label, labels).clip(0, max(len(label) - 1, 0))
    nearest = _nearest_other(detected, found)
    good = ((label[place] == labels) & (nearest > isolation)
            & _usable(detected, found)[place]
            if len(label) else np.zeros(len(labels), dtype=bool))
    rows = np.flatnonzero(good)
    found = found[place[rows]]
    table = Table({
        'label': labels[rows], 'x_centroid': detected.x[rows],
        'y_centroid': detected.y[rows], 'nearest': nearest[rows],
        'flux': plain_values(found['flux']),
        'snr': plain_values(found['snr']),
        'n_pixels': np.asarray(found['n_pixels']),
        'axis_ratio': _axis_ratio(found)})
    table['half_light_radius'] = _half_light_radii(detected, labels[rows])
    locus = _classify(table)
    table.meta['density'] = _density(detected, len(label))
    table.meta['n_stars'] = locus.n_stars
    _check_number(table)
    return rows, table


def _all_detections(detected):
    """
    Return the measured detections of an image, sorted by their labels.

    The catalog of a user may have fewer sources and other columns.
    """
    if detected.given_segmentation is None:
        return DetectedImage.from_background_subtracted(
            detected.image, detected.settings).catalog
    catalog = detected.catalog
    known = np.unique(detected.segmentation)
    if set(MEASURED) <= set(catalog.colnames) and np.array_equal(
            catalog['label'], known[known > 0]):
        return catalog
    return measure_sources(detected.image, detected.segmentation)


def _check_catalog(detected, labels, n_found):
    """Refuse positions that are hardly those of this image's sources."""
    n = len(labels)
    if not n:
        msg = ('catalog: it has no rows' if n_found
               else 'image: nothing was detected')
        raise ValueError(msg)
    covered = np.mean(detected.segmentation > 0)
    share = np.mean(labels > 0)
    if share < max(LEAST_ON_SEGMENTS, min(TIMES_CHANCE * covered, 0.8)):
        msg = (f'catalog: only {np.sum(labels > 0)} of {n} positions are on '
               'a detection of image; is it a catalog of another image?')
        raise ValueError(msg)


def _nearest_other(detected, found):
    """
    Return the distance (px) from each source to any other one.

    It is 0 of rows that repeat the position of an earlier one.
    """
    from scipy.spatial import cKDTree

    x, y = detected.x, detected.y
    here = np.column_stack([x, y])
    nearest = np.full(len(here), np.nan)
    known = np.flatnonzero(np.isfinite(here).all(axis=1))
    others = np.column_stack([found[f'{axis}_centroid'] for axis in 'xy'])
    own = detected.segments.labels[known]
    # of the detections the nearest one may be the source itself
    distance, which = cKDTree(others).query(here[known], k=2)
    label = np.append(found['label'], -1)[which]
    distance = np.where(label == own[:, None], np.inf, distance).min(axis=1)
    nearest[known] = distance
    once = known[np.unique(here[known].round(2), axis=0,
                           return_index=True)[1]]
    nearest[np.setdiff1d(known, once)] = 0
    if len(once) > 1:
        among = cKDTree(here[once]).query(here[once], k=2)[0][:, 1]
        nearest[once] = np.minimum(nearest[once], among)
    return nearest


def _usable(detected, found):
    """Return which detections are whole: no edge, no masked pixel."""
    ny, nx = detected.image.data.shape
    x, y = (plain_values(found[f'{axis}_centroid']) for axis in 'xy')
    half = STAMP_SIZE / 2
    whole = ((np.asarray(found['flag']) & BAD_FLAGS) == 0) & (
        x > half) & (x < nx - half) & (y > half) & (y < ny - half)
    if detected.mask is None:
        return whole
    from scipy.ndimage import binary_dilation

    near = binary_dilation(detected.mask, iterations=MASK_MARGIN)
    return whole & ~np.isin(found['label'], detected.segmentation[near])


def _axis_ratio(found):
    """Return a / b."""
    return plain_values(found['semimajor_axis']) / np.maximum(
        plain_values(found['semiminor_axis']), 1e-3)


def _half_light_radii(detected, labels):
    """Measure the radii (px) of half the Kron flux, with photutils."""
    from photutils.segmentation import SegmentationImage, SourceCatalog

    if not len(labels):
        return np.zeros(0)
    catalog = SourceCatalog(
        detected.image.data.astype(float),
        SegmentationImage(detected.segmentation), mask=detected.mask)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        radii = catalog.select_labels(labels).flux_radius(0.5)
    return np.atleast_1d(plain_values(radii)).astype(float)


def _classify(table):
    """Add the locus at each SNR and the kind of each source."""
    radius, snr, ratio = (np.asarray(table[name]) for name in (
        'half_light_radius', 'snr', 'axis_ratio'))
    _check_sampling(radius[snr >= TOTAL[0]])
    locus = find_stellar_locus(radius, snr, ratio)
    _warn_of_locus(locus)
    table['locus_radius'] = locus.radius(snr)
    table['locus_width'] = locus.radius(snr) * locus.width(snr)
    with np.errstate(invalid='ignore', divide='ignore'):
        distance = locus.distance(radius, snr)
        excess = np.log(radius / locus.radius(snr))
    star = (np.abs(distance) < STAR_WIDTHS) & (ratio < STAR_AXIS_RATIO)
    saturated = (snr > snr[star].max(initial=0)) & (
        excess < np.log(SATURATED_RADII))
    table['kind'] = np.select(
        [star, (distance > GALAXY_WIDTHS) & (excess > LEAST_EXCESS)
         & (ratio < ROUND_AXIS_RATIO) & ~saturated], KINDS, OTHER)
    return locus


def _check_sampling(radius):
    """Refuse an image whose sources are all smaller than a pixel."""
    radius = radius[np.isfinite(radius)]
    if len(radius) and np.all(radius < UNDERSAMPLED):
        msg = (f'image: the {len(radius)} isolated sources with an SNR above '
               f'{TOTAL[0]:g} have half-light radii below '
               f'{UNDERSAMPLED:g} px: they are undersampled, or they are not '
               'stars and galaxies')
        raise ValueError(msg)


def _warn_of_locus(locus):
    """Warn of a locus that may hold galaxies."""
    if locus.pivot_radius < UNDERSAMPLED:
        warnings.warn(
            'image: stars have a half-light radius of '
            f'{locus.pivot_radius:.2f} px; it is undersampled, and stars '
            'can hardly be told from galaxies', BlendHunterWarning,
            stacklevel=5)
    if locus.scatter > WIDE:
        warnings.warn(
            f'image: the stellar locus is wide ({100 * locus.scatter:.0f} %'
            '): the PSF varies, or small galaxies are counted as stars; '
            'check it in the figure', BlendHunterWarning, stacklevel=5)


def _check_number(table):
    """Refuse an image with too few sources of both kinds."""
    snr = np.asarray(table['snr'])
    inside = (snr >= TOTAL[0]) & (snr < TOTAL[1])
    counts = [int(np.sum(inside & (table['kind'] == kind)))
              for kind in KINDS]
    if max(counts) < NEEDED:
        msg = (f'image: the null test needs {NEEDED} isolated point-like '
               f'sources or {NEEDED} round ones with an SNR of {TOTAL[0]:g} '
               f'to {TOTAL[1]:g}; found {counts[0]} and {counts[1]}')
        raise ValueError(msg)


def _density(detected, n):
    """Return the detections per pixel that is not masked."""
    n_pixels = detected.image.data.size
    if detected.mask is not None:
        n_pixels -= np.count_nonzero(detected.mask)
    return n / n_pixels
