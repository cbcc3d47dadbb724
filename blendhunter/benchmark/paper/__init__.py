# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Reproduce the experiments of the paper: data, trainings and figures."""

from blendhunter.benchmark.paper.blocks import compare_blocks
from blendhunter.benchmark.paper.reproduction import (
           estimate_time,
           reproduce_paper,
)
from blendhunter.benchmark.paper.stages import SCALES, Scale
from blendhunter.benchmark.paper.transfer import train_transfer

__all__ = ['SCALES', 'Scale', 'compare_blocks', 'estimate_time',
           'reproduce_paper', 'train_transfer']
