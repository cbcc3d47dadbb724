# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Settings of a detection, and their storage in the meta of a table."""

import json
from dataclasses import asdict, dataclass, field

from blendhunter._utils.meta import read_meta

__all__ = ['METHODS', 'DetectionSettings']

METHODS = ('photutils', 'sep')


def _setting(default, text):
    """Return a field with the help text of its option."""
    return field(default=default, metadata={'help': text})


@dataclass(frozen=True)
class DetectionSettings:
    """
    Settings of a detection.

    The defaults are those of Farrens et al. (2022, Table 2).

    Parameters
    ----------
    method : {'sep', 'photutils'}, optional
        The detector.
    n_sigma : float, optional
        Detection threshold in units of the noise per pixel.
    n_pixels : int, optional
        Least number of connected pixels above the threshold.
    deblend : bool, optional
        Whether to split segments with several peaks.
    n_levels : int, optional
        Number of deblending levels.
    contrast : float, optional
        Least fraction of the flux for a peak to become a separate source.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    method: str = _setting('sep', 'the detector')
    n_sigma: float = _setting(1.5, 'detection threshold in units of the noise')
    n_pixels: int = _setting(5, 'least number of connected pixels')
    deblend: bool = _setting(
        True, 'do not split segments with several peaks')
    n_levels: int = _setting(32, 'number of deblending levels')
    contrast: float = _setting(0.005, 'least flux fraction of a separate peak')

    def __post_init__(self):
        checks = [
            ('method', self.method in METHODS, f'one of {list(METHODS)}'),
            ('n_sigma', self.n_sigma > 0, 'positive'),
            ('n_pixels', self.n_pixels >= 1, 'at least 1'),
            ('n_levels', self.n_levels >= 1, 'at least 1'),
            ('contrast', 0 <= self.contrast <= 1, 'between 0 and 1')]
        for name, good, wanted in checks:
            if not good:
                msg = f'{name} must be {wanted}, got {getattr(self, name)!r}'
                raise ValueError(msg)

    def to_meta(self):
        """
        Return the settings as a string for the meta of a table.

        Returns
        -------
        text : str
            The settings in JSON format.
        """
        return json.dumps(asdict(self), separators=(',', ':'),
                          default=lambda value: value.item())

    @classmethod
    def from_meta(cls, meta):
        """
        Read the settings that `~blendhunter.detect` stored in a meta.

        Parameters
        ----------
        meta : mapping
            Meta of a table, also of one that was written to FITS and read
            back.

        Returns
        -------
        settings : `~blendhunter.DetectionSettings` or None
            None if the table does not come from ``detect``.
        """
        try:
            return cls(**json.loads(read_meta(meta, 'detection')))
        except (TypeError, ValueError):
            return None
