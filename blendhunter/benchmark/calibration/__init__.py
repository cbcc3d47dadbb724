# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Check and fit the calibration of the probabilities."""

from blendhunter.benchmark.calibration.calibrated_weights import (
    calibrate_sets,
    calibrate_weights,
)
from blendhunter.benchmark.calibration.estimated_priors import estimate_priors
from blendhunter.benchmark.calibration.reliability import (
    add_own,
    calibration_scores,
    reliability_curves,
)
from blendhunter.benchmark.calibration.samples import (
    FIELD_SETS,
    calibration_samples,
    samples_of_detections,
)

__all__ = ['FIELD_SETS', 'add_own', 'calibrate_sets', 'calibrate_weights',
           'calibration_samples', 'calibration_scores', 'estimate_priors',
           'reliability_curves', 'samples_of_detections']
