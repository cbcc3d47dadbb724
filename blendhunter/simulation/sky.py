"""Where the sources of a field are, and what they are."""

from dataclasses import dataclass

import numpy as np
from astropy.table import vstack

from blendhunter.simulation.populations import (
    StarPopulation,
    StructuredPopulation,
)
from blendhunter.simulation.populations.columns import complete
from blendhunter.simulation.populations.model import (
    draw_magnitudes,
    galaxy_density,
)
from blendhunter.simulation.populations.stars import STAR_FRACTION

__all__ = ['DENSITY', 'FAINT_LIMIT', 'Sky', 'faint_limit']

#: Galaxies per square arcminute to the magnitude `FAINT_LIMIT`.
DENSITY = 90.0
FAINT_LIMIT = 26.5
# a point source at a survey's own faint limit has this matched-filter
# SNR: what is fainter counts neither as a second source nor adds to the
# noise
FAINT_SNR = 3.0
FAINT_LIMITS = (24.0, 28.0)
# Clumps of galaxies: mean members, radius in arcsec; the density around
# their centre falls as r**-0.8, the slope of the angular correlation
# function of galaxies (Groth & Peebles 1977, ApJ 217, 385)
CLUMP_MEMBERS = 10.0
CLUMP_RADIUS = 30.0
CLUMP_SLOPE = 0.8
# Companions thrown near hosts that are bright enough to be seen
HOST_LIMIT = 25.5
THROW = (1.5, 13.0)
FAINTER = (-0.5, 3.0)
NEAR_SHARE = 0.7


def faint_limit(survey, *, noise, seeing_factor):
    """
    Return how faint the sources of a field need to be drawn.

    Parameters
    ----------
    survey : `~blendhunter.simulation.surveys.Survey`
    noise : float
        RMS per pixel in counts.
    seeing_factor : float
        Times the survey's seeing.

    Returns
    -------
    magnitude : float
        Of a point source with a matched-filter SNR of 3, between 24 and
        28.
    """
    faint = survey.depth(FAINT_SNR, noise=noise, seeing_factor=seeing_factor)
    return float(np.clip(faint, *FAINT_LIMITS))


@dataclass(frozen=True)
class Sky:
    """
    The sources of a field.

    Parameters
    ----------
    density : float, optional
        Galaxies per square arcminute to magnitude 26.5. Other limits
        follow the fitted number counts.
    magnitudes : tuple of float, optional
        Bright and faint limit of the galaxies (F814W).
    clustering : float, optional
        Fraction of the galaxies that stand in clumps.
    star_fraction : float, optional
        Stars per galaxy.
    star_magnitudes : tuple of float, optional
        Bright and faint limit of the stars.
    companions : float, optional
        Further galaxies, as a fraction of all sources, thrown 1.5 to 13
        px from others, so that blends are common in a training field.
    population : object with ``draw`` and ``render``, optional
        By default galaxies with star-forming knots.

    Raises
    ------
    ValueError
        If a value is out of range; the message names it.
    """

    density: float = DENSITY
    magnitudes: tuple = (18.0, FAINT_LIMIT)
    clustering: float = 0.0
    star_fraction: float = STAR_FRACTION
    star_magnitudes: tuple = (17.0, 25.0)
    companions: float = 0.0
    population: object = None

    def __post_init__(self):
        for name in ('density', 'star_fraction', 'companions'):
            if not getattr(self, name) >= 0:
                msg = (f'{name} must not be negative, '
                       f'got {getattr(self, name)!r}')
                raise ValueError(msg)
        if not 0 <= self.clustering <= 1:
            msg = f'clustering must lie in 0 to 1, got {self.clustering!r}'
            raise ValueError(msg)
        for name in ('magnitudes', 'star_magnitudes'):
            limits = getattr(self, name)
            if not (len(limits) == 2 and limits[0] < limits[1]):
                msg = (f'{name} must be a bright and a fainter limit, '
                       f'got {limits!r}')
                raise ValueError(msg)

    @property
    def galaxies(self):
        """The population of galaxies."""
        return self.population or StructuredPopulation()

    def draw(self, shape, survey, rng):
        """
        Draw the sources of a field.

        Parameters
        ----------
        shape : tuple of int
            (ny, nx).
        survey : `~blendhunter.simulation.surveys.Survey`
        rng : `~numpy.random.Generator`

        Returns
        -------
        sources : `~astropy.table.Table`
            Parameters of the populations, ``x``, ``y`` (px) and ``flux``
            (counts).
        """
        area = shape[0] * shape[1] * (survey.pixel_scale / 60) ** 2
        bright, faint = self.magnitudes
        # the counts' shape, scaled to the density
        mean = (self.density * galaxy_density(faint, bright=bright)
                / galaxy_density(FAINT_LIMIT))
        n = rng.poisson(area * mean)
        galaxies = complete(self.galaxies.draw(
            n, rng, magnitude=draw_magnitudes(n, rng, bright=bright,
                                              faint=faint)))
        galaxies['x'], galaxies['y'] = self._places(n, shape, survey, rng)
        stars = StarPopulation(bright=self.star_magnitudes[0],
                               faint=self.star_magnitudes[1]).draw(
            rng.poisson(n * self.star_fraction), rng)
        stars['x'], stars['y'] = _uniform(len(stars), shape, rng)
        sources = vstack([galaxies, stars], metadata_conflicts='silent')
        thrown = self._throw(sources, rng)
        sources = vstack([sources, thrown], metadata_conflicts='silent')
        sources['flux'] = survey.counts(sources['magnitude'])
        return sources

    def _places(self, n, shape, survey, rng):
        """Draw the positions of galaxies, some of them in clumps."""
        places = _uniform(n, shape, rng)
        members = np.flatnonzero(rng.random(n) < self.clustering)
        n_clumps = int(np.ceil(len(members) / CLUMP_MEMBERS))
        if not n_clumps:
            return places
        centres = _uniform(n_clumps, shape, rng)
        chosen = centres[:, rng.integers(0, n_clumps, len(members))]
        radius = (CLUMP_RADIUS / survey.pixel_scale
                  * rng.random(len(members)) ** (1 / (2 - CLUMP_SLOPE)))
        angle = rng.uniform(0, 2 * np.pi, len(members))
        places[:, members] = chosen + radius * [np.cos(angle), np.sin(angle)]
        # what leaves the field comes in again on the other side
        for axis, length in enumerate(shape[::-1]):
            places[axis] = (places[axis] + 0.5) % length - 0.5
        return places

    def _throw(self, sources, rng):
        """
        Draw galaxies near others that are bright enough to see.

        Seven in ten are up to 3 magnitudes fainter than their host, so
        that few are wasted.
        """
        hosts = sources[np.asarray(sources['magnitude']) < HOST_LIMIT]
        n = round(self.companions * len(sources)) if len(hosts) else 0
        bright, faint = self.magnitudes
        magnitude = draw_magnitudes(n, rng, bright=bright, faint=faint)
        host = hosts[rng.integers(0, max(len(hosts), 1), n)]
        near = rng.random(n) < NEAR_SHARE
        magnitude[near] = (host['magnitude']
                           + rng.uniform(*FAINTER, n))[near]
        thrown = complete(self.galaxies.draw(n, rng, magnitude=magnitude))
        radius = rng.uniform(*THROW, n)
        angle = rng.uniform(0, 2 * np.pi, n)
        thrown['x'] = host['x'] + radius * np.cos(angle)
        thrown['y'] = host['y'] + radius * np.sin(angle)
        return thrown


def _uniform(n, shape, rng):
    """Draw positions anywhere on the image."""
    return np.stack([rng.uniform(-0.5, length - 0.5, n)
                     for length in shape[::-1]])
