# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The data sets that simulations write and trainings read (HDF5)."""

import errno
import io
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.files import atomic_path
from blendhunter.exceptions import DataSetError

__all__ = ['DataSet', 'join_datasets', 'read_dataset', 'write_dataset']

FORMAT = 'blendhunter data set 1'
# a larger set is written to the disk directly
MAX_IN_MEMORY = 64e6


@dataclass(frozen=True)
class DataSet:
    """
    Arrays of the same length, with their truth and their provenance.

    Parameters
    ----------
    arrays : dict of `~numpy.ndarray`
        Arrays of shape (n, ...), by name.
    truth : `~astropy.table.Table`
        One row per entry.
    provenance : dict
        Arguments, seed and versions. Only plain values (as in JSON) are
        allowed.
    """

    arrays: dict
    truth: Table
    provenance: dict = field(default_factory=dict)

    def __post_init__(self):
        for name, array in self.arrays.items():
            if len(array) != len(self.truth):
                msg = (f'{name} has {len(array)} entries but truth has '
                       f'{len(self.truth)}')
                raise ValueError(msg)

    def __len__(self):
        return len(self.truth)


def join_datasets(datasets, counter):
    """
    Join data sets that have the same arrays.

    Parameters
    ----------
    datasets : sequence of `~blendhunter.dataset.DataSet`
        The data sets.
    counter : str
        Column of the truth with a number, such as ``group`` or ``field``.
        The numbers of each data set continue those of the one before.

    Returns
    -------
    dataset : `~blendhunter.dataset.DataSet`
        The truth has the columns that all data sets have. The provenance
        is that of the first, and ``parts`` lists those of all.
    """
    tables, first = [], 0
    for dataset in datasets:
        tables.append(dataset.truth.copy())
        tables[-1][counter] += first
        if len(dataset):
            first = tables[-1][counter].max() + 1
    parts = [dataset.provenance for dataset in datasets]
    return DataSet(
        {name: np.concatenate([dataset.arrays[name] for dataset in datasets])
         for name in datasets[0].arrays},
        vstack(tables, join_type='inner', metadata_conflicts='silent'),
        {**parts[0], 'parts': parts})


def write_dataset(path, dataset):
    """
    Write a data set; an interrupted write leaves no file.

    Parameters
    ----------
    path : str or path-like
        HDF5 file.
    dataset : `~blendhunter.dataset.DataSet`
        The data set.
    """
    path = Path(path)
    size = sum(array.nbytes for array in dataset.arrays.values())
    free = shutil.disk_usage(path.parent).free
    if size > free:
        # h5py ends the process if the disk is full when it closes a file
        msg = (f'data set {str(path)!r} needs {size / 1e6:.0f} MB, but only '
               f'{free / 1e6:.0f} MB are free')
        raise OSError(errno.ENOSPC, msg)
    with atomic_path(path) as temporary:
        if size > MAX_IN_MEMORY:
            _write(temporary, dataset)
            return
        buffer = io.BytesIO()
        _write(buffer, dataset)
        temporary.write_bytes(buffer.getvalue())


def _write(target, dataset):
    """Write a data set to a file, or into memory."""
    import h5py

    with h5py.File(target, 'w') as file:
        file.attrs['format'] = _fixed(FORMAT)
        file.attrs['provenance'] = _fixed(json.dumps(dataset.provenance))
        for name, array in dataset.arrays.items():
            # masks compress well and fast, noise does not compress
            options = {'compression': 'lzf'} if array.dtype == bool else {}
            file.create_dataset(f'arrays/{name}', data=array, **options)
        for name in dataset.truth.colnames:
            column = np.asarray(dataset.truth[name])
            # HDF5 knows no arrays of Unicode
            stored = file.create_dataset(f'truth/{name}', data=(
                np.char.encode(column) if column.dtype.kind == 'U'
                else column))
            stored.attrs['description'] = _fixed(
                dataset.truth[name].info.description or '')


def _fixed(text):
    """
    Return text for an attribute of fixed length.

    Text of variable length lies in another part of the file. If that part
    is damaged, HDF5 may search it forever.
    """
    return np.bytes_(text.encode() or b' ')


def _text(value):
    """Return the text of an attribute; older files hold str."""
    text = value.decode() if isinstance(value, bytes) else value
    return text.strip() if isinstance(text, str) else text


def read_dataset(path):
    """
    Read a data set.

    Parameters
    ----------
    path : str or path-like
        HDF5 file from `~blendhunter.dataset.write_dataset`.

    Returns
    -------
    dataset : `~blendhunter.dataset.DataSet`
        The data set.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    `~blendhunter.exceptions.DataSetError`
        If the file is damaged, or is not a data set.
    """
    import h5py

    if not Path(path).is_file():
        msg = f'data set: no such file: {str(path)!r}'
        raise FileNotFoundError(msg)
    try:
        with h5py.File(path, 'r') as file:
            if _text(file.attrs.get('format')) != FORMAT:
                msg = f'{str(path)!r} is not a {FORMAT!r}'
                raise DataSetError(msg)
            arrays = {name: item[()] for name, item in file['arrays'].items()}
            truth = Table({name: item[()]
                           for name, item in file['truth'].items()})
            truth.convert_bytestring_to_unicode()
            for name, item in file['truth'].items():
                truth[name].info.description = (
                    _text(item.attrs.get('description')) or None)
            provenance = json.loads(_text(file.attrs['provenance']))
        made = DataSet(arrays, truth, provenance)
    except DataSetError:
        raise
    # a damaged file can make h5py raise anything
    except Exception as error:
        reason = str(error).split('\n')[0] or repr(error)
        msg = f'data set {str(path)!r} cannot be read: {reason}'
        raise DataSetError(msg) from error
    for name, array in arrays.items():
        if array.dtype.kind == 'f' and not np.all(np.isfinite(array)):
            msg = (f'data set {str(path)!r}: {name} has values that are not '
                   'finite')
            raise DataSetError(msg)
    return made
