"""Writing files so that nothing half-written ever stays."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

__all__ = ['atomic_path', 'check_writable', 'write_text']


def check_writable(path, *, overwrite=False, name='output',
                   extensions=None):
    """
    Check, before any work, that ``path`` can be written.

    ``name`` is that of the argument, for the error message; ``extensions``
    are the known ones in lower case, '' for none.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if extensions is not None and suffix not in extensions:
        known = ', '.join(filter(None, extensions))
        msg = f'{name}: unknown extension {suffix!r}; known are {known}'
        raise ValueError(msg)
    if not path.parent.is_dir():
        msg = f'{name}: directory {str(path.parent)!r} does not exist'
        raise FileNotFoundError(msg)
    if path.is_dir():
        msg = f'{name}: {str(path)!r} is a directory'
        raise IsADirectoryError(msg)
    if path.exists() and not overwrite:
        msg = f'{name}: {str(path)!r} exists; use overwrite to replace it'
        raise FileExistsError(msg)
    if not os.access(path.parent, os.W_OK):
        msg = f'{name}: directory {str(path.parent)!r} is not writable'
        raise PermissionError(msg)


@contextmanager
def atomic_path(path):
    """
    Give a temporary path with the same extension; rename it on success.

    If the block raises, by an error or a keyboard interrupt, the temporary
    file is removed.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f'.{path.stem}-',
                                    suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Write a small text file whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text)
