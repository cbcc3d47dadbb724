"""Samples without blends: which threshold, and what it costs."""

from blendhunter.selection.sample_cut import SampleCut
from blendhunter.selection.thresholds import (
    choose_threshold,
    evaluate_cut,
    expected_blends,
)

__all__ = ['SampleCut', 'choose_threshold', 'evaluate_cut',
           'expected_blends']
