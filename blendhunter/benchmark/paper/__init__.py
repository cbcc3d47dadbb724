"""The paper's experiments, repeated: data, trainings, figures."""

from blendhunter.benchmark.paper.plan import SCALES, Scale, count_work
from blendhunter.benchmark.paper.run import reproduce_paper

__all__ = ['SCALES', 'Scale', 'count_work', 'reproduce_paper']
