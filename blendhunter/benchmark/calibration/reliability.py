# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Reliability diagrams and the expected calibration error."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark import metrics
from blendhunter.benchmark.column_descriptions import CALIBRATION
from blendhunter.network.priors import correct_prior

__all__ = ['N_BINS', 'THIRDS', 'add_own', 'at_own_prior', 'calibration_scores',
           'reliability_curves', 'sets_of']

#: Bins of equally many sources.
N_BINS = 15
#: Parts of a set, by SNR.
THIRDS = ('faint', 'middle', 'bright')
ALL = 'all'
N_DRAWS = 60


def calibration_scores(samples, *, rng=0):
    """
    Measure the expected calibration error of each set, in thirds of SNR.

    Parameters
    ----------
    samples : `~astropy.table.Table`
        From `~blendhunter.benchmark.calibration.calibration_samples`.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers for ``ece_perfect``.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per region, set and third of the SNR, with

        - ``n``, the number of sources, and ``blends``, their blend
          fraction;
        - ``probability``, the mean probability, and ``ece``, the expected
          calibration error
          (`~blendhunter.benchmark.metrics.calibration_error`, 15 bins of
          equally many sources) with its bootstrap error. The prior is the
          blend fraction of the whole set;
        - ``ece_perfect``, the mean error if the labels are drawn from the
          probabilities: the value for this number of sources if the
          calibration is perfect;
        - ``ece_reported``, the error with the prior of the weights.
    """
    rng = np.random.default_rng(rng)
    rows = []
    for region, name, part in sets_of(samples):
        blended = np.asarray(part['blended'], dtype=bool)
        reported = np.asarray(part['probability'], dtype=float)
        p = at_own_prior(part)
        for third, chosen in _parts(part):
            pair = p[chosen], blended[chosen]
            rows.append({
                'region': region, 'set': name, 'snr': third, 'n': len(pair[0]),
                'blends': float(np.mean(pair[1])),
                'probability': float(np.mean(pair[0])),
                'ece': _ece(*pair),
                'ece_error': metrics.bootstrap_error(
                    _ece, *pair, n_samples=N_DRAWS),
                'ece_perfect': float(np.mean([
                    _ece(pair[0], rng.random(len(pair[0])) < pair[0])
                    for _ in range(N_DRAWS)])),
                'ece_reported': _ece(reported[chosen], pair[1])})
    return describe_columns(Table(rows), CALIBRATION)


def reliability_curves(samples):
    """
    Return the points of reliability diagrams.

    Parameters
    ----------
    samples : `~astropy.table.Table`
        From `~blendhunter.benchmark.calibration.calibration_samples`.

    Returns
    -------
    curves : `~astropy.table.Table`
        One row for each of 15 bins of equally many sources: ``region``,
        ``set``, ``snr``, the mean ``probability``, the fraction of
        ``blends`` with its error (Wilson), and the number ``n`` of sources.
    """
    rows = []
    for region, name, part in sets_of(samples):
        blended = np.asarray(part['blended'], dtype=bool)
        p = at_own_prior(part)
        for third, chosen in _parts(part):
            rows.extend(
                {'region': region, 'set': name, 'snr': third,
                 'probability': p[piece].mean(),
                 'blends': blended[piece].mean(),
                 'blends_error': float(metrics.proportion_error(
                     blended[piece].mean(), len(piece))), 'n': len(piece)}
                for piece in _bins(p, chosen))
    return describe_columns(Table(rows), CALIBRATION)


def add_own(table, own, names):
    """
    Add the scores after a separate calibration of each set.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Scores from
        `~blendhunter.benchmark.calibration.calibration_scores`.
    own : `~astropy.table.Table`
        Scores of the samples of
        `~blendhunter.benchmark.calibration.calibrate_sets`.
    names : sequence of str
        Columns of ``own`` to add.

    Returns
    -------
    table : `~astropy.table.Table`
        ``table`` with the new columns. Their names begin with ``own_``.
        Rows that ``own`` does not have are NaN.
    """
    keys = [name for name in ('region', 'set', 'snr', 'fraction')
            if name in table.colnames]
    rows = {tuple(row[keys]): row for row in own}
    table = table.copy()
    for name in names:
        for suffix in ('', '_error'):
            if f'{name}{suffix}' in own.colnames:
                table[f'own_{name}{suffix}'] = [
                    float(rows[key][f'{name}{suffix}']) if key in rows
                    else np.nan for key in (tuple(row[keys])
                                            for row in table)]
    own_columns = {f'own_{name}': f'{text}, after calibration of each set'
                   for name, text in CALIBRATION.items()}
    return describe_columns(table, own_columns)


def at_own_prior(part):
    """Return the probabilities of a set at its own blend fraction."""
    fraction = np.mean(part['blended'])
    if fraction in (0, 1):
        msg = (f'samples: {str(part["set"][0])!r} must have blends and single '
               f'sources, got a blend fraction of {fraction:g}')
        raise ValueError(msg)
    return correct_prior(part['probability'], part['prior'][0],
                         fraction).astype(float)


def sets_of(samples):
    """Yield the region, name and rows of each set, without unknown ones."""
    known = samples[np.isfinite(np.asarray(samples['probability']))]
    region, name = (np.asarray(known[key]).astype(str)
                    for key in ('region', 'set'))
    for pair in dict.fromkeys(zip(region.tolist(), name.tolist(),
                                  strict=True)):
        yield *pair, known[(region == pair[0]) & (name == pair[1])]


def _parts(part):
    """Iterate over name and rows of a whole set and of its thirds in SNR."""
    yield ALL, np.arange(len(part))
    order = np.argsort(np.asarray(part['snr']), kind='stable')
    yield from zip(THIRDS, np.array_split(order, len(THIRDS)), strict=True)


def _bins(p, rows):
    """Return the rows of bins of equally many sources."""
    order = rows[np.argsort(p[rows], kind='stable')]
    return np.array_split(order, min(N_BINS, len(order)))


def _ece(probability, blended):
    """Return the expected calibration error in 15 bins."""
    return metrics.calibration_error(probability, blended, n_bins=N_BINS)
