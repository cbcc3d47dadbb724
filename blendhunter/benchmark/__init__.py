"""Measurements of the network and of what it has to beat."""

from blendhunter.benchmark.image import measure_image
from blendhunter.benchmark.metrics import completeness_at_purity
from blendhunter.benchmark.model import measure_fields, measure_stamps
from blendhunter.benchmark.speed import measure_speed

__all__ = ['completeness_at_purity', 'measure_fields', 'measure_image',
           'measure_speed', 'measure_stamps']
