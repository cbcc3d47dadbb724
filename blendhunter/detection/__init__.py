"""From an image to its sources: background, detection, segments."""

from blendhunter.detection.background import (
    BackgroundSubtractedImage,
    subtract_background,
)
from blendhunter.detection.detected_image import DetectedImage
from blendhunter.detection.detecting import detect
from blendhunter.detection.settings import DetectionSettings

__all__ = ['BackgroundSubtractedImage', 'DetectedImage', 'DetectionSettings',
           'detect', 'subtract_background']
