"""Run the command line as ``python -m blendhunter``."""

import sys

from blendhunter.cli import main

if __name__ == '__main__':
    sys.exit(main())
