"""Detection of sources with SEP or photutils."""

from blendhunter.detection.background import subtract_background
from blendhunter.detection.core import (
    DETECTION_KEY,
    Detection,
    detect,
    detect_prepared,
    settings_from_meta,
)

__all__ = ['DETECTION_KEY', 'Detection', 'detect', 'detect_prepared',
           'settings_from_meta', 'subtract_background']
