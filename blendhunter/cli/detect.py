# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter detect``: detect the sources of an image."""

from contextlib import suppress
from dataclasses import asdict

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.options import (
    IMAGE_FILES,
    add_detection_options,
    add_image_options,
    add_output_options,
    add_tile_size,
    check_files,
    check_image_options,
    detection_settings,
    image_options,
    new_parser,
)
from blendhunter.images.sections import open_sections

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'detect', 'Detect the sources of an image.',
        'blendhunter detect image.fits -o catalog.ecsv')
    add_image_options(parser)
    add_detection_options(parser)
    add_tile_size(parser)
    add_output_options(parser)
    parser.add_argument('--segmentation', metavar='FITS',
                        help='write the segmentation image too')
    return parser


def run(arguments):
    """Detect and write the catalog."""
    from blendhunter.detection import detect

    check_files(arguments, ('output', 'segmentation'), IMAGE_FILES)
    check_table_path(arguments.output, overwrite=arguments.overwrite)
    if arguments.segmentation:
        check_writable(arguments.segmentation, name='segmentation',
                       overwrite=arguments.overwrite)
    check_image_options(arguments)
    image, options = image_options(arguments)
    options.update(asdict(detection_settings(arguments)))
    if arguments.segmentation:
        catalog, segmentation = detect(image, return_segmentation=True,
                                       **options)
        _write_segmentation(arguments.segmentation, image,
                            options.get('ext'), segmentation)
    else:
        catalog = detect(image, **options)
    write_table(catalog, arguments.output, overwrite=arguments.overwrite)
    print(f'{len(catalog)} sources written to {arguments.output}')


def _write_segmentation(path, image, ext, segmentation):
    """Write a segmentation image with the celestial WCS, if there is one."""
    import numpy as np
    from astropy.io import fits

    with open_sections(image, ext=ext) as sections:
        pixels = (np.zeros(sections.shape, dtype=np.int32)
                  if segmentation is None else segmentation.data)
        hdus = fits.HDUList([fits.PrimaryHDU(pixels)])
        # detection has warned of a WCS that cannot be used
        with suppress(ValueError):
            wcs = sections.wcs
            if wcs is not None and wcs.has_celestial:
                # with the tables of a distortion
                hdus = wcs.celestial.to_fits(relax=True)
                hdus[0] = fits.PrimaryHDU(pixels, header=hdus[0].header)
    with atomic_path(path) as temporary:
        hdus.writeto(temporary, overwrite=True)
