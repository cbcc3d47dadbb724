"""``blendhunter benchmark stamps``."""

from blendhunter.cli.benchmark.common import (
    add_model_options,
    add_table,
    check_record,
    record,
)
from blendhunter.cli.options import positive_int

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the accuracy of region='stamp'."""
    parser = kinds.add_parser(
        'stamps', help='accuracy of region=stamp on fresh stamps')
    parser.add_argument('--n', type=positive_int, default=8000,
                        help='stamps of each set (%(default)s)')
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog: adds a set of real galaxies')
    parser.add_argument('--n-jobs', type=int, default=-1)
    add_model_options(parser)
    add_table(parser)


def run(arguments):
    """Measure region='stamp'."""
    from blendhunter.benchmark import measure_stamps
    from blendhunter.identify import BlendIdentifier

    check_record(arguments)
    table = measure_stamps(
        BlendIdentifier(arguments.weights, region='stamp'), arguments.n,
        cosmos_dir=arguments.cosmos_dir, n_jobs=arguments.n_jobs)
    record(arguments, 'stamp', table)
    return table
