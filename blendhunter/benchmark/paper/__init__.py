"""The paper's experiments, repeated: data, trainings, figures."""

from blendhunter.benchmark.paper.plan import SCALES, Scale
from blendhunter.benchmark.paper.run import count_work, reproduce_paper

__all__ = ['SCALES', 'Scale', 'count_work', 'reproduce_paper']
