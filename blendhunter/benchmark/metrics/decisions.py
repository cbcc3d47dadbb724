"""Scores of yes-or-no decisions."""

import numpy as np

__all__ = ['accuracy', 'balanced_accuracy', 'completeness', 'purity']


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


def accuracy(flagged, blended):
    """
    Return the fraction of the sources that are labelled rightly.

    Parameters
    ----------
    flagged, blended : bool array_like of shape (n,)

    Returns
    -------
    accuracy : float
        NaN without sources.
    """
    right = np.asarray(flagged) == np.asarray(blended)
    return float(right.mean()) if right.size else np.nan


def balanced_accuracy(flagged, blended):
    """
    Return the mean of the completeness and of the true negative rate.

    It is the accuracy of a sample with as many isolated sources as
    blends, which is how Farrens et al. (2022) score close and distant
    blends (their Figs. 5 and 6).

    Parameters
    ----------
    flagged, blended : bool array_like of shape (n,)

    Returns
    -------
    accuracy : float
        NaN where either kind is missing.
    """
    flagged, blended = (np.asarray(v, dtype=bool) for v in (flagged,
                                                            blended))
    return (completeness(flagged, blended)
            + completeness(~flagged, ~blended)) / 2
