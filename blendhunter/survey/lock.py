# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""One run at a time in a directory."""

import errno
import warnings
from contextlib import contextmanager

from blendhunter.exceptions import BlendHunterError, BlendHunterWarning

__all__ = ['lock_directory']

LOCK_FILE = '.lock'
TAKEN = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


@contextmanager
def lock_directory(directory):
    """
    Keep other runs out of a directory, for a block.

    The kernel releases the lock when the process ends, even if it is
    killed. The empty lock file stays. A BlendHunterError is raised if
    another run has the lock.
    """
    with (directory / LOCK_FILE).open('a+b') as file:
        try:
            _lock(file)
        except OSError as error:
            if error.errno in TAKEN:
                msg = (f'output_dir: another run uses {str(directory)!r}; '
                       'wait until it ends')
                raise BlendHunterError(msg) from None
            warnings.warn(
                f'output_dir: {str(directory)!r} is on a file system without '
                'locks; do not start a second run there', BlendHunterWarning,
                stacklevel=3)
        yield


def _lock(file):
    """Lock an open file until it is closed."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
