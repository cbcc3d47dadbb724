"""Scores of a classifier's ranking, and thresholds in it."""

import numpy as np

from blendhunter.benchmark.metrics.decisions import completeness
from blendhunter.truth import BLEND, SINGLE

__all__ = ['area_under_roc', 'completeness_at_false_positives',
           'completeness_at_purity', 'completeness_at_rejection',
           'highest_first', 'share_in_top', 'surest_answers',
           'threshold_at_false_positives', 'threshold_at_purity']


def area_under_roc(score, blended):
    """Return the area under the ROC curve; NaN if a kind is missing."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(np.asarray(blended, dtype=bool))) < 2:
        return np.nan  # scikit-learn warns
    return float(roc_auc_score(blended, score))


def threshold_at_purity(score, blended, wanted):
    """
    Return the lowest threshold with a purity of at least ``wanted``.

    Sources with this score are flagged, too. It is infinite if no
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

    It is 0 if no threshold is pure enough, and NaN without blends.
    """
    flagged = np.asarray(score) >= threshold_at_purity(score, blended,
                                                       wanted)
    return completeness(flagged, blended)


def share_in_top(score, fraction):
    """
    Return to what share each source is in the top ``fraction`` (0 to 1).

    Sources that tie at the limit get equal shares of what is left, so
    that their order does not count.
    """
    score = np.asarray(score, dtype=float)
    n = fraction * len(score)
    if not len(score):
        return np.zeros(0)
    level = np.sort(score)[::-1][min(int(n), len(score) - 1)]
    above, tied = score > level, score == level
    return above + tied * min((n - above.sum()) / tied.sum(), 1)


def completeness_at_rejection(score, blended, rejected):
    """
    Return the completeness if the top ``rejected`` of all is flagged.

    Of sources that tie it is the expected value. NaN without blends.
    """
    blended = np.asarray(blended, dtype=bool)
    if not blended.any():
        return np.nan
    return float(share_in_top(score, rejected)[blended].mean())


def threshold_at_false_positives(singles, fraction):
    """Return the score above which at most ``fraction`` of them lie."""
    singles = np.sort(singles)[::-1]
    allowed = int(fraction * singles.size + 1e-9)
    return float(singles[min(allowed, singles.size - 1)])


def completeness_at_false_positives(score, blended, fraction):
    """
    Return the completeness at a false-positive rate.

    At most ``fraction`` of the sources that are not blended lie above
    the threshold. Sources that tie with it are not flagged. NaN without
    blends or without others.
    """
    score, blended = np.asarray(score), np.asarray(blended, dtype=bool)
    if blended.all():
        return np.nan
    return completeness(score > threshold_at_false_positives(
        score[~blended], fraction), blended)


def highest_first(score, wanted):
    """Return the rows that are wanted and scored, highest score first."""
    rows = np.flatnonzero(wanted & np.isfinite(score))
    return rows[np.argsort(-score[rows], kind='stable')]


def surest_answers(probability, label, n, *, threshold=0.5):
    """
    Pick what a classifier is surest about, right and wrong.

    Returns at most n rows of each kind, by name: flagged blends of the
    highest probability ('found'), other blends of the lowest ('missed'),
    and flagged single sources of the highest ('false positives').
    """
    flagged = probability >= threshold
    blended = label == BLEND
    return {'found': highest_first(probability, flagged & blended)[:n],
            'missed': highest_first(-probability, ~flagged & blended)[:n],
            'false positives': highest_first(
                probability, flagged & (label == SINGLE))[:n]}
