# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The effects of telescope and camera on a field, and artifacts."""

from dataclasses import dataclass

import numpy as np

from blendhunter.simulation.camera_psf import ABERRATIONS, WAVES, CameraPSF
from blendhunter.simulation.given_psf import get_psf
from blendhunter.simulation.parameters import check_value, described, parameter
from blendhunter.simulation.psf import accuracy, convolve
from blendhunter.simulation.surveys import Survey

__all__ = ['Artifacts', 'Camera', 'Exposure', 'draw_trail', 'get_noise']

# width of the square that rates refer to: a stamp's
UNIT_WIDTH = 51
# a cosmic ray: its mean length in px, its charge over the noise
RAY_LENGTH = 6.0
RAY_CHARGE = (10.0, 2000.0)
STEPS_PER_PIXEL = 4
# a satellite trail: its width (sigma, px) and peak over the noise
TRAIL_WIDTH = (0.8, 2.5)
TRAIL_PEAK = (1.0, 30.0)
MASK_LEVEL = 1.0
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
# peak over the noise at which the brighter-fatter effect is given, without
# saturation
FULL = 1e4
NOISE_HELP = ("RMS noise per pixel in counts, or 'survey' for that of the "
              'survey, or none')
PSF_HELP = ("FITS image of a PSF, or 'camera' for random aberrations; by "
            'default that of the paper')


@described
class Artifacts:
    """Rates of the artifacts of an image."""

    bad_pixels: float = parameter(
        0.0, 'fraction of dead and hot pixels, which are masked',
        'be between 0 and 1')
    bad_columns: float = parameter(
        0.0, 'bad columns per 51 px of width, which are masked',
        'not be negative')
    cosmic_rays: float = parameter(
        0.0, 'cosmic-ray hits per 51 x 51 px', 'not be negative')
    trails: float = parameter(
        0.0, 'mean number of satellite trails per stamp or field',
        'not be negative')
    residual_background: float = parameter(
        0.0, 'RMS of a constant residual of the background subtraction, '
        'over the noise', 'not be negative')
    masked: float = parameter(
        1.0, 'fraction of the hits and trails that the mask covers',
        'be between 0 and 1')

    def draw(self, shape, noise, rng):
        """
        Draw the artifacts of an image.

        Parameters
        ----------
        shape : tuple of int
            (ny, nx) of the image.
        noise : float
            RMS noise per pixel in counts.
        rng : `~numpy.random.Generator`
            Random numbers.

        Returns
        -------
        extra : float32 `~numpy.ndarray` of shape (ny, nx)
            Counts to add.
        mask : bool `~numpy.ndarray` of shape (ny, nx)
            True marks pixels that are known to be bad.
        """
        extra = np.full(shape, self.residual_background * rng.normal(),
                        dtype=np.float32)
        mask = rng.random(shape) < self.bad_pixels
        columns = rng.random(shape[1]) < self.bad_columns / UNIT_WIDTH
        mask |= columns
        extra[mask] += rng.uniform(-50, 500, mask.sum()).astype(np.float32)
        for _ in range(rng.poisson(self.cosmic_rays * mask.size
                                   / UNIT_WIDTH**2)):
            pixels, charge = _ray(shape, rng)
            np.add.at(extra, pixels, charge)
            if rng.random() < self.masked:
                mask[pixels] = True
        for _ in range(rng.poisson(self.trails)):
            trail = draw_trail(shape, rng)
            extra += trail
            if rng.random() < self.masked:
                mask |= trail > MASK_LEVEL
        return extra * np.float32(noise), mask


def _ray(shape, rng):
    """Return the pixels (y, x) of a cosmic ray and its charge in each."""
    length = rng.exponential(RAY_LENGTH)
    n = int(STEPS_PER_PIXEL * length) + 1
    angle = rng.uniform(0, 2 * np.pi)
    along = np.linspace(0, length, n)
    x = np.rint(rng.uniform(-0.5, shape[1] - 0.5) + along * np.cos(angle))
    y = np.rint(rng.uniform(-0.5, shape[0] - 0.5) + along * np.sin(angle))
    on = (x >= 0) & (x < shape[1]) & (y >= 0) & (y < shape[0])
    charge = np.exp(rng.uniform(*np.log(RAY_CHARGE))) / n
    return (y[on].astype(int), x[on].astype(int)), np.float32(charge)


def draw_trail(shape, rng, *, peak=TRAIL_PEAK):
    """Return a straight trail across the image, over the noise."""
    width = rng.uniform(*TRAIL_WIDTH)
    peak = np.exp(rng.uniform(*np.log(peak)))
    angle = rng.uniform(0, np.pi)
    y, x = np.ogrid[:shape[0], :shape[1]]
    distance = ((x - rng.uniform(0, shape[1])) * np.sin(angle)
                - (y - rng.uniform(0, shape[0])) * np.cos(angle))
    return (peak * np.exp(-0.5 * (distance / width) ** 2)).astype(np.float32)


@described
class Exposure:
    """
    The effects of telescope and camera on a field.

    The PSF is a `galsim.GSObject`, a FITS image, or a model such as
    `~blendhunter.simulation.PaperPSF`. The default is a PaperPSF with the
    seeing of the survey. If ``noise`` is None, the SNR of the sources
    refers to the noise of the survey.
    """

    psf: object = parameter(
        None, PSF_HELP, metavar='FITS',
        type='None, `galsim.GSObject`, path-like, or object with ``draw``')
    seeing_factor: float = parameter(
        1.0, 'factor on the seeing of the survey', 'be positive')
    psf_variation: float = parameter(
        0.0, 'RMS of the relative change of the size of the PSF, and of '
        'each component of its shear, in the corners of the field',
        'be between 0 and 1')
    coma: float = parameter(
        0.0, 'coma of the optics, RMS of the wavefront in waves; see '
        '`~blendhunter.simulation.CameraPSF`', WAVES)
    trefoil: float = parameter(
        0.0, 'trefoil of the optics in waves', WAVES)
    astigmatism: float = parameter(
        0.0, 'astigmatism of the optics in waves', WAVES)
    drift: float = parameter(
        0.0, 'length of the tracking error over the seeing',
        'be between 0 and 1')
    brighter_fatter: float = parameter(
        0.0, 'relative growth of the width of a star that saturates, or '
        'whose peak is 10 000 times the noise; in proportion for fainter '
        'stars', 'be between 0 and 1')
    noise: float | str | None = parameter('survey', NOISE_HELP, 'be positive')
    noise_correlation: float = parameter(
        0.0, 'width (sigma, px) of the Gaussian that smooths the noise',
        'be between 0 and 1')
    gain: float | None = parameter(
        None, 'electrons per count, for photon noise of the sources, which '
        'lowers their SNR', 'be positive')
    saturation: float | None = parameter(
        None, 'counts above which pixels are cut off and masked',
        'be positive')
    mask_saturated: bool = parameter(
        True, 'whether saturated pixels are masked',
        off_help='leave saturated pixels without a mask')
    bleed: float = parameter(
        0.0, 'fraction of the charge above the saturation that bleeds along '
        'the columns', 'be between 0 and 1')
    resampling: bool = parameter(
        False, 'shift the finished image by a random fraction of a pixel '
        'with a Lanczos kernel, as in coadds')
    spikes: float = parameter(
        0.0, 'fraction of the light of bright stars in four diffraction '
        'spikes', 'be between 0 and 1')
    wings: float = parameter(
        0.0, 'fraction of the light of bright stars in wide wings',
        'be between 0 and 1')
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


def _psf_of(survey, exposure):
    """Return the PSF model of an exposure, with its aberrations."""
    optics = {name: getattr(exposure, name)
              for name in (*ABERRATIONS, 'drift')
              if getattr(exposure, name)}
    if not optics:
        return get_psf(exposure.psf, survey)
    if exposure.psf is not None:
        msg = (f'{next(iter(optics))} cannot be given together with psf, '
               'because it changes the default PSF only')
        raise ValueError(msg)
    return CameraPSF(survey.seeing, **optics)


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
        return cls(survey, exposure, _psf_of(survey, exposure), noise)

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
        growth = self.exposure.brighter_fatter
        if growth:
            full = self.exposure.saturation or FULL * self.noise
            width = (self.survey.seeing * self.exposure.seeing_factor
                     / self.survey.pixel_scale)
            # of a Gaussian
            peak = flux * (4 * np.log(2) / np.pi) / width**2
            psf = psf.dilate(1 + growth * min(peak / full, 1.0))
        wings, spikes = self.exposure.wings, self.exposure.spikes
        if flux < SPIKE_LIMIT * self.noise:
            return psf
        import galsim

        # profiles of another accuracy would make galsim tabulate the
        # PSF again for each star
        if wings:
            wide = galsim.Moffat(
                beta=WING_BETA,
                fwhm=self.survey.seeing * self.exposure.seeing_factor,
                gsparams=accuracy())
            psf = (1 - wings) * psf + wings * wide
        if not spikes:
            return psf
        arm = galsim.Exponential(half_light_radius=SPIKE_RADIUS,
                                 gsparams=accuracy())
        arms = [convolve(arm.shear(galsim.Shear(
            q=SPIKE_AXIS_RATIO, beta=(SPIKE_ANGLE + turn) * galsim.degrees)),
            psf) for turn in (0, 90)]
        return (1 - spikes) * psf + spikes / 2 * galsim.Add(arms)
