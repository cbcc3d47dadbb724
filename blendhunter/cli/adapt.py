# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter adapt``: adapt the packaged model to a survey."""

import sys

from blendhunter._utils.files import check_outputs
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import (
    add_precision,
    integer_or_text,
    natural,
    new_parser,
    positive_int,
)
from blendhunter.detection.settings import METHODS

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'adapt', 'Adapt the packaged model to your survey. The same '
        'command continues an\ninterrupted run.',
        'blendhunter adapt field.fits -o my-weights.h5\n'
        '  blendhunter classify other.fits --weights my-weights.h5 '
        '-o blends.ecsv')
    parser.add_argument('images', metavar='IMAGE', nargs='+',
                        help='FITS image, FILE or FILE[EXT], with 20 or more '
                             'isolated stars; all of one survey')
    parser.add_argument('-o', '--output', metavar='HDF5', required=True,
                        help='weights file to write, for the region segment')
    parser.add_argument('--ext', type=integer_or_text,
                        help='extension of the images, number or name')
    parser.add_argument('--pixel-scale', type=float, metavar='ARCSEC',
                        help='width of a pixel; by default that of the WCS')
    parser.add_argument('--weights', default='default',
                        help='weights to adapt (the packaged ones)')
    parser.add_argument('--detector', choices=METHODS, default='sep',
                        help='detector of the sources (%(default)s)')
    parser.add_argument('--n-sigma', type=float, default=1.5,
                        help='detection threshold in units of the noise per '
                        'pixel (%(default)s)')
    parser.add_argument('--n-detections', type=positive_int, default=20_000,
                        help='approximate number of simulated detections; '
                        'one fifth is for the scores (%(default)s)')
    parser.add_argument('--injections', action='store_true',
                        help='also compare on companions that are injected '
                        'into the first image')
    parser.add_argument('--force', action='store_true',
                        help='write the weights even if they do not score '
                        'better')
    add_precision(parser)
    parser.add_argument('--seed', type=natural, default=0,
                        help='the same seed gives the same weights, except '
                        'for rounding (%(default)s)')
    parser.add_argument('--n-jobs', type=int, default=-1,
                        help='processes of the simulation; -1 uses every '
                        'core (%(default)s)')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace an existing output')
    return parser


def run(arguments):
    """Adapt, print the report; return 1 if nothing was written."""
    check_outputs({'output': arguments.output}, {
        'weights': arguments.weights,
        **{f'image {path}': path for path in arguments.images}})
    quiet_backend()
    from blendhunter.adaptation import adapt
    from blendhunter.adaptation.report import describe_gain, describe_report

    report = adapt(
        arguments.images, output=arguments.output,
        weights=arguments.weights, pixel_scale=arguments.pixel_scale,
        ext=arguments.ext, detector=arguments.detector,
        n_sigma=arguments.n_sigma, n_detections=arguments.n_detections,
        injections=arguments.injections, force=arguments.force,
        precision=arguments.precision, rng=arguments.seed,
        n_jobs=arguments.n_jobs, command=arguments.command,
        overwrite=arguments.overwrite, progress=True)
    print('\n'.join(describe_report(report)))
    if not report.written:
        print('blendhunter: not written, because the scores are not better: '
              f'{describe_gain(report.scores)}; use --force to write anyway',
              file=sys.stderr)
        return 1
    print(f'weights written to {report.path}')
    return None
