# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The PSF of the paper, and PSFs that vary over a field."""

from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ['PaperPSF', 'VaryingPSF', 'accuracy', 'convolve']

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

    The form is that of Farrens et al. (2022, Sect. 2.4): a Moffat profile
    with beta 4.765 and the ellipticity of CFHT, and a Kolmogorov profile
    with ellipticity components N(0, 0.01). Here both parts have the same
    width, such that the PSF has the given seeing.

    Parameters
    ----------
    seeing : float
        Full width at half maximum in arcsec.
    """

    seeing: float

    def draw(self, rng, *, seeing_factor=1.0):
        """
        Draw a PSF.

        Parameters
        ----------
        rng : `~numpy.random.Generator`
            Random numbers.
        seeing_factor : float, optional
            Factor by which the seeing is multiplied.

        Returns
        -------
        psf : `galsim.GSObject`
            Of unit flux, in arcsec.
        """
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
