# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The effect of a threshold on a sample."""

from dataclasses import dataclass

import numpy as np

from blendhunter._utils.proportions import proportion_error

__all__ = ['SampleCut', 'count_blends', 'cut_at']

SOURCES = {'probabilities': 'expected from the probabilities',
           'truth': 'measured with the truth'}
# an error of less than this (per cent) is not printed
SMALLEST_ERROR = 1e-4


@dataclass(frozen=True)
class SampleCut:
    """
    A threshold and its effect on a sample.

    All fractions are from 0 to 1. All errors are standard errors. Rows
    without a probability and unclear rows are not part of the sample.

    Parameters
    ----------
    threshold : float
        Sources with ``blend_prob >= threshold`` are flagged.
    purity, purity_error : float
        Fraction of the flagged sources that are blends; NaN if no source
        is flagged.
    completeness, completeness_error : float
        Fraction of the blends that are flagged; NaN without blends.
    flagged, flagged_error : float
        Fraction of the sample that is flagged, with Wilson's error.
    n, n_flagged : int
        Number of sources in the sample, and of flagged sources.
    n_blends, n_blends_error : float
        Number of blends in the sample. With the truth its error is 0.
    source : {'probabilities', 'truth'}
        Whether purity, completeness and the number of blends are expected
        from the probabilities or counted with the truth.

    Notes
    -----
    Without truth, the probabilities p must be calibrated. The number of
    blends in any part of the sample is the sum of p. Its variance is the
    sum of p (1 - p), that of independent trials of unequal probability.
    The purity is the mean p of the flagged sources. The completeness is
    A / (A + B), where A and B are the numbers of blends above and below
    the threshold. They are independent, so the first-order error is
    sqrt(B^2 var(A) + A^2 var(B)) / (A + B)^2. These errors do not include
    the errors of the calibration.

    With the truth, purity and completeness have Wilson's errors
    (`astropy.stats.binom_conf_interval`).
    """

    threshold: float
    purity: float
    purity_error: float
    completeness: float
    completeness_error: float
    flagged: float
    flagged_error: float
    n: int
    n_flagged: int
    n_blends: float
    n_blends_error: float
    source: str

    def __str__(self):
        flagged = _percent(self.flagged, self.flagged_error)
        purity = _percent(self.purity, self.purity_error)
        complete = _percent(self.completeness, self.completeness_error)
        return (f'threshold {self.threshold:.4g}: {flagged} flagged, purity '
                f'{purity}, completeness {complete}; {SOURCES[self.source]}')


def cut_at(sample, threshold):
    """Return the `SampleCut` of a `ScoredSample` at a threshold."""
    above = sample.probability >= threshold
    measure = _from_truth if sample.labeled else _from_probabilities
    n, n_flagged = len(above), int(above.sum())
    return SampleCut(
        threshold=float(threshold), flagged=n_flagged / n,
        flagged_error=float(proportion_error(n_flagged / n, n)), n=n,
        n_flagged=n_flagged, **measure(sample.blended, above))


def count_blends(probability):
    """Return the expected number of blends, and its standard error."""
    return float(np.sum(probability)), float(np.sqrt(_variance(probability)))


def _variance(probability):
    """Return the variance of the number of blends."""
    return np.sum(probability * (1 - probability))


def _from_probabilities(probability, above):
    """Return what is expected of calibrated probabilities."""
    n_blends, n_blends_error = count_blends(probability)
    found, found_error = count_blends(probability[above])
    missed, missed_error = count_blends(probability[~above])
    return {
        'purity': _ratio(found, above.sum()),
        'purity_error': _ratio(found_error, above.sum()),
        'completeness': _ratio(found, n_blends),
        'completeness_error': _ratio(
            np.hypot(missed * found_error, found * missed_error),
            n_blends**2),
        'n_blends': n_blends, 'n_blends_error': n_blends_error,
        'source': 'probabilities'}


def _from_truth(blended, above):
    """Return what the labels (0 or 1) tell."""
    found, n_blends = blended[above].sum(), blended.sum()
    purity, complete = _ratio(found, above.sum()), _ratio(found, n_blends)
    return {
        'purity': purity,
        'purity_error': float(proportion_error(purity, above.sum())),
        'completeness': complete,
        'completeness_error': float(proportion_error(complete, n_blends)),
        'n_blends': float(n_blends), 'n_blends_error': 0.0,
        'source': 'truth'}


def _ratio(part, whole):
    """Return a fraction, NaN of nothing."""
    return float(part / whole) if whole else np.nan


def _percent(value, error):
    """Write a fraction, to the first digit of its error."""
    if not np.isfinite(value):
        return 'unknown'
    value, error = 100 * value, 100 * error
    if not error >= SMALLEST_ERROR:
        return f'{value:.4g} %'
    digits = max(0, -int(np.floor(np.log10(error))))
    return f'{value:.{digits}f} ± {error:.{digits}f} %'
