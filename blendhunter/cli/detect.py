"""``blendhunter detect``: an image to a catalog."""

from contextlib import suppress
from dataclasses import asdict

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.options import (
    IMAGE_FILES,
    add_detection_options,
    add_image_options,
    add_output_options,
    check_files,
    check_image_options,
    detection_settings,
    new_parser,
    read_image,
)

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'detect', 'Detect the sources of an image.',
        'blendhunter detect image.fits -o catalog.ecsv')
    add_image_options(parser)
    add_detection_options(parser)
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
    image, background = read_image(arguments)
    catalog, segmentation = detect(
        image, return_segmentation=True, background=background,
        **asdict(detection_settings(arguments)))
    write_table(catalog, arguments.output, overwrite=arguments.overwrite)
    if arguments.segmentation:
        _write_segmentation(arguments.segmentation, image, segmentation)
    print(f'{len(catalog)} sources written to {arguments.output}')


def _write_segmentation(path, image, segmentation):
    """Write a segmentation image with the celestial WCS, if there is one."""
    import numpy as np
    from astropy.io import fits

    pixels = (np.zeros(image.data.shape, dtype=np.int32)
              if segmentation is None else segmentation.data)
    hdus = fits.HDUList([fits.PrimaryHDU(pixels)])
    # detection has warned of a WCS that cannot be used
    with suppress(ValueError):
        if image.wcs is not None and image.wcs.has_celestial:
            # with the tables of a distortion
            hdus = image.wcs.celestial.to_fits(relax=True)
            hdus[0] = fits.PrimaryHDU(pixels, header=hdus[0].header)
    with atomic_path(path) as temporary:
        hdus.writeto(temporary, overwrite=True)
