# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark stamps`` and ``detectors``."""

from blendhunter.cli.benchmark.common import (
    add_record,
    add_run_options,
    add_table,
)
from blendhunter.cli.options import (
    add_model_options,
    model_options,
    new_parser,
    positive_int,
)

__all__ = ['add_detectors', 'add_stamps', 'run_detectors', 'run_stamps']

DETECTORS = ('sep', 'photutils')


def add_stamps(kinds):
    """Add the accuracy of region='stamp'."""
    parser = new_parser(
        kinds, 'stamps', 'Evaluate the region stamp on new stamps.',
        'blendhunter benchmark stamps --n 2000 --worst worst.png')
    parser.add_argument('--n', type=positive_int, default=8000,
                        help='number of stamps in each set (%(default)s)')
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog: adds a set of real galaxies')
    parser.add_argument('--detectors', nargs='*', default=DETECTORS,
                        choices=DETECTORS,
                        help='detectors to compare with (both)')
    parser.add_argument('--centering', default='sep',
                        choices=('sep', 'pipeline', 'training', 'exact'),
                        help='center of the stamps: sep is the centroid of '
                        'SEP, as in classify; others are offsets from the '
                        'central source (%(default)s)')
    parser.add_argument('--worst', metavar='PNG',
                        help='picture of the wrong answers with the highest '
                        'confidence, with companions circled')
    parser.add_argument('--examples', type=positive_int, default=50,
                        help='stamps of each kind in the picture '
                        '(%(default)s)')
    add_run_options(parser, seed=4001)
    add_model_options(parser)
    add_record(parser)
    add_table(parser)


def run_stamps(arguments):
    """Evaluate region='stamp'."""
    from blendhunter.benchmark import evaluate_stamps
    from blendhunter.benchmark.report import check_recordable, record_scores
    from blendhunter.benchmark.wrong_answers import WrongAnswers
    from blendhunter.identify import BlendIdentifier
    from blendhunter.network.weights import resolve_weights
    from blendhunter.plotting import (
        check_figure_path,
        plot_contact_sheet,
        save_figure,
    )

    resolve_weights(arguments.weights)
    if arguments.record:
        check_recordable(arguments.weights, arguments.n_views)
    if arguments.worst:
        check_figure_path(arguments.worst, overwrite=arguments.overwrite,
                          name='worst')
    wrong = WrongAnswers(arguments.examples)
    table = evaluate_stamps(
        BlendIdentifier(region='stamp', **model_options(arguments)),
        arguments.n, cosmos_dir=arguments.cosmos_dir, rng=arguments.seed,
        detectors=arguments.detectors, centering=arguments.centering,
        n_jobs=arguments.n_jobs, examine=wrong, progress=True)
    for remark in wrong.remarks:
        print(remark)
    if arguments.record:
        record_scores(arguments.weights, 'stamp', table)
    if arguments.worst:
        stamps, marks = wrong.sheet()
        if stamps:
            save_figure(plot_contact_sheet(stamps, noise=1.0, marks=marks),
                        arguments.worst)
        else:
            print(f'no wrong answers: {arguments.worst} is not written')
    return table


def add_detectors(kinds):
    """Add SEP and photutils on stamps."""
    parser = new_parser(
        kinds, 'detectors', 'Evaluate SEP and photutils on the stamps of the '
        'paper, with published values.',
        'blendhunter benchmark detectors --sigmas 5 14 -o detectors.ecsv')
    parser.add_argument('--n', type=positive_int, default=8000,
                        help='number of stamps (%(default)s)')
    parser.add_argument('--sigmas', type=float, nargs='+',
                        default=[5.0, 14.0, 26.0, 35.0],
                        help='RMS noise in counts (5 14 26 35)')
    parser.add_argument('--methods', nargs='+', default=['sep'],
                        choices=DETECTORS, metavar='METHOD',
                        help='detectors: sep, photutils (sep)')
    add_run_options(parser)
    add_table(parser)


def run_detectors(arguments):
    """Evaluate detectors on stamps."""
    from blendhunter.benchmark import evaluate_detectors

    return evaluate_detectors(
        arguments.n, sigmas=tuple(arguments.sigmas), n_jobs=arguments.n_jobs,
        methods=tuple(arguments.methods), progress=True)
