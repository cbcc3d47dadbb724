# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Probabilities and labels of a sample, from one table or several."""

import warnings
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from blendhunter._utils.masked import plain_values
from blendhunter._utils.meta import read_meta
from blendhunter.catalogs import as_table
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.truth import BLEND, SINGLE, UNCLEAR

__all__ = ['ScoredSample', 'read_probabilities', 'read_sample']

LABEL = 'truth_label'
# the second is the one that `blendhunter benchmark field` writes
SCORES = ('blend_prob', 'score: network')


@dataclass(frozen=True)
class ScoredSample:
    """
    Rows with a probability.

    ``probability`` has shape (n,). ``blended`` is how much of a blend each
    row is: its probability, or with ``labeled`` the truth, 0 or 1.
    """

    probability: np.ndarray
    blended: np.ndarray
    labeled: bool


def read_sample(result):
    """Read a sample; the truth is used if all tables have it."""
    tables = _tables(result)
    labeled = [LABEL in table.colnames for table in tables]
    if any(labeled) and not all(labeled):
        msg = (f'result: {sum(labeled)} of {len(tables)} tables have a '
               f'column {LABEL!r}; either all or none must have it')
        raise ValueError(msg)
    probability = _joined_probabilities(tables)
    if not all(labeled):
        _warn_of_calibration(tables)
        probability = _classified(probability)
        return ScoredSample(probability, probability, labeled=False)
    label = np.concatenate([_labels(table) for table in tables])
    clear = label != UNCLEAR
    blended = (label == BLEND)[clear & np.isfinite(probability)]
    return ScoredSample(_classified(probability[clear], kind='clear rows'),
                        blended.astype(float), labeled=True)


def read_probabilities(result):
    """Return the known probabilities of one table or several."""
    tables = _tables(result)
    _warn_of_calibration(tables)
    return _classified(_joined_probabilities(tables))


def _warn_of_calibration(tables):
    """Warn if a table says that its weights are not calibrated."""
    if any(read_meta(table.meta, 'calibration') == 'none'
           for table in tables):
        warnings.warn(
            'result: its weights have no calibration, so the number of '
            'blends, purity and completeness are unreliable; calibrate the '
            'weights with blendhunter calibrate', BlendHunterWarning,
            stacklevel=4)


def _tables(result):
    """Return a list of tables."""
    items = result if isinstance(result, (list, tuple)) else [result]
    try:
        tables = [item if isinstance(item, Table) else as_table(item)
                  for item in items]
    except TypeError:
        kind = next(type(item).__name__ for item in items
                    if not isinstance(item, Table))
        msg = ('result must be a table from BlendIdentifier.classify, or a '
               f'list of such tables, got {kind}')
        raise TypeError(msg) from None
    if not tables:
        msg = 'result: the list is empty'
        raise ValueError(msg)
    return tables


def _joined_probabilities(tables):
    """Return the probabilities of all rows, NaN where unknown."""
    probability = np.concatenate([_probabilities(table) for table in tables])
    wrong = (probability < 0) | (probability > 1)
    if wrong.any():
        msg = (f'result: {wrong.sum()} of {len(wrong)} probabilities are not '
               f'between 0 and 1; the first is {probability[wrong][0]:g}')
        raise ValueError(msg)
    return probability


def _probabilities(table):
    """Return the probabilities of one table."""
    wanted = SCORES if LABEL in table.colnames else SCORES[:1]
    name = next((name for name in wanted if name in table.colnames), None)
    if name is None:
        msg = (f'result has no column {" or ".join(map(repr, wanted))}; it '
               f'has {table.colnames}')
        raise ValueError(msg)
    return plain_values(table[name])


def _labels(table):
    """Return the labels of one table; masked ones are unclear."""
    label = plain_values(table[LABEL])
    label[np.isnan(label)] = UNCLEAR
    wrong = ~np.isin(label, (BLEND, SINGLE, UNCLEAR))
    if wrong.any():
        msg = (f'{LABEL} must be {BLEND} (blend), {SINGLE} (single) or '
               f'{UNCLEAR} (unclear), got {label[wrong][0]:g}')
        raise ValueError(msg)
    return label


def _classified(probability, *, kind='rows'):
    """Return the finite probabilities; there must be one."""
    known = np.isfinite(probability)
    if not known.any():
        msg = (f'result has no classified rows: none of {len(known)} {kind} '
               'has a probability')
        raise ValueError(msg)
    return probability[known]
