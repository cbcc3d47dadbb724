# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Evaluate the network and the methods that it is compared with."""

from blendhunter.benchmark.companions import evaluate_companions
from blendhunter.benchmark.detector_labels import (
    label_by_detection,
    oracle_rule,
    truth_free_rule,
)
from blendhunter.benchmark.domain import evaluate_domain
from blendhunter.benchmark.memory import evaluate_memory
from blendhunter.benchmark.real_image import evaluate_image
from blendhunter.benchmark.singles import SinglesResult, evaluate_singles
from blendhunter.benchmark.speed import evaluate_speed
from blendhunter.benchmark.stamp_detectors import evaluate_detectors
from blendhunter.benchmark.survey_speed import evaluate_workers
from blendhunter.benchmark.whole_stamps import (
    STAMP_SETS,
    StampSpec,
    evaluate_stamps,
)

__all__ = ['STAMP_SETS', 'SinglesResult', 'StampSpec', 'evaluate_companions',
           'evaluate_detectors', 'evaluate_domain', 'evaluate_image',
           'evaluate_memory', 'evaluate_singles', 'evaluate_speed',
           'evaluate_stamps', 'evaluate_workers', 'label_by_detection',
           'oracle_rule', 'truth_free_rule']
