"""Errors of proportions, for all layers."""

import numpy as np
from astropy.stats import binom_conf_interval

__all__ = ['proportion_error']


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
