"""Statistical errors, and how well probabilities are calibrated."""

import numpy as np

__all__ = ['binomial_error', 'bootstrap_error', 'calibration_error',
           'clustered_error']


def binomial_error(fraction, n):
    """Return the standard error ``sqrt(f (1 - f) / n)`` of a fraction."""
    return float(np.sqrt(fraction * (1 - fraction) / n)) if n else np.nan


def clustered_error(values, groups):
    """
    Return the standard error of a mean over groups that are alike.

    A thousand stamps of one galaxy tell about one galaxy.

    Parameters
    ----------
    values : float or bool array_like of shape (n,)
    groups : int array_like of shape (n,)
        Of each value; those of -1 are groups of one.

    Returns
    -------
    error : float
        Of the cluster-robust variance (Cameron & Miller 2015, J. Human
        Resources 50, 317, eq. 10, with their correction for k groups,
        k / (k - 1)), which for groups of one is that of the mean; NaN
        for fewer than two groups.
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
    return float(np.sqrt(k / (k - 1) * np.sum(sums**2)) / len(values))


def bootstrap_error(statistic, *arrays, n_samples=200, rng=0):
    """
    Return the standard error of a statistic, from resampled sources.

    Parameters
    ----------
    statistic : callable
        Takes the arrays and returns a number, or several.
    *arrays : array_like of shape (n,)
    n_samples : int, optional
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    error : float or `~numpy.ndarray`
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
    if not np.isfinite(values).any():
        return np.nan
    error = np.ma.masked_invalid(values).std(axis=0)
    # one that never has a value has no error either
    return np.ma.filled(error, np.nan) if np.ndim(error) else float(error)


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
