# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The command line: each command is one public call."""

from blendhunter.cli.main import main

__all__ = ['main']
