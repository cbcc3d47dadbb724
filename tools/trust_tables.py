"""Write the tables of the page on trust from the results of benchmarks.

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

# columns of the scores that the page shows
SHOWN = ('region', 'set', 'snr', 'n', 'blends', 'probability', 'ece',
         'ece_perfect', 'own_ece', 'ece_reported')


def main(arguments=None):
    """Read the results, write one table of rst for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ('calibration', 'domain', 'companions', 'out'):
        parser.add_argument(name, type=Path)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    scores = Table.read(options.calibration / 'scores.ecsv')
    errors = [f'{name}_error' for name in SHOWN]
    tables = {
        'calibration': scores[[name for name in scores.colnames
                               if name in (*SHOWN, *errors)]],
        'fractions': Table.read(options.calibration / 'fractions.ecsv'),
        'domain': Table.read(options.domain),
        'companions': Table.read(options.companions)}
    for name, table in tables.items():
        compact_table(table).write(options.out / f'{name}.rst',
                                   format='ascii.rst', overwrite=True)
    shutil.copyfile(options.calibration / 'reliability.png',
                    options.out / 'reliability.png')


if __name__ == '__main__':
    main()
