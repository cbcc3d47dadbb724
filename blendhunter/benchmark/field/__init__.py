"""Unrecognised blends in whole fields: who finds them, and at what cost."""

from blendhunter.benchmark.field.bins import field_bins
from blendhunter.benchmark.field.compare import compare_catalogs
from blendhunter.benchmark.field.describe import (
    describe_detections,
    prepare_truth,
)
from blendhunter.benchmark.field.measure import (
    measure_field,
    measure_survey,
    train_on_survey,
)
from blendhunter.benchmark.field.scores import (
    field_curves,
    field_examples,
    field_scores,
)
from blendhunter.benchmark.field.skies import SurveyFields

__all__ = ['SurveyFields', 'compare_catalogs', 'describe_detections',
           'field_bins', 'field_curves', 'field_examples', 'field_scores',
           'measure_field', 'measure_survey', 'prepare_truth',
           'train_on_survey']
