# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Check and read images of all accepted forms."""

from blendhunter.images.acceptance import (
    AcceptedImage,
    accept_image,
    accept_segmentation,
)
from blendhunter.images.fits_files import read_array
from blendhunter.images.planes import read_planes

__all__ = ['AcceptedImage', 'accept_image', 'accept_segmentation',
           'read_array', 'read_planes']
