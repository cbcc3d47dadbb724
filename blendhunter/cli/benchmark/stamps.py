"""``blendhunter benchmark stamps``."""

import numpy as np

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
    parser.add_argument('--worst', metavar='PNG',
                        help='draw the surest wrong answers, companions '
                             'circled')
    parser.add_argument('--examples', type=positive_int, default=50,
                        help='of each kind, over all sets (%(default)s)')
    parser.add_argument('--seed', type=natural, default=4001)
    parser.add_argument('--n-jobs', type=int, default=-1)
    add_model_options(parser)
    add_record(parser)
    add_table(parser)


def run(arguments):
    """Measure region='stamp'."""
    from blendhunter.benchmark import STAMP_SETS, measure_stamps
    from blendhunter.identify import BlendIdentifier
    from blendhunter.network.weights import resolve_weights
    from blendhunter.plotting import check_figure_path

    check_record(arguments)
    resolve_weights(arguments.weights)
    if arguments.worst:
        check_figure_path(arguments.worst, overwrite=arguments.overwrite,
                          name='worst')
    seen, repeated = [], []

    def examine(*answers):
        repeated.extend(_repeated(*answers))
        if arguments.worst:
            seen.append(_wrong(*answers, arguments.examples))

    n_sets = len(STAMP_SETS) - (arguments.cosmos_dir is None)
    with progress_bar(total=n_sets * arguments.n,
                      description='stamps') as bar:
        table = measure_stamps(
            BlendIdentifier(arguments.weights, region='stamp',
                            n_views=arguments.n_views),
            arguments.n, cosmos_dir=arguments.cosmos_dir,
            detectors=arguments.detectors,
            centring=arguments.centring, seed=arguments.seed,
            n_jobs=arguments.n_jobs, progress=bar.update,
            examine=examine)
    for line in repeated:
        print(line)
    record(arguments, 'stamp', table)
    if arguments.worst:
        _draw_worst(arguments.worst, seen, arguments.examples)
    return table


def _repeated(spec, made, probability):
    """Say how far false alarms are all of one real galaxy."""
    from blendhunter.benchmark import false_alarms_by_galaxy

    table = false_alarms_by_galaxy(probability, made.truth)
    total = sum(table['false_alarms'])
    if total:
        yield (f'{spec.kind}: {table["false_alarms"][0]} of {total} false '
               f'alarms are stamps of galaxy {table["index"][0]}, one of '
               f'{len(table)}')


def _wrong(spec, made, probability, n):
    """Return the surest wrong answers of a set, over their noise."""
    from blendhunter.benchmark.metrics import surest_answers

    stamps = made.stamps
    places = np.column_stack([made.truth['x_2'], made.truth['y_2']])
    surest = surest_answers(probability, np.asarray(made.truth['label']), n)
    return {kind: (np.abs(probability[rows] - 0.5), stamps[rows] / spec.sigma,
                   places[rows][:, None])
            for kind, rows in surest.items() if kind != 'found'}


def _draw_worst(path, seen, n):
    """Draw the surest wrong answers of all sets."""
    from blendhunter.plotting import plot_stamps, save_figure, sheet_lines

    rows, marks = {}, {}
    for kind in seen[0]:
        margin, stamps, places = (np.concatenate(parts) for parts in zip(
            *(part[kind] for part in seen), strict=True))
        order = np.argsort(-margin, kind='stable')[:n]
        for name, part in sheet_lines(kind, order):
            rows[name], marks[name] = stamps[part], places[part]
    if not rows:
        print(f'no wrong answers: {path} is not written')
    else:
        save_figure(plot_stamps(rows, noise=1.0, marks=marks), path)
