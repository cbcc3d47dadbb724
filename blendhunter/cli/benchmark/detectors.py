"""``blendhunter benchmark detectors``."""

from blendhunter._utils.progress import progress_bar
from blendhunter.cli.benchmark.common import add_table
from blendhunter.cli.options import positive_int

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add SEP and photutils on stamps."""
    parser = kinds.add_parser(
        'detectors', help="SEP and photutils on the paper's stamps, beside "
        "the authors' stored runs")
    parser.add_argument('--n', type=positive_int, default=8000,
                        help='stamps (%(default)s)')
    parser.add_argument('--sigmas', type=float, nargs='+',
                        default=[5.0, 14.0, 26.0, 35.0],
                        help='noise in counts (5 14 26 35)')
    parser.add_argument('--methods', nargs='+', default=['sep'],
                        choices=('sep', 'photutils'), help='detectors (sep)')
    parser.add_argument('--n-jobs', type=int, default=-1)
    add_table(parser)


def run(arguments):
    """Measure what detectors make of stamps."""
    from blendhunter.benchmark import measure_detectors

    n = arguments.n
    steps = 1 + 2 * len(arguments.sigmas) * len(arguments.methods)
    with progress_bar(total=n * steps, description='stamps') as bar:
        return measure_detectors(
            n, sigmas=tuple(arguments.sigmas), n_jobs=arguments.n_jobs,
            methods=tuple(arguments.methods), progress=bar.update)
