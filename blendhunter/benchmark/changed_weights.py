# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Checks of the weights file that a calibration changes."""

from pathlib import Path

from blendhunter._utils.files import check_writable
from blendhunter.network.weights import resolve_weights

__all__ = ['check_calibrated']


def check_calibrated(weights, output, *, overwrite=False):
    """Check that weights, or an output, can be written; return their path."""
    path = resolve_weights(weights)
    if output is None and path != Path(weights):
        msg = ('weights: the packaged weights cannot be changed; give an '
               'output')
        raise ValueError(msg)
    check_writable(output or path, overwrite=overwrite or output is None)
    return path
