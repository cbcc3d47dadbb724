"""How well each method finds the unrecognised blends."""

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.metrics import (
    accuracy,
    area_under_roc,
    bootstrap_error,
    completeness,
    completeness_at_rejection,
    roc_curve,
    surest_answers,
    threshold_at_purity,
)
from blendhunter.benchmark.scoring import NETWORK, WHOLE_STAMP
from blendhunter.truth import BLEND

__all__ = ['SCORE', 'clear_detections', 'field_curves', 'field_examples',
           'field_scores', 'rank', 'score_methods']

#: Before the names of the columns that hold a method's score.
SCORE = 'score: '
PURITIES = (50, 80, 90)
REJECTED = (10, 30)
# what a resolvable blend is: separation in px, SNR of the companion
RESOLVABLE = (4.0, 10.0)
N_CURVE = 300


def score_methods(detections):
    """Return the names of the methods in a table of detections."""
    return [name.removeprefix(SCORE) for name in detections.colnames
            if name.startswith(SCORE)]


def clear_detections(detections):
    """Return the detections that are blends or single ones."""
    return detections[np.asarray(detections['truth_label']) >= 0]


def rank(detections, method):
    """Return a method's score; unknown ones below all others."""
    score = np.asarray(detections[f'{SCORE}{method}'], dtype=float)
    known = np.isfinite(score)
    lowest = score[known].min() if known.any() else 0.0
    return np.where(known, score, lowest - 1)


def field_scores(detections, *, n_samples=100):
    """
    Score each method on finding the unrecognised blends.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        Truth of `~blendhunter.benchmark.field.measure_field`; unclear
        ones are left out. A detection without a score ranks below all
        others.
    n_samples : int, optional
        Resampled sets of detections behind the errors.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per method: ``auc``; the completeness at a purity of 50,
        80 and 90 per cent (``at_purity_50`` ...), and when 10 and 30 per
        cent of the detections are rejected (``at_rejected_10`` ...);
        ``resolvable``: at the threshold of 80 per cent purity, the
        completeness of blends with a separation of 4 px or more and a
        companion of SNR 10 or more. Each with its bootstrap error. For
        the network asked about the whole stamp, ``stamp_auc`` and
        ``stamp_accuracy``: how well it answers that very question.
    """
    clear = clear_detections(detections)
    blended = np.asarray(clear['truth_label']) == BLEND
    plain = blended & _resolvable(clear)
    names = ['auc', *(f'at_purity_{p}' for p in PURITIES),
             *(f'at_rejected_{p}' for p in REJECTED), 'resolvable']
    rows = []
    for method in score_methods(clear):
        score = rank(clear, method)
        values = _statistics(score, blended, plain)
        errors = bootstrap_error(_statistics, score, blended, plain,
                                 n_samples=n_samples)
        row = {'method': method, 'n': len(clear),
               'n_blends': int(blended.sum())}
        for name, value, error in zip(
                names, values, np.broadcast_to(errors, len(names)),
                strict=True):
            row[name], row[f'{name}_error'] = value, float(error)
        rows.append({**row, **_stamp_question(clear, method)})
    return Table(rows)


def _resolvable(detections):
    """Return what has a separation and an SNR that could be resolved."""
    good = np.ones(len(detections), dtype=bool)
    for name, limit in zip(('separation', 'companion_snr'), RESOLVABLE,
                           strict=True):
        good &= (np.asarray(detections[name]) >= limit
                 if name in detections.colnames else False)
    return good


def _statistics(score, blended, plain):
    """Return all scores of one method."""
    flagged = {p: score >= threshold_at_purity(score, blended, p / 100)
               for p in PURITIES}
    return [area_under_roc(score, blended),
            *(completeness(flagged[p], blended) for p in PURITIES),
            *(completeness_at_rejection(score, blended, p / 100)
              for p in REJECTED),
            completeness(flagged[80], plain)]


def _stamp_question(detections, method):
    """Score the answer about the whole stamp; NaN for other methods."""
    if method != WHOLE_STAMP:
        return {'stamp_auc': np.nan, 'stamp_accuracy': np.nan}
    blended = np.asarray(detections['stamp_label']) == BLEND
    score = rank(detections, method)
    return {'stamp_auc': area_under_roc(score, blended),
            'stamp_accuracy': accuracy(score >= 0.5, blended)}


def field_curves(detections):
    """
    Return the curves of each method, thinned for drawing.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        As in `field_scores`.

    Returns
    -------
    table : `~astropy.table.Table`
        ``method``, ``false_positives`` (fraction of the single ones that
        are flagged), ``completeness``, ``purity``. Empty where there are
        no blends, or nothing else.
    """
    clear = clear_detections(detections)
    blended = np.asarray(clear['truth_label']) == BLEND
    parts = {name: [] for name in ('method', 'false_positives',
                                   'completeness', 'purity')}
    if not blended.any() or blended.all():
        return Table(parts)
    n_blends = blended.sum()
    for method in score_methods(clear):
        wrong, found = roc_curve(rank(clear, method), blended)
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
    return Table(parts)


def field_examples(detections, n):
    """
    Pick detections that show what the network gets right and wrong.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        As in `field_scores`.
    n : int
        Most rows of each kind.

    Returns
    -------
    rows : dict of int `~numpy.ndarray`
        Rows of the table, see
        `~blendhunter.benchmark.metrics.surest_answers`; empty if the
        network was not asked about segments.
    """
    name = f'{SCORE}{NETWORK}'
    score = (np.asarray(detections[name], dtype=float)
             if name in detections.colnames
             else np.full(len(detections), np.nan))
    return surest_answers(score, np.asarray(detections['truth_label']), n)
