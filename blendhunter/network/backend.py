# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Keras with its backend, or an error that says who chose the backend."""

import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from blendhunter.exceptions import BlendHunterError

__all__ = ['check_process', 'import_keras', 'note_process']

# the process in which the first network was made
_used_in = []
_IMPORTING = Lock()
# the log level that is above errors
NO_NOTES = '3'


def import_keras():
    """
    Import Keras.

    An ImportError says which backend cannot be loaded, and whether
    ``KERAS_BACKEND`` or ``keras.json`` chose it. If the variable
    ``TF_CPP_MIN_LOG_LEVEL`` asks for no notes, there are none on stderr.
    """
    try:
        with _IMPORTING, _no_notes():
            import keras
    # an unknown backend is a ValueError, an odd keras.json anything
    except Exception as error:
        if getattr(error, 'name', None) == 'keras':
            raise
        reason = str(error).strip().split('\n')[0] or repr(error)
        msg = f'Keras cannot load its backend{_choice()}: {reason}'
        raise ImportError(msg) from error
    return keras


@contextmanager
def _no_notes():
    """
    Hide what is written to stderr, if no notes are wanted.

    TensorFlow's C++ code writes lines on CUDA and oneDNN straight to the
    file descriptor, before its own log level counts.
    """
    if ('keras' in sys.modules
            or os.environ.get('TF_CPP_MIN_LOG_LEVEL') != NO_NOTES):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with tempfile.TemporaryFile() as notes:
            os.dup2(notes.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def note_process():
    """Remember that this process has made a network."""
    if not _used_in:
        _used_in.append(os.getpid())


def check_process():
    """
    Refuse a process that was forked after a network had been made.

    A fork loses the threads of the backend, and a call would wait for them
    without an end.
    """
    if _used_in and _used_in[0] != os.getpid():
        msg = ('the network cannot be used in a process that was forked '
               "after the network was loaded; use 'spawn' to start "
               "processes, as in multiprocessing.get_context('spawn')")
        raise BlendHunterError(msg)


def _choice():
    """Say which backend was chosen, and by what."""
    name = os.environ.get('KERAS_BACKEND')
    if name:
        return f' {name!r}, which the variable KERAS_BACKEND chose'
    path = Path(os.environ.get('KERAS_HOME')
                or Path.home() / '.keras') / 'keras.json'
    try:
        name = json.loads(path.read_text())['backend']
    except (OSError, ValueError, KeyError, TypeError):
        return ''
    return f' {name!r}, which {str(path)!r} chose'
