"""Options that several verbs share."""

import argparse

from blendhunter.cli.dataclass_options import (
    add_dataclass_options,
    from_options,
)
from blendhunter.detection import DetectionSettings
from blendhunter.detection.settings import METHODS
from blendhunter.images import accept_image, read_array

__all__ = ['PREPROCESSINGS', 'add_detection_options', 'add_image_options',
           'add_model_options', 'add_output_options', 'detection_settings',
           'integer_or_text', 'natural', 'new_parser', 'positive_int',
           'read_image']

#: What a network may see; the network package is slow to import.
PREPROCESSINGS = ('noise', 'residuals', 'paper')


def new_parser(verbs, name, help_text, example):
    """Return a sub-parser whose help ends with an example."""
    return verbs.add_parser(
        name, help=help_text, description=help_text,
        epilog=f'example:\n  {example}',
        formatter_class=argparse.RawDescriptionHelpFormatter)


def positive_int(text):
    """Parse a positive integer."""
    value = int(text)
    if value < 1:
        msg = f'{text} is not positive'
        raise argparse.ArgumentTypeError(msg)
    return value


def natural(text):
    """Parse an integer that is not negative."""
    value = int(text)
    if value < 0:
        msg = f'{text} is negative'
        raise argparse.ArgumentTypeError(msg)
    return value


def integer_or_text(text):
    """Parse an HDU: its number or its name."""
    return int(text) if text.lstrip('-').isdigit() else text


def add_image_options(parser, *, name='image'):
    """Add an image, and its mask, noise, background and extension."""
    parser.add_argument(name, metavar='IMAGE', help='FITS image')
    parser.add_argument('--ext', type=integer_or_text,
                        help='extension of the image, number or name')
    parser.add_argument('--mask', metavar='FITS',
                        help='mask; pixels that are not zero are bad')
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--noise', metavar='SIGMA|FITS',
                       help='RMS noise per pixel, a number or a map')
    group.add_argument('--weight', metavar='FITS',
                       help='weight map: inverse variance; 0 is bad')
    parser.add_argument('--no-background', action='store_true',
                        help='the image is already background-subtracted')


def read_image(arguments):
    """
    Read the image once; return it and the background to subtract.

    The image is an `~astropy.nddata.NDData` with mask, WCS, unit, and the
    noise as its uncertainty.
    """
    import numpy as np
    from astropy.nddata import NDData, StdDevUncertainty

    image = accept_image(arguments.image, ext=arguments.ext,
                         **_noise_and_mask(arguments))
    noise = image.noise
    if noise is not None:
        noise = StdDevUncertainty(np.asarray(noise))
    data = NDData(image.data, unit=image.unit, mask=image.mask,
                  wcs=image.wcs, uncertainty=noise)
    return data, None if arguments.no_background else 'auto'


def _noise_and_mask(arguments):
    """Return the keywords for `accept_image` that the options ask for."""
    options = {}
    if arguments.mask:
        options['mask'] = read_array(arguments.mask, 'mask') != 0
    if arguments.noise:
        try:
            options['noise'] = float(arguments.noise)
        except ValueError:
            options['noise'] = read_array(arguments.noise, 'noise')
    if arguments.weight:
        import numpy as np

        weight = read_array(arguments.weight, 'weight').astype(float)
        # no weight, no knowledge: such pixels become masked ones
        options['noise'] = np.where(weight > 0, weight, np.nan) ** -0.5
    return options


def add_detection_options(parser):
    """Add the detector and its settings."""
    parser.add_argument('--detector', choices=METHODS, default='sep',
                        help='default: %(default)s')
    add_dataclass_options(parser, DetectionSettings, skip=('method',))


def detection_settings(arguments):
    """Return the settings that the options say."""
    return from_options(DetectionSettings, arguments,
                        method=arguments.detector)


def add_model_options(parser):
    """Add the weights, and how often the network sees each stamp."""
    parser.add_argument('--weights', default='default',
                        help='a weights file (the packaged one)')
    parser.add_argument('--n-views', type=int, default=1,
                        choices=(1, 2, 4, 8),
                        help='orientations in which sources in doubt are '
                             'classified: better and slower (%(default)s)')


def add_output_options(parser, *, required=True):
    """Add the result table, and whether it may replace one."""
    parser.add_argument('-o', '--output', metavar='TABLE', required=required,
                        help='.ecsv, .fits, .csv, .parquet or .hdf5')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace existing files and columns')
