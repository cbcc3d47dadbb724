"""Options that several verbs share."""

import argparse

from blendhunter._utils.fits import read_array
from blendhunter._utils.images import as_image

__all__ = ['PREPROCESSINGS', 'add_detection_options', 'add_image_options',
           'add_views', 'detection_options', 'integer_or_text', 'natural',
           'new_parser', 'positive_int', 'read_image']

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
    Read the image once, for detection, network and plot alike.

    Returns
    -------
    image : `~astropy.nddata.NDData`
        With mask, WCS, unit, and the noise as its uncertainty.
    background : 'auto' or None
    """
    import numpy as np
    from astropy.nddata import NDData, StdDevUncertainty

    image = as_image(arguments.image, ext=arguments.ext,
                     **_noise_and_mask(arguments))
    noise = image.noise
    if noise is not None:
        noise = StdDevUncertainty(np.asarray(noise))
    data = NDData(image.data, unit=image.unit, mask=image.mask,
                  wcs=image.wcs, uncertainty=noise)
    return data, None if arguments.no_background else 'auto'


def _noise_and_mask(arguments):
    """Return the keywords for `as_image` that the options ask for."""
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
    parser.add_argument('--detector', choices=('sep', 'photutils'),
                        default='sep', help='default: %(default)s')
    parser.add_argument('--n-sigma', type=float, default=1.5,
                        help='threshold over the noise (%(default)s)')
    parser.add_argument('--n-pixels', type=positive_int, default=5,
                        help='least connected pixels (%(default)s)')
    parser.add_argument('--no-deblend', action='store_true',
                        help='do not split segments')
    parser.add_argument('--n-levels', type=positive_int, default=32,
                        help='deblending levels (%(default)s)')
    parser.add_argument('--contrast', type=float, default=0.005,
                        help='deblending contrast (%(default)s)')


def add_views(parser):
    """Add how often the network sees each stamp."""
    parser.add_argument('--n-views', type=int, default=1,
                        choices=(1, 2, 4, 8),
                        help='pool the answers to so many orientations of '
                             'what is in doubt: better and slower '
                             '(%(default)s)')


def detection_options(arguments):
    """Return the keywords of the detection for `detect`."""
    return {'method': arguments.detector, 'n_sigma': arguments.n_sigma,
            'n_pixels': arguments.n_pixels,
            'deblend': not arguments.no_deblend,
            'n_levels': arguments.n_levels, 'contrast': arguments.contrast}
