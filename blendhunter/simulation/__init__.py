"""Simulated stamps, fields and detections with known truth."""

from blendhunter.simulation.detections import simulate_detections
from blendhunter.simulation.fields import simulate_field
from blendhunter.simulation.stamps import (
    SIGMAS,
    StampSet,
    simulate_stamps,
)

__all__ = ['SIGMAS', 'StampSet', 'simulate_detections', 'simulate_field',
           'simulate_stamps']
