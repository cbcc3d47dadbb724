# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The files that benchmarks wrote, and their numbers as text."""

import io
import re
import shlex
import sys
from pathlib import Path

import numpy as np
from astropy.table import Table

PACKAGED, FORMER = '', '-old'
WEIGHTS = {PACKAGED: 'packaged', '-tuned': 'fine-tuned', '-trial': 'trial',
           FORMER: 'former'}
MISSING, EMPTY = 'not measured', '–'
INJECTIONS = 'inject-kids'
COMMAND_WIDTH = 66
KINDS = {'realistic': 'real (HST)'}
FIELD_SCORES = {'AUC': 'auc', 'at 80 % purity': 'completeness_purity80',
                'resolvable': 'resolvable'}
STAMP_SCORES = {'accuracy': 'accuracy', 'close': 'close',
                'distant': 'distant', 'TNR': 'tnr',
                'close at 1 %': 'completeness_close_fpr1'}


class Results:
    """The tables of a directory of results, each read once."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self._read = {}

    def get(self, name, which=PACKAGED, table='scores'):
        """Return a table; None if it is missing."""
        path = self.directory / (
            f'{name}{which}.ecsv' if name == 'stamps'
            else f'{name}{which}/{table}.ecsv')
        if path not in self._read:
            self._read[path] = Table.read(path) if path.is_file() else None
        return self._read[path]

    def row(self, name, wanted, which=PACKAGED, table='scores'):
        """Return the row with the wanted values; None if it is missing."""
        table = self.get(name, which, table)
        for row in () if table is None else table:
            if all(row[key] == value for key, value in wanted.items()):
                return row
        return None

    def warn_about_weights(self, names):
        """Tell which results are of other weights than the rest."""
        for which, label in WEIGHTS.items():
            found = {}
            for name in names:
                table = self.get(name, which)
                if table is not None and 'BHSHA256' in table.meta:
                    found.setdefault(table.meta['BHSHA256'], []).append(name)
            if len(found) > 1:
                sys.stderr.write(f'warning: the {label} weights differ: '
                                 f'{found}\n')


def number(row, name, scale=1.0, digits=3):
    """Return a value and its error as text, with the digits it needs."""
    if row is None:
        return MISSING
    value, error = (scale * float(row[key]) if key in row.colnames else np.nan
                    for key in (name, f'{name}_error'))
    if not np.isfinite(value):
        return EMPTY
    if not np.isfinite(error) or error <= 0:
        return f'{value:.{digits}f}'
    digits = max(digits, int(np.ceil(-np.log10(error))))
    return f'{value:.{digits}f} ± {error:.{digits}f}'


def percent(row, name):
    """Return a fraction and its error as text, in per cent."""
    return number(row, name, 100.0, 1)


def option(table, name, default):
    """Return the value of an option in the command of a result."""
    words = ['', '']
    if table is not None:
        words = shlex.split(table.meta.get('BHCMD', '')) + words
    return dict(zip(words, words[1:], strict=False)).get(name, default)


def clean_command(command):
    """Return a command as a reader would type it, without directories."""
    words, shown = shlex.split(command), []
    for before, word in zip(['', *words], words, strict=False):
        if word in ('--weights', '--overwrite') or before == '--weights':
            continue
        shown.append('DIR' if before == '--cosmos-dir' else
                     Path(word).name if '/' in word else word)
    return shlex.join(shown)


def wrap_command(command):
    """Return a command on indented lines that break before options."""
    lines = ['']
    for part in re.split(' (?=-)', command):
        if len(lines[-1]) + len(part) > COMMAND_WIDTH:
            lines.append('')
        lines[-1] = f'{lines[-1]} {part}'.strip()
    return ' \\\n        '.join(lines)


def read_history(path):
    """Return the losses and scores of a training; None if missing."""
    if not path.is_file():
        return None
    table = Table.read(path, format='ascii.csv')
    return {name: np.ma.filled(np.ma.asarray(table[name], dtype=float),
                               np.nan) for name in table.colnames}


def as_rst(table):
    """Return a table as text, no error alone at the end of a line."""
    text = io.StringIO()
    table.write(text, format='ascii.rst')
    return text.getvalue().replace('± ', '±\N{NO-BREAK SPACE}')


def training_row(history, rows, last):
    """Return the mean losses of some rows, and the scores of the last."""
    return {'batches': f'{history["step"][last]:.0f}',
            **{title: f'{np.mean(history[name][rows]):.3f}' for title, name
               in (('head loss', 'head_loss'), ('loss', 'loss'))},
            **{f'AUC, {region}': f'{history[f"{region}_auc"][last]:.4f}'
               for region in ('segment', 'stamp')}}
