"""``blendhunter benchmark image`` and ``speed``: one classification."""

from blendhunter.cli.benchmark.common import add_table
from blendhunter.cli.options import add_model_options, new_parser

__all__ = ['add_image', 'add_speed', 'run_image', 'run_speed']


def add_image(kinds):
    """Add the summary of a classified catalog."""
    parser = new_parser(
        kinds, 'image', 'Show the share of flagged sources by flux.',
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
        kinds, 'speed', 'Time classify against the forward pass alone.',
        'blendhunter benchmark speed image.fits')
    parser.add_argument('image', help='FITS image')
    add_model_options(parser)
    add_table(parser)


def run_speed(arguments):
    """Time a classification."""
    from blendhunter.benchmark import evaluate_speed
    from blendhunter.identify import BlendIdentifier

    table = evaluate_speed(BlendIdentifier(arguments.weights,
                                           n_views=arguments.n_views),
                           arguments.image)
    print(f'{table.meta["sources"]} sources')
    return table
