# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Find the blends among the sources of a catalog."""

from blendhunter.identify.identifier import BlendIdentifier

__all__ = ['BlendIdentifier']
