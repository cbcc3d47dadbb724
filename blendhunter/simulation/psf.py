"""Point-spread functions: the paper's, any of GalSim's, or an image."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

__all__ = ['FixedPSF', 'PaperPSF', 'VaryingPSF', 'accuracy', 'convolve',
           'get_psf']

MOFFAT_BETA = 4.765
# standard deviation of each ellipticity component: of the atmosphere
# (the paper's) and of CFHT's optics (ours, the paper gives no number)
ATMOSPHERE_ELLIPTICITY = 0.01
OPTICS_ELLIPTICITY = 0.02
# FWHM of a Moffat and a Kolmogorov profile of unit FWHM each, convolved
# (measured with galsim.Image.calculateFWHM at 0.02 per pixel)
COMBINED_FWHM = 1.5338
MAX_SHEAR = 0.1
# parts of a field, per axis, that have a camera's PSF of their own
N_NODES = 3
# the Moffat profile ends here, in FWHM: GalSim tabulates a truncated one
# and would evaluate Bessel functions for each pixel of an infinite one
TRUNCATION = 12


@cache
def accuracy():
    """
    Return the accuracy of what is rendered.

    Against GalSim's defaults it saves a tenth to half of the time and
    changes 41 px images of galaxies by less than 1e-4 (root of the summed
    squares, over that of the image).
    """
    import galsim

    return galsim.GSParams(maxk_threshold=5e-3, folding_threshold=1e-2)


def convolve(source, psf):
    """Convolve a source with a PSF, at the accuracy of the simulations."""
    import galsim

    return galsim.Convolve(source, psf, gsparams=accuracy())


@dataclass(frozen=True)
class PaperPSF:
    """
    A Moffat profile convolved with a Kolmogorov profile.

    The form is that of Farrens et al. (2022, Sect. 2.4): Moffat with beta
    4.765 and CFHT-like ellipticity, Kolmogorov with ellipticity
    components N(0, 0.01). Both parts have the same width here, so that
    the whole has the given seeing.

    Parameters
    ----------
    seeing : float
        Full width at half maximum in arcsec.
    """

    seeing: float

    def draw(self, rng, *, seeing_factor=1.0):
        """Return a `galsim.GSObject` of unit flux, in arcsec."""
        import galsim

        moffat, kolmogorov = _profiles(self.seeing / COMBINED_FWHM)
        shears = rng.normal(0, 1, (2, 2)).clip(-4, 4)
        parts = [profile.shear(e1=e1, e2=e2) for profile, (e1, e2) in (
            (moffat, OPTICS_ELLIPTICITY * shears[0]),
            (kolmogorov, ATMOSPHERE_ELLIPTICITY * shears[1]))]
        return galsim.Convolve(parts).dilate(seeing_factor)


@cache
def _profiles(width):
    """Return the round profiles, kept because they own lookup tables."""
    import galsim

    return (galsim.Moffat(beta=MOFFAT_BETA, fwhm=width,
                          trunc=TRUNCATION * width, gsparams=accuracy()),
            galsim.Kolmogorov(fwhm=width, gsparams=accuracy()))


@dataclass(frozen=True)
class FixedPSF:
    """One `galsim.GSObject` of unit flux, in arcsec, for all stamps."""

    profile: object

    def draw(self, rng, *, seeing_factor=1.0):  # noqa: ARG002
        """Return the profile, dilated; see `PaperPSF.draw`."""
        return self.profile.dilate(seeing_factor)


class VaryingPSF:
    """
    A PSF whose size and shape change smoothly over a field.

    Size and both shear components are polynomials of the second degree
    in the position, with random coefficients. ``amplitude`` is the RMS
    over fields of the relative change of size, and of each shear
    component, in a corner of the ``shape``. A model with a ``draw_grid``,
    such as `~blendhunter.simulation.CameraPSF`, has other aberrations in
    each of 3 x 3 parts of the field.
    """

    def __init__(self, model, shape, amplitude, rng, *, seeing_factor=1.0):
        if hasattr(model, 'draw_grid'):
            self.profiles = model.draw_grid(rng, N_NODES,
                                            seeing_factor=seeing_factor)
        else:
            self.profiles = [[model.draw(rng, seeing_factor=seeing_factor)]]
        self.shape = shape
        # the four terms of the polynomial that are not constant
        self.coefficients = rng.normal(0, amplitude / 2, (3, 4))

    def at(self, x, y):
        """Return the PSF at a position in px."""
        row, column = (
            min(max(int(value / length * len(self.profiles)), 0),
                len(self.profiles) - 1)
            for value, length in zip((y, x), self.shape, strict=True))
        profile = self.profiles[row][column]
        if not self.coefficients.any():
            return profile
        u = 2 * x / max(self.shape[1] - 1, 1) - 1
        v = 2 * y / max(self.shape[0] - 1, 1) - 1
        terms = np.array([u, v, u * v, (u * u + v * v) / 2])
        size, g1, g2 = self.coefficients @ terms
        g1, g2 = np.clip([g1, g2], -MAX_SHEAR, MAX_SHEAR)
        return profile.dilate(max(1 + size, 0.5)).shear(g1=g1, g2=g2)


def get_psf(psf, survey):
    """Return the PSF model of a ``psf`` argument, by default the paper's."""
    if psf is None:
        return PaperPSF(survey.seeing)
    if psf == 'camera':
        from blendhunter.simulation.camera_psf import OPTICS, CameraPSF

        return CameraPSF(survey.seeing, **OPTICS)
    if isinstance(psf, (str, Path)):
        psf = _read_image(psf, survey.pixel_scale)
    if hasattr(psf, 'drawImage'):
        return FixedPSF(psf.withFlux(1.0).withGSParams(accuracy()))
    if hasattr(psf, 'draw'):
        return psf
    msg = ("psf must be None, 'camera', a galsim object, a FITS file or an "
           f'object with a draw method, got {type(psf).__name__}')
    raise TypeError(msg)


def _read_image(path, pixel_scale):
    """
    Read a PSF from the first image of a FITS file.

    Its centroid becomes the center, so that it should have no background.
    ``pixel_scale`` (arcsec) is used if the header has no ``PIXSCALE``.
    """
    import galsim
    from astropy.io import fits

    with fits.open(path) as hdus:
        hdu = next((h for h in hdus if h.data is not None
                    and h.data.ndim == 2), None)
        if hdu is None:
            msg = f'psf: {str(path)!r} holds no 2-D image'
            raise ValueError(msg)
        pixels = np.array(hdu.data, dtype=np.float64)
        scale = float(hdu.header.get('PIXSCALE', pixel_scale))
    if not np.all(np.isfinite(pixels)) or pixels.sum() <= 0:
        msg = f'psf: the pixels of {str(path)!r} are not those of a PSF'
        raise ValueError(msg)
    psf = galsim.InterpolatedImage(galsim.Image(pixels), scale=scale,
                                   flux=1.0)
    # the middle of an even number of pixels lies between two of them
    return psf.shift(-psf.centroid)
