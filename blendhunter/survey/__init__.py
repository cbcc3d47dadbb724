# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Classify many images, on several processes or on a cluster.

The names are loaded when they are first used, because a worker process must
set the number of its threads before numpy and TensorFlow are imported.
"""

from importlib import import_module

__all__ = ['classify_images', 'dask_executor', 'process_executor',
           'survey_status']

_HOMES = {'classify_images': 'running', 'dask_executor': 'executors',
          'process_executor': 'executors', 'survey_status': 'manifest'}


def __getattr__(name):
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        msg = f'module {__name__!r} has no attribute {name!r}'
        raise AttributeError(msg)
    return getattr(import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__():
    """List the public names."""
    return sorted(__all__)
