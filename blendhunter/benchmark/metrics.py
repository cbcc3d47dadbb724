"""Scores of a blend identifier, as pure functions."""

import numpy as np

__all__ = ['area_under_roc', 'binomial_error', 'completeness',
           'completeness_at_purity', 'completeness_at_rejection', 'purity']


def completeness(flagged, blended):
    """
    Return the fraction of the blends that are flagged.

    Parameters
    ----------
    flagged, blended : bool array_like of shape (n,)

    Returns
    -------
    completeness : float
        NaN where there is no blend.
    """
    flagged, blended = np.asarray(flagged), np.asarray(blended)
    n = blended.sum()
    return float((flagged & blended).sum() / n) if n else np.nan


def purity(flagged, blended):
    """
    Return the fraction of the flagged sources that are blends.

    Parameters
    ----------
    flagged, blended : bool array_like of shape (n,)

    Returns
    -------
    purity : float
        NaN where nothing is flagged.
    """
    return completeness(blended, flagged)


def binomial_error(fraction, n):
    """Return the standard error ``sqrt(f (1 - f) / n)`` of a fraction."""
    return float(np.sqrt(fraction * (1 - fraction) / n)) if n else np.nan


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
        pure enough.
    """
    from sklearn.metrics import precision_recall_curve

    pure, complete, _ = precision_recall_curve(blended, score)
    return float(np.max(complete[pure >= wanted], initial=0.0))


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
    """
    score = np.asarray(score)
    n = round(rejected * len(score))
    flagged = np.zeros(len(score), dtype=bool)
    flagged[np.argsort(-score, kind='stable')[:n]] = True
    return completeness(flagged, np.asarray(blended, dtype=bool))


def area_under_roc(score, blended):
    """Return the area under the ROC curve (scikit-learn)."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(blended, score))
