"""The simulated skies that are measured."""

from dataclasses import dataclass

import numpy as np

from blendhunter.simulation import get_survey, simulate_field
from blendhunter.simulation.populations import get_population
from blendhunter.simulation.sky import DENSITY, faint_limit

__all__ = ['SurveyFields']

BRIGHT = 18.0


@dataclass(frozen=True)
class SurveyFields:
    """
    Fields as a survey sees them, without added companions.

    Parameters
    ----------
    survey : str or `~blendhunter.simulation.Survey`
    kind : str
        Kind of the galaxies; see `~blendhunter.simulation.simulate_stamps`.
    cosmos_dir : path-like, optional
        For kind 'realistic'; galaxies fainter than its catalogue are
        parametric.
    shape : tuple of int
        (ny, nx) of each field.
    density : float
        Galaxies per square arcminute to magnitude 26.5.
    clustering : float
        Fraction of the galaxies in clumps.
    star_fraction : float
        Stars per galaxy.
    noise_factor : float
        Times the survey's noise.
    seeing_factor : tuple of float
        Limits of the factor on the survey's seeing, one drawn per field.
    """

    survey: object = 'cfis'
    kind: str = 'structured'
    cosmos_dir: object = None
    shape: tuple = (1500, 1500)
    density: float = DENSITY
    clustering: float = 0.0
    star_fraction: float = 0.05
    noise_factor: float = 1.0
    seeing_factor: tuple = (0.9, 1.1)

    def make(self, seed, *, n_jobs=1):
        """
        Simulate one field.

        Parameters
        ----------
        seed : `~numpy.random.SeedSequence`
        n_jobs : int, optional

        Returns
        -------
        image : `~astropy.nddata.CCDData`
        truth : `~astropy.table.Table`
            See `~blendhunter.simulation.simulate_field`.
        """
        draw, field = seed.spawn(2)
        survey = get_survey(self.survey)
        factor = np.random.default_rng(draw).uniform(*self.seeing_factor)
        noise = survey.noise * self.noise_factor
        faint = faint_limit(survey, noise=noise, seeing_factor=factor)
        return simulate_field(
            self.shape, survey=survey, density=self.density,
            clustering=self.clustering, magnitudes=(BRIGHT, faint),
            star_fraction=self.star_fraction,
            star_magnitudes=(BRIGHT, faint), noise=noise,
            seeing_factor=factor, rng=field, n_jobs=n_jobs,
            population=get_population(self.kind, cosmos_dir=self.cosmos_dir,
                                      bright=BRIGHT))
