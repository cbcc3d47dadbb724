"""What varies from one simulated field to the next."""

from dataclasses import dataclass, fields

import numpy as np

__all__ = ['FieldRanges']

# upper limits of some ranges; galaxies end before the faint limit
HIGHEST = {'clustering': 1.0, 'noise_correlation': 1.0,
           'psf_variation': 1.0, 'spikes': 1.0, 'wings': 1.0, 'bright': 23.0}
# where a real image is cut off and masked, in units of its noise
SATURATION = (3e3, 1e5)


@dataclass(frozen=True)
class FieldRanges:
    """
    What varies from field to field, each between two limits.

    Values are uniform within the limits; factors are uniform in the
    logarithm.

    Parameters
    ----------
    density : tuple of float
        Galaxies per square arcminute to magnitude 26.5.
    clustering : tuple of float
        Fraction of them in clumps.
    bright : tuple of float
        Bright magnitude limit of galaxies; that of the stars is the
        same. The faint limit follows the depth of the field: the
        magnitude of a point source with a matched-filter SNR of 3,
        between 24 and 28.
    star_fraction : tuple of float
        Stars per galaxy.
    companions : tuple of float
        Galaxies thrown near others, per source.
    noise_factor : tuple of float
        Times the survey's noise.
    noise_correlation : tuple of float
        Width of the smoothing of the noise, px.
    seeing_factor : tuple of float
        Times the survey's seeing; for CFIS 0.58 to 1.73 is 2 to 6 px.
    psf_variation : tuple of float
        Change of the PSF over the field.
    spikes : tuple of float
        Fraction of stars' light in diffraction spikes.
    saturated : float
        Fraction of the fields whose bright pixels are cut off and
        masked, at 3 000 to 100 000 times the noise.
    n_sigma : tuple of float
        Detection threshold.
    wings : tuple of float
        Fraction of bright stars' light in wide wings.
    noise_electrons : tuple of float or None
        Noise RMS in electrons, which sets the photon noise of the
        sources, uniform in the logarithm; None for no photon noise.
    """

    density: tuple = (60.0, 130.0)
    clustering: tuple = (0.0, 0.4)
    bright: tuple = (16.0, 18.5)
    star_fraction: tuple = (0.0, 0.15)
    companions: tuple = (0.4, 0.4)
    noise_factor: tuple = (0.5, 10.0)
    noise_correlation: tuple = (0.0, 0.6)
    seeing_factor: tuple = (0.58, 1.73)
    psf_variation: tuple = (0.0, 0.05)
    spikes: tuple = (0.0, 0.03)
    saturated: float = 0.5
    n_sigma: tuple = (1.0, 3.0)
    wings: tuple = (0.0, 0.0)
    noise_electrons: tuple | None = None

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.name == 'noise_electrons':
                continue
            if field.name == 'saturated':
                good, wanted = 0 <= value <= 1, 'lie in 0 to 1'
            else:
                good = len(value) == 2 and value[0] <= value[1]
                good &= value[0] > 0 if _is_scale(field) else value[0] >= 0
                good &= value[1] <= HIGHEST.get(field.name, np.inf)
                wanted = (f'be two limits up to {HIGHEST[field.name]}, the '
                          'lower first' if field.name in HIGHEST else
                          'be two limits, the lower first')
            if not good:
                msg = f'{field.name} must {wanted}, got {value!r}'
                raise ValueError(msg)

    def draw(self, rng):
        """
        Draw the values of one field.

        Parameters
        ----------
        rng : `~numpy.random.Generator`

        Returns
        -------
        values : dict of float
            ``saturated`` in units of the noise, and ``noise_electrons``;
            both infinite for none.
        """
        values = {}
        for field in fields(self):
            limits = getattr(self, field.name)
            if field.name == 'saturated':
                level = np.exp(rng.uniform(*np.log(SATURATION)))
                values[field.name] = (level if rng.random() < limits
                                      else np.inf)
            elif limits is None:
                values[field.name] = np.inf
            elif _is_scale(field):
                values[field.name] = np.exp(rng.uniform(*np.log(limits)))
            else:
                values[field.name] = rng.uniform(*limits)
        return {key: float(value) for key, value in values.items()}


def _is_scale(field):
    """Tell whether a range is uniform in the logarithm."""
    return field.name.endswith(('factor', 'electrons'))
