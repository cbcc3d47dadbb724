# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Evaluate how well unrecognized blends are found in whole fields."""

from blendhunter.benchmark.field.compare import compare_catalogs
from blendhunter.benchmark.field.field_evaluation import (
    evaluate_field,
    evaluate_survey,
    train_on_survey,
)
from blendhunter.benchmark.field.field_scores import (
    field_bins,
    field_curves,
    field_scores,
)
from blendhunter.benchmark.field.screening import (
    calibrate_screening,
    compare_screening,
)
from blendhunter.benchmark.field.truth_match import prepare_truth

__all__ = ['calibrate_screening', 'compare_catalogs', 'compare_screening',
           'evaluate_field', 'evaluate_survey', 'field_bins', 'field_curves',
           'field_scores', 'prepare_truth', 'train_on_survey']
