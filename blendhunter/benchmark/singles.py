"""A null test without truth: how many isolated sources are flagged."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.isolated_sources import (
    KINDS,
    TOTAL,
    find_isolated_sources,
)
from blendhunter.benchmark.metrics import highest_first, proportion_error
from blendhunter.detection import DetectedImage
from blendhunter.identify.settings import check_params

__all__ = ['ISOLATION', 'SinglesResult', 'classify_singles',
           'describe_singles', 'evaluate_singles', 'singles_scores',
           'worst_singles']

#: Least distance (px) of an isolated source from any other detection.
ISOLATION = 12.0
SNR_BINS = ((0.0, 50.0), (50.0, 100.0), (100.0, 300.0), (300.0, 1000.0),
            (1000.0, np.inf), TOTAL)


@dataclass(frozen=True, eq=False)
class SinglesResult:
    """
    The isolated sources of an image and how many of them are flagged.

    Parameters
    ----------
    sources : `~astropy.table.Table`
        One row per isolated source: ``label`` of its segment,
        ``x_centroid``, ``y_centroid`` (px), ``nearest`` (px, to any other
        detection), ``flux`` (unit of the image), ``snr`` (flux over its
        noise, both summed over the segment), ``n_pixels`` of the segment,
        ``axis_ratio`` (a / b), ``half_light_radius`` (px, of half the
        Kron flux), ``locus_radius`` and ``locus_width`` (px, radius of a
        star of this SNR and its scatter), ``kind`` ('point-like',
        'round' or 'other'), ``chance`` (probability that the segment
        holds another source), and the columns ``blend_prob``,
        ``is_blend`` and ``blend_flags`` of
        `~blendhunter.BlendIdentifier.classify`. Its meta has the
        ``density`` of the detections (per px), the distance ``isolated``
        (px), and ``n_stars``, those that the locus was fitted to.
    scores : `~astropy.table.Table`
        One row for each kind and bin of SNR: ``kind``, ``snr`` (the bin;
        '50-1000' sums up three of them), ``n``, ``flagged`` (fraction
        of ``is_blend``), ``chance`` (mean), ``ratio`` of the two, and the
        errors ``flagged_error`` (half of Wilson's 68.27 % interval) and
        ``ratio_error`` (the same over ``chance``).
    detected : `~blendhunter.DetectedImage`
        The image with the same sources, for their stamps.
    """

    sources: Table
    scores: Table
    detected: DetectedImage


def evaluate_singles(identifier, image, catalog=None, *, isolation=ISOLATION,
                     progress=False):
    """
    Evaluate how many isolated sources of an image are called blends.

    No truth is needed: nearly all isolated point-like and round sources
    are single. Some segments hold a second source by chance; that
    fraction follows from the density of the detections and the area of
    the segments, 1 - exp(-density * area). A network that fits a camera
    flags about as many: the ratio of the two is near 1.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        With ``region='segment'``; its ``threshold`` flags a source.
    image : image-like of shape (ny, nx) or `~blendhunter.DetectedImage`
        Array, masked array, Quantity, NDData, HDU or FITS path.
    catalog : table-like or path, optional
        The sources that are tested, as for
        `~blendhunter.DetectedImage.from_image`. By default they are
        detected. All detections of the image count as neighbors and in
        the density, whether or not the catalog has them.
    isolation : float, optional
        Least distance (px) from any other source of the catalog or
        detection.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    result : `SinglesResult`
        Point-like are sources within three widths of the stellar locus
        (half-light radius against SNR) with a/b < 1.15; round are those
        with a/b < 1.3 more than five widths and 16 % above it.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used, the catalog is not of this image,
        there are fewer than 8 stars for the locus, or fewer than 10
        point-like and fewer than 10 round sources with an SNR of 50 to
        1000; the message says how many were found.

    Notes
    -----
    Left out are sources whose stamp reaches over the edge of the image,
    with masked pixels in or beside their segment, and those that the
    detector flags as truncated or overflown. Round sources brighter than
    every point-like one, and not 2.5 times as large, may be saturated
    stars: their ``kind`` is 'other'.

    Examples
    --------
    >>> from blendhunter import BlendIdentifier, simulate_field
    >>> from blendhunter.benchmark import evaluate_singles
    >>> from blendhunter.simulation import SourceModel
    >>> stars = SourceModel(density=20.0, star_fraction=0.7)
    >>> image, _ = simulate_field((600, 600), sources=stars, rng=1)
    >>> result = evaluate_singles(BlendIdentifier(), image)
    >>> result.scores.colnames[:4]
    ['kind', 'snr', 'n', 'flagged']
    """
    # before the image is detected
    check_params(identifier.get_params())
    if identifier.region != 'segment':
        msg = ("identifier: its region must be 'segment', got "
               f'{identifier.region!r}')
        raise ValueError(msg)
    if not isolation > 0 or not np.isfinite(isolation):
        msg = f'isolation must be positive, got {isolation!r}'
        raise ValueError(msg)
    if not isinstance(image, DetectedImage):
        image = DetectedImage.from_image(image, catalog)
    elif catalog is not None:
        msg = ('catalog cannot be given: image is a DetectedImage, which has '
               'its own')
        raise ValueError(msg)
    rows, sources = find_isolated_sources(image, isolation)
    sources.meta['isolated'] = float(isolation)
    return classify_singles(identifier, image, rows, sources,
                            progress=progress)


def classify_singles(identifier, image, rows, sources, *, progress=False):
    """
    Classify isolated sources, and score them.

    ``rows`` of the image and their table are those of
    `~blendhunter.benchmark.isolated_sources.find_isolated_sources`, or
    some of them. Returns a `SinglesResult`.
    """
    sources = sources.copy()
    detected = image.select(rows)
    result = identifier.classify(detected, overwrite=True, progress=progress)
    sources['chance'] = -np.expm1(-sources.meta['density']
                                  * sources['n_pixels'])
    for name in ('blend_prob', 'is_blend', 'blend_flags'):
        sources[name] = np.asarray(result[name])
    sources.meta.update({key: value for key, value in result.meta.items()
                         if str(key).startswith('BH')})
    return SinglesResult(sources, singles_scores(sources), detected)


def singles_scores(sources):
    """Return the scores of `SinglesResult` from its sources."""
    snr = np.asarray(sources['snr'])
    known = np.isfinite(np.asarray(sources['blend_prob']))
    rows = []
    for kind in KINDS:
        for low, high in SNR_BINS:
            part = sources[known & (sources['kind'] == kind)
                           & (snr >= low) & (snr < high)]
            rows.append({'kind': kind, 'snr': _bin_name(low, high),
                         **_score(part)})
    return Table(rows)


def _bin_name(low, high):
    """Return the limits of a bin as text."""
    if not np.isfinite(high):
        return f'> {low:g}'
    return f'{low:g}-{high:g}' if low else f'< {high:g}'


def _score(part):
    """Return the numbers of one kind in one bin; NaN without sources."""
    n = len(part)
    flagged = np.mean(part['is_blend']) if n else np.nan
    chance = np.mean(part['chance']) if n else np.nan
    error = float(proportion_error(flagged, n))
    # the density comes from so many detections that its error is small
    return {'n': n, 'flagged': float(flagged), 'flagged_error': error,
            'chance': float(chance), 'ratio': float(flagged / chance),
            'ratio_error': float(error / chance)}


def describe_singles(scores):
    """Return a sentence about each kind in the total of SNR 50 to 1000."""
    lines = []
    for row in scores[scores['snr'] == _bin_name(*TOTAL)]:
        start = f'{row["kind"]}, SNR {row["snr"]}: '
        if not row['n']:
            lines.append(f'{start}none')
            continue
        lines.append(
            f'{start}{row["n"]} sources, flagged {100 * row["flagged"]:.1f} '
            f'± {100 * row["flagged_error"]:.1f} %, chance '
            f'{100 * row["chance"]:.1f} %: ratio {row["ratio"]:.1f} ± '
            f'{row["ratio_error"]:.1f}')
    return '\n'.join(lines)


def worst_singles(sources, n):
    """Return, by kind, n rows of SNR 50 to 1000 of highest probability."""
    snr = np.asarray(sources['snr'])
    inside = (snr >= TOTAL[0]) & (snr < TOTAL[1])
    return {kind: highest_first(
        np.asarray(sources['blend_prob']),
        inside & np.asarray(sources['kind'] == kind))[:n] for kind in KINDS}
