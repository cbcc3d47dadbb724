# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Errors of proportions, for all layers."""

import numpy as np
from astropy.stats import binom_conf_interval

__all__ = ['proportion_error']


def proportion_error(fraction, n):
    """
    Return the error of a proportion: half of Wilson's 68.27 % interval.

    The error is never zero, not even if the proportion is 0 or 1.

    Parameters
    ----------
    fraction : float or array_like
        The proportion, from 0 to 1.
    n : int or array_like
        Number of trials.

    Returns
    -------
    error : float or `~numpy.ndarray`
        In the same units as the proportion; NaN for ``n = 0``.
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
