# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark image``, ``speed`` and ``memory``."""

from blendhunter.cli.benchmark.common import add_table
from blendhunter.cli.options import (
    add_model_options,
    add_precision,
    integer_or_text,
    model_options,
    new_parser,
    positive_int,
)

__all__ = ['add_image', 'add_memory', 'add_speed', 'run_image', 'run_memory',
           'run_speed']


def add_image(kinds):
    """Add the summary of a classified catalog."""
    parser = new_parser(
        kinds, 'image', 'Show the fraction of flagged sources by flux.',
        'blendhunter benchmark image blends.ecsv')
    parser.add_argument('table', help='output of blendhunter classify')
    add_table(parser)


def run_image(arguments):
    """Summarize a classified catalog."""
    from blendhunter.benchmark import evaluate_image
    from blendhunter.catalogs import read_catalog

    return evaluate_image(read_catalog(arguments.table))


def add_speed(kinds):
    """Add the times of a classification."""
    parser = new_parser(
        kinds, 'speed', 'Time classify and its parts, or several workers.',
        'blendhunter benchmark speed image.fits -o speed.json\n'
        '  blendhunter benchmark speed --tiles 8 --workers 2')
    parser.add_argument('image', nargs='?', help='FITS image')
    parser.add_argument('--ext', type=integer_or_text,
                        help='extension of the image, number or name')
    parser.add_argument('--tiles', type=positive_int, metavar='N',
                        help='classify N simulated images instead, with one '
                        'worker and with --workers')
    parser.add_argument('--workers', type=positive_int, metavar='N',
                        help='processes with one thread each (2)')
    add_model_options(parser)
    add_precision(parser)
    add_table(parser)


def run_speed(arguments):
    """Time a classification."""
    from blendhunter.benchmark import evaluate_speed, evaluate_workers
    from blendhunter.identify import BlendIdentifier

    if (arguments.image is None) == (arguments.tiles is None):
        msg = 'exactly one of an image and --tiles must be given'
        raise ValueError(msg)
    identifier = BlendIdentifier(precision=arguments.precision,
                                 **model_options(arguments))
    if arguments.tiles is not None:
        return evaluate_workers(identifier, arguments.tiles,
                                arguments.workers or 2)
    if arguments.workers is not None:
        msg = 'workers: --workers needs --tiles'
        raise ValueError(msg)
    table = evaluate_speed(identifier, arguments.image, ext=arguments.ext)
    meta = table.meta
    print(f'{meta["sources"]} sources, {meta["screened"]:.0%} of them '
          f'screened; {meta["cpu"]}; memory {meta["memory_peak"]:.0f} MiB, '
          f'{meta["memory_loaded"]:.0f} MiB after the model was loaded')
    return table


def add_memory(kinds):
    """Add the memory of a classification."""
    parser = new_parser(
        kinds, 'memory', 'Measure the memory that large images need.',
        'blendhunter benchmark memory --sizes 2000 4000 8000')
    parser.add_argument('--sizes', type=positive_int, nargs='+',
                        default=[2000, 4000, 6000, 10000], metavar='PX',
                        help='widths of the simulated images '
                             '(2000 4000 6000 10000)')
    parser.add_argument('--density', type=float, default=200.0,
                        help='galaxies per square arcminute (%(default)s)')
    add_model_options(parser)
    add_precision(parser)
    add_table(parser)


def run_memory(arguments):
    """Measure the memory of a classification."""
    from blendhunter.benchmark import evaluate_memory
    from blendhunter.identify import BlendIdentifier

    return evaluate_memory(
        BlendIdentifier(precision=arguments.precision,
                        **model_options(arguments)),
        arguments.sizes, density=arguments.density, progress=True)
