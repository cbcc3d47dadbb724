# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The positions and properties of the sources of a field."""

from functools import cached_property

import numpy as np
from astropy.table import vstack

from blendhunter.simulation.parameters import (
    check_parameters,
    described,
    parameter,
)
from blendhunter.simulation.populations import model
from blendhunter.simulation.populations.columns import complete
from blendhunter.simulation.populations.kinds import KINDS, get_population
from blendhunter.simulation.populations.parametric import StarPopulation

__all__ = ['SourceModel']

# the density refers to this magnitude
DENSITY_LIMIT = 26.5
# beyond this magnitude real galaxies are replaced by parametric ones
REAL_LIMIT = 25.2
# Clumps of galaxies: mean members, radius in arcsec; the density around
# their center falls as r**-0.8, the slope of the angular correlation
# function of galaxies (Groth & Peebles 1977, ApJ 217, 385)
CLUMP_MEMBERS = 10.0
CLUMP_RADIUS = 30.0
CLUMP_SLOPE = 0.8
# Companions are added to hosts that are bright enough to be seen: their
# distances in px, and the magnitudes by which most of them are fainter
HOST_LIMIT = 25.5
COMPANION_DISTANCE = (1.5, 13.0)
FAINTER = (-0.5, 3.0)
FAINTER_FRACTION = 0.7
KIND_HELP = ("galaxies: 'parametric' (smooth), 'structured' (lopsided, with "
             "arms, clumps and dust lanes), 'knots' (smooth, with point-like "
             "knots), 'realistic' (HST images), 'cosmos' (the fits to them) "
             "or 'stars'")


@described
class SourceModel:
    """
    The sources of a field and their positions.

    Magnitudes are F814W. If a faint limit is None, it is the depth of the
    exposure: the magnitude of a point source with a matched-filter SNR of
    3, between 24 and 28. Clumps have about ten galaxies within 30 arcsec.
    Their density falls as the distance to the power of -0.8. Your own
    population needs two methods: ``draw(n, rng, *, magnitude)`` returns a
    table with ``magnitude`` and the columns that ``render(row)`` needs.
    ``render`` returns the profile of a row.
    """

    kind: object = parameter(
        'structured', KIND_HELP, choices=KINDS,
        type='str, or object with ``draw`` and ``render``')
    cosmos_dir: object = parameter(
        None, 'directory of a galsim.RealGalaxyCatalog, for realistic and '
        'cosmos galaxies', type='path-like or None',
        metavar='DIR')
    density: float = parameter(
        90.0, 'galaxies per square arcminute to magnitude 26.5; other '
        'limits follow the fitted number counts', 'not be negative')
    bright: float = parameter(18.0, 'bright limit of the galaxies')
    faint: float | None = parameter(26.5, 'faint limit of the galaxies')
    clustering: float = parameter(
        0.0, 'fraction of the galaxies in clumps', 'be between 0 and 1')
    # 0.05: to magnitude 25 at high galactic latitude
    star_fraction: float = parameter(
        0.05, 'stars per galaxy', 'not be negative')
    star_bright: float = parameter(17.0, 'bright limit of the stars')
    star_faint: float | None = parameter(25.0, 'faint limit of the stars')
    companions: float = parameter(
        0.0, 'additional galaxies, as a fraction of all sources, at 1.5 to '
        '13 px from other sources; they make blends common in training '
        'fields',
        'not be negative')

    def __post_init__(self):
        check_parameters(self)
        for prefix in ('', 'star_'):
            bright, faint = (getattr(self, f'{prefix}{end}')
                             for end in ('bright', 'faint'))
            if not bright < (np.inf if faint is None else faint):
                msg = (f'{prefix}bright must be below {prefix}faint, got '
                       f'{bright!r} and {faint!r}')
                raise ValueError(msg)

    @property
    def population(self):
        """The population of galaxies; its files are checked."""
        return self._population

    @cached_property
    def _population(self):
        # kept under a name that a run's provenance leaves out
        return get_population(
            self.kind, cosmos_dir=self.cosmos_dir, faint=REAL_LIMIT,
            bright=min(self.bright, REAL_LIMIT - 1))

    def draw(self, shape, survey, rng):
        """
        Draw the sources of a field; the faint limits must be numbers.

        Parameters
        ----------
        shape : tuple of int
            (ny, nx) of the field.
        survey : `~blendhunter.simulation.Survey`
            The survey.
        rng : `~numpy.random.Generator`
            Random numbers.

        Returns
        -------
        sources : `~astropy.table.Table`
            The parameters of the sources, ``x``, ``y`` (px) and ``flux``
            (counts).
        """
        area = shape[0] * shape[1] * (survey.pixel_scale / 60) ** 2
        # the counts' shape, scaled to the density
        mean = (self.density
                * model.galaxy_density(self.faint, bright=self.bright)
                / model.galaxy_density(DENSITY_LIMIT))
        n = rng.poisson(area * mean)
        galaxies = self._draw_galaxies(self._draw_magnitudes(n, rng), rng)
        galaxies['x'], galaxies['y'] = self._draw_positions(n, shape, survey,
                                                            rng)
        stars = StarPopulation(bright=self.star_bright,
                               faint=self.star_faint).draw(
            rng.poisson(n * self.star_fraction), rng)
        stars['x'], stars['y'] = _uniform(len(stars), shape, rng)
        sources = vstack([galaxies, stars], metadata_conflicts='silent')
        sources = self._add_companions(sources, rng)
        sources['flux'] = survey.counts(sources['magnitude'])
        return sources

    def _draw_magnitudes(self, n, rng):
        """Draw magnitudes of galaxies from the number counts."""
        return model.draw_magnitudes(n, rng, bright=self.bright,
                                     faint=self.faint)

    def _draw_galaxies(self, magnitude, rng):
        """Draw galaxies of some magnitudes."""
        return complete(self.population.draw(len(magnitude), rng,
                                             magnitude=magnitude))

    def _draw_positions(self, n, shape, survey, rng):
        """Draw the positions of galaxies, some of them in clumps."""
        positions = _uniform(n, shape, rng)
        members = np.flatnonzero(rng.random(n) < self.clustering)
        n_clumps = int(np.ceil(len(members) / CLUMP_MEMBERS))
        if not n_clumps:
            return positions
        centers = _uniform(n_clumps, shape, rng)
        chosen = centers[:, rng.integers(0, n_clumps, len(members))]
        radius = (CLUMP_RADIUS / survey.pixel_scale
                  * rng.random(len(members)) ** (1 / (2 - CLUMP_SLOPE)))
        angle = rng.uniform(0, 2 * np.pi, len(members))
        positions[:, members] = chosen + radius * [np.cos(angle),
                                                   np.sin(angle)]
        # what leaves the field comes in again on the other side
        for axis, length in enumerate(shape[::-1]):
            positions[axis] = (positions[axis] + 0.5) % length - 0.5
        return positions

    def _add_companions(self, sources, rng):
        """
        Add galaxies near others that are bright enough to see.

        Seven in ten are up to 3 magnitudes fainter than their host, so
        that few are wasted.
        """
        hosts = sources[np.asarray(sources['magnitude']) < HOST_LIMIT]
        n = round(self.companions * len(sources)) if len(hosts) else 0
        magnitude = self._draw_magnitudes(n, rng)
        host = hosts[rng.integers(0, max(len(hosts), 1), n)]
        near = rng.random(n) < FAINTER_FRACTION
        magnitude[near] = (host['magnitude'] + rng.uniform(*FAINTER, n))[near]
        companions = self._draw_galaxies(magnitude, rng)
        radius = rng.uniform(*COMPANION_DISTANCE, n)
        angle = rng.uniform(0, 2 * np.pi, n)
        companions['x'] = host['x'] + radius * np.cos(angle)
        companions['y'] = host['y'] + radius * np.sin(angle)
        return vstack([sources, companions], metadata_conflicts='silent')


def _uniform(n, shape, rng):
    """Draw positions anywhere on the image."""
    return np.stack([rng.uniform(-0.5, length - 0.5, n)
                     for length in shape[::-1]])
