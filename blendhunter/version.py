# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The version of the package."""

__all__ = ['__version__']

__version__ = '0.1.0.dev0'
