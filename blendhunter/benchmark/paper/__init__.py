"""Reproduction of the paper's experiments: data, trainings, figures."""

from blendhunter.benchmark.paper.plan import SCALES, Scale
from blendhunter.benchmark.paper.run import estimate_time, reproduce_paper
from blendhunter.benchmark.paper.transfer import train_transfer

__all__ = ['SCALES', 'Scale', 'estimate_time', 'reproduce_paper',
           'train_transfer']
