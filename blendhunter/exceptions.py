"""Exceptions and warnings of the package."""

from astropy.utils.exceptions import AstropyUserWarning

__all__ = ['BlendHunterError', 'BlendHunterWarning', 'DataSetError',
           'NoDetectionsWarning', 'WeightsError']


class BlendHunterError(Exception):
    """Base class of the package's own errors."""


class WeightsError(BlendHunterError):
    """A weights file is missing, damaged or of another kind."""


class DataSetError(BlendHunterError):
    """A data-set file or a training checkpoint cannot be used."""


class BlendHunterWarning(AstropyUserWarning):
    """Base class of the package's warnings."""


class NoDetectionsWarning(BlendHunterWarning):
    """Nothing was found above the detection threshold."""
