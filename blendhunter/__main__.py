# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Run the command line as ``python -m blendhunter``."""

import sys

from blendhunter.cli import main

if __name__ == '__main__':
    sys.exit(main())
