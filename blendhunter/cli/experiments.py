"""The longer measurements: the paper's experiments, injections."""

from pathlib import Path

import numpy as np

from blendhunter._utils.progress import progress_bar
from blendhunter.cli.options import (
    add_image_options,
    natural,
    positive_int,
    read_image,
)

__all__ = ['add_inject_parser', 'add_paper_parser', 'run_inject',
           'run_paper']

# stamps of each kind in the strip
SHOWN = 12


def add_inject_parser(kinds):
    """Add the injections into the user's image."""
    inject = kinds.add_parser(
        'inject', help="what is found of blends made of the image's own "
        'sources')
    add_image_options(inject)
    inject.add_argument('--catalog', metavar='TABLE',
                        help='of blendhunter detect: the image is detected '
                             'with its settings')
    inject.add_argument('--rounds', type=positive_int, default=6,
                        help='each with other hosts (%(default)s)')
    inject.add_argument('--training', metavar='HDF5',
                        help='simulated detections, from which boosted '
                             'trees learn')
    inject.add_argument('--weights', default='default')
    inject.add_argument('--seed', type=natural, default=0)
    inject.add_argument('-o', '--output', metavar='DIR', required=True,
                        help='directory of tables and figures')


def add_paper_parser(kinds):
    """Add the reproduction of the paper."""
    paper = kinds.add_parser(
        'paper', help="the paper's experiments: simulate, train, compare "
        'with SEP; killed, the same command continues')
    paper.add_argument('--scale', default='small',
                       choices=('small', 'medium', 'full'),
                       help='4 000, 20 000 or 80 000 stamps; 2, 14 or 70 '
                            'trainings (%(default)s)')
    paper.add_argument('--backbone', default='default',
                       help="'imagenet' (the paper's), 'random' (the "
                            "control), 'default' (this package's own "
                            'blocks, which have seen blends) or a file')
    paper.add_argument('--preprocessing', choices=('noise', 'paper'),
                       default='noise', help='(%(default)s)')
    paper.add_argument('--cosmos-dir', metavar='DIR',
                       help='RealGalaxyCatalog for the realistic set; '
                            'without it, structured galaxies')
    paper.add_argument('--seed', type=natural, default=0)
    paper.add_argument('--n-jobs', type=int, default=-1,
                       help='processes; -1 takes every core')
    paper.add_argument('-o', '--output', metavar='DIR', required=True,
                       help='directory of tables and figures')


def run_inject(arguments):
    """Inject companions into an image; write tables and figures."""
    from blendhunter._utils.tables import write_table
    from blendhunter.benchmark import injection
    from blendhunter.catalogs import read_catalog
    from blendhunter.dataset import read_dataset
    from blendhunter.identify import BlendIdentifier
    from blendhunter.plotting import plot_injections, save_figure

    output = Path(arguments.output)
    output.mkdir(exist_ok=True)
    image, background = read_image(arguments)
    training = (read_dataset(arguments.training).truth
                if arguments.training else None)
    catalog = (read_catalog(arguments.catalog) if arguments.catalog
               else None)
    with progress_bar(total=arguments.rounds, description='rounds') as bar:
        made = injection.measure_injections(
            image, BlendIdentifier(arguments.weights), catalog=catalog,
            background=background, training=training,
            rounds=arguments.rounds, seed=arguments.seed,
            progress=bar.update)
    table = made.truth
    scores = injection.injection_scores(table)
    bins = injection.injection_bins(table)
    for name, part in (('injections', table), ('scores', scores),
                       ('bins', bins)):
        write_table(part, output / f'{name}.ecsv', overwrite=True)
    save_figure(plot_injections(bins), output / 'completeness.png')
    save_figure(_strip(made, scores), output / 'strip.png')
    outcome = ', '.join(f'{np.sum(table["outcome"] == name)} {name}'
                        for name in ('split', 'merged', 'lost'))
    print(f'{len(table)} injections: {outcome}')
    return scores


def run_paper(arguments):
    """Repeat the paper's experiments."""
    from blendhunter.benchmark.paper import count_work, reproduce_paper

    with progress_bar(total=count_work(arguments.scale),
                      description='stamps') as bar:
        return reproduce_paper(
            arguments.output, scale=arguments.scale,
            backbone=arguments.backbone, seed=arguments.seed,
            preprocessing=arguments.preprocessing,
            cosmos_dir=arguments.cosmos_dir, n_jobs=arguments.n_jobs,
            announce=lambda line: print(line, flush=True),
            progress=bar.update, command=arguments.command)


def _strip(made, scores):
    """Draw injections that are found, and missed, at 10 % flagged."""
    from blendhunter.plotting import plot_injection_strip

    table = made.truth
    merged = np.flatnonzero(table['outcome'] == 'merged')
    found = int(round(scores['at_10'][scores['method'] == 'network'][0]
                      * len(merged)))
    order = merged[np.argsort(-table['network'][merged], kind='stable')]
    stamps = made.arrays['stamps']
    # a sample of both, in the order of their scores
    parts = [part[np.linspace(0, len(part) - 1, min(len(part), SHOWN),
                              dtype=int)] if len(part) else part
             for part in (order[:found], order[found:])]
    return plot_injection_strip(*(stamps[part] for part in parts))
