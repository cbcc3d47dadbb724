"""Measurements of the network and of what it has to beat."""

from blendhunter.benchmark.authors import stored_runs
from blendhunter.benchmark.detectors import measure_detectors, stamp_scores
from blendhunter.benchmark.image import measure_image
from blendhunter.benchmark.labelling import (
    label_by_detection,
    oracle_rule,
    pad_stamps,
    true_positions,
    truth_free_rule,
)
from blendhunter.benchmark.metrics import completeness_at_purity
from blendhunter.benchmark.speed import measure_speed
from blendhunter.benchmark.whole_stamps import (
    STAMP_SETS,
    StampSpec,
    false_alarms_by_galaxy,
    measure_stamps,
    vary_stamps,
)

__all__ = ['STAMP_SETS', 'StampSpec', 'completeness_at_purity',
           'false_alarms_by_galaxy', 'label_by_detection',
           'measure_detectors', 'measure_image', 'measure_speed',
           'measure_stamps', 'oracle_rule', 'pad_stamps', 'stamp_scores',
           'stored_runs', 'true_positions', 'truth_free_rule',
           'vary_stamps']
