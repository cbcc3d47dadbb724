# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Scores of each method for finding unrecognized blends."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark import metrics
from blendhunter.benchmark.baselines import NETWORK, SMALL, WHOLE_STAMP
from blendhunter.benchmark.binning import score_bins, score_columns
from blendhunter.benchmark.column_descriptions import BINS as DESCRIBED_BINS
from blendhunter.benchmark.column_descriptions import CURVES, SCORES
from blendhunter.truth import BLEND

__all__ = ['SCORE', 'clear_detections', 'field_bins', 'field_curves',
           'field_examples', 'field_scores']

#: Before the names of the columns that hold a method's score.
SCORE = 'score: '
PURITIES = (50, 80, 90)
REJECTED = (10, 30)
# what a resolvable blend is: separation in px, SNR of the companion
RESOLVABLE = (4.0, 10.0)
N_CURVE = 300
# open at both ends: every detection is in a bin
BINS = {'separation': (0, 3, 4, 5, 6, 8, 10, 15, np.inf),
        'magnitude_difference': (-np.inf, 0, 1, 2, 3, 4, 5, np.inf),
        'companion_snr': (3, 5, 7, 10, 15, 25, 50, np.inf),
        'snr': (-np.inf, 10, 20, 40, 80, 160, np.inf)}


def _flag_at_purity(score, blended):
    """Flag all above the lowest threshold of 80 per cent purity."""
    return (score >= metrics.threshold_at_purity(score, blended, 0.8)).astype(
        float), blended


def _flag_top(score, blended):
    """Flag the top tenth."""
    return metrics.share_in_top(score, 0.1), blended


WORKING_POINTS = {'purity 80': _flag_at_purity, 'rejected 10': _flag_top}


def clear_detections(detections):
    """Return the detections that are blends or single ones."""
    return detections[np.asarray(detections['truth_label']) >= 0]


def _methods(detections):
    """Return the names of the methods, and their scores."""
    return {name.removeprefix(SCORE): _known_score(detections[name])
            for name in detections.colnames if name.startswith(SCORE)}


def _known_score(column):
    """Return a method's score; unknown ones below all others."""
    score = np.asarray(column, dtype=float)
    known = np.isfinite(score)
    lowest = score[known].min() if known.any() else 0.0
    return np.where(known, score, lowest - 1)


def field_scores(detections, *, n_samples=100):
    """
    Score each method on finding the unrecognized blends.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        Truth of `~blendhunter.benchmark.field.evaluate_field`. Unclear
        detections are left out. A detection without a score ranks below
        all others.
    n_samples : int, optional
        Number of resampled sets for the bootstrap errors.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per method, with

        - ``auc``, the area under the ROC curve;
        - the completeness at a purity of 50, 80 and 90 per cent
          (``completeness_purity50`` ...);
        - the completeness if 10 and 30 per cent of the detections are
          rejected (``completeness_reject10`` ...);
        - ``resolvable``, the completeness of blends with a separation of
          4 px or more and a companion of SNR 10 or more, at the threshold
          of 80 per cent purity;
        - the bootstrap error of each. If all resampled sets agree, it is
          Wilson's error of a proportion, and NaN for ``auc``;
        - ``stamp_auc`` and ``stamp_accuracy``, for the network with
          ``region='stamp'`` only: the scores for the labels of whole
          stamps.
    """
    clear = clear_detections(detections)
    blended = np.asarray(clear['truth_label']) == BLEND
    resolvable = blended & _resolvable(clear)
    names = ['auc', *(f'completeness_purity{p}' for p in PURITIES),
             *(f'completeness_reject{p}' for p in REJECTED), 'resolvable']
    # that of a constant score has no error
    counts = [0, *[blended.sum()] * (len(names) - 2), resolvable.sum()]
    return describe_columns(Table([
        {'method': method, 'n': len(clear), 'n_blends': int(blended.sum()),
         **score_columns(_statistics, names, counts, score, blended,
                         resolvable, n_samples=n_samples),
         **_stamp_question(clear, method, score)}
        for method, score in _methods(clear).items()]), SCORES)


def _resolvable(detections):
    """Return what has a separation and an SNR that could be resolved."""
    good = np.ones(len(detections), dtype=bool)
    for name, limit in zip(('separation', 'companion_snr'), RESOLVABLE,
                           strict=True):
        good &= (np.asarray(detections[name]) >= limit
                 if name in detections.colnames else False)
    return good


def _statistics(score, blended, resolvable):
    """Return all scores of one method."""
    flagged = {p: score >= metrics.threshold_at_purity(score, blended, p / 100)
               for p in PURITIES}
    return [metrics.area_under_roc(score, blended),
            *(metrics.completeness(flagged[p], blended) for p in PURITIES),
            *(metrics.completeness_at_rejection(score, blended, p / 100)
              for p in REJECTED),
            metrics.completeness(flagged[80], resolvable)]


def _stamp_question(detections, method, score):
    """Score the answer about the whole stamp; NaN for other methods."""
    if not method.removeprefix(SMALL).startswith(WHOLE_STAMP):
        return {'stamp_auc': np.nan, 'stamp_accuracy': np.nan}
    blended = np.asarray(detections['stamp_label']) == BLEND
    return {'stamp_auc': metrics.area_under_roc(score, blended),
            'stamp_accuracy': metrics.accuracy(score >= 0.5, blended)}


def field_bins(detections, *, n_samples=60):
    """
    Return completeness and purity in bins of several quantities.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        Truth of `~blendhunter.benchmark.field.evaluate_field`.
    n_samples : int, optional
        Number of resampled sets for the bootstrap errors. Each set has its
        own threshold.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per method, working point and bin, with

        - ``method``;
        - ``working_point``: 'purity 80' flags all detections above the
          threshold of 80 per cent purity, 'rejected 10' flags the top 10
          per cent;
        - ``quantity``: ``separation`` (px), ``magnitude_difference`` or
          ``companion_snr`` of the companion (of the nearest source for
          single detections), or ``snr`` of the detection;
        - ``low`` and ``high``, the limits of the bin (infinite if open);
        - ``completeness`` and ``purity`` with their bootstrap errors
          (Wilson's error if all resampled sets agree);
        - ``n_blends`` and ``n_flagged``, the numbers behind them.
    """
    clear = clear_detections(detections)
    blended = np.asarray(clear['truth_label']) == BLEND
    bins = {name: edges for name, edges in BINS.items()
            if name in clear.colnames}
    return describe_columns(Table([
        {'method': method, 'working_point': point, **row}
        for method, score in _methods(clear).items()
        for point, flag in WORKING_POINTS.items()
        for row in score_bins(clear, bins, flag, score, blended,
                              n_samples=n_samples)]), DESCRIBED_BINS)


def field_curves(detections):
    """
    Return the curves of each method, with few enough points to draw.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        Truth of `~blendhunter.benchmark.field.evaluate_field`.

    Returns
    -------
    curves : `~astropy.table.Table`
        One row per point: ``method``, ``false_positives`` (fraction of the
        single sources that are flagged), ``completeness`` and ``purity``.
        The table is empty if there are no blends or no single sources.
    """
    from sklearn.metrics import roc_curve

    clear = clear_detections(detections)
    blended = np.asarray(clear['truth_label']) == BLEND
    parts = {name: [] for name in ('method', 'false_positives',
                                   'completeness', 'purity')}
    if not blended.any() or blended.all():
        return describe_columns(Table(parts), CURVES)
    n_blends = blended.sum()
    for method, score in _methods(clear).items():
        wrong, found, _ = roc_curve(blended, score)
        shown = np.unique(np.round(np.linspace(
            0, len(wrong) - 1, N_CURVE)).astype(int))
        wrong, found = wrong[shown], found[shown]
        true = found * n_blends
        flagged = true + wrong * (len(blended) - n_blends)
        parts['method'] += [method] * len(wrong)
        parts['false_positives'] += wrong.tolist()
        parts['completeness'] += found.tolist()
        parts['purity'] += np.divide(
            true, flagged, out=np.ones_like(true),
            where=flagged > 0).tolist()
    return describe_columns(Table(parts), CURVES)


def field_examples(detections, n):
    """Return rows that show what the network gets right and wrong, by kind."""
    name = f'{SCORE}{NETWORK}'
    score = (np.asarray(detections[name], dtype=float)
             if name in detections.colnames
             else np.full(len(detections), np.nan))
    return metrics.surest_answers(
        score, np.asarray(detections['truth_label']), n)
