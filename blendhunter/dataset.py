"""The HDF5 container that simulation writes and training reads."""

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
    Arrays of one length, their truth, and where they come from.

    Parameters
    ----------
    arrays : dict of `~numpy.ndarray`
        Stacks of shape (n, ...).
    truth : `~astropy.table.Table`
        One row per entry.
    provenance : dict
        Arguments, seed and versions; plain values only.
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
    Join data sets of the same arrays.

    Parameters
    ----------
    datasets : sequence of `DataSet`
    counter : str
        Column of the truth whose numbers go on from one data set to the
        next, such as ``group`` or ``field``.

    Returns
    -------
    dataset : `DataSet`
        The truth has the columns that all have. The provenance is that of
        the first, and those of all as ``parts``.
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
    dataset : `DataSet`
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
        file.attrs['format'] = FORMAT
        file.attrs['provenance'] = json.dumps(dataset.provenance)
        for name, array in dataset.arrays.items():
            # masks compress well and fast, noise does not compress
            options = {'compression': 'lzf'} if array.dtype == bool else {}
            file.create_dataset(f'arrays/{name}', data=array, **options)
        for name in dataset.truth.colnames:
            column = np.asarray(dataset.truth[name])
            # HDF5 knows no arrays of Unicode
            file.create_dataset(f'truth/{name}', data=(
                np.char.encode(column) if column.dtype.kind == 'U'
                else column))


def read_dataset(path):
    """
    Read a data set.

    Parameters
    ----------
    path : str or path-like
        HDF5 file written by `write_dataset`.

    Returns
    -------
    dataset : `DataSet`

    Raises
    ------
    FileNotFoundError
        If it is missing.
    `~blendhunter.exceptions.DataSetError`
        If it is damaged or something else.
    """
    import h5py

    if not Path(path).is_file():
        msg = f'data set: no such file: {str(path)!r}'
        raise FileNotFoundError(msg)
    try:
        with h5py.File(path, 'r') as file:
            if file.attrs.get('format') != FORMAT:
                msg = f'{str(path)!r} is no {FORMAT!r}'
                raise DataSetError(msg)
            arrays = {name: item[()] for name, item in file['arrays'].items()}
            truth = Table({name: item[()]
                           for name, item in file['truth'].items()})
            truth.convert_bytestring_to_unicode()
            provenance = json.loads(file.attrs['provenance'])
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
