# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Choose a threshold for a sample, and evaluate it."""

from blendhunter.selection.sample_cut import SampleCut
from blendhunter.selection.thresholds import (
    choose_threshold,
    evaluate_cut,
    expected_blends,
)

__all__ = ['SampleCut', 'choose_threshold', 'evaluate_cut',
           'expected_blends']
