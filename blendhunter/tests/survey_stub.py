# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""An identifier without a network, which does what an image's name says."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from blendhunter import BlendIdentifier
from blendhunter.tests.model_stub import ModelStub


class _Model(ModelStub):
    def probability(self, stamps, regions, **options):  # noqa: ARG002
        """Return a number that depends on the pixels of each stamp."""
        peak = stamps.max(axis=(1, 2), initial=0)
        return (peak / (1 + peak)).astype(np.float32)


def first_time(path):
    """Tell whether this is the first call for an image."""
    marker = Path(f'{path}.seen')
    if marker.exists():
        return False
    marker.touch()
    return True


class StubIdentifier(BlendIdentifier):
    """
    Classifies by the peak.

    Images called 'kill...' kill their process with SIGKILL, 'once...' the
    first time, 'change...' are changed while they are classified, 'slow...'
    take 60 s, and 'ctrlc...' are interrupted the first time.
    """

    def _model(self, region=None):  # noqa: ARG002
        return _Model()

    def classify(self, image, *args, **options):
        name = Path(image).name if isinstance(image, str) else ''
        if name.startswith('kill') or (
                name.startswith('once') and first_time(image)):
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith('slow'):
            Path(f'{image}.begun').touch()
            time.sleep(60)
        if name.startswith('ctrlc') and first_time(image):
            raise KeyboardInterrupt
        if name.startswith('always') or (
                name.startswith('change') and first_time(image)):
            os.utime(image, ns=(0, time.time_ns()))
        return super().classify(image, *args, **options)
