"""Evaluation of the network, and of what it is compared with."""

from blendhunter.benchmark.detector_labels import (
    label_by_detection,
    oracle_rule,
    truth_free_rule,
)
from blendhunter.benchmark.real_image import evaluate_image, evaluate_speed
from blendhunter.benchmark.singles import SinglesResult, evaluate_singles
from blendhunter.benchmark.stamp_detectors import evaluate_detectors
from blendhunter.benchmark.whole_stamps import (
    STAMP_SETS,
    StampSpec,
    evaluate_stamps,
)

__all__ = ['STAMP_SETS', 'SinglesResult', 'StampSpec', 'evaluate_detectors',
           'evaluate_image', 'evaluate_singles', 'evaluate_speed',
           'evaluate_stamps', 'label_by_detection', 'oracle_rule',
           'truth_free_rule']
