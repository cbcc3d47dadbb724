# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Models that are loaded once per process."""

from functools import lru_cache
from threading import Lock

from blendhunter.network.loading import load_model
from blendhunter.network.weights import resolve_weights

__all__ = ['cached_model']

# held while a model is loaded, so that threads do this once
_LOADING = Lock()


def cached_model(weights, *, precision):
    """Return a model; a file is read and verified when it is new."""
    path = resolve_weights(weights, verify=False)
    modified = path.stat().st_mtime_ns
    with _LOADING:
        return _load_once(path, modified, str(weights), precision)


@lru_cache(maxsize=4)
def _load_once(path, modified, weights, precision):
    """Load a model; ``modified`` makes a changed file load anew."""
    del path, modified
    return load_model(weights, precision=precision)
