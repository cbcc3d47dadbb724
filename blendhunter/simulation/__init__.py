"""Simulated stamps, fields and detections with known truth."""

from blendhunter.simulation.artifacts import Artifacts
from blendhunter.simulation.detections import simulate_detections
from blendhunter.simulation.exposure import Exposure
from blendhunter.simulation.fields import simulate_field
from blendhunter.simulation.populations import (
    COSMOSPopulation,
    MixedPopulation,
    ParametricPopulation,
    StarPopulation,
    StructuredPopulation,
    get_population,
)
from blendhunter.simulation.psf import FixedPSF, PaperPSF
from blendhunter.simulation.ranges import FieldRanges, LogUniform
from blendhunter.simulation.source_model import SourceModel
from blendhunter.simulation.stamps import SIGMAS, simulate_stamps
from blendhunter.simulation.stampset import StampSet
from blendhunter.simulation.surveys import (
    Survey,
    available_surveys,
    get_survey,
)

__all__ = ['SIGMAS', 'Artifacts', 'COSMOSPopulation', 'Exposure',
           'FieldRanges', 'FixedPSF', 'LogUniform', 'MixedPopulation',
           'PaperPSF', 'ParametricPopulation', 'SourceModel', 'StampSet',
           'StarPopulation', 'StructuredPopulation', 'Survey',
           'available_surveys', 'get_population', 'get_survey',
           'simulate_detections', 'simulate_field', 'simulate_stamps']
