# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write the tables about the small network and its screening.

Usage: python tools/screening_tables.py RESULTS docs/results/model

RESULTS holds the directories ``bench-NAME`` of ``blendhunter benchmark
field`` on the fields of `SETS`, and ``fast-stamps.ecsv`` of ``blendhunter
benchmark stamps --weights fast``.
"""

import argparse
from pathlib import Path

from astropy.table import Table
from result_files import (
    FIELD_SCORES,
    KINDS,
    STAMP_SCORES,
    as_rst,
    number,
    percent,
)

from blendhunter.benchmark.field import compare_screening
from blendhunter.benchmark.score_tables import compact_table
from blendhunter.network.weights import read_metadata, resolve_weights

SETS = {'cfis': 'CFIS', 'knots': 'CFIS, knots', 'dense': 'dense, sigma 10',
        'seeing': 'seeing x 1.6', 'real': 'CFIS, real (HST)',
        'lsst': 'LSST'}
NETWORKS = {'network': 'large', 'small network': 'small'}
COLUMNS = {'auc': 'AUC', 'auc_screened': 'AUC, screened',
           'completeness': 'at 80 % purity',
           'completeness_screened': 'the same, screened'}


def screening_table(compared):
    """Return the scores with and without screening, with short titles."""
    table = compact_table(compared)
    # one number for each row is easier to read in the text
    table.remove_column('n')
    for name, title in COLUMNS.items():
        table.rename_column(name, title)
    return table


def main(results, output):
    """Write ``screening.rst``, ``fast-fields.rst`` and ``fast-stamps.rst``."""
    folders = {label: results / f'bench-{name}'
               for name, label in SETS.items()}
    limit = read_metadata(resolve_weights('fast'))['screening']['segment']
    compared = compare_screening(
        {label: Table.read(folder / 'detections.ecsv')
         for label, folder in folders.items()}, 'segment', limit)
    (output / 'screening.rst').write_text(
        as_rst(screening_table(compared)), encoding='utf-8')
    fields = [
        {'fields': label, 'network': NETWORKS[row['method']],
         **{title: number(row, name)
            for title, name in FIELD_SCORES.items()}}
        for label, folder in folders.items()
        for row in Table.read(folder / 'scores.ecsv')
        if row['method'] in NETWORKS]
    stamps = [
        {'set': KINDS.get(row['set'], row['set']),
         'sigma': f'{row["sigma"]:g}',
         **{title: percent(row, name)
            for title, name in STAMP_SCORES.items()}}
        for row in Table.read(results / 'fast-stamps.ecsv')
        if row['method'] == 'network']
    for name, rows in ('fast-fields', fields), ('fast-stamps', stamps):
        (output / f'{name}.rst').write_text(
            as_rst(Table(rows)), encoding='utf-8')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('results', type=Path)
    parser.add_argument('output', type=Path)
    main(**vars(parser.parse_args()))
