# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write the tables about speed and memory.

Usage: python tools/speed_tables.py RESULTS docs/results/speed

RESULTS holds what ``blendhunter benchmark`` wrote as JSON: ``kids.json`` and
``kids-fast.json`` of ``speed IMAGE``, the second with ``--weights fast``;
``workers.json``, ``workers-off.json`` and ``workers-fast.json`` of ``speed
--tiles 8 --workers 2``, without screening and with ``--weights fast``; and
``memory.json`` of ``memory``.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from astropy.table import Table, vstack
from result_files import EMPTY, as_rst

FORWARD = 'forward pass'
HIDDEN = ('read the image', 'load the model', 'first detect',
          'first classify, with loading and compilation', 'Cutout2D',
          'extract_stamps')
WORKERS = {'workers': 'screened', 'workers-off': 'not screened',
           'workers-fast': "weights='fast'"}


def read(path):
    """Return the rows of a table, unknown values as NaN."""
    rows = json.loads(path.read_text())['rows']
    return Table([{key: np.nan if value is None else value
                   for key, value in row.items()} for row in rows])


def speed_table(results):
    """Return the steps on one image, over the large network's pass."""
    steps = read(results / 'kids.json')
    fast = read(results / 'kids-fast.json')
    fast = fast[[row['step'] in ('classify', 'detect and classify')
                 for row in fast]]
    fast['step'] = [f"{step}, weights='fast'" for step in fast['step']]
    unit = steps['seconds'][steps['step'] == FORWARD][0]
    shown = vstack([steps[[row['step'] not in HIDDEN for row in steps]],
                    fast])
    return Table({
        'step': shown['step'],
        'seconds': [f'{value:.2f}' for value in shown['seconds']],
        'over the forward pass': [
            f'{value / unit:.3f}' for value in shown['seconds']]})


def worker_table(results):
    """Return how fast one worker and two are."""
    return Table([{
        'classify': label, 'workers': str(row['workers']),
        'sources per second': f'{row["sources_per_second"]:.0f}',
        'speedup': f'{row["speedup"]:.2f}' if row['workers'] > 1 else EMPTY}
        for name, label in WORKERS.items()
        for row in read(results / f'{name}.json')])


def memory_table(results):
    """Return the memory of each size, MiB."""
    return Table([{
        'width': str(row['size']), 'from': row['input'],
        'sources': str(row['sources']), 'pixels': f'{row["image"]:.0f}',
        'peak': f'{row["peak"]:.0f}', 'added': f'{row["added"]:.0f}'}
        for row in read(results / 'memory.json')])


def main(results, output):
    """Write the tables."""
    output.mkdir(parents=True, exist_ok=True)
    for name, make in (('steps', speed_table), ('workers', worker_table),
                       ('memory', memory_table)):
        (output / f'{name}.rst').write_text(as_rst(make(results)))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('results', type=Path)
    parser.add_argument('output', type=Path)
    main(**vars(parser.parse_args()))
