# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Tables of scores as text, and as files."""

import json

import numpy as np
from astropy.table import Table

from blendhunter._utils.files import (
    check_writable,
    extension_of,
    write_text,
)
from blendhunter._utils.tables import EXTENSIONS, write_table

__all__ = ['check_scores_path', 'compact_table', 'plain_rows', 'table_lines',
           'write_scores']

DIGITS = 3


def check_scores_path(path, *, overwrite=False):
    """Check, before any work, that scores can be written to ``path``."""
    check_writable(path, overwrite=overwrite, name='output',
                   extensions=(*EXTENSIONS, '.json'))


def write_scores(table, path, *, overwrite=False):
    """Write a table of scores, also as JSON: its meta, and its rows."""
    check_scores_path(path, overwrite=overwrite)
    if extension_of(path) != '.json':
        write_table(table, path, overwrite=overwrite)
        return
    write_text(path, json.dumps({
        'meta': {key: _plain(value) for key, value in table.meta.items()},
        'rows': plain_rows(table)}, indent=2) + '\n')


def plain_rows(table):
    """Return the rows of a table as dicts of values that JSON knows."""
    return [{key: _plain(value) for key, value in dict(row).items()}
            for row in table]


def table_lines(table):
    """Return a table as lines of text, errors beside their values."""
    return compact_table(table).pformat(max_lines=-1, max_width=-1)


def compact_table(table):
    """Return a table as text: few digits, values with their errors."""
    names = table.colnames
    errors = {f'{name}_error' for name in names} & set(names)
    shown = Table()
    for name in names:
        if name in errors:
            continue
        if f'{name}_error' in errors:
            shown[name] = [_with_error(*pair) for pair in zip(
                table[name], table[f'{name}_error'], strict=True)]
        elif table[name].dtype.kind == 'f':
            shown[name] = [f'{value:.4g}' if _known(value) else '-'
                           for value in table[name]]
        else:
            shown[name] = table[name]
    return shown


def _known(value):
    """Say whether there is a number."""
    return not np.ma.is_masked(value) and np.isfinite(value)


def _with_error(value, error):
    """Return a value and its error, with the digits that it needs."""
    if not _known(value):
        return '-'
    if not _known(error) or error <= 0:
        return f'{value:.{DIGITS}f}'
    # 0.0003, not 0.000
    digits = max(DIGITS, int(np.ceil(-np.log10(error))))
    return f'{value:.{digits}f} ± {error:.{digits}f}'


def _plain(value):
    """Return a value that strict JSON knows; None if it is unknown."""
    if isinstance(value, (str, np.str_)):
        return str(value)
    return np.asarray(value).item() if _known(value) else None
