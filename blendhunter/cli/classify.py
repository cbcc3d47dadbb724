"""``blendhunter classify``: an image to blend probabilities."""

from dataclasses import replace
from functools import partial
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
    IMAGE_FILES,
    add_detection_options,
    add_image_options,
    add_model_options,
    add_output_options,
    add_position_options,
    add_precision,
    check_files,
    check_image_options,
    detection_settings,
    new_parser,
    positive_int,
    read_image,
    read_plane,
)
from blendhunter.images import accept_image

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
    add_position_options(parser)
    parser.add_argument('--wcs', metavar='FITS',
                        help='image whose WCS sky positions are put on; by '
                             'default that of IMAGE')
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
    parser.add_argument('--batch-size', type=positive_int, default=256,
                        help='stamps per call of the network (%(default)s)')
    add_precision(parser)
    add_output_options(parser)
    parser.add_argument('--plot', metavar='PNG', help='draw the result')
    parser.add_argument('--ds9', metavar='REG',
                        help='write regions for SAOImage DS9')
    return parser


def run(arguments):
    """Classify and write what was asked for."""
    from blendhunter.identify import BlendIdentifier
    from blendhunter.plotting import (
        check_figure_path,
        plot_result,
        save_figure,
        write_ds9_regions,
    )

    overwrite = arguments.overwrite
    check_files(arguments, ('output', 'plot', 'ds9'),
                (*IMAGE_FILES, 'catalog', 'segmentation', 'weights', 'wcs'),
                replaceable=['catalog'])
    check_image_options(arguments)
    check_table_path(arguments.output, overwrite=overwrite)
    if arguments.plot:
        check_figure_path(arguments.plot, overwrite=overwrite)
    if arguments.ds9:
        check_writable(arguments.ds9, name='ds9', overwrite=overwrite)
    detected = _read(arguments)
    # before the network runs
    check_table_columns(detected.catalog, arguments.output)
    quiet_backend()
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


def _read(arguments):
    """Return the image with its sources, read or detected."""
    from blendhunter.detection import DetectedImage

    catalog = segmentation = None
    if arguments.catalog:
        catalog = as_table(arguments.catalog, chip=arguments.chip)
        check_table_columns(catalog, arguments.output)
    if arguments.segmentation:
        segmentation = read_plane(arguments, 'segmentation')
    image, background = read_image(arguments)
    if arguments.wcs:
        image = replace(image, given_wcs=partial(_read_wcs, arguments.wcs))
    return DetectedImage.from_image(
        image, catalog, segmentation=segmentation, background=background,
        settings=detection_settings(arguments), columns=arguments.columns,
        sky=arguments.sky, pixel_origin=arguments.pixel_origin)


def _read_wcs(path):
    """Return the WCS of another image."""
    return accept_image(path).wcs
