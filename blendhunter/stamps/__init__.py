"""Stamps around catalogue positions, with the region asked about."""

from blendhunter.stamps.core import (
    STAMP_SIZE,
    BlendFlag,
    Stamps,
    cut_stamps,
    extract_stamps,
)
from blendhunter.stamps.regions import Segments, assign_segments

__all__ = ['STAMP_SIZE', 'BlendFlag', 'Segments', 'Stamps',
           'assign_segments', 'cut_stamps', 'extract_stamps']
