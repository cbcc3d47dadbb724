"""Scores of a blend identifier, as pure functions."""

import numpy as np

__all__ = ['accuracy', 'area_under_roc', 'balanced_accuracy',
           'binomial_error', 'bootstrap_error', 'calibration_error',
           'completeness', 'completeness_at_false_positives',
           'completeness_at_purity', 'completeness_at_rejection', 'purity',
           'roc_curve']


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
    singles = np.sort(score[~blended])[::-1]
    if not singles.size:
        return np.nan
    allowed = int(fraction * singles.size + 1e-9)
    threshold = singles[min(allowed, singles.size - 1)]
    return completeness(score > threshold, blended)


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


def calibration_error(probability, blended, *, n_bins=10):
    """
    Return the expected calibration error.

    The mean difference, without sign, of the mean probability and the
    fraction of blends, over bins with equally many sources (Naeini et
    al. 2015, AAAI 29, 2901, with equal-mass bins).

    Parameters
    ----------
    probability : float array_like of shape (n,)
    blended : bool array_like of shape (n,)
    n_bins : int, optional

    Returns
    -------
    error : float
        NaN without sources.
    """
    probability = np.asarray(probability, dtype=float)
    blended = np.asarray(blended, dtype=float)
    if not probability.size:
        return np.nan
    parts = np.array_split(np.argsort(probability, kind='stable'),
                           min(n_bins, probability.size))
    return float(sum(
        len(part) * abs(probability[part].mean() - blended[part].mean())
        for part in parts) / probability.size)


def bootstrap_error(statistic, *arrays, n_samples=200, rng=0):
    """
    Return the standard error of a statistic, from resampled sources.

    Parameters
    ----------
    statistic : callable
        Takes the arrays and returns a number.
    *arrays : array_like of shape (n,)
    n_samples : int, optional
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    error : float
        Standard deviation over the resampled sets, those left out that
        have no value (NaN, or a ValueError for want of either kind).
    """
    rng = np.random.default_rng(rng)
    arrays = [np.asarray(array) for array in arrays]
    values = []
    for _ in range(n_samples):
        rows = rng.integers(0, len(arrays[0]), len(arrays[0]))
        try:
            values.append(statistic(*(array[rows] for array in arrays)))
        except ValueError:
            continue
    values = np.array(values, dtype=float)
    values = values[np.isfinite(values)]
    return float(values.std()) if values.size else np.nan


def area_under_roc(score, blended):
    """Return the area under the ROC curve; NaN without either kind."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(np.asarray(blended, dtype=bool))) < 2:
        return np.nan

    return float(roc_auc_score(blended, score))
