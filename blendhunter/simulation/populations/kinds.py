# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Populations by name, and mixtures of galaxies and stars."""

import numpy as np

from blendhunter.simulation.populations.columns import complete
from blendhunter.simulation.populations.cosmos import COSMOSPopulation
from blendhunter.simulation.populations.parametric import (
    KnottyPopulation,
    ParametricPopulation,
    StarPopulation,
)
from blendhunter.simulation.populations.structured import (
    StructuredPopulation,
)

__all__ = ['KINDS', 'MixedPopulation', 'get_population']

#: Kinds of sources.
KINDS = ('parametric', 'structured', 'knots', 'realistic', 'cosmos', 'stars')
CLASSES = {'parametric': ParametricPopulation,
           'structured': StructuredPopulation, 'knots': KnottyPopulation,
           'stars': StarPopulation}
# of COSMOS galaxies
IMAGES = {'realistic': 'real', 'cosmos': 'parametric'}


def get_population(kind, *, cosmos_dir=None, bright=19.0, faint=25.2,
                   star_fraction=0.0):
    """
    Return the population of a kind of sources, its files checked.

    ``kind`` is as in `SourceModel`; 'realistic' and 'cosmos' need a
    ``cosmos_dir``. What is out of range raises ValueError, and a directory
    without catalog or images FileNotFoundError.
    """
    if not bright < faint:
        msg = f'bright must be below faint, got {bright!r} and {faint!r}'
        raise ValueError(msg)
    if hasattr(kind, 'draw') and hasattr(kind, 'render'):
        population = kind
    elif kind in IMAGES:
        if cosmos_dir is None:
            msg = (f'kind={kind!r} needs cosmos_dir, a directory with a '
                   'galsim.RealGalaxyCatalog (galsim_download_cosmos)')
            raise ValueError(msg)
        population = COSMOSPopulation(cosmos_dir, images=IMAGES[kind],
                                      bright=bright, faint=faint)
        population.check()
    elif kind in KINDS:
        population = CLASSES[kind](bright=bright, faint=faint)
    else:
        msg = f'kind must be one of {list(KINDS)}, got {kind!r}'
        raise ValueError(msg)
    return (MixedPopulation(population, star_fraction) if star_fraction
            else population)


class MixedPopulation:
    """A population of galaxies with a fraction of stars among all sources."""

    def __init__(self, galaxies, star_fraction):
        if not 0 <= star_fraction <= 1:
            msg = ('star_fraction must be between 0 and 1, '
                   f'got {star_fraction!r}')
            raise ValueError(msg)
        self.galaxies = galaxies
        self.star_fraction = star_fraction

    def draw(self, n, rng, *, magnitude=None):
        """Draw parameters; see `ParametricPopulation.draw`."""
        sources = complete(self.galaxies.draw(n, rng, magnitude=magnitude))
        chosen = np.flatnonzero(rng.random(n) < self.star_fraction)
        if chosen.size:
            # a star instead of a galaxy of the same magnitude, so that
            # the magnitude does not tell them apart
            stars = StarPopulation().draw(
                chosen.size, rng,
                magnitude=np.asarray(sources['magnitude'][chosen]))
            for name in stars.colnames:
                sources[name][chosen] = stars[name]
        return sources

    def render(self, row):
        """Return a profile; see `ParametricPopulation.render`."""
        home = StarPopulation() if row['is_star'] else self.galaxies
        return home.render(row)
