# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Train networks."""

from blendhunter.training.completion import complete
from blendhunter.training.distillation import distill
from blendhunter.training.end_to_end import train

__all__ = ['complete', 'distill', 'train']
