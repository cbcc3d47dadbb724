# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Fixtures shared with the tests in the package."""

from blendhunter.tests.fixtures import *  # noqa: F403
