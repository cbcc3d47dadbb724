# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write files completely or not at all, and never over an input."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

__all__ = ['atomic_path', 'check_outputs', 'check_writable', 'extension_of',
           'write_text']


def extension_of(path):
    """Return the extension in lower case, with that of a compression."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    return ''.join(suffixes[-2:] if suffixes[-1:] == ['.gz']
                   else suffixes[-1:])


def check_writable(path, *, overwrite=False, name='output',
                   extensions=None):
    """
    Check, before any work, that ``path`` can be written.

    ``name`` is that of the argument, for the error message; ``extensions``
    are the known ones in lower case, '' for none.
    """
    path = Path(path)
    if extensions is not None and extension_of(path) not in extensions:
        known = ', '.join(filter(None, extensions))
        msg = (f'{name}: unknown extension {extension_of(path)!r}; the '
               f'known ones are {known}')
        raise ValueError(msg)
    if not path.parent.is_dir():
        msg = f'{name}: directory {str(path.parent)!r} does not exist'
        raise FileNotFoundError(msg)
    if path.is_dir():
        msg = f'{name}: {str(path)!r} is a directory'
        raise IsADirectoryError(msg)
    if path.exists() and not overwrite:
        msg = f'{name}: {str(path)!r} exists; use overwrite=True to replace it'
        raise FileExistsError(msg)
    folder = path.resolve().parent
    if not os.access(folder, os.W_OK):
        msg = f'{name}: directory {str(folder)!r} is not writable'
        raise PermissionError(msg)


def check_outputs(outputs, inputs, *, replaceable=()):
    """
    Refuse outputs that would destroy an input, or another output.

    Parameters
    ----------
    outputs, inputs : dict of path or None
        By the name of the argument. An input may be ``FILE[EXT]``.
    replaceable : sequence of str, optional
        Inputs that an output may replace.

    Raises
    ------
    ValueError
        With the names of both arguments.
    """
    seen = {}
    for name, path in outputs.items():
        if path is None:
            continue
        place = _place(path)
        if place in seen:
            msg = f'{name}: {str(path)!r} is also given as {seen[place]}'
            raise ValueError(msg)
        seen[place] = name
    for name, path in inputs.items():
        if path is None or name in replaceable:
            continue
        for candidate in (path, str(path).partition('[')[0]):
            output = seen.get(_place(candidate))
            if output is not None:
                msg = (f'{output}: {str(candidate)!r} is also given as '
                       f'{name}; the output would replace this input')
                raise ValueError(msg)


def _place(path):
    """Return what two names of one file have in common."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


@contextmanager
def atomic_path(path):
    """
    Give a temporary path with the same extension; rename it on success.

    A symbolic link stays one, and a file that is replaced keeps its
    permissions. If the block raises, by an error or a keyboard interrupt,
    the temporary file is removed.
    """
    path = Path(path).resolve()
    handle, name = tempfile.mkstemp(prefix=f'.{path.stem[:40]}-',
                                    suffix=extension_of(path),
                                    dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if path.exists():
            mode = path.stat().st_mode & 0o7777
        else:
            umask = os.umask(0)
            os.umask(umask)
            mode = 0o666 & ~umask
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Write a small text file whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text)
