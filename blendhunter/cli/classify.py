"""``blendhunter classify``: an image to blend probabilities."""

from pathlib import Path

import numpy as np

from blendhunter._utils.files import check_writable
from blendhunter._utils.tables import (
    check_table_columns,
    check_table_path,
    write_table,
)
from blendhunter.catalogs import as_table
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import (
    add_detection_options,
    add_image_options,
    add_model_options,
    add_output_options,
    detection_settings,
    new_parser,
    positive_int,
    read_image,
)
from blendhunter.images import read_array

__all__ = ['add_parser', 'run']

IDENTIFIER = ('weights', 'region', 'threshold', 'prior', 'batch_size',
              'precision', 'n_views')


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'classify', 'Find the blends among the sources of an image.',
        'blendhunter classify image.fits -o blends.ecsv --plot blends.png')
    add_image_options(parser)
    parser.add_argument('--catalog', metavar='FILE',
                        help='the sources; by default they are detected')
    parser.add_argument('--columns', nargs=2, metavar=('X', 'Y'),
                        help='names of the position columns')
    parser.add_argument('--segmentation', metavar='FITS',
                        help='segmentation image that goes with the catalog')
    add_detection_options(parser)
    parser.add_argument('--region', choices=('segment', 'stamp'),
                        default='segment', help='what is asked (%(default)s)')
    parser.add_argument('--threshold', type=float, default=0.5,
                        help='is_blend from here on (%(default)s)')
    parser.add_argument('--prior', type=float,
                        help='blend fraction of the sample')
    add_model_options(parser)
    parser.add_argument('--batch-size', type=positive_int, default=256)
    parser.add_argument('--precision', default='auto',
                        choices=('auto', 'float32', 'bfloat16'))
    add_output_options(parser)
    parser.add_argument('--plot', metavar='PNG', help='draw the result')
    parser.add_argument('--ds9', metavar='REG',
                        help='write regions for SAOImage DS9')
    return parser


def run(arguments):
    """Classify and write what was asked for."""
    from blendhunter.detection import DetectedImage
    from blendhunter.identify import BlendIdentifier
    from blendhunter.plotting import (
        check_figure_path,
        plot_result,
        save_figure,
        write_ds9_regions,
    )

    overwrite = arguments.overwrite
    check_table_path(arguments.output, overwrite=overwrite)
    if arguments.plot:
        check_figure_path(arguments.plot, overwrite=overwrite)
    if arguments.ds9:
        check_writable(arguments.ds9, name='ds9', overwrite=overwrite)
    catalog = segmentation = None
    if arguments.catalog:
        catalog = as_table(arguments.catalog)
        check_table_columns(catalog, arguments.output)
    if arguments.segmentation:
        segmentation = read_array(arguments.segmentation, 'segmentation')
    image, background = read_image(arguments)
    quiet_backend()
    detected = DetectedImage.from_image(
        image, catalog, segmentation=segmentation, background=background,
        settings=detection_settings(arguments), columns=arguments.columns)
    result = BlendIdentifier(**{
        name: getattr(arguments, name) for name in IDENTIFIER}).classify(
            detected, overwrite=overwrite, progress=True)
    write_table(result, arguments.output, overwrite=overwrite)
    if arguments.ds9:
        write_ds9_regions(arguments.ds9, detected, result)
    if arguments.plot:
        save_figure(plot_result(detected, result,
                                title=Path(arguments.image).name),
                    arguments.plot)
    unknown = int(np.sum(~np.isfinite(result['blend_prob'])))
    print(f'{len(result)} sources, {int(np.sum(result["is_blend"]))} '
          f'flagged as blends, {unknown} not classified; written to '
          f'{arguments.output}')
