# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Find the sources of an image: background, detection and segments."""

from blendhunter.detection.background import (
    BackgroundSubtractedImage,
    subtract_background,
)
from blendhunter.detection.detected_image import DetectedImage
from blendhunter.detection.detecting import detect
from blendhunter.detection.settings import DetectionSettings

__all__ = ['BackgroundSubtractedImage', 'DetectedImage', 'DetectionSettings',
           'detect', 'subtract_background']
