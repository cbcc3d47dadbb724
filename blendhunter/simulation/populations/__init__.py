# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Populations of galaxies and stars: ``draw`` parameters, ``render`` one."""
