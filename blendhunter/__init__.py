"""
Tell which sources of a survey catalogue are blends.

The public names are loaded when they are first used, so that the import
of the package costs next to nothing.
"""

from importlib import import_module

from blendhunter.version import __version__

__all__ = ['BlendIdentifier', '__version__', 'detect', 'extract_stamps',
           'load_model', 'simulate_field', 'simulate_stamps', 'train']

_HOMES = {'BlendIdentifier': 'blendhunter.identify',
          'detect': 'blendhunter.detection',
          'extract_stamps': 'blendhunter.stamps',
          'load_model': 'blendhunter.network',
          'simulate_field': 'blendhunter.simulation',
          'simulate_stamps': 'blendhunter.simulation',
          'train': 'blendhunter.network'}


def __getattr__(name):
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        msg = f'module {__name__!r} has no attribute {name!r}'
        raise AttributeError(msg)
    return getattr(import_module(_HOMES[name]), name)


def __dir__():
    """List the public names."""
    return sorted(__all__)
