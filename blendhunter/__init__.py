# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Tell which sources of a survey catalog are blends.

The public names are loaded when they are first used. So the import of the
package is fast.
"""

from importlib import import_module

from blendhunter.version import __version__

__all__ = ['BlendIdentifier', 'DetectedImage', 'DetectionSettings',
           '__citation__', '__version__', 'adapt', 'choose_threshold',
           'decode_blend_flags', 'detect', 'evaluate_cut',
           'expected_blends', 'explain', 'extract_stamps', 'list_weights',
           'load_model', 'simulate_detections', 'simulate_field',
           'simulate_stamps', 'train']

__citation__ = """\
@article{Farrens2022,
  author = {{Farrens}, S. and {Lacan}, A. and {Guinot}, A. and
            {Vitorelli}, A. Z.},
  title = {Deep transfer learning for blended source identification in
           galaxy survey data},
  journal = {Astronomy \\& Astrophysics},
  volume = {657},
  pages = {A98},
  year = {2022},
  doi = {10.1051/0004-6361/202141166}
}
"""

_HOMES = {'BlendIdentifier': 'identify', 'DetectedImage': 'detection',
          'DetectionSettings': 'detection', 'adapt': 'adaptation',
          'choose_threshold': 'selection', 'decode_blend_flags': 'stamps',
          'detect': 'detection', 'evaluate_cut': 'selection',
          'expected_blends': 'selection', 'explain': 'explanation',
          'extract_stamps': 'stamps',
          'list_weights': 'network', 'load_model': 'network',
          'simulate_detections': 'simulation',
          'simulate_field': 'simulation', 'simulate_stamps': 'simulation',
          'train': 'training'}


def __getattr__(name):
    """Load a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        msg = f'module {__name__!r} has no attribute {name!r}'
        raise AttributeError(msg)
    return getattr(import_module(f'blendhunter.{_HOMES[name]}'), name)


def __dir__():
    """List the public names."""
    return sorted(__all__)
