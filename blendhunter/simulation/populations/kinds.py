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
CLASSES = {'parametric': ParametricPopulation,
           'structured': StructuredPopulation, 'stars': StarPopulation}
# of COSMOS galaxies
IMAGES = {'realistic': 'real', 'cosmos': 'parametric'}


def get_population(kind, *, cosmos_dir=None, bright=19.0, faint=25.2,
                   star_fraction=0.0):
    """
    Return the population of a kind of sources, its files checked.

    Parameters
    ----------
    kind : str, or object with ``draw`` and ``render``
        As in `SourceModel`.
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
        If an argument is out of range; the message names it.
    FileNotFoundError
        If the directory lacks its catalog or images.
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
