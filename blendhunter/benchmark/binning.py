"""Fractions in bins of several quantities at once."""

import numpy as np

__all__ = ['bin_fractions', 'bin_limits', 'bin_places', 'resampled_error']


def bin_places(table, bins):
    """
    Return the bin of each row, for every quantity.

    Parameters
    ----------
    table : `~astropy.table.Table`
        With a column for each quantity.
    bins : dict of sequence of float
        Ascending edges, by quantity. What lies beyond them is in the
        outermost bin, and what has no value in the last.

    Returns
    -------
    places : list of int `~numpy.ndarray` of shape (n,)
    """
    places = []
    for name, edges in bins.items():
        values = np.asarray(table[name], dtype=float)
        last = len(edges) - 2
        inside = np.clip(np.digitize(values, edges) - 1, 0, last)
        places.append(np.where(np.isnan(values), last, inside))
    return places


def bin_limits(bins):
    """Return quantity, lower and upper limit of every bin, in order."""
    return [(name, float(edges[i]), float(edges[i + 1]))
            for name, edges in bins.items() for i in range(len(edges) - 1)]


def bin_fractions(part, whole, places, bins):
    """
    Return the sum of weights over another one in every bin.

    Parameters
    ----------
    part, whole : float `~numpy.ndarray` of shape (n,)
        Weights of each row.
    places : list of int `~numpy.ndarray` of shape (n,)
        From `bin_places`.
    bins : dict of sequence of float

    Returns
    -------
    fraction : float `~numpy.ndarray` of shape (m,)
        NaN where the bin is empty; in the order of `bin_limits`.
    total : float `~numpy.ndarray` of shape (m,)
        Of ``whole``.
    """
    found, total = (np.concatenate([
        np.bincount(place, weights, len(edges) - 1)
        for place, edges in zip(places, bins.values(), strict=True)] or [[]])
        for weights in (part, whole))
    return np.divide(found, total, where=total > 0,
                     out=np.full(len(total), np.nan)), total


def resampled_error(errors, n):
    """Return n errors, NaN where all resampled sets agree: 3 of 3."""
    errors = np.broadcast_to(errors, n)
    return np.where(errors > 0, errors, np.nan)
