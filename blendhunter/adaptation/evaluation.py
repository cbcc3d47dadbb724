# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The gain of an adaptation, on simulated fields and on the images."""

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark.baselines import NETWORK
from blendhunter.benchmark.binning import score_columns
from blendhunter.benchmark.column_descriptions import (
    SCORES as SCORES_OF_METHODS,
)
from blendhunter.benchmark.column_descriptions import SINGLES_SCORES
from blendhunter.benchmark.injection import (
    evaluate_injections,
    injection_scores,
)
from blendhunter.benchmark.isolated_sources import (
    KINDS,
    TOTAL,
    find_isolated_sources,
)
from blendhunter.benchmark.metrics import (
    area_under_roc,
    completeness_at_purity,
)
from blendhunter.benchmark.singles import (
    ISOLATION,
    classify_singles,
    singles_scores,
)

__all__ = ['AFTER', 'BEFORE', 'GAIN', 'compare_on_fields',
           'compare_on_injections', 'compare_on_singles', 'has_gained']

#: Names of the rows of the tables.
BEFORE, AFTER, GAIN = 'before', 'after', 'gain'
SCORES = ('auc', 'completeness_purity80')
PURITY = 0.8
# errors that a gain must exceed: one is reached by chance in one of six
SIGNIFICANT = 2.0
N_SAMPLES = 100
# the images of the tests without truth
MAX_IMAGES = 3


def compare_on_fields(before, after, blended):
    """
    Compare the probabilities of two models for the same detections.

    Parameters
    ----------
    before, after : `~numpy.ndarray` of shape (n,)
        Blend probabilities of the two models.
    blended : bool `~numpy.ndarray` of shape (n,)
        True for blends.

    Returns
    -------
    scores : `~astropy.table.Table`
        Rows 'before', 'after' and 'gain', the difference; ``auc`` and
        ``completeness_purity80`` with their errors from a bootstrap over
        the detections, that of the gain with the same ones in both.
    """
    def gain(before, after, blended):
        return np.subtract(_scores(after, blended), _scores(before, blended))

    n_blends = int(np.sum(blended))
    rows = [{'method': name, 'n': len(blended), 'n_blends': n_blends,
             **score_columns(statistic, SCORES, counts, *arrays,
                             n_samples=N_SAMPLES)}
            for name, statistic, counts, arrays in (
                (BEFORE, _scores, [0, n_blends], (before, blended)),
                (AFTER, _scores, [0, n_blends], (after, blended)),
                (GAIN, gain, [0, 0], (before, after, blended)))]
    return describe_columns(Table(rows), SCORES_OF_METHODS)


def _scores(score, blended):
    """Return AUC and completeness at a purity of 80 per cent."""
    return [area_under_roc(score, blended),
            completeness_at_purity(score, blended, PURITY)]


def has_gained(scores):
    """
    Tell whether one score gained more than two errors, and none lost one.

    ``scores`` are those of `compare_on_fields`.
    """
    row = scores[scores['method'] == GAIN][0]
    gains = np.array([row[name] for name in SCORES])
    errors = np.array([row[f'{name}_error'] for name in SCORES])
    return bool(np.any(gains > SIGNIFICANT * errors)
                and not np.any(gains < -errors))


def compare_on_singles(detected, identifiers):
    """
    Run the null test of `~blendhunter.benchmark.evaluate_singles`.

    Parameters
    ----------
    detected : list of `~blendhunter.DetectedImage`
        The first three are used.
    identifiers : dict of `~blendhunter.BlendIdentifier`
        By the name of the row.

    Returns
    -------
    scores : `~astropy.table.Table` or None
        ``method``, and the columns of the test for sources with an SNR of
        50 to 1000.
    reason : str
        Why there are none, or ''.
    """
    found, reason = [], ''
    for image in detected[:MAX_IMAGES]:
        try:
            found.append((image, *_bright_singles(image)))
        except ValueError as error:
            reason = str(error)
    if not found:
        return None, reason
    tables = []
    for name, identifier in identifiers.items():
        scores = singles_scores(vstack(
            [classify_singles(identifier, *isolated).sources
             for isolated in found], metadata_conflicts='silent'))
        scores = scores[scores['snr'] == f'{TOTAL[0]:g}-{TOTAL[1]:g}']
        scores.add_column(name, name='method', index=0)
        tables.append(describe_columns(scores, SINGLES_SCORES))
    return vstack(tables), ''


def _bright_singles(image):
    """Return rows and table of the isolated sources that are scored."""
    rows, sources = find_isolated_sources(image, ISOLATION)
    snr = np.asarray(sources['snr'])
    good = ((snr >= TOTAL[0]) & (snr < TOTAL[1])
            & np.isin(sources['kind'], KINDS))
    return rows[good], sources[good]


def compare_on_injections(detected, identifiers, *, rounds, rng):
    """
    Score companions that are injected into the first image.

    The arguments are those of `compare_on_singles` and
    `~blendhunter.benchmark.injection.evaluate_injections`. Returns the
    scores of the network, and why there are none, or ''.
    """
    tables = []
    for name, identifier in identifiers.items():
        try:
            made = evaluate_injections(detected[0], identifier,
                                       rounds=rounds, rng=rng)
        except ValueError as error:
            return None, str(error)
        scores = injection_scores(made.truth)
        scores = scores[scores['method'] == NETWORK]
        scores['method'] = name
        tables.append(scores)
    return vstack(tables), ''
