"""``blendhunter benchmark stamps``."""

from blendhunter._utils.progress import progress_bar
from blendhunter.cli.benchmark.common import (
    add_model_options,
    add_record,
    add_table,
    check_record,
    record,
)
from blendhunter.cli.options import natural, positive_int

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the accuracy of region='stamp'."""
    parser = kinds.add_parser(
        'stamps', help='accuracy of region=stamp on fresh stamps')
    parser.add_argument('--n', type=positive_int, default=8000,
                        help='stamps of each set (%(default)s)')
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog: adds a set of real galaxies')
    parser.add_argument('--detectors', nargs='*', default=['sep',
                                                           'photutils'],
                        choices=('sep', 'photutils'),
                        help='what stands beside (both)')
    parser.add_argument('--centring', default='sep',
                        choices=('sep', 'pipeline', 'training', 'exact'),
                        help="where the stamps are cut: at SEP's centroid, "
                             'like classify, or at an offset from the '
                             'central source (%(default)s)')
    parser.add_argument('--seed', type=natural, default=4001)
    parser.add_argument('--n-jobs', type=int, default=-1)
    add_model_options(parser)
    add_record(parser)
    add_table(parser)


def run(arguments):
    """Measure region='stamp'."""
    from blendhunter.benchmark import STAMP_SETS, measure_stamps
    from blendhunter.identify import BlendIdentifier

    check_record(arguments)
    n_sets = len(STAMP_SETS) - (arguments.cosmos_dir is None)
    with progress_bar(total=n_sets * arguments.n,
                      description='stamps') as bar:
        table = measure_stamps(
            BlendIdentifier(arguments.weights, region='stamp',
                            n_views=arguments.n_views),
            arguments.n, cosmos_dir=arguments.cosmos_dir,
            detectors=arguments.detectors,
            centring=arguments.centring, seed=arguments.seed,
            n_jobs=arguments.n_jobs,
            progress=bar.update)
    record(arguments, 'stamp', table)
    return table
