"""Populations by name."""

from blendhunter.simulation.populations.cosmos import COSMOSPopulation
from blendhunter.simulation.populations.mixture import MixedPopulation
from blendhunter.simulation.populations.parametric import (
    ParametricPopulation,
)
from blendhunter.simulation.populations.stars import StarPopulation
from blendhunter.simulation.populations.structured import (
    StructuredPopulation,
)

__all__ = ['KINDS', 'get_population']

#: Kinds of sources.
KINDS = ('parametric', 'structured', 'realistic', 'cosmos', 'stars')


def get_population(kind, *, cosmos_dir=None, bright=19.0, faint=25.2,
                   star_fraction=0.0):
    """
    Return the population of a kind of sources.

    Parameters
    ----------
    kind : str, or object with ``draw`` and ``render``
        'parametric': smooth galaxies; 'structured': the same with knots
        and bars; 'realistic': HST images; 'cosmos': the fits to them;
        'stars'.
    cosmos_dir : path-like, optional
        Needed for 'realistic' and 'cosmos'.
    bright, faint : float, optional
        Magnitude limits.
    star_fraction : float, optional
        Fraction of the sources that are stars instead.

    Returns
    -------
    population : object with ``draw`` and ``render``

    Raises
    ------
    ValueError
        If ``kind`` is unknown, 'realistic' or 'cosmos' lack their
        directory, or the limits or the fraction are no such.
    FileNotFoundError
        If the directory lacks its catalogue or images.
    """
    if not bright < faint:
        msg = (f'magnitudes must be a bright and a fainter limit, got '
               f'{bright!r} and {faint!r}')
        raise ValueError(msg)
    if hasattr(kind, 'draw') and hasattr(kind, 'render'):
        population = kind
    elif kind in ('realistic', 'cosmos'):
        population = _from_cosmos(kind, cosmos_dir, bright, faint)
    elif kind in KINDS:
        population = {'parametric': ParametricPopulation,
                      'structured': StructuredPopulation,
                      'stars': StarPopulation}[kind](bright=bright,
                                                     faint=faint)
    else:
        msg = f'kind must be one of {list(KINDS)}, got {kind!r}'
        raise ValueError(msg)
    mixed = MixedPopulation(population, star_fraction)
    return mixed if star_fraction else population


def _from_cosmos(kind, directory, bright, faint):
    """Return a population of COSMOS galaxies, its directory checked."""
    if directory is None:
        msg = (f'kind={kind!r} needs cosmos_dir, a directory with a '
               'galsim.RealGalaxyCatalog (galsim_download_cosmos)')
        raise ValueError(msg)
    images = 'real' if kind == 'realistic' else 'parametric'
    population = COSMOSPopulation(directory, images=images, bright=bright,
                                  faint=faint)
    population.check()
    return population
