# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark paper``."""

from blendhunter.cli.benchmark.common import add_directory
from blendhunter.cli.options import (
    PREPROCESSINGS,
    natural,
    new_parser,
    positive_int,
)

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the reproduction of the paper."""
    parser = new_parser(
        kinds, 'paper', 'Repeat the experiments of the paper: simulate, '
        'train, compare with SEP.\nThe same command continues an interrupted '
        'run.',
        'blendhunter benchmark paper --scale small -o paper')
    parser.add_argument('--scale', default='small',
                        choices=('small', 'medium', 'full'),
                        help='4 000, 20 000 or 80 000 stamps; 2, 14 or 70 '
                             'trainings (%(default)s)')
    parser.add_argument('--backbone', default='default',
                        help="'imagenet' (as in the paper), 'random' (the "
                        "control), 'default' (the blocks of this package, "
                        'trained on blends) or a file')
    parser.add_argument('--preprocessing', choices=PREPROCESSINGS,
                        help='input of the network; by default that of the '
                        'backbone, or noise')
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog for the realistic set; '
                        'without it the set has structured galaxies')
    parser.add_argument('--compare-blocks', action='store_true',
                        help='compare the blocks of --backbone (imagenet or '
                        'a file), frozen and fine-tuned, with random blocks '
                        'and those of this package')
    parser.add_argument('--epochs', type=positive_int, default=500,
                        help='most epochs of a head (%(default)s)')
    parser.add_argument('--features-dir', metavar='DIR',
                        help='directory that keeps the features of the '
                        'frozen blocks, for runs with other heads')
    parser.add_argument('--seed', type=natural, default=0,
                        help='seed of stamps, noise and heads (%(default)s)')
    parser.add_argument('--n-jobs', type=int, default=-1,
                        help='number of processes; -1 uses every core')
    # finished parts are kept
    add_directory(parser, overwrite=False)


def run(arguments):
    """Repeat the paper's experiments, or compare blocks."""
    from blendhunter.benchmark.paper import (
        SCALES,
        compare_blocks,
        estimate_time,
        reproduce_paper,
    )

    options = {name: getattr(arguments, name) for name in (
        'backbone', 'preprocessing', 'cosmos_dir', 'n_jobs')}
    scale = SCALES[arguments.scale]
    n_trainings = len(scale.sigmas) * scale.n_realizations
    if not arguments.compare_blocks:
        minutes = estimate_time(scale, **options) / 60
        duration = (f'{minutes:.0f} minutes' if minutes < 120
                    else f'{minutes / 60:.1f} hours')
        print(f'{n_trainings} trainings on {scale.n_stamps} stamps: about '
              f'{duration}; finished parts are not repeated', flush=True)
    function = (compare_blocks if arguments.compare_blocks
                else reproduce_paper)
    return function(
        arguments.directory, scale=scale, rng=arguments.seed, progress=True,
        epochs=arguments.epochs, features_dir=arguments.features_dir,
        command=arguments.command, **options)
