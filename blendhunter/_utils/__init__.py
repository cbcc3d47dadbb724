# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Helpers shared by all layers; not part of the public interface."""
