# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Checks of a whole image, before its sources are classified."""

import warnings

from blendhunter.detection.seeing import FWHM_PER_RADIUS, StarSizes
from blendhunter.exceptions import BlendHunterWarning

__all__ = ['SeeingCheck']

# of the measured seeing
TOLERANCE = 0.15


class SeeingCheck:
    """
    Compare the seeing of an image with that of the training.

    Parameters
    ----------
    metadata : dict
        Of the weights.
    """

    def __init__(self, metadata):
        self._limits = metadata['domain'].get('segment', {}).get('seeing')
        self._sizes = StarSizes()
        #: Whether the seeing lies outside the training's range.
        self.is_outside = False
        self._is_done = self._limits is None

    def look(self, detected):
        """Look at a part of the image; warn once if its stars do not fit."""
        if self._is_done or not len(detected):
            return
        self._sizes.add(detected)
        locus = self._sizes.find_locus()
        if locus is None:
            return
        self._is_done = True
        seeing = FWHM_PER_RADIUS * locus.pivot_radius
        low, high = self._limits
        self.is_outside = not (low * (1 - TOLERANCE) < seeing
                               < high * (1 + TOLERANCE))
        if self.is_outside:
            warnings.warn(
                f'image: the seeing is about {seeing:.1f} px '
                f'({locus.n_stars} stars), but the network was trained for '
                f'{low:.1f} to {high:.1f} px; all sources get the flag 64',
                BlendHunterWarning, stacklevel=2)
