# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Options that several benchmarks share."""

from blendhunter.cli.options import natural

__all__ = ['add_directory', 'add_record', 'add_run_options', 'add_table',
           'add_truth_options']


def add_run_options(parser, *, seed=None):
    """Add the seed and the number of processes."""
    if seed is not None:
        parser.add_argument('--seed', type=natural, default=seed,
                            help='seed of the simulation (%(default)s)')
    parser.add_argument('--n-jobs', type=int, default=-1,
                        help='number of processes; -1 uses every core')


def add_truth_options(parser):
    """Add the columns of the true sources, and which of them count."""
    parser.add_argument('--truth-columns', nargs=2, metavar=('X', 'Y'),
                        help='position columns of the truth')
    parser.add_argument('--mag-limit', type=float,
                        help='faintest magnitude that counts as a separate '
                        'source; needed if the truth has no column snr')
    parser.add_argument('--mag-column', metavar='NAME',
                        help='magnitude column of the truth')


def add_record(parser):
    """Add whether the weights keep their scores."""
    parser.add_argument('--record', action='store_true',
                        help='store the scores in the weights file')


def add_table(parser):
    """Add a table to write."""
    parser.add_argument('-o', '--output', metavar='TABLE',
                        help='file for the scores (.json, .ecsv, .csv, '
                        '.fits ...)')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace an existing table')


def add_directory(parser, *, required=True, overwrite=True):
    """Add a directory of tables and figures."""
    parser.add_argument('-o', '--output', dest='directory', metavar='DIR',
                        required=required,
                        help='directory for tables and figures')
    if overwrite:
        parser.add_argument('--overwrite', action='store_true',
                            help='replace results in the directory')
