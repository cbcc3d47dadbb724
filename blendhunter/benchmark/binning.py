# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Scores with their errors, for all sources and in bins."""

import numpy as np

from blendhunter.benchmark.metrics import bootstrap_error, proportion_error

__all__ = ['score_bins', 'score_columns']


def score_columns(statistic, names, counts, *arrays, n_samples):
    """
    Return the numbers of a statistic and their errors, by column name.

    ``counts`` are the sources behind each fraction, 0 if it is none.
    """
    values = statistic(*arrays)
    errors = _error_or_wilson(bootstrap_error(
        statistic, *arrays, n_samples=n_samples), values, counts)
    return {column: float(number) for name, value, error in zip(
        names, values, errors, strict=True) for column, number in (
            (name, value), (f'{name}_error', error))}


def _error_or_wilson(error, fraction, n):
    """Return bootstrap errors, but Wilson's if all samples agree."""
    # identical samples differ by rounding
    return np.where(np.asarray(error) > 1e-9, error,
                    proportion_error(fraction, n))


def score_bins(table, bins, flag, *arrays, n_samples, purity=True):
    """
    Bin the completeness and purity of one method at one working point.

    ``bins`` are ascending edges by column of the table. What lies beyond
    them is in the outermost bin, and what has no value in the last. ``flag``
    takes the arrays and returns two weights of each source, from 0 to 1:
    whether it is flagged and whether it is a blend; it sets its threshold
    anew in each resampled set. Without ``purity`` the table has no false
    positives, and the purity is NaN. Returns a dict for each bin.
    """
    # the bins are assigned once, not in each resampled set as they would
    # be by scipy.stats.binned_statistic, which has no open bins either
    indices = [_bin_index(table[name], edges) for name, edges in bins.items()]
    sizes = [len(edges) - 1 for edges in bins.values()]

    def fractions(*arrays):
        flagged, blended = flag(*arrays[:-len(indices)])
        found, n_blends, n_flagged = (
            np.concatenate([np.bincount(index, weights, size) for index, size
                            in zip(arrays[-len(indices):], sizes,
                                   strict=True)])
            for weights in (flagged * blended, blended, flagged))
        return np.array([_ratio(found, n_blends), _ratio(
            found, n_flagged if purity else 0 * n_flagged),
            n_blends, n_flagged])

    if not bins:
        return []
    arrays = (*arrays, *indices)
    values = fractions(*arrays)
    errors = bootstrap_error(lambda *sample: fractions(*sample)[:2], *arrays,
                             n_samples=n_samples)
    errors = _error_or_wilson(errors, values[:2], values[2:])
    limits = [(name, float(edges[i]), float(edges[i + 1]))
              for name, edges in bins.items() for i in range(len(edges) - 1)]
    return [{'quantity': name, 'low': low, 'high': high,
             'completeness': values[0, i],
             'completeness_error': errors[0, i], 'purity': values[1, i],
             'purity_error': errors[1, i], 'n_blends': int(values[2, i]),
             'n_flagged': round(float(values[3, i]), 1)}
            for i, (name, low, high) in enumerate(limits)]


def _bin_index(column, edges):
    """Return the bin of each row."""
    values = np.asarray(column, dtype=float)
    last = len(edges) - 2
    inside = np.clip(np.digitize(values, edges) - 1, 0, last)
    return np.where(np.isnan(values), last, inside)


def _ratio(part, whole):
    """Return the ratio of two sums, NaN for empty bins."""
    return np.divide(part, whole, where=whole > 0,
                     out=np.full(len(whole), np.nan))
