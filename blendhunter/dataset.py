"""The HDF5 container that simulation writes and training reads."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter._utils.files import atomic_path
from blendhunter.exceptions import DataSetError

__all__ = ['DataSet', 'read_dataset', 'write_dataset']

FORMAT = 'blendhunter data set 1'


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


def write_dataset(path, dataset):
    """
    Write a data set; an interrupted write leaves no file.

    Parameters
    ----------
    path : str or path-like
        HDF5 file.
    dataset : `DataSet`
    """
    import h5py

    with atomic_path(path) as temporary, h5py.File(temporary, 'w') as file:
        file.attrs['format'] = FORMAT
        file.attrs['provenance'] = json.dumps(dataset.provenance)
        for name, array in dataset.arrays.items():
            # masks compress well and fast, noise does not compress
            options = {'compression': 'lzf'} if array.dtype == bool else {}
            file.create_dataset(f'arrays/{name}', data=array, **options)
        for name in dataset.truth.colnames:
            file.create_dataset(f'truth/{name}',
                                data=np.asarray(dataset.truth[name]))


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
            provenance = json.loads(file.attrs['provenance'])
    except (OSError, KeyError, ValueError) as error:
        msg = f'data set {str(path)!r} cannot be read: {error}'
        raise DataSetError(msg) from error
    return DataSet(arrays, truth, provenance)
