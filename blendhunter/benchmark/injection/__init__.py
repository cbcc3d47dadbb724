"""Blends made of an image's own sources, to see what is found of them."""

from blendhunter.benchmark.injection.injection_evaluation import (
    evaluate_injections,
    injection_bins,
    injection_scores,
)

__all__ = ['evaluate_injections', 'injection_bins', 'injection_scores']
