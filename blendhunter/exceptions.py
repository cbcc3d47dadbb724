# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Exceptions and warnings of the package."""

from astropy.utils.exceptions import AstropyUserWarning

__all__ = ['BlendHunterError', 'BlendHunterWarning', 'DataSetError',
           'NoDetectionsWarning', 'WeightsError']


class BlendHunterError(Exception):
    """Base class of the errors of this package."""


class WeightsError(BlendHunterError):
    """A weights file is missing or damaged, or has the wrong type."""


class DataSetError(BlendHunterError):
    """A data-set file or a training checkpoint cannot be used."""


class BlendHunterWarning(AstropyUserWarning):
    """Base class of the warnings of this package."""


class NoDetectionsWarning(BlendHunterWarning):
    """Nothing was found above the detection threshold."""
