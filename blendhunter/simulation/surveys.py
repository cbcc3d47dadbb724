"""Numbers of the surveys that can be simulated."""

from dataclasses import dataclass

__all__ = ['SURVEYS', 'Survey', 'get_survey']


@dataclass(frozen=True)
class Survey:
    """
    What an exposure of a survey looks like.

    Parameters
    ----------
    name : str
        Name of the survey.
    pixel_scale : float
        arcsec per pixel.
    seeing : float
        Mean full width at half maximum of the PSF in arcsec.
    noise : float
        RMS of the sky noise per pixel, in counts.
    zero_point : float
        Magnitude of a source of one count in the whole exposure.
    density : float
        Galaxies per square arcminute to magnitude 26.5.
    """

    name: str
    pixel_scale: float
    seeing: float
    noise: float
    zero_point: float
    density: float

    def counts(self, magnitude):
        """Return the counts of a source of the given magnitude."""
        return 10 ** (0.4 * (self.zero_point - magnitude))


def _cfis_zero_point():
    """
    Return the zero point of a 300 s CFIS exposure.

    From HST: F814W gives one count per second at 25.94 with an aperture
    of 2.4 m and a central obstruction of 0.33; Farrens et al. (2022,
    A&A 657, A98) rescale that to 300 s at the 3.6 m CFHT.
    """
    from math import log10

    factor = 300 * 3.6**2 / (2.4**2 * (1 - 0.33**2))
    return 25.94 + 2.5 * log10(factor)


#: The paper's CFIS numbers (Sect. 2.4 and 2.5 of Farrens et al. 2022).
#: The density continues COSMOS's counts (F814W) to 26.5.
SURVEYS = {'cfis': Survey('cfis', pixel_scale=0.187, seeing=0.65, noise=14.5,
                          zero_point=_cfis_zero_point(), density=90.0)}


def get_survey(survey):
    """
    Look up a survey.

    Parameters
    ----------
    survey : str or `Survey`

    Returns
    -------
    survey : `Survey`

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the known ones.
    """
    if isinstance(survey, Survey):
        return survey
    if survey not in SURVEYS:
        msg = f'survey must be one of {sorted(SURVEYS)}, got {survey!r}'
        raise ValueError(msg)
    return SURVEYS[survey]
