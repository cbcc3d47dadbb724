"""``blendhunter detect``: an image to a catalog."""

from dataclasses import asdict

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.options import (
    add_detection_options,
    add_image_options,
    add_output_options,
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
    import numpy as np
    from astropy.io import fits

    from blendhunter.detection import detect

    check_table_path(arguments.output, overwrite=arguments.overwrite)
    if arguments.segmentation:
        check_writable(arguments.segmentation, name='segmentation',
                       overwrite=arguments.overwrite)
    image, background = read_image(arguments)
    catalog, segmentation = detect(
        image, return_segmentation=True, background=background,
        **asdict(detection_settings(arguments)))
    write_table(catalog, arguments.output, overwrite=arguments.overwrite)
    if arguments.segmentation:
        pixels = (np.zeros(image.data.shape, dtype=np.int32)
                  if segmentation is None else segmentation.data)
        with atomic_path(arguments.segmentation) as temporary:
            fits.PrimaryHDU(pixels).writeto(temporary, overwrite=True)
    print(f'{len(catalog)} sources written to {arguments.output}')
