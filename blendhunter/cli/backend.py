# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The terminal: closed streams, and the libraries' start-up notes."""

import os
import sys

__all__ = ['open_streams', 'quiet_backend']


def open_streams():
    """
    Give a closed stdout or stderr a sink.

    Without it the next file that is opened gets the number 2, and what
    TensorFlow's C++ code writes there.
    """
    for number in (1, 2):
        try:
            os.fstat(number)
        except OSError:
            sink = os.open(os.devnull, os.O_WRONLY)
            if sink != number:
                os.dup2(sink, number)
                os.close(sink)
            # for the processes of joblib
            os.set_inheritable(number, True)
    for name in ('stdout', 'stderr'):
        if getattr(sys, name) is None:
            # for the rest of the process
            setattr(sys, name, open(os.devnull, 'w'))  # noqa: SIM115


def quiet_backend():
    """Import Keras and its backend; `main` has asked for no notes."""
    from blendhunter.network.backend import import_keras

    import_keras()
