"""What telescope and camera do to a field."""

from dataclasses import dataclass

import numpy as np

from blendhunter.simulation.artifacts import Artifacts
from blendhunter.simulation.parameters import (
    check_value,
    parameter,
    parameter_dataclass,
)
from blendhunter.simulation.psf import convolve, get_psf
from blendhunter.simulation.surveys import Survey

__all__ = ['Camera', 'Exposure', 'get_noise']

# a point source at the depth of an exposure has this matched-filter SNR:
# what is fainter neither counts as a second source nor adds to the noise
DEPTH_SNR = 3.0
DEPTH_LIMITS = (24.0, 28.0)
# widths in px beyond which a source adds nothing visible, by its flux
# over the noise per pixel, for pixels and seeing like CFIS's
WIDTHS = ((120.0, 41), (800.0, 65), (5e3, 129), (3e4, 257), (2e5, 513))
MAX_WIDTH = 1025
CFIS_SEEING = 3.5
# diffraction spikes, of stars with this flux over the noise per pixel:
# two thin crossed exponential profiles (half-light radius in arcsec,
# before the shear)
SPIKE_LIMIT = 3e3
SPIKE_AXIS_RATIO = 0.01
SPIKE_RADIUS = 0.5
SPIKE_ANGLE = 45.0
# wide wings of the same stars: a Moffat profile that falls as r**-4, the
# second of the two that stellar profiles need (Racine 1996, PASP 108, 699)
WING_BETA = 2.0
NOISE_HELP = ("RMS noise per pixel in counts, 'survey' for that of the "
              'survey, none for no noise')
PSF_HELP = 'FITS image of a PSF; by default that of the paper'


@parameter_dataclass
class Exposure:
    """
    What telescope and camera do to a field.

    A PSF is a `galsim.GSObject`, a FITS image, or a model such as
    `~blendhunter.simulation.PaperPSF`, which has the seeing of the survey
    and is the default. Without noise (None) the SNR of the sources refers
    to the noise of the survey.
    """

    psf: object = parameter(
        None, PSF_HELP, metavar='FITS',
        type='None, `galsim.GSObject`, path-like, or object with ``draw``')
    seeing_factor: float = parameter(
        1.0, "times the survey's seeing", 'be positive')
    psf_variation: float = parameter(
        0.0, "RMS of the relative change of the PSF's size, and of each "
        'component of its shear, in the corners of the field',
        'lie in 0 to 1')
    noise: float | str | None = parameter('survey', NOISE_HELP, 'be positive')
    noise_correlation: float = parameter(
        0.0, 'width of the smoothing that correlates the noise, in px',
        'lie in 0 to 1')
    gain: float | None = parameter(
        None, 'electrons per count, for photon noise of the sources, which '
        'lowers their SNR', 'be positive')
    saturation: float | None = parameter(
        None, 'counts above which pixels are cut off and masked',
        'be positive')
    spikes: float = parameter(
        0.0, 'fraction of the light of bright stars in four diffraction '
        'spikes', 'lie in 0 to 1')
    wings: float = parameter(
        0.0, 'fraction of the light of bright stars in wide wings',
        'lie in 0 to 1')
    artifacts: Artifacts | None = parameter(
        None, 'bad pixels, cosmic rays, satellite trails, residual '
        'background')


def get_noise(noise, survey):
    """Return the noise in counts, or None, of counts, 'survey' or None."""
    if noise is None:
        return None
    if isinstance(noise, str) and noise == 'survey':
        return survey.noise
    check_value('noise', noise, 'be positive')
    return float(noise)


@dataclass(frozen=True)
class Camera:
    """An exposure of a survey, with its PSF and its noise in counts."""

    survey: Survey
    exposure: Exposure
    psf: object
    noise: float

    @classmethod
    def of(cls, survey, exposure):
        """Return the camera that takes an exposure."""
        noise = get_noise(exposure.noise, survey) or survey.noise
        if (exposure.saturation or np.inf) <= noise:
            msg = (f'saturation must exceed the noise of {noise:g}, got '
                   f'{exposure.saturation!r}')
            raise ValueError(msg)
        return cls(survey, exposure, get_psf(exposure.psf, survey), noise)

    def depth(self):
        """Return how faint the sources need to be drawn, in magnitudes."""
        faint = self.survey.depth(DEPTH_SNR, noise=self.noise,
                                  seeing_factor=self.exposure.seeing_factor)
        return float(np.clip(faint, *DEPTH_LIMITS))

    def variance(self, counts):
        """Return the noise variance of pixels, those of the sources in."""
        if self.exposure.gain is None:
            return self.noise**2
        return self.noise**2 + np.maximum(counts, 0) / self.exposure.gain

    def width(self, flux):
        """Return the width in px of a source's image, an odd number."""
        ratio = flux / self.noise
        base = next((w for limit, w in WIDTHS if ratio < limit), MAX_WIDTH)
        seeing = (self.survey.seeing * self.exposure.seeing_factor
                  / self.survey.pixel_scale / CFIS_SEEING)
        return 2 * int(base * max(seeing, 1.0) / 2) + 1

    def star(self, psf, flux):
        """Return the image of a star, of unit flux."""
        wings, spikes = self.exposure.wings, self.exposure.spikes
        if flux < SPIKE_LIMIT * self.noise:
            return psf
        import galsim

        if wings:
            wide = galsim.Moffat(
                beta=WING_BETA,
                fwhm=self.survey.seeing * self.exposure.seeing_factor)
            psf = (1 - wings) * psf + wings * wide
        if not spikes:
            return psf
        arm = galsim.Exponential(half_light_radius=SPIKE_RADIUS)
        arms = [convolve(arm.shear(galsim.Shear(
            q=SPIKE_AXIS_RATIO, beta=(SPIKE_ANGLE + turn) * galsim.degrees)),
            psf) for turn in (0, 90)]
        return (1 - spikes) * psf + spikes / 2 * galsim.Add(arms)
