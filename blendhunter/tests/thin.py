# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""A narrow VGG-16, for tests of what is around the network."""

from contextlib import contextmanager

import pytest

from blendhunter.adaptation import features
from blendhunter.network import architecture
from blendhunter.training import convolution_files

__all__ = ['thin_network']

# all layers of VGG-16, and 2 per cent of its multiplications
THIN_BLOCKS = ((2, 8), (2, 16), (3, 32), (3, 32), (3, 64))


@contextmanager
def thin_network():
    """Make all VGG-16 networks of this process narrow ones."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (architecture, convolution_files):
            patch.setattr(module, 'BLOCKS', THIN_BLOCKS)
        for module in (architecture, features):
            patch.setattr(module, 'N_FEATURES', 2 * 2 * THIN_BLOCKS[-1][1])
        yield patch
