# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What the packaged model should reach, and what it does."""

import numpy as np
from astropy.table import Table
from result_files import (
    FIELD_SCORES,
    FORMER,
    INJECTIONS,
    KINDS,
    MISSING,
    PACKAGED,
    STAMP_SCORES,
    WEIGHTS,
    number,
)

# what, the name, row and column of a result, and the aim. Ratios should
# not be above it, all others not below
AIMS = [
    *((f'KiDS r, {kind}: flagged over chance', 'singles-kids',
       {'kind': kind, 'snr': '50-1000'}, 'ratio', aim)
      for kind, aim in (('point-like', 1.2), ('round', 1.3))),
    *((f'KiDS r, injected blends: {what}', INJECTIONS, {'method': 'network'},
       column, aim) for what, column, aim in (
        ('AUC', 'auc', 0.84),
        ('found, 10 % of hosts flagged', 'completeness_fpr10', 0.58))),
    *((f'stamps, {KINDS.get(kind, kind)}, sigma {sigma:g}: {what}', 'stamps',
       {'set': kind, 'sigma': sigma, 'method': 'network'},
       STAMP_SCORES[what], aim) for kind, sigma, what, aim in (
        ('parametric', 5, 'accuracy', 99.4),
        ('parametric', 14.5, 'accuracy', 98.8),
        ('parametric', 35, 'accuracy', 96.0),
        ('structured', 14.5, 'accuracy', 98.5),
        ('realistic', 14.5, 'accuracy', 98.8),
        ('structured', 14.5, 'TNR', 98.8), ('realistic', 14.5, 'TNR', 99.0),
        ('parametric', 5, 'close at 1 %', 95),
        ('parametric', 14.5, 'close at 1 %', 89),
        ('parametric', 35, 'close at 1 %', 79),
        ('structured', 14.5, 'close at 1 %', 84),
        ('realistic', 14.5, 'close at 1 %', 88))),
    *((f'fields, {label}: {what}', name, {'method': 'network'},
       FIELD_SCORES[what], aim) for name, label, auc, pure in (
        ('field-cfis', 'CFIS, structured, camera PSF', 0.955, 0.60),
        ('field-cfis-knots', 'CFIS, knots', 0.955, 0.60),
        ('field-dense', 'dense', 0.955, 0.78),
        ('field-seeing', 'seeing x 1.6', 0.94, 0.62),
        ('field-real', 'real (HST)', 0.95, 0.58),
        ('field-lsst', 'LSST', 0.95, 0.65))
      for what, aim in (('AUC', auc), ('at 80 % purity', pure)))]


def reached(row, column, aim, scale):
    """Say whether a value reaches its aim."""
    if row is None or not np.isfinite(row[column]):
        return MISSING
    gap = aim - scale * row[column]
    if column == 'ratio':
        gap = -gap
    if gap <= 0:
        return 'yes'
    name = f'{column}_error'
    within = name in row.colnames and gap <= scale * row[name]
    return 'within the error' if within else 'no'


def aim_table(results):
    """Compare the scores with the aims."""
    rows = []
    for what, name, wanted, column, aim in AIMS:
        scale, digits = (100.0, 1) if name == 'stamps' else (1.0, 3)
        if column == 'ratio':
            digits = 2
        row, old = (results.row(name, wanted, which)
                    for which in (PACKAGED, FORMER))
        sign = '<= ' if column == 'ratio' else ''
        new, former = WEIGHTS[PACKAGED], WEIGHTS[FORMER]
        rows.append({'what': what, former: number(
            old, column, scale, digits), new: number(
            row, column, scale, digits), 'aim': f'{sign}{aim:g}',
            'reached': reached(row, column, aim, scale)})
    return Table(rows)
