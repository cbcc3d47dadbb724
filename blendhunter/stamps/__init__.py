# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Cut stamps around catalog positions, with the regions of the sources."""

from blendhunter.stamps.extraction import (
    STAMP_SIZE,
    Stamps,
    cut_stamps,
    extract_stamps,
)
from blendhunter.stamps.flags import BlendFlag, decode_blend_flags
from blendhunter.stamps.regions import Segments, assign_segments

__all__ = ['STAMP_SIZE', 'BlendFlag', 'Segments', 'Stamps',
           'assign_segments', 'cut_stamps', 'decode_blend_flags',
           'extract_stamps']
