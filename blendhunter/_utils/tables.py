# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Writing result tables, the format chosen by the extension."""

import gzip
import io
import shutil
import tempfile
from pathlib import Path

from blendhunter._utils.files import (
    atomic_path,
    check_writable,
    extension_of,
)

__all__ = ['EXTENSIONS', 'check_table_columns', 'check_table_path',
           'write_table']

EXTENSIONS = {'.ecsv': 'ascii.ecsv', '.fits': 'fits', '.csv': 'ascii.csv',
              '.parquet': 'parquet', '.hdf5': 'hdf5', '.h5': 'hdf5',
              '.fits.gz': 'fits', '.ecsv.gz': 'ascii.ecsv'}


def check_table_path(path, *, overwrite=False, name='output'):
    """Check, before any work, that a table can be written to ``path``."""
    check_writable(path, overwrite=overwrite, name=name,
                   extensions=EXTENSIONS)


def check_table_columns(table, path, *, name='catalog'):
    """
    Check, before any work, that a format can hold a table's columns.

    The first row is written to a temporary folder. A ValueError names
    the column that cannot be written.
    """
    row = table[:1]
    try:
        _try_to_write(row, path)
    except Exception as error:
        for column in table.colnames:
            try:
                _try_to_write(row[[column]], path)
            except Exception as reason:
                msg = (f'{name}: column {column!r} cannot be written to '
                       f'{extension_of(path)} ({_first_line(reason)}); choose '
                       'another extension, or remove the column')
                raise ValueError(msg) from reason
        msg = (f'{name} cannot be written to {extension_of(path)}: '
               f'{_first_line(error)}')
        raise ValueError(msg) from error


def _first_line(error):
    """Return the first line of an error."""
    return str(error).strip().split('\n')[0] or repr(error)


def _try_to_write(table, path):
    """Write a table as ``path`` would be written, and forget it."""
    with tempfile.TemporaryDirectory() as folder:
        _write(table, Path(folder) / f'a{extension_of(path)}',
               extension_of(path))


def write_table(table, path, *, overwrite=False):
    """
    Write a table; an interrupted write leaves no file.

    The extension chooses the format, see `EXTENSIONS`. CSV keeps no
    units and no meta.
    """
    check_table_path(path, overwrite=overwrite)
    with atomic_path(path) as temporary:
        _write(table, temporary, extension_of(path))


def _write(table, path, extension):
    """Write a table in the format of an extension."""
    kind = EXTENSIONS[extension]
    options = {'format': kind, 'overwrite': True}
    if kind == 'hdf5':
        _write_hdf5(table, path)
        return
    if kind == 'ascii.csv':
        table = table.copy(copy_data=False)
        table.meta.clear()
    if kind == 'parquet':
        path.unlink(missing_ok=True)  # this writer wants no file there
    if extension == '.ecsv.gz':
        # astropy reads compressed text, but does not write it
        plain = path.with_name(f'{path.name}.plain')
        try:
            table.write(plain, **options)
            with plain.open('rb') as source, gzip.open(path, 'wb') as target:
                shutil.copyfileobj(source, target)
        finally:
            plain.unlink(missing_ok=True)
        return
    table.write(path, **options)


def _write_hdf5(table, path):
    """Write HDF5 by way of memory: h5py does not survive a full disk."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, 'w') as file:
        table.write(file, format='hdf5', path='catalog', serialize_meta=True)
    path.write_bytes(buffer.getvalue())
