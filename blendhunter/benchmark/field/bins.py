"""Completeness and purity against what the blends are like."""

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.binning import (
    bin_fractions,
    bin_limits,
    bin_places,
    resampled_error,
)
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
    bins = {name: edges for name, edges in BINS.items()
            if name in clear.colnames}
    places = bin_places(clear, bins)
    rows = []
    for method in score_methods(clear):
        score = rank(clear, method)
        for point in WORKING_POINTS:
            def fractions(score, blended, *places, point=point):
                share = _share(score, blended, point)
                return np.concatenate([
                    bin_fractions(share * blended, whole, places, bins)[0]
                    for whole in (blended, share)])
            values = fractions(score, blended, *places)
            errors = resampled_error(bootstrap_error(
                fractions, score, blended, *places, n_samples=n_samples),
                len(values))
            share = _share(score, blended, point)
            n_blends, n_flagged = (
                bin_fractions(whole, whole, places, bins)[1]
                for whole in (blended, share))
            half = len(values) // 2
            rows.extend(
                {'method': method, 'working_point': point, 'quantity': name,
                 'low': low, 'high': high, 'completeness': values[i],
                 'completeness_error': errors[i], 'purity': values[half + i],
                 'purity_error': errors[half + i],
                 'n_blends': int(n_blends[i]),
                 'n_flagged': round(float(n_flagged[i]), 1)}
                for i, (name, low, high) in enumerate(bin_limits(bins)))
    return Table(rows)


def _share(score, blended, point):
    """Return how far each detection is flagged, 0 to 1."""
    if point == 'purity 80':
        return (score >= threshold_at_purity(score, blended,
                                             0.8)).astype(float)
    return share_in_top(score, 0.1)
