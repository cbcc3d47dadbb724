# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The surveys that can be simulated."""

from dataclasses import dataclass
from functools import cache
from math import log10, pi, sqrt

__all__ = ['Survey', 'available_surveys', 'get_survey']

FWHM_TO_SIGMA = 1 / 2.3548
# bands in the order in which they replace F814W
BANDS = ('i', 'IE', 'f814w', 'r')


@dataclass(frozen=True)
class Survey:
    """
    The properties of the images of a survey.

    Parameters
    ----------
    name : str
        Name of the survey, and of the band if there are several.
    pixel_scale : float
        Width of a pixel in arcsec.
    seeing : float
        Mean full width at half maximum of the PSF in arcsec.
    noise : float
        RMS of the sky noise per pixel, in counts.
    zero_point : float
        Magnitude (AB) of a source of one count in the whole exposure.
    """

    name: str
    pixel_scale: float
    seeing: float
    noise: float
    zero_point: float

    def counts(self, magnitude):
        """
        Return the counts of a source.

        Parameters
        ----------
        magnitude : float or `~numpy.ndarray`
            Magnitude (AB).

        Returns
        -------
        counts : float or `~numpy.ndarray`
            Counts of the source in the whole exposure.
        """
        return 10 ** (0.4 * (self.zero_point - magnitude))

    def depth(self, snr, *, noise=None, seeing_factor=1.0):
        """
        Return the magnitude of a point source with a given SNR.

        For a Gaussian PSF of width s (px) the matched-filter SNR is
        ``counts / (noise * sqrt(4 pi) s)``.

        Parameters
        ----------
        snr : float
            Matched-filter SNR.
        noise : float, optional
            RMS noise per pixel in counts; by default that of the survey.
        seeing_factor : float, optional
            Factor by which the seeing of the survey is multiplied.

        Returns
        -------
        magnitude : float
            Magnitude (AB).
        """
        noise = self.noise if noise is None else noise
        width = (self.seeing * seeing_factor * FWHM_TO_SIGMA
                 / self.pixel_scale)
        return self.zero_point - 2.5 * log10(
            snr * noise * sqrt(4 * pi) * width)


OWN = {
    # The paper's CFIS (Farrens et al. 2022, Sect. 2.4 and 2.5). The zero
    # point of a 300 s exposure comes from HST: F814W gives one count per
    # second at 25.94 with an aperture of 2.4 m and a central obstruction
    # of 0.33, which the paper rescales to the 3.6 m CFHT.
    'cfis': Survey(
        'cfis', pixel_scale=0.187, seeing=0.65, noise=14.5,
        zero_point=25.94 + 2.5 * log10(
            300 * 3.6**2 / (2.4**2 * (1 - 0.33**2)))),
    # KiDS, r band (Kuijken et al. 2019, A&A 625, A2, Table 1): 25.02 at 5
    # sigma in an aperture of 1 arcsec radius, that is over the root of
    # its pixels; the zero point of 30 is an arbitrary choice.
    'kids': Survey(
        'kids', pixel_scale=0.2, seeing=0.70, zero_point=30.0,
        noise=10 ** (0.4 * (30.0 - 25.02)) / 5 / (sqrt(pi) / 0.2))}


def available_surveys():
    """
    List the names of the surveys.

    Returns
    -------
    names : list of str
        Names for `~blendhunter.simulation.get_survey`: ``cfis`` and
        ``kids`` of this package, and those of surveycodex.
    """
    import surveycodex

    return sorted({*OWN, *(name.lower()
                           for name in surveycodex.available_surveys)})


def get_survey(survey):
    """
    Look up a survey.

    Parameters
    ----------
    survey : str or `~blendhunter.simulation.Survey`
        Name of a survey. ``'cfis'`` is that of the paper. All except
        ``'cfis'`` and ``'kids'`` are taken from surveycodex, with the
        depth of the complete survey. The band is the one nearest to
        F814W. To choose another band, append it, as in ``'lsst-r'``. A
        `~blendhunter.simulation.Survey` is returned as it is.

    Returns
    -------
    survey : `~blendhunter.simulation.Survey`
        Pixel scale, seeing, noise and zero point.

    Raises
    ------
    ValueError
        If the name or the band is unknown; the message lists the known
        ones.
    """
    if isinstance(survey, Survey):
        return survey
    base, dash, band = str(survey).partition('-')
    return _look_up(base.lower() + dash + band)


@cache
def _look_up(name):
    """Return a survey by its name."""
    if name in OWN:
        return OWN[name]
    import surveycodex

    base, _, band = name.partition('-')
    known = {key.lower(): key for key in surveycodex.available_surveys}
    if base not in known:
        msg = f'survey must be one of {available_surveys()}, got {name!r}'
        raise ValueError(msg)
    codex = surveycodex.get_survey(known[base])
    if not band:
        band = next((b for b in BANDS if b in codex.available_filters),
                    codex.available_filters[-1])
    if band not in codex.available_filters:
        msg = (f'survey: {base!r} has the bands '
               f'{list(codex.available_filters)}, got {band!r}')
        raise ValueError(msg)
    return _from_codex(f'{base}-{band}', codex, codex.get_filter(band))


def _from_codex(name, codex, band):
    """Turn an entry of surveycodex into a `Survey`; counts: electrons."""
    from surveycodex.utilities import mean_sky_level

    return Survey(
        name, pixel_scale=float(codex.pixel_scale.to_value('arcsec')),
        seeing=float(band.psf_fwhm.to_value('arcsec')),
        noise=sqrt(mean_sky_level(codex, band).value),
        zero_point=(float(band.zeropoint.value)
                    + 2.5 * log10(band.full_exposure_time.to_value('s'))))
