# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark singles``."""

from blendhunter.cli.benchmark.common import add_directory
from blendhunter.cli.options import (
    add_image_options,
    add_model_options,
    add_position_options,
    check_image_options,
    model_options,
    new_parser,
    read_image,
)

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the null test on the user's image."""
    parser = new_parser(
        kinds, 'singles', 'Null test: the fraction of isolated sources that '
        'is flagged.',
        'blendhunter benchmark singles kids.fits -o singles')
    add_image_options(parser)
    parser.add_argument('--catalog', metavar='FILE',
                        help='catalog of the sources; by default they are '
                        'detected')
    add_position_options(parser)
    parser.add_argument('--isolation', type=float, default=12.0,
                        metavar='PX', help='least distance to any other '
                        'source (%(default)s)')
    parser.add_argument('--threshold', type=float, default=0.5,
                        help='least probability of a flagged source '
                        '(%(default)s)')
    add_model_options(parser)
    add_directory(parser)


def run(arguments):
    """Classify the isolated sources; write tables and figures."""
    from blendhunter.benchmark import evaluate_singles
    from blendhunter.benchmark.report import report_singles
    from blendhunter.benchmark.singles import describe_singles
    from blendhunter.detection import DetectedImage
    from blendhunter.identify import BlendIdentifier

    check_image_options(arguments)
    identifier = BlendIdentifier(threshold=arguments.threshold,
                                 **model_options(arguments))
    image, background = read_image(arguments)
    result = evaluate_singles(
        identifier, DetectedImage.from_image(
            image, arguments.catalog, background=background,
            columns=arguments.columns, sky=arguments.sky,
            pixel_origin=arguments.pixel_origin, chip=arguments.chip),
        isolation=arguments.isolation, progress=True)
    report_singles(arguments.directory, result, command=arguments.command,
                   weights=arguments.weights, threshold=arguments.threshold)
    print(describe_singles(result.scores))
    return result.scores
