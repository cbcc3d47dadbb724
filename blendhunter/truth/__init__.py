"""
What counts as a blend: the one definition for all of the package.

Training, benchmark and tests take their labels and measures from here.
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
