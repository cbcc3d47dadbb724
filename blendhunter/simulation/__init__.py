# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulate stamps, fields and detections with known truth."""

from blendhunter.simulation.camera_psf import CameraPSF
from blendhunter.simulation.detections import simulate_detections
from blendhunter.simulation.exposure import Artifacts, Exposure
from blendhunter.simulation.field_ranges import FieldRanges
from blendhunter.simulation.fields import simulate_field
from blendhunter.simulation.parameters import LogUniform
from blendhunter.simulation.populations.parametric import ParametricPopulation
from blendhunter.simulation.psf import PaperPSF
from blendhunter.simulation.source_model import SourceModel
from blendhunter.simulation.stamps import simulate_stamps
from blendhunter.simulation.stampset import StampSet
from blendhunter.simulation.surveys import (
    Survey,
    available_surveys,
    get_survey,
)

__all__ = ['Artifacts', 'CameraPSF', 'Exposure', 'FieldRanges', 'LogUniform',
           'PaperPSF', 'ParametricPopulation', 'SourceModel', 'StampSet',
           'Survey', 'available_surveys', 'get_survey', 'simulate_detections',
           'simulate_field', 'simulate_stamps']
