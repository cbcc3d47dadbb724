"""Scores of a blend identifier, as pure functions."""

from blendhunter.benchmark.metrics.decisions import (
    accuracy,
    balanced_accuracy,
    completeness,
    purity,
)
from blendhunter.benchmark.metrics.errors import (
    bootstrap_error,
    calibration_error,
    clustered_error,
    proportion_error,
)
from blendhunter.benchmark.metrics.rankings import (
    area_under_roc,
    completeness_at_false_positives,
    completeness_at_purity,
    completeness_at_rejection,
)

__all__ = ['accuracy', 'area_under_roc', 'balanced_accuracy',
           'bootstrap_error', 'calibration_error', 'clustered_error',
           'completeness', 'completeness_at_false_positives',
           'completeness_at_purity', 'completeness_at_rejection',
           'proportion_error', 'purity']
