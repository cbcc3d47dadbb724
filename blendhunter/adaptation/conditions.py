# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The measured properties of a survey, and simulated fields like it."""

import json
from dataclasses import asdict, dataclass
from math import log10, pi, sqrt

import numpy as np

from blendhunter.simulation import FieldRanges
from blendhunter.simulation.field_ranges import CAMERA
from blendhunter.simulation.parameters import LogUniform
from blendhunter.simulation.surveys import FWHM_TO_SIGMA, Survey

__all__ = ['COMPANIONS', 'DEPTH_SNR', 'GALAXY_DENSITY', 'SurveyConditions']

#: Matched-filter SNR of a point source at the ``depth``.
DEPTH_SNR = 5.0
#: Galaxies per square arcminute to magnitude 26.5, by default.
GALAXY_DENSITY = 90.0
#: Added companions, per source, of the fields for training that have some.
COMPANIONS = 0.4
# the fields vary by so much around what was measured: seeing, noise and
# density by a factor, the correlation in px
SEEING_MARGIN, NOISE_MARGIN, DENSITY_MARGIN = 1.08, 1.2, 1.15
CORRELATION_MARGIN = 0.1
# waves of coma, and as many of trefoil, over the asymmetry that they make;
# they vary by half of it
WAVES = 1.5
MOST_WAVES = 0.2
# a camera's stars are wider than its seeing: by 1.13 with the drift and the
# astigmatism alone, 1.16, 1.26 and 1.66 with 0.05, 0.1 and 0.2 waves of both
# (measured); the coefficients of a polynomial, the highest first
BROADENING = (11.5, 0.3, 1.13)


@dataclass(frozen=True)
class SurveyConditions:
    """
    Properties of the images of a survey, as plain numbers.

    Parameters
    ----------
    pixel_scale : float
        Width of a pixel in arcsec.
    noise : float
        RMS noise per pixel, in the unit of the images.
    unit : str
        Unit of the images, or '' if they have none.
    noise_correlation : float
        Correlation of the noise of neighboring pixels: the width (sigma,
        px) of the Gaussian that gives white noise the same correlation.
    seeing : float
        Full width at half maximum of the stars in arcsec, corrected for
        the width of the pixel. It is the median over the images.
    seeing_range : tuple of float
        Lowest and highest seeing of the images, in arcsec.
    asymmetry : float
        Asymmetry of the mean star within 8 px: ``sum(abs(I - R)) / (2
        sum(I))``, where R is the image I rotated by 180 degrees. It is the
        median over the images.
    n_stars : int
        Number of stars that were used.
    density : float
        Detections per square arcminute.
    faint_flux : float
        The flux, in the unit of the images, that 10 per cent of the
        detections do not reach.
    detector : {'sep', 'photutils'}
        The detector that was used.
    n_sigma : float
        The detection threshold in units of the noise.
    n_images : int
        Number of images.
    depth : float
        Magnitude of a point source with a matched-filter SNR of 5. It is
        fitted such that simulated fields have as many detections as the
        images; NaN before the fit.
    galaxy_density : float
        Galaxies per square arcminute to magnitude 26.5 in these fields.
    """

    pixel_scale: float
    noise: float
    unit: str
    noise_correlation: float
    seeing: float
    seeing_range: tuple
    asymmetry: float
    n_stars: int
    density: float
    faint_flux: float
    detector: str = 'sep'
    n_sigma: float = 1.5
    n_images: int = 1
    depth: float = float('nan')
    galaxy_density: float = GALAXY_DENSITY

    def to_meta(self):
        """
        Return the numbers as a string for the meta of a table.

        Returns
        -------
        text : str
            The numbers in JSON format.
        """
        return json.dumps(asdict(self), separators=(',', ':'))

    def survey(self):
        """
        Return the survey that these conditions describe.

        Returns
        -------
        survey : `~blendhunter.simulation.Survey`
            One count is the noise per pixel. The zero point follows from
            the ``depth``.
        """
        width = self.seeing * FWHM_TO_SIGMA / self.pixel_scale
        return Survey(
            'adapted', pixel_scale=self.pixel_scale, seeing=self.seeing,
            noise=1.0, zero_point=self.depth + 2.5 * log10(
                DEPTH_SNR * sqrt(4 * pi) * width))

    def ranges(self, *, companions=0.0):
        """
        Return the ranges from which simulated fields draw their values.

        Parameters
        ----------
        companions : float, optional
            Number of additional galaxies near each source. They make more
            blends than the survey has.

        Returns
        -------
        ranges : `~blendhunter.simulation.FieldRanges`
            Ranges around the measured values. Properties that were not
            measured (spikes, saturation, drift ...) vary as in the
            training of the packaged model.
        """
        waves = min(WAVES * self.asymmetry, MOST_WAVES)
        wider = self.seeing * float(np.polyval(BROADENING, waves))
        low, high = (value / wider for value in self.seeing_range)
        aberrations = (0.5 * waves, 1.5 * waves)
        correlation = [min(max(self.noise_correlation + margin, 0.0), 1.0)
                       for margin in (-CORRELATION_MARGIN,
                                      CORRELATION_MARGIN)]
        return FieldRanges(**{
            **CAMERA,
            'density': (self.galaxy_density / DENSITY_MARGIN,
                        self.galaxy_density * DENSITY_MARGIN),
            'companions': (companions, companions),
            'noise': LogUniform(1 / NOISE_MARGIN, NOISE_MARGIN),
            'noise_correlation': tuple(correlation),
            'seeing_factor': LogUniform(low / SEEING_MARGIN,
                                        high * SEEING_MARGIN),
            'n_sigma': (self.n_sigma, self.n_sigma),
            'coma': aberrations, 'trefoil': aberrations,
            # the measured correlation has that of a resampling in it
            'resampling': 0.0})
