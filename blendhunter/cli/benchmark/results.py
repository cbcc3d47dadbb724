"""``blendhunter benchmark image`` and ``speed``: one classification."""

from blendhunter.cli.benchmark.common import add_table
from blendhunter.cli.options import add_model_options

__all__ = ['add_image', 'add_speed', 'run_image', 'run_speed']


def add_image(kinds):
    """Add the summary of a classified catalog."""
    parser = kinds.add_parser('image',
                              help='share of flagged sources by flux')
    parser.add_argument('table', help='output of blendhunter classify')
    add_table(parser)


def run_image(arguments):
    """Summarize a classified catalog."""
    from blendhunter.benchmark import evaluate_image
    from blendhunter.catalogs import read_catalog

    return evaluate_image(read_catalog(arguments.table))


def add_speed(kinds):
    """Add the times of a classification."""
    parser = kinds.add_parser(
        'speed', help='time of classify against the forward pass alone')
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
