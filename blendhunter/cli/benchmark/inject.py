"""``blendhunter benchmark inject``."""

import numpy as np

from blendhunter._utils.progress import progress_bar
from blendhunter.cli.benchmark.common import (
    add_directory,
    add_model_options,
    check_directory,
    write_tables,
)
from blendhunter.cli.options import (
    add_image_options,
    natural,
    positive_int,
    read_image,
)

__all__ = ['add_parser', 'run']

# stamps of each kind in the strip
SHOWN = 12


def add_parser(kinds):
    """Add the injections into the user's image."""
    parser = kinds.add_parser(
        'inject', help="what is found of blends made of the image's own "
        'sources')
    add_image_options(parser)
    parser.add_argument('--catalog', metavar='TABLE',
                        help='of blendhunter detect: the image is detected '
                             'with its settings')
    parser.add_argument('--rounds', type=positive_int, default=6,
                        help='each with other hosts (%(default)s)')
    parser.add_argument('--training', metavar='HDF5',
                        help='simulated detections, from which boosted '
                             'trees learn')
    add_model_options(parser)
    parser.add_argument('--seed', type=natural, default=0)
    add_directory(parser)


def run(arguments):
    """Inject companions into an image; write tables and figures."""
    from blendhunter.benchmark import injection
    from blendhunter.catalogs import read_catalog
    from blendhunter.dataset import read_dataset
    from blendhunter.identify import BlendIdentifier
    from blendhunter.plotting import plot_injections, save_figure

    check_directory(arguments)
    image, background = read_image(arguments)
    training = (read_dataset(arguments.training).truth
                if arguments.training else None)
    catalog = (read_catalog(arguments.catalog) if arguments.catalog
               else None)
    with progress_bar(total=arguments.rounds, description='rounds') as bar:
        made = injection.measure_injections(
            image, BlendIdentifier(arguments.weights,
                                   n_views=arguments.n_views),
            catalog=catalog, background=background, training=training,
            rounds=arguments.rounds, seed=arguments.seed,
            progress=bar.update)
    table = made.truth
    scores = injection.injection_scores(table)
    bins = injection.injection_bins(table)
    directory = write_tables(arguments, {
        'injections': table, 'scores': scores, 'bins': bins})
    save_figure(plot_injections(bins), directory / 'completeness.png')
    save_figure(_strip(made, scores), directory / 'strip.png')
    outcome = ', '.join(f'{np.sum(table["outcome"] == name)} {name}'
                        for name in ('split', 'merged', 'lost'))
    print(f'{len(table)} injections: {outcome}')
    return scores


def _strip(made, scores):
    """Draw injections that are found, and missed, at 10 % flagged."""
    from blendhunter.benchmark.metrics import highest_first
    from blendhunter.plotting import plot_stamps

    table = made.truth
    order = highest_first(np.asarray(table['network']),
                          np.asarray(table['outcome'] == 'merged'))
    share = scores['at_10'][scores['method'] == 'network'][0]
    found = round(np.nan_to_num(share) * len(order))
    stamps = made.arrays['stamps']
    # a sample of both, in the order of their scores
    parts = {name: part[np.linspace(0, len(part) - 1, min(len(part), SHOWN),
                                    dtype=int)] if len(part) else part
             for name, part in (('found', order[:found]),
                                ('missed', order[found:]))}
    return plot_stamps({name: stamps[part] for name, part in parts.items()},
                       noise=1.0)
