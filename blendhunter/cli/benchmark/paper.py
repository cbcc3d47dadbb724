"""``blendhunter benchmark paper``."""

from blendhunter._utils.progress import progress_bar
from blendhunter.cli.benchmark.common import add_directory
from blendhunter.cli.options import PREPROCESSINGS, natural

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the reproduction of the paper."""
    parser = kinds.add_parser(
        'paper', help="the paper's experiments: simulate, train, compare "
        'with SEP; killed, the same command continues')
    parser.add_argument('--scale', default='small',
                        choices=('small', 'medium', 'full'),
                        help='4 000, 20 000 or 80 000 stamps; 2, 14 or 70 '
                             'trainings (%(default)s)')
    parser.add_argument('--backbone', default='default',
                        help="'imagenet' (the paper's), 'random' (the "
                             "control), 'default' (this package's own "
                             'blocks, which have seen blends) or a file')
    parser.add_argument('--preprocessing', choices=PREPROCESSINGS,
                        help="what the network sees; by default the "
                             "backbone's own, or noise")
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog for the realistic set; '
                             'without it, structured galaxies')
    parser.add_argument('--seed', type=natural, default=0)
    parser.add_argument('--n-jobs', type=int, default=-1,
                        help='processes; -1 takes every core')
    # a finished part of it is not made again
    add_directory(parser, overwrite=False)


def run(arguments):
    """Repeat the paper's experiments."""
    from blendhunter.benchmark.paper import count_work, reproduce_paper

    with progress_bar(total=count_work(arguments.scale),
                      description='stamps') as bar:
        return reproduce_paper(
            arguments.directory, scale=arguments.scale,
            backbone=arguments.backbone, seed=arguments.seed,
            preprocessing=arguments.preprocessing,
            cosmos_dir=arguments.cosmos_dir, n_jobs=arguments.n_jobs,
            announce=lambda line: print(line, flush=True),
            progress=bar.update, command=arguments.command)
