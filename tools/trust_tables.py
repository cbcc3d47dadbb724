# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write the tables of calibration, domain and companions for the docs.

Usage: python tools/trust_tables.py CALIBRATION_DIR DOMAIN COMPANIONS OUT

CALIBRATION_DIR is that of ``blendhunter benchmark calibration``; DOMAIN and
COMPANIONS are the tables of ``blendhunter benchmark domain`` and
``companions``.
"""

import argparse
import shutil
from pathlib import Path

from astropy.table import Table

from blendhunter.benchmark.score_tables import compact_table

PARTS = ('all', 'faint', 'middle', 'bright')


def with_error(value, error, digits):
    """Write a value with its error."""
    return f'{value:.{digits}f} ± {error:.{digits}f}'


def thirds(scores, name):
    """Return a table of one score: a row for each set, its thirds beside."""
    columns = {'region': [], 'set': [], **{part: [] for part in PARTS}}
    for row in scores[scores['snr'] == 'all']:
        columns['region'].append(row['region'])
        columns['set'].append(row['set'])
        for part in PARTS:
            found = scores[(scores['region'] == row['region'])
                           & (scores['set'] == row['set'])
                           & (scores['snr'] == part)][0]
            columns[part].append(with_error(found[name],
                                            found[f'{name}_error'], 3))
    return Table(columns)


def means(scores):
    """Return how many sources and blends each set has."""
    table = scores['region', 'set', 'n', 'blends', 'probability',
                   'ece_perfect', 'ece_reported'][scores['snr'] == 'all']
    for name in ('blends', 'probability', 'ece_perfect', 'ece_reported'):
        table[name] = [f'{value:.3f}' for value in table[name]]
    table.rename_columns(['ece_perfect', 'ece_reported'],
                         ['perfect', 'prior of the weights'])
    return table


def fractions(estimates):
    """Return the estimated fractions of blends, per cent."""
    def percent(name, scatter):
        return [with_error(100 * value, 100 * error, 1) for value, error in
                zip(estimates[name], estimates[scatter], strict=True)]

    return Table({'set': estimates['set'],
                  'true': [f'{100 * v:.0f}' for v in estimates['fraction']],
                  'packaged': percent('estimated', 'scatter'),
                  'own calibration': percent('own_estimated',
                                             'own_scatter')})


def main(arguments=None):
    """Read the results, write one table of rst for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ('calibration', 'domain', 'companions', 'out'):
        parser.add_argument(name, type=Path)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    scores = Table.read(options.calibration / 'scores.ecsv')
    tables = {
        'calibration': thirds(scores, 'ece'),
        'calibration-own': thirds(scores, 'own_ece'),
        'calibration-means': means(scores),
        'fractions': fractions(
            Table.read(options.calibration / 'fractions.ecsv')),
        'domain': compact_table(Table.read(options.domain)),
        'companions': compact_table(Table.read(options.companions))}
    for name, table in tables.items():
        table.write(options.out / f'{name}.rst', format='ascii.rst',
                    overwrite=True)
    shutil.copyfile(options.calibration / 'reliability.png',
                    options.out / 'reliability.png')


if __name__ == '__main__':
    main()
