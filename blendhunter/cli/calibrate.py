# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter calibrate``: fit the calibration of weights."""

from pathlib import Path

from blendhunter._utils.files import check_outputs
from blendhunter.catalogs import read_catalog
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import check_files, new_parser

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'calibrate', 'Fit the calibration of weights, or the limit '
        'of screening.',
        'blendhunter benchmark calibration --weights w.h5 -o sets\n'
        '  blendhunter calibrate w.h5 --detections sets/samples.ecsv\n'
        '  blendhunter benchmark field --screen fast.h5 -o screened\n'
        '  blendhunter calibrate fast.h5 --detections '
        'screened/detections.ecsv')
    parser.add_argument('weights', metavar='WEIGHTS',
                        help="weights file, or 'default'")
    parser.add_argument('--detections', metavar='TABLE', required=True,
                        nargs='+',
                        help='samples.ecsv of blendhunter benchmark '
                        'calibration, or detections.ecsv of benchmark '
                        'field, from these weights; for a small network '
                        'detections.ecsv with --screen')
    parser.add_argument('-o', '--output', metavar='HDF5',
                        help='new weights file; by default WEIGHTS is '
                             'changed')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace an existing output')
    return parser


def run(arguments):
    """Fit, and print what was found."""
    check_files(arguments, ('output',), ('weights',),
                replaceable=['weights'])
    check_outputs({'output': arguments.output},
                  {f'detections {path}': path
                   for path in arguments.detections})
    quiet_backend()
    from blendhunter.network.weights import read_metadata, resolve_weights

    metadata = read_metadata(resolve_weights(arguments.weights))
    tables = {Path(path).parent.name or path: read_catalog(path)
              for path in arguments.detections}
    if 'distilled_from' in metadata:
        _fit_screening(arguments, tables)
    else:
        _fit_calibration(arguments, tables)
    print(f'written to {arguments.output or arguments.weights}')


def _fit_screening(arguments, tables):
    """Find the limits of a small network."""
    from blendhunter.benchmark.field import calibrate_screening
    from blendhunter.benchmark.score_tables import table_lines

    scores = calibrate_screening(arguments.weights, tables,
                                 output=arguments.output,
                                 overwrite=arguments.overwrite)
    print('\n'.join(table_lines(scores)))


def _fit_calibration(arguments, tables):
    """Fit the calibration, and print it before and after."""
    from blendhunter.benchmark.calibration import calibrate_weights

    before, after = calibrate_weights(
        arguments.weights, tables, output=arguments.output,
        overwrite=arguments.overwrite)
    for region, values in before.items():
        for name, value in values.items():
            print(f'{region}, {name}: {value:.4f} -> '
                  f'{after[region][name]:.4f}')
