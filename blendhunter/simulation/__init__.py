"""Simulated stamps, fields and detections with known truth."""

from blendhunter._utils.noise import draw_noise
from blendhunter.simulation.artefacts import Artefacts
from blendhunter.simulation.detections import simulate_detections
from blendhunter.simulation.fields import simulate_field
from blendhunter.simulation.populations import (
    COSMOSPopulation,
    MixedPopulation,
    ParametricPopulation,
    StarPopulation,
    StructuredPopulation,
    get_population,
)
from blendhunter.simulation.psf import FixedPSF, PaperPSF, measure_fwhm
from blendhunter.simulation.ranges import FieldRanges
from blendhunter.simulation.stamps import SIGMAS, simulate_stamps
from blendhunter.simulation.stampset import StampSet
from blendhunter.simulation.surveys import (
    Survey,
    available_surveys,
    get_survey,
)

__all__ = ['SIGMAS', 'Artefacts', 'COSMOSPopulation', 'FieldRanges',
           'FixedPSF', 'MixedPopulation', 'PaperPSF', 'ParametricPopulation',
           'StampSet', 'StarPopulation', 'StructuredPopulation', 'Survey',
           'available_surveys', 'draw_noise', 'get_population', 'get_survey',
           'measure_fwhm', 'simulate_detections', 'simulate_field',
           'simulate_stamps']
