"""Completeness and purity against what the blends are like."""

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.field.scores import (
    clear_detections,
    rank,
    score_methods,
)
from blendhunter.benchmark.metrics import (
    bootstrap_error,
    share_in_top,
    threshold_at_purity,
)
from blendhunter.truth import BLEND

__all__ = ['field_bins']

#: What is flagged: all above the threshold of that purity, or the top of
#: the sample.
WORKING_POINTS = ('purity 80', 'rejected 10')
# open at both ends: every detection is in a bin
BINS = {'separation': (0, 3, 4, 5, 6, 8, 10, 15, np.inf),
        'magnitude_difference': (-np.inf, 0, 1, 2, 3, 4, 5, np.inf),
        'companion_snr': (3, 5, 7, 10, 15, 25, 50, np.inf),
        'snr': (-np.inf, 10, 20, 40, 80, 160, np.inf)}


def field_bins(detections, *, n_samples=60):
    """
    Bin completeness and purity by what the blends are like.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        As in `~blendhunter.benchmark.field.field_scores`.
    n_samples : int, optional
        Resampled sets behind the errors, the threshold set anew in each.

    Returns
    -------
    table : `~astropy.table.Table`
        ``method``; ``working_point``: 'purity 80', all above the
        threshold at which four in five are blends, or 'rejected 10', the
        top tenth; ``quantity``: ``separation`` (px),
        ``magnitude_difference`` and ``companion_snr`` of the companion,
        or of the nearest source for those that are no blend (see
        `~blendhunter.benchmark.field.describe_detections`), or ``snr`` of
        the detection; ``low``, ``high`` (infinite where open);
        ``completeness`` and ``purity`` with their bootstrap errors (NaN
        where resampling cannot tell: at 0 and 1); ``n_blends``,
        ``n_flagged``.
    """
    clear = clear_detections(detections)
    blended = np.asarray(clear['truth_label']) == BLEND
    known = {name: edges for name, edges in BINS.items()
             if name in clear.colnames}
    places = [_place(clear[name], edges) for name, edges in known.items()]
    counts = [len(edges) - 1 for edges in known.values()]
    rows = []
    for method in score_methods(clear):
        score = rank(clear, method)
        for point in WORKING_POINTS:
            def fractions(score, blended, *places, point=point):
                return _fractions(_share(score, blended, point), blended,
                                  places, counts)
            values = fractions(score, blended, *places)
            errors = np.broadcast_to(bootstrap_error(
                fractions, score, blended, *places, n_samples=n_samples),
                len(values))
            rows.extend(_rows(method, point, known, values, errors, _counts(
                _share(score, blended, point), blended, places, counts)))
    return Table(rows)


def _place(values, edges):
    """Return the bin of each value; without any other source the last."""
    values = np.asarray(values, dtype=float)
    last = len(edges) - 2
    return np.where(np.isnan(values), last, np.clip(
        np.digitize(values, edges) - 1, 0, last))


def _share(score, blended, point):
    """Return how far each detection is flagged, 0 to 1."""
    if point == 'purity 80':
        return (score >= threshold_at_purity(score, blended,
                                             0.8)).astype(float)
    return share_in_top(score, 0.1)


def _counts(share, blended, places, counts):
    """Return found, blends and flagged in every bin of every quantity."""
    return [np.concatenate([np.bincount(place, weights, n) for place, n
                            in zip(places, counts, strict=True)] or [[]])
            for weights in (share * blended, blended.astype(float), share)]


def _fractions(share, blended, places, counts):
    """Return completeness, then purity, in every bin."""
    found, total, flagged = _counts(share, blended, places, counts)
    return np.concatenate([
        np.divide(found, n, out=np.full(len(n), np.nan), where=n > 0)
        for n in (total, flagged)])


def _rows(method, point, known, values, errors, counts):
    """Return the rows of one method and working point."""
    # no error where all resampled sets agree: 3 of 3 is not certain
    errors = np.where(errors > 0, errors, np.nan)
    half = len(values) // 2
    bins = [(name, edges[i], edges[i + 1]) for name, edges in known.items()
            for i in range(len(edges) - 1)]
    return [{'method': method, 'working_point': point, 'quantity': name,
             'low': float(low), 'high': float(high),
             'completeness': values[i], 'completeness_error': errors[i],
             'purity': values[half + i], 'purity_error': errors[half + i],
             'n_blends': int(counts[1][i]),
             'n_flagged': round(float(counts[2][i]), 1)}
            for i, (name, low, high) in enumerate(bins)]
