# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter classify``: find the blends in one image or many."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from blendhunter._utils.files import check_writable
from blendhunter._utils.meta import record_meta
from blendhunter._utils.tables import (
    check_table_columns,
    check_table_path,
    write_table,
)
from blendhunter.catalogs import as_table
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.classify_many import (
    add_many_options,
    classify_many,
    is_many,
)
from blendhunter.cli.options import (
    IMAGE_FILES,
    add_detection_options,
    add_image_options,
    add_model_options,
    add_output_options,
    add_position_options,
    add_precision,
    add_tile_size,
    check_files,
    check_image_options,
    detection_settings,
    image_options,
    is_read_in_tiles,
    new_parser,
    positive_int,
    read_image,
    read_plane,
)
from blendhunter.images import accept_image

__all__ = ['add_parser', 'run']

# outputs that need all pixels and segments
PICTURES = ('plot', 'ds9', 'report')


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'classify', 'Find the blends among the sources of images.',
        'blendhunter classify image.fits -o blends.ecsv --plot blends.png\n'
        '  blendhunter classify *.fits --output-dir blends --workers 4')
    add_image_options(parser, many=True)
    parser.add_argument('--catalog', metavar='FILE',
                        help='catalog of the sources; by default they are '
                        'detected')
    add_position_options(parser)
    parser.add_argument('--wcs', metavar='FITS',
                        help='image whose WCS converts sky positions; by '
                        'default IMAGE')
    parser.add_argument('--segmentation', metavar='FITS',
                        help='segmentation image that goes with the catalog')
    add_detection_options(parser)
    add_tile_size(parser)
    parser.add_argument('--region', choices=('segment', 'stamp'),
                        default='segment',
                        help='region of a source in which a second source '
                        'makes it a blend (%(default)s)')
    parser.add_argument('--threshold', type=float, default=0.5,
                        help='least probability for is_blend (%(default)s)')
    parser.add_argument('--prior', type=_prior, metavar='FRACTION|estimate',
                        help='blend fraction of the sample; estimate finds '
                        'it from the probabilities of the catalog')
    parser.add_argument('--companions', action='store_true',
                        help='add the most likely position of the companion')
    add_model_options(parser)
    parser.add_argument('--batch-size', type=positive_int, default=256,
                        help='stamps per call of the network (%(default)s)')
    add_precision(parser)
    add_output_options(parser, many=True)
    add_many_options(parser)
    parser.add_argument('--plot', metavar='PNG', help='draw the result')
    parser.add_argument('--ds9', metavar='REG',
                        help='write regions for SAOImage DS9')
    parser.add_argument('--report', metavar='HTML',
                        help='write a page about the result: field, stamps, '
                             'histogram, null test, settings')
    return parser


def _prior(value):
    """Return the setting ``prior`` of an identifier."""
    return value if value == 'estimate' else float(value)


def run(arguments):
    """Classify an image, or many; return the exit status."""
    from blendhunter.identify import BlendIdentifier
    from blendhunter.identify.settings import PARAMETERS

    identifier = BlendIdentifier(**{
        name: getattr(arguments, name) for name in PARAMETERS})
    if is_many(arguments):
        return classify_many(arguments, identifier)
    arguments.image, = arguments.image
    return _classify_one(arguments, identifier)


def _classify_one(arguments, identifier):
    """Classify an image and write what was asked for."""
    overwrite = arguments.overwrite
    _check_outputs(arguments)
    options = _sources(arguments)
    # the figures need the pixels and all segments
    if any(getattr(arguments, name) for name in PICTURES) or (
            not is_read_in_tiles(arguments)):
        detected = _read(arguments, **options)
        # before the network runs
        check_table_columns(detected.catalog, arguments.output)
        image, options = detected, {}
    else:
        image, about = image_options(arguments)
        options |= about
        if arguments.wcs:
            options['wcs'] = _read_wcs(arguments.wcs)
    quiet_backend()
    result = identifier.classify(image, overwrite=overwrite, progress=True,
                                 **options)
    write_table(result, arguments.output, overwrite=overwrite)
    _write_pictures(arguments, image, result)
    unknown = int(np.sum(~np.isfinite(result['blend_prob'])))
    print(f'{len(result)} sources, {int(np.sum(result["is_blend"]))} '
          f'flagged as blends, {unknown} not classified; written to '
          f'{arguments.output}')


def _check_outputs(arguments):
    """Check, before any work, the options and what is written."""
    from blendhunter.plotting import check_figure_path

    overwrite = arguments.overwrite
    check_files(arguments, ('output', *PICTURES),
                (*IMAGE_FILES, 'catalog', 'segmentation', 'weights', 'wcs'),
                replaceable=['catalog'])
    check_image_options(arguments)
    check_table_path(arguments.output, overwrite=overwrite)
    if arguments.plot:
        check_figure_path(arguments.plot, overwrite=overwrite)
    if arguments.ds9:
        check_writable(arguments.ds9, name='ds9', overwrite=overwrite)
    if arguments.report:
        from blendhunter.reports import check_report_path

        check_report_path(arguments.report, overwrite=overwrite)


def _write_pictures(arguments, detected, result):
    """Write the regions, the figure and the report that are asked for."""
    from blendhunter.plotting import (
        plot_result,
        save_figure,
        write_ds9_regions,
    )

    name = Path(arguments.image).name
    if arguments.ds9:
        write_ds9_regions(arguments.ds9, detected, result)
    if arguments.plot:
        save_figure(plot_result(detected, result, title=name),
                    arguments.plot)
    if arguments.report:
        from blendhunter.reports import write_report

        # the page says more about its origin than the table
        about = result.copy(copy_data=False)
        record_meta(about.meta, image=arguments.image,
                    command=arguments.command)
        write_report(arguments.report, detected, about, title=name)


def _sources(arguments):
    """Return the keywords of the sources: catalog, segments, settings."""
    options = {name: getattr(arguments, name)
               for name in ('columns', 'sky', 'pixel_origin')}
    if arguments.catalog:
        options['catalog'] = as_table(arguments.catalog, chip=arguments.chip)
        check_table_columns(options['catalog'], arguments.output)
    if arguments.segmentation:
        options['segmentation'] = read_plane(arguments, 'segmentation')
    return {'settings': detection_settings(arguments), **options}


def _read(arguments, **options):
    """Return the image with its sources, read or detected."""
    from blendhunter.detection import DetectedImage

    image, background = read_image(arguments)
    if arguments.wcs:
        image = replace(image, given_wcs=partial(_read_wcs, arguments.wcs))
    return DetectedImage.from_image(image, background=background, **options)


def _read_wcs(path):
    """Return the WCS of another image."""
    return accept_image(path).wcs
