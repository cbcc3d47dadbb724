"""Populations of galaxies and stars: ``draw`` parameters, ``render`` one."""

from blendhunter.simulation.populations.cosmos import COSMOSPopulation
from blendhunter.simulation.populations.kinds import KINDS, get_population
from blendhunter.simulation.populations.mixture import MixedPopulation
from blendhunter.simulation.populations.parametric import (
    ParametricPopulation,
)
from blendhunter.simulation.populations.stars import StarPopulation
from blendhunter.simulation.populations.structured import (
    StructuredPopulation,
)

__all__ = ['KINDS', 'COSMOSPopulation', 'MixedPopulation',
           'ParametricPopulation', 'StarPopulation', 'StructuredPopulation',
           'get_population']
