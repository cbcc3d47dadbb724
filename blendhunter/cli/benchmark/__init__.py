"""``blendhunter benchmark``: measurements, one module for each kind."""

from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.benchmark import (
    compare,
    detectors,
    field,
    image,
    inject,
    paper,
    speed,
    stamps,
)
from blendhunter.cli.benchmark.common import print_table
from blendhunter.cli.options import new_parser

__all__ = ['add_parser', 'run']

KINDS = {'paper': paper, 'field': field, 'inject': inject,
         'compare': compare, 'stamps': stamps, 'detectors': detectors,
         'image': image, 'speed': speed}
# these load no network
PLAIN = ('compare', 'detectors', 'image')


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'benchmark', 'Measure the model, and what it has to beat.',
        'blendhunter benchmark paper --scale small -o paper\n'
        '  blendhunter benchmark field --survey lsst -o lsst\n'
        '  blendhunter benchmark inject kids.fits -o injected\n'
        '  blendhunter benchmark compare mine.ecsv theirs.fits '
        '--truth field.ecsv\n'
        '  blendhunter benchmark stamps')
    kinds = parser.add_subparsers(dest='what', required=True, metavar='WHAT')
    for kind in KINDS.values():
        kind.add_parser(kinds)
    return parser


def run(arguments):
    """Measure, print the scores, and write them where asked."""
    from blendhunter._utils.tables import check_table_path, write_table

    output = getattr(arguments, 'output', None)
    if output:
        check_table_path(output, overwrite=arguments.overwrite)
    if arguments.what not in PLAIN:
        quiet_backend()
    table = KINDS[arguments.what].run(arguments)
    print_table(table)
    if output:
        write_table(table, output, overwrite=arguments.overwrite)
    if getattr(arguments, 'directory', None):
        print(f'tables and figures: {arguments.directory}')
