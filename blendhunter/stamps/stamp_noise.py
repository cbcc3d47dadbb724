# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The noise by which the pixels of a stamp are divided."""

import numpy as np

from blendhunter._utils.arrays import round_position
from blendhunter.stamps.windows import cut_windows

__all__ = ['noise_of_stamps']


def noise_of_stamps(noise, x, y, size):
    """
    Return the noise of stamps of ``size`` px: a number, or cut from a map.

    Off the image the stamp is zero, and its noise is taken as 1.
    """
    if np.ndim(noise) == 0:
        return np.float32(noise)
    local = cut_windows(noise, round_position(x), round_position(y), size)
    return np.where(local > 0, local, np.float32(1))
