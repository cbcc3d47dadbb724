"""Statistical errors, and how well probabilities are calibrated."""

import numpy as np
from astropy.stats import binom_conf_interval

__all__ = ['bootstrap_error', 'calibration_error', 'clustered_error',
           'proportion_error']


def proportion_error(fraction, n):
    """
    Return the error of a fraction of n: half of Wilson's 68.27 % interval.

    It is never zero, not even for 0 or n of n; NaN for n = 0.
    """
    fraction, n = np.broadcast_arrays(np.asarray(fraction, dtype=float),
                                      np.rint(n))
    error = np.full(n.shape, np.nan)
    known = (n > 0) & np.isfinite(fraction)
    n = n[known].astype(int)
    count = np.rint(fraction[known] * n).astype(int)
    low, high = binom_conf_interval(count, n, interval='wilson')
    error[known] = (high - low) / 2
    return error[()]


def clustered_error(values, groups):
    """
    Return the standard error of a fraction over groups that are alike.

    A thousand stamps of one galaxy tell about one galaxy. The variance is
    the cluster-robust one (Cameron & Miller 2015, J. Human Resources 50,
    317, eq. 10, with their correction k / (k - 1) for k groups). Values
    of group -1 are groups of one. If all values are equal, the error is
    that of k groups (`proportion_error`); for k < 2 it is NaN.
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
    Return the standard error of a statistic, from resampled sources.

    ``statistic`` takes the arrays, of shape (n,), and returns one number
    or several. Resampled sets without a value (NaN) do not count; an
    error is NaN if no set has a value.
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

    The mean difference, without sign, of the mean probability and the
    fraction of blends, over bins of equally many sources (Naeini et al.
    2015, AAAI 29, 2901, with equal-mass bins). NaN without sources.
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
