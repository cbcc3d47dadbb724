# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Time of imports, each in a fresh interpreter."""


def timeraw_import():
    """Import the package alone, which loads no heavy dependency."""
    return 'import blendhunter'


def timeraw_import_detect():
    """Import the package and what detection needs."""
    return 'from blendhunter import detect'
