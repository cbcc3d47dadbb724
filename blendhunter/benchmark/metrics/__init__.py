"""Scores of a blend identifier, as pure functions."""

from blendhunter.benchmark.metrics.decisions import (
    accuracy,
    balanced_accuracy,
    completeness,
    purity,
)
from blendhunter.benchmark.metrics.errors import (
    binomial_error,
    bootstrap_error,
    calibration_error,
    clustered_error,
)
from blendhunter.benchmark.metrics.rankings import (
    area_under_roc,
    completeness_at_false_positives,
    completeness_at_purity,
    completeness_at_rejection,
    highest_first,
    roc_curve,
    share_in_top,
    surest_answers,
    threshold_at_false_positives,
    threshold_at_purity,
)

__all__ = ['accuracy', 'area_under_roc', 'balanced_accuracy',
           'binomial_error', 'bootstrap_error', 'calibration_error',
           'clustered_error', 'completeness',
           'completeness_at_false_positives', 'completeness_at_purity',
           'completeness_at_rejection', 'highest_first', 'purity', 'roc_curve',
           'share_in_top', 'surest_answers', 'threshold_at_false_positives',
           'threshold_at_purity']
