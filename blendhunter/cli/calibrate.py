"""``blendhunter calibrate``: fit the blend fractions of weights."""

from blendhunter.catalogs import read_catalog
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import check_files, new_parser

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'calibrate', "Fit the blend fractions of weights to a "
        "survey's detections.",
        'blendhunter benchmark field --weights w.h5 -o fields\n'
        '  blendhunter calibrate w.h5 --detections fields/detections.ecsv')
    parser.add_argument('weights', metavar='WEIGHTS',
                        help='a weights file, or default')
    parser.add_argument('--detections', metavar='TABLE', required=True,
                        help='detections.ecsv of blendhunter benchmark '
                             'field, made with these weights')
    parser.add_argument('-o', '--output', metavar='HDF5',
                        help='new weights file; by default WEIGHTS is '
                             'changed')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace an existing output')
    return parser


def run(arguments):
    """Fit and print the fractions before and after."""
    check_files(arguments, ('output',), ('weights', 'detections'),
                replaceable=['weights'])
    quiet_backend()
    from blendhunter.benchmark.field import calibrate_weights

    before, after = calibrate_weights(
        arguments.weights, read_catalog(arguments.detections),
        output=arguments.output, overwrite=arguments.overwrite)
    for name, value in before.items():
        print(f'{name}: {value:.4f} -> {after[name]:.4f}')
    print(f'written to {arguments.output or arguments.weights}')
