# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
The definition of a blend, and measures of overlap.

Training, benchmarks and tests all use these functions.
"""

from blendhunter.truth.blend_definition import (
    BLEND,
    CLOSE,
    SINGLE,
    SNR_BLEND,
    SNR_SINGLE,
    UNCLEAR,
    detection_outcomes,
    label_segments,
)
from blendhunter.truth.overlap import blendedness, marginalized_snr

__all__ = ['BLEND', 'CLOSE', 'SINGLE', 'SNR_BLEND', 'SNR_SINGLE', 'UNCLEAR',
           'blendedness', 'detection_outcomes', 'label_segments',
           'marginalized_snr']
