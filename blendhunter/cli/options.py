# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Options that several verbs share."""

import argparse

from blendhunter._utils.files import check_outputs
from blendhunter.cli.dataclass_options import (
    add_dataclass_options,
    from_options,
)
from blendhunter.detection import DetectionSettings
from blendhunter.detection.settings import METHODS
from blendhunter.detection.tiles import TILE_SIZE, is_large
from blendhunter.images import accept_image, read_planes
from blendhunter.images.planes import read_beside, to_noise
from blendhunter.images.sections import image_shape
from blendhunter.truth.blend_definition import MIN_FLUX_RATIO

__all__ = ['IMAGE_FILES', 'PREPROCESSINGS', 'add_detection_options',
           'add_flux_ratio', 'add_image_options', 'add_model_options',
           'add_output_options', 'add_position_options', 'add_precision',
           'add_tile_size', 'check_files', 'check_image_options',
           'detection_settings', 'image_options', 'integer_or_text',
           'is_read_in_tiles', 'model_options', 'natural', 'new_parser',
           'positive_int', 'read_image', 'read_plane']

#: The options of `add_image_options` that name a file.
IMAGE_FILES = ('image', 'mask', 'noise', 'weight')
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
        msg = f'must be positive, got {text}'
        raise argparse.ArgumentTypeError(msg)
    return value


def natural(text):
    """Parse an integer that is not negative."""
    value = int(text)
    if value < 0:
        msg = f'must not be negative, got {text}'
        raise argparse.ArgumentTypeError(msg)
    return value


def integer_or_text(text):
    """Parse an HDU: its number or its name."""
    return int(text) if text.lstrip('-').isdigit() else text


def mask_bit(text):
    """Parse a bit of a mask: its number or its name."""
    return int(text) if text.isdigit() else text


def add_image_options(parser, *, name='image', many=False):
    """Add an image, or many; planes, background and extension."""
    help_text = 'FITS image, FILE or FILE[EXT], as are all FITS files below'
    if many:
        images = parser.add_mutually_exclusive_group(required=True)
        images.add_argument(name, metavar='IMAGE', nargs='*', default=[],
                            help=help_text)
        images.add_argument('--images', metavar='LIST',
                            help='table with a column image and, '
                            'optionally, ext, catalog, segmentation, mask, '
                            'weight, noise and name; paths are relative '
                            'to its folder')
    else:
        parser.add_argument(name, metavar='IMAGE', help=help_text)
    parser.add_argument('--ext', type=integer_or_text,
                        help='extension of the image, number or name')
    parser.add_argument('--planes', choices=('auto',),
                        help='read noise and mask from planes in the file '
                        'of the image (SCI/ERR/DQ, IMAGE/MASK/VARIANCE, '
                        'SCI/MSK/WGT ...)')
    parser.add_argument('--mask', metavar='FITS',
                        help='mask; nonzero pixels are bad')
    parser.add_argument('--mask-bits', nargs='+', type=mask_bit,
                        metavar='BIT',
                        help='bits of the mask that mark bad pixels, numbers '
                        'from 0 or names in its header; by default all, '
                        'except named ones that mark no defect')
    group = parser.add_mutually_exclusive_group()
    group.add_argument('--noise', metavar='SIGMA|FITS',
                       help='RMS noise per pixel, a number or a map')
    group.add_argument('--weight', metavar='FITS',
                       help='weight map (inverse variance); 0 is bad')
    parser.add_argument('--no-background', action='store_true',
                        help='the image is already background-subtracted')


def add_position_options(parser):
    """Add what the positions of a catalog mean."""
    parser.add_argument('--columns', nargs=2, metavar=('X', 'Y'),
                        help='names of the position columns')
    parser.add_argument('--sky', action='store_true', default=None,
                        help='the positions are sky coordinates (in degrees '
                        'if they have no unit)')
    parser.add_argument('--pixel-origin', type=int, choices=(0, 1),
                        help='coordinate of the first pixel; by default it '
                        'follows from the names of the columns')
    parser.add_argument('--chip', type=positive_int, metavar='N',
                        help='number of the catalog in a FITS_LDAC file '
                        'with several catalogs, from 1')


def read_image(arguments):
    """Read the image once; return it and the background to subtract."""
    background = None if arguments.no_background else 'auto'
    if arguments.planes:
        return read_planes(arguments.image, ext=arguments.ext,
                           mask_bits=arguments.mask_bits), background
    return accept_image(arguments.image, ext=arguments.ext,
                        **_noise_and_mask(arguments)), background


def add_tile_size(parser):
    """Add how wide the tiles of a large image are."""
    parser.add_argument('--tile-size', type=_tile_size, default=TILE_SIZE,
                        metavar='PX|none',
                        help='a larger image is processed in tiles of this '
                        'width; none: never (%(default)s)')


def _tile_size(text):
    """Return a width in px, or None."""
    return None if text == 'none' else positive_int(text)


def is_read_in_tiles(arguments):
    """Tell whether the image is a large one, read tile by tile."""
    return not arguments.planes and is_large(
        image_shape(arguments.image, arguments.ext), arguments.tile_size)


def image_options(arguments):
    """Return the image, or the path of a large one, and its keywords."""
    if not is_read_in_tiles(arguments):
        image, background = read_image(arguments)
        return image, {'background': background,
                       'tile_size': arguments.tile_size}
    return arguments.image, {
        'background': None if arguments.no_background else 'auto',
        'ext': arguments.ext, 'tile_size': arguments.tile_size,
        **_noise_and_mask(arguments)}


def check_image_options(arguments):
    """Check, before any work, that the options fit each other."""
    if arguments.planes:
        for name in ('mask', 'noise', 'weight'):
            if getattr(arguments, name):
                msg = f'planes: --planes and --{name} cannot be given together'
                raise ValueError(msg)
    elif arguments.mask_bits and not arguments.mask:
        msg = 'mask_bits: --mask-bits needs --mask or --planes'
        raise ValueError(msg)


def _noise_and_mask(arguments):
    """Return the keywords for `accept_image` that the options ask for."""
    options = {}
    if arguments.mask:
        options['mask'] = read_plane(arguments, 'mask',
                                     bits=arguments.mask_bits or ())
    if arguments.noise:
        try:
            options['noise'] = float(arguments.noise)
        except ValueError:
            options['noise'] = read_plane(arguments, 'noise')
    if arguments.weight:
        # no weight, no knowledge: such pixels become masked ones
        options['noise'] = to_noise(read_plane(arguments, 'weight'), -0.5)
    return options


def read_plane(arguments, name, *, bits=None):
    """Read the file of an option, which belongs to the image."""
    return read_beside(getattr(arguments, name), name, arguments.image,
                       arguments.ext, bits=bits)


def check_files(arguments, outputs, inputs, *, replaceable=()):
    """Check, before any work, that no output destroys an input."""
    def paths(names):
        return {name: getattr(arguments, name, None) for name in names}

    check_outputs(paths(outputs), paths(inputs), replaceable=replaceable)


def add_detection_options(parser):
    """Add the detector and its settings."""
    parser.add_argument('--detector', choices=METHODS, default='sep',
                        help='detector of the sources (%(default)s)')
    add_dataclass_options(parser, DetectionSettings, skip=('method',))


def detection_settings(arguments):
    """Return the settings that the options say."""
    return from_options(DetectionSettings, arguments,
                        method=arguments.detector)


def add_model_options(parser):
    """Add the weights, and how often the network sees each stamp."""
    parser.add_argument('--weights', default='default',
                        help='weights file (the packaged one)')
    parser.add_argument('--n-views', type=int, default=1,
                        choices=(1, 2, 4, 8),
                        help='orientations in which uncertain sources are '
                        'evaluated; more are more accurate and slower '
                        '(%(default)s)')
    parser.add_argument('--screen', type=_screen, default='auto',
                        metavar='auto|off|FILE',
                        help='small network that first dismisses sources '
                        'that are certainly single; auto: that of the '
                        'packaged weights; off: no screening (%(default)s)')


def model_options(arguments):
    """Return the keywords of an identifier that `add_model_options` adds."""
    return {name: getattr(arguments, name)
            for name in ('weights', 'n_views', 'screen')}


def _screen(value):
    """Return the setting ``screen`` of an identifier."""
    return False if value == 'off' else value


def add_precision(parser):
    """Add the arithmetic of the network."""
    parser.add_argument('--precision', default='auto',
                        choices=('auto', 'float32', 'bfloat16'),
                        help='arithmetic of the network; auto uses bfloat16 '
                        'where it is faster (%(default)s)')


def add_output_options(parser, *, required=True, many=False):
    """Add the result table, or a directory, and whether it may replace."""
    help_text = '.ecsv, .fits (also with .gz), .csv, .parquet or .hdf5'
    if many:
        outputs = parser.add_mutually_exclusive_group(required=True)
        outputs.add_argument('-o', '--output', metavar='TABLE',
                             help=help_text)
        outputs.add_argument('--output-dir', metavar='DIR',
                             help='directory for the tables of several '
                             'images and a manifest; if you repeat the '
                             'command, it classifies only images that are '
                             'missing, changed or failed')
    else:
        parser.add_argument('-o', '--output', metavar='TABLE',
                            required=required, help=help_text)
    parser.add_argument('--overwrite', action='store_true',
                        help='replace existing files and columns')


def add_flux_ratio(parser):
    """Add which companions are too faint to make a blend."""
    parser.add_argument('--min-flux-ratio', type=float, metavar='RATIO',
                        default=MIN_FLUX_RATIO,
                        help='a companion makes a blend if its flux is at '
                        'least this fraction of that of the brightest '
                        'source; a detection with a fainter companion is '
                        'unclear and left out; 0 counts all (%(default)s)')
