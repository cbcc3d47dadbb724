"""Scores of a classifier's ranking, and thresholds in it."""

import numpy as np

from blendhunter.benchmark.metrics.decisions import completeness
from blendhunter.truth import BLEND, SINGLE

__all__ = ['area_under_roc', 'completeness_at_false_positives',
           'completeness_at_purity', 'completeness_at_rejection',
           'highest_first', 'roc_curve', 'share_in_top', 'surest_answers',
           'threshold_at_false_positives', 'threshold_at_purity']


def area_under_roc(score, blended):
    """Return the area under the ROC curve; NaN without either kind."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(np.asarray(blended, dtype=bool))) < 2:
        return np.nan

    return float(roc_auc_score(blended, score))


def roc_curve(score, blended):
    """
    Return the ROC curve (scikit-learn).

    Parameters
    ----------
    score : float array_like of shape (n,)
    blended : bool array_like of shape (n,)

    Returns
    -------
    false_positives, completeness : float `~numpy.ndarray`
        Ascending, from 0 to 1.
    """
    from sklearn.metrics import roc_curve as sklearn_roc_curve

    return sklearn_roc_curve(blended, score)[:2]


def threshold_at_purity(score, blended, wanted):
    """
    Return the lowest threshold with a purity of at least ``wanted``.

    Parameters
    ----------
    score : float array_like of shape (n,)
    blended : bool array_like of shape (n,)
    wanted : float

    Returns
    -------
    threshold : float
        Sources with this score are flagged, too; infinite where no
        threshold is pure enough.
    """
    from sklearn.metrics import precision_recall_curve

    if not np.any(blended):
        return np.inf
    pure, complete, thresholds = precision_recall_curve(blended, score)
    good = (pure[:-1] >= wanted) & (complete[:-1] > 0)
    return float(thresholds[good].min()) if good.any() else np.inf


def completeness_at_purity(score, blended, wanted):
    """
    Return the greatest completeness at a purity of at least ``wanted``.

    Parameters
    ----------
    score : float array_like of shape (n,)
        Greater for likelier blends.
    blended : bool array_like of shape (n,)
    wanted : float
        Purity between 0 and 1.

    Returns
    -------
    completeness : float
        Over all thresholds between different scores; 0 where none is
        pure enough, NaN without blends.
    """
    blended = np.asarray(blended, dtype=bool)
    flagged = np.asarray(score) >= threshold_at_purity(score, blended,
                                                       wanted)
    return completeness(flagged, blended)


def share_in_top(score, fraction):
    """
    Return how far each source belongs to the highest scores.

    Parameters
    ----------
    score : float array_like of shape (n,)
    fraction : float
        Of all sources.

    Returns
    -------
    share : float `~numpy.ndarray` of shape (n,)
        1 for the highest scores, 0 for the lowest; sources that tie at
        the limit share what is left, so that their order does not count.
    """
    score = np.asarray(score, dtype=float)
    n = fraction * len(score)
    if not len(score):
        return np.zeros(0)
    level = np.sort(score)[::-1][min(int(n), len(score) - 1)]
    above, tied = score > level, score == level
    return above + tied * min((n - above.sum()) / tied.sum(), 1)


def highest_first(score, wanted):
    """
    Return the rows that are wanted and scored, the highest score first.

    Parameters
    ----------
    score : float `~numpy.ndarray` of shape (n,)
        NaN for none.
    wanted : bool `~numpy.ndarray` of shape (n,)

    Returns
    -------
    rows : int `~numpy.ndarray`
    """
    rows = np.flatnonzero(wanted & np.isfinite(score))
    return rows[np.argsort(-score[rows], kind='stable')]


def surest_answers(probability, label, n, *, threshold=0.5):
    """
    Pick what a classifier is surest about, right and wrong.

    Parameters
    ----------
    probability : float `~numpy.ndarray` of shape (m,)
        NaN where there is none.
    label : int `~numpy.ndarray` of shape (m,)
        `~blendhunter.truth.BLEND`, `~blendhunter.truth.SINGLE`, or others,
        which are left out.
    n : int
        At most, of each kind.
    threshold : float, optional
        From which probability on a source is called a blend.

    Returns
    -------
    rows : dict of int `~numpy.ndarray`
        Flagged blends with the highest probability ('found'), blends that
        are not, with the lowest ('missed'), and flagged single sources
        with the highest ('false alarms').
    """
    flagged = probability >= threshold
    blended = label == BLEND
    return {'found': highest_first(probability, flagged & blended)[:n],
            'missed': highest_first(-probability, ~flagged & blended)[:n],
            'false alarms': highest_first(
                probability, flagged & (label == SINGLE))[:n]}


def completeness_at_rejection(score, blended, rejected):
    """
    Return the completeness when the top of the sample is rejected.

    Parameters
    ----------
    score : float array_like of shape (n,)
    blended : bool array_like of shape (n,)
    rejected : float
        Fraction of all sources that is flagged.

    Returns
    -------
    completeness : float
        Its expected value, where sources tie; NaN without blends.
    """
    blended = np.asarray(blended, dtype=bool)
    if not blended.any():
        return np.nan
    return float(share_in_top(score, rejected)[blended].mean())


def threshold_at_false_positives(singles, fraction):
    """
    Return the threshold above which a fraction of the singles lies.

    Parameters
    ----------
    singles : float array_like of shape (n,)
        Scores of the sources that are not blended; at least one.
    fraction : float

    Returns
    -------
    threshold : float
        One of the scores; at most the fraction lies above it.
    """
    singles = np.sort(singles)[::-1]
    allowed = int(fraction * singles.size + 1e-9)
    return float(singles[min(allowed, singles.size - 1)])


def completeness_at_false_positives(score, blended, fraction):
    """
    Return the completeness when a fraction of the singles is flagged.

    Parameters
    ----------
    score : float array_like of shape (n,)
    blended : bool array_like of shape (n,)
    fraction : float
        Fraction of the sources that are not blended, which lie above the
        threshold; the next lower one where it falls between two of them.

    Returns
    -------
    completeness : float
        Sources that tie with the threshold are not flagged.
    """
    score, blended = np.asarray(score), np.asarray(blended, dtype=bool)
    if blended.all():
        return np.nan
    return completeness(score > threshold_at_false_positives(
        score[~blended], fraction), blended)
