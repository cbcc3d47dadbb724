"""
What counts as a blend: the one definition for all of the package.

Training, benchmark and tests take their labels and measures from here.
"""

from blendhunter.truth.labels import (
    BLEND,
    CLOSE,
    SINGLE,
    SNR_BLEND,
    SNR_SINGLE,
    UNCLEAR,
    label_positions,
    label_segments,
    label_stamps,
)
from blendhunter.truth.outcomes import OUTCOMES, detection_outcomes
from blendhunter.truth.overlap import (
    blendedness,
    group_sources,
    marginalized_snr,
    matched_filter_snr,
    neighbor_separation,
)

__all__ = ['BLEND', 'CLOSE', 'OUTCOMES', 'SINGLE', 'SNR_BLEND',
           'SNR_SINGLE', 'UNCLEAR', 'blendedness', 'detection_outcomes',
           'marginalized_snr', 'group_sources', 'label_positions',
           'label_segments', 'label_stamps', 'matched_filter_snr',
           'neighbor_separation']
