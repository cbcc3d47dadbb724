# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Scores of a blend identifier with their errors, as pure functions."""

import numpy as np

from blendhunter._utils.proportions import proportion_error
from blendhunter.truth import BLEND, SINGLE

__all__ = ['accuracy', 'area_under_roc', 'bootstrap_error',
           'calibration_error', 'clustered_error', 'completeness',
           'completeness_at_false_positives', 'completeness_at_purity',
           'completeness_at_rejection', 'proportion_error', 'purity']


def completeness(flagged, blended):
    """
    Return the fraction of the blends that are flagged.

    Parameters
    ----------
    flagged : bool array_like of shape (n,)
        True for flagged sources.
    blended : bool array_like of shape (n,)
        True for blends.

    Returns
    -------
    completeness : float
        NaN if there are no blends.
    """
    flagged, blended = np.asarray(flagged, bool), np.asarray(blended, bool)
    n = blended.sum()
    return float((flagged & blended).sum() / n) if n else np.nan


def purity(flagged, blended):
    """
    Return the fraction of the flagged sources that are blends.

    Parameters
    ----------
    flagged : bool array_like of shape (n,)
        True for flagged sources.
    blended : bool array_like of shape (n,)
        True for blends.

    Returns
    -------
    purity : float
        NaN if nothing is flagged.
    """
    return completeness(blended, flagged)


def accuracy(flagged, blended):
    """
    Return the fraction of the sources with the right label.

    Parameters
    ----------
    flagged : bool array_like of shape (n,)
        True for flagged sources.
    blended : bool array_like of shape (n,)
        True for blends.

    Returns
    -------
    accuracy : float
        Fraction of the sources that are flagged blends or unflagged
        single sources.
    """
    right = np.asarray(flagged) == np.asarray(blended)
    return float(right.mean()) if right.size else np.nan


def area_under_roc(score, blended):
    """
    Return the area under the ROC curve.

    Parameters
    ----------
    score : array_like of shape (n,)
        Score of each source; a higher score means a more likely blend.
    blended : bool array_like of shape (n,)
        True for blends.

    Returns
    -------
    auc : float
        NaN if there are no blends or no other sources.
    """
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
    Return the highest completeness at a given purity.

    Parameters
    ----------
    score : array_like of shape (n,)
        Score of each source; a higher score means a more likely blend.
    blended : bool array_like of shape (n,)
        True for blends.
    wanted : float
        The least purity, from 0 to 1.

    Returns
    -------
    completeness : float
        0 if no threshold reaches the purity, and NaN without blends.
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
    Return the completeness if a given fraction of all sources is flagged.

    Parameters
    ----------
    score : array_like of shape (n,)
        Score of each source; a higher score means a more likely blend.
    blended : bool array_like of shape (n,)
        True for blends.
    rejected : float
        The fraction that is flagged, those with the highest scores.

    Returns
    -------
    completeness : float
        If equal scores leave a choice, the expected value. NaN without
        blends.
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
    Return the completeness at a given false-positive rate.

    Parameters
    ----------
    score : array_like of shape (n,)
        Score of each source; a higher score means a more likely blend.
    blended : bool array_like of shape (n,)
        True for blends.
    fraction : float
        The largest fraction of the other sources that may be flagged.
        Sources with a score equal to the threshold are not flagged.

    Returns
    -------
    completeness : float
        NaN if there are no blends or no other sources.
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
    Return n rows of which a classifier is surest, by name.

    Flagged blends of the highest probability ('found'), other blends of the
    lowest ('missed'), and flagged single sources ('false positives').
    """
    flagged = probability >= threshold
    blended = label == BLEND
    return {'found': highest_first(probability, flagged & blended)[:n],
            'missed': highest_first(-probability, ~flagged & blended)[:n],
            'false positives': highest_first(
                probability, flagged & (label == SINGLE))[:n]}


def clustered_error(values, groups):
    """
    Return the standard error of a fraction if values come in groups.

    A thousand stamps of one galaxy are not a thousand independent values.
    The variance is the cluster-robust one (Cameron & Miller 2015, J. Human
    Resources 50, 317, eq. 10, with their correction k / (k - 1) for k
    groups).

    Parameters
    ----------
    values : array_like of shape (n,)
        Values of 0 or 1, whose mean is the fraction.
    groups : int array_like of shape (n,)
        Group of each value. Each value of group -1 is a separate group.

    Returns
    -------
    error : float
        If all values are equal, the error
        `~blendhunter.benchmark.metrics.proportion_error` for k groups.
        NaN for fewer than 2 groups.
    """
    values = np.asarray(values, dtype=float)
    groups = np.asarray(groups)
    alone = groups < 0
    _, which = np.unique(groups[~alone], return_inverse=True)
    residuals = values - values.mean() if values.size else values
    sums = np.append(np.bincount(which, residuals[~alone]),
                     residuals[alone])
    k = len(sums)
    if k < 2:
        return np.nan
    if not np.any(residuals):
        return float(proportion_error(values[0], k))
    return float(np.sqrt(k / (k - 1) * np.sum(sums**2)) / len(values))


# scipy.stats.bootstrap warns and gives NaN as soon as one resampled set
# has no value (a bin without blends), and refuses a single source
def bootstrap_error(statistic, *arrays, n_samples=200, rng=0):
    """
    Return the bootstrap error of a statistic.

    Parameters
    ----------
    statistic : callable
        Takes the arrays and returns one number or several.
    *arrays : `~numpy.ndarray` of shape (n,)
        The data, which are resampled together.
    n_samples : int, optional
        Number of resampled sets.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers of the resampling.

    Returns
    -------
    error : float or `~numpy.ndarray`
        Standard deviation of the statistic over the sets. Sets for which
        it is NaN do not count. NaN if no set has a value.
    """
    rng = np.random.default_rng(rng)
    arrays = [np.asarray(array) for array in arrays]
    n = len(arrays[0])
    values = [statistic(*(array[rows] for array in arrays))
              for rows in (rng.integers(0, n, n) for _ in range(n_samples))]
    error = np.ma.masked_invalid(values).std(axis=0)
    return (np.ma.filled(error, np.nan) if np.ndim(error)
            else float(np.ma.filled(error, np.nan)))


def calibration_error(probability, blended, *, n_bins=10):
    """
    Return the expected calibration error.

    It is the mean absolute difference between the mean probability and
    the fraction of blends, over bins of equally many sources (Naeini et
    al. 2015, AAAI 29, 2901, with equal-mass bins).

    Parameters
    ----------
    probability : array_like of shape (n,)
        Probability of each source.
    blended : bool array_like of shape (n,)
        True for blends.
    n_bins : int, optional
        Number of bins.

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
