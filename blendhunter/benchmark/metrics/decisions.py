"""Scores of yes-or-no decisions."""

import numpy as np

__all__ = ['accuracy', 'balanced_accuracy', 'completeness', 'purity']


def completeness(flagged, blended):
    """Return the fraction of the blends that are flagged; NaN without."""
    flagged, blended = (np.asarray(v, dtype=bool) for v in (flagged,
                                                            blended))
    n = blended.sum()
    return float((flagged & blended).sum() / n) if n else np.nan


def purity(flagged, blended):
    """Return the fraction of the flagged that are blends; NaN without."""
    return completeness(blended, flagged)


def accuracy(flagged, blended):
    """Return the fraction of the sources with the right label."""
    right = np.asarray(flagged) == np.asarray(blended)
    return float(right.mean()) if right.size else np.nan


def balanced_accuracy(flagged, blended):
    """
    Return the mean of the completeness and the true-negative rate.

    It is the accuracy of a sample with as many isolated sources as
    blends, with which Farrens et al. (2022) score close and distant
    blends (their Figs. 5 and 6). NaN without blends or isolated sources.
    """
    flagged, blended = (np.asarray(v, dtype=bool) for v in (flagged,
                                                            blended))
    return (completeness(flagged, blended)
            + completeness(~flagged, ~blended)) / 2
