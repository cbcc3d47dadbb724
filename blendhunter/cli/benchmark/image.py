"""``blendhunter benchmark image``."""

from blendhunter.cli.benchmark.common import add_table

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the summary of a classified catalogue."""
    parser = kinds.add_parser('image',
                              help='share of flagged sources by flux')
    parser.add_argument('table', help='output of blendhunter classify')
    add_table(parser)


def run(arguments):
    """Summarise a classified catalogue."""
    from blendhunter.benchmark import measure_image
    from blendhunter.catalogs import read_catalog

    return measure_image(read_catalog(arguments.table))
