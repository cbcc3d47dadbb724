# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The null test: the fraction of isolated sources that is flagged."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import DETECTED, RESULT, describe_columns
from blendhunter.benchmark.column_descriptions import SINGLES, SINGLES_SCORES
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
    The result of the null test.

    Parameters
    ----------
    sources : `~astropy.table.Table`
        One row per isolated source:

        - ``label`` of its segment, ``x_centroid`` and ``y_centroid`` (px);
        - ``nearest``, the distance to the nearest other detection (px);
        - ``flux`` (unit of the image) and ``snr`` (flux over its noise,
          both summed over the segment);
        - ``n_pixels`` of the segment and ``axis_ratio`` (a / b);
        - ``half_light_radius`` (px), the radius of half the Kron flux;
        - ``locus_radius`` and ``locus_width`` (px), the radius of a star
          of this SNR and its scatter;
        - ``kind`` ('point-like', 'round' or 'other');
        - ``chance``, the probability that the segment contains a second
          source by chance;
        - ``blend_prob``, ``is_blend`` and ``blend_flags`` of
          `~blendhunter.BlendIdentifier.classify`.

        The meta records the ``density`` of the detections (per px), the
        distance ``isolated`` (px), and ``n_stars``, the number of stars
        behind the locus.
    scores : `~astropy.table.Table`
        One row for each kind and bin of SNR: ``kind``, ``snr`` (the bin;
        '50-1000' combines three bins), ``n``, ``flagged`` (fraction with
        ``is_blend``), ``chance`` (mean), ``ratio`` (``flagged`` over
        ``chance``), and the errors ``flagged_error`` (half of Wilson's
        68.27 % interval) and ``ratio_error`` (the same over ``chance``).
    detected : `~blendhunter.DetectedImage`
        The image with the same sources, from which stamps can be cut.
    """

    sources: Table
    scores: Table
    detected: DetectedImage


def evaluate_singles(identifier, image, catalog=None, *, isolation=ISOLATION,
                     progress=False):
    """
    Measure the fraction of isolated sources that is flagged (null test).

    The test needs no truth, because nearly all isolated point-like and
    round sources are single. Some segments contain a second source by
    chance. This fraction is 1 - exp(-density * area): it follows from the
    density of the detections and the area of the segments. If the network
    suits the camera, it flags about as many sources: the ratio of the two
    is near 1.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the sources, with ``region='segment'``. Its
        ``threshold`` decides which are flagged.
    image : image-like of shape (ny, nx) or `~blendhunter.DetectedImage`
        Array, masked array, Quantity, NDData, HDU or FITS path.
    catalog : table-like or path, optional
        The sources to test; see `~blendhunter.DetectedImage.from_image`.
        By default they are detected. All detections of the image count as
        neighbors and for the density, also those that are not in the
        catalog.
    isolation : float, optional
        Least distance (px) to any other source of the catalog and to any
        other detection.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    result : `~blendhunter.benchmark.SinglesResult`
        The isolated sources, and the flagged fractions. Point-like sources
        are within three widths of the stellar locus (half-light radius
        against SNR) and have a/b < 1.15. Round sources are more than five
        widths and 16 % above the locus and have a/b < 1.3.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used or the catalog belongs to another
        image. Also if there are fewer than 8 stars for the locus, or fewer
        than 10 point-like and fewer than 10 round sources with an SNR of
        50 to 1000. The message states how many were found.

    Notes
    -----
    Three kinds of sources are left out: those whose stamp extends beyond
    the edge of the image, those with masked pixels in or beside their
    segment, and those that the detector flags as truncated or overflown.
    A round source that is brighter than every point-like one and less
    than 2.5 times as large may be a saturated star. Its ``kind`` is
    'other'.

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
        msg = ("identifier must have region='segment', got "
               f'{identifier.region!r}')
        raise ValueError(msg)
    if not isolation > 0 or not np.isfinite(isolation):
        msg = f'isolation must be positive, got {isolation!r}'
        raise ValueError(msg)
    if not isinstance(image, DetectedImage):
        image = DetectedImage.from_image(image, catalog)
    elif catalog is not None:
        msg = ('catalog cannot be given, because image is a DetectedImage '
               'and has its own catalog')
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
    describe_columns(sources, DETECTED, RESULT, SINGLES)
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
    return describe_columns(Table(rows), SINGLES_SCORES)


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
