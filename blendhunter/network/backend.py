"""Keras with its backend, or an error that says who chose the backend."""

import json
import os
from pathlib import Path

__all__ = ['import_keras']


def import_keras():
    """
    Import Keras.

    An ImportError says which backend cannot be loaded, and whether
    ``KERAS_BACKEND`` or ``keras.json`` chose it.
    """
    try:
        import keras
    # an unknown backend is a ValueError, an odd keras.json anything
    except Exception as error:
        if getattr(error, 'name', None) == 'keras':
            raise
        reason = str(error).strip().split('\n')[0] or repr(error)
        msg = f'Keras cannot load its backend{_choice()}: {reason}'
        raise ImportError(msg) from error
    return keras


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
