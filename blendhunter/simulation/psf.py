"""The point-spread function of the paper's simulations."""

from functools import cache

__all__ = ['draw_psf']

MOFFAT_BETA = 4.765
# standard deviation of each ellipticity component: of the atmosphere
# (the paper's) and of CFHT's optics (ours, the paper gives no number)
ATMOSPHERE_ELLIPTICITY = 0.01
OPTICS_ELLIPTICITY = 0.02
# FWHM of a Moffat and a Kolmogorov profile of unit FWHM each, convolved
# (measured with galsim.Image.calculateFWHM at 0.02 per pixel)
COMBINED_FWHM = 1.5338
MAX_SHEAR = 0.1
# the Moffat profile ends here, in FWHM: GalSim tabulates a truncated one
# and would evaluate Bessel functions for each pixel of an infinite one
TRUNCATION = 12


def draw_psf(survey, rng, *, seeing_factor=1.0):
    """
    Draw a PSF: a Moffat profile convolved with a Kolmogorov profile.

    The form is that of Farrens et al. (2022, Sect. 2.4); both parts have
    the same width here, so that the whole has the survey's seeing.

    Parameters
    ----------
    survey : `~blendhunter.simulation.surveys.Survey`
    rng : `~numpy.random.Generator`
    seeing_factor : float, optional
        Multiplies the survey's seeing.

    Returns
    -------
    psf : `galsim.GSObject`
        Of unit flux; in arcsec.
    """
    import galsim

    moffat, kolmogorov = _profiles(survey.seeing / COMBINED_FWHM)
    parts = []
    for profile, scatter in ((moffat, OPTICS_ELLIPTICITY),
                             (kolmogorov, ATMOSPHERE_ELLIPTICITY)):
        e1, e2 = rng.normal(0, scatter, 2).clip(-MAX_SHEAR, MAX_SHEAR)
        parts.append(profile.shear(e1=e1, e2=e2))
    return galsim.Convolve(parts).dilate(seeing_factor)


@cache
def _profiles(width):
    """Return the round profiles, kept because they own lookup tables."""
    import galsim

    return (galsim.Moffat(beta=MOFFAT_BETA, fwhm=width,
                          trunc=TRUNCATION * width),
            galsim.Kolmogorov(fwhm=width))
