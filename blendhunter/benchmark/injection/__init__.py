"""Blends made of an image's own sources, to see what is found of them."""

from blendhunter.benchmark.injection.measure import (
    injection_bins,
    injection_scores,
    measure_injections,
)
from blendhunter.benchmark.injection.place import inject_sources, redetect

__all__ = ['inject_sources', 'injection_bins', 'injection_scores',
           'measure_injections', 'redetect']
