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
        kinds, 'paper', "Repeat the paper's experiments: simulate, train, "
        'compare with SEP;\nkilled, the same command continues.',
        'blendhunter benchmark paper --scale small -o paper')
    parser.add_argument('--scale', default='small',
                        choices=('small', 'medium', 'full'),
                        help='4 000, 20 000 or 80 000 stamps; 2, 14 or 70 '
                             'trainings (%(default)s)')
    parser.add_argument('--backbone', default='default',
                        help="'imagenet' (the paper's), 'random' (the "
                             "control), 'default' (this package's own "
                             'blocks, trained on blends) or a file')
    parser.add_argument('--preprocessing', choices=PREPROCESSINGS,
                        help="input of the network; by default the "
                             "backbone's own, or noise")
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog for the realistic set; '
                             'without it, structured galaxies')
    parser.add_argument('--compare-blocks', action='store_true',
                        help='instead, compare the blocks of --backbone '
                             '(imagenet or a file), frozen and fine-tuned, '
                             "with random ones and this package's own")
    parser.add_argument('--epochs', type=positive_int, default=500,
                        help='most epochs of a head (%(default)s)')
    parser.add_argument('--features-dir', metavar='DIR',
                        help='keeps the features of the frozen blocks, for '
                             'runs on the same stamps with other heads')
    parser.add_argument('--seed', type=natural, default=0,
                        help='of stamps, noise and heads (%(default)s)')
    parser.add_argument('--n-jobs', type=int, default=-1,
                        help='processes; -1 takes every core')
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
              f'{duration}, without what is already finished', flush=True)
    function = (compare_blocks if arguments.compare_blocks
                else reproduce_paper)
    return function(
        arguments.directory, scale=scale, rng=arguments.seed, progress=True,
        epochs=arguments.epochs, features_dir=arguments.features_dir,
        command=arguments.command, **options)
