# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Checkpoints: a training that was killed continues from one.

Keras' `BackupAndRestore` restores neither the state of dropout nor the
batch within an epoch, and accepts the backup of another training.
`SwapEMAWeights` changes the last digits of the weights at each swap.
"""

from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter._utils.files import atomic_path
from blendhunter._utils.tables import write_table
from blendhunter.exceptions import DataSetError

__all__ = ['History', 'restore_checkpoint', 'save_checkpoint']


def save_checkpoint(path, model, identity):
    """Write the variables of a compiled model and its optimizer."""
    import h5py
    from keras import ops

    with atomic_path(path) as temporary, h5py.File(temporary, 'w') as file:
        file.attrs['identity'] = identity
        for group, variables in _state(model).items():
            for i, variable in enumerate(variables):
                file.create_dataset(f'{group}/{i}',
                                    data=ops.convert_to_numpy(variable))


def restore_checkpoint(path, model, identity):
    """
    Restore a checkpoint if there is one; return the steps done.

    One that is damaged, or of another training, raises `DataSetError`.
    """
    import h5py
    from keras import ops

    if not Path(path).is_file():
        return 0
    try:
        with h5py.File(path, 'r') as file:
            found = file.attrs['identity']
            if found != identity:
                msg = (f'checkpoint {str(path)!r} belongs to another '
                       f'training; it was {found}')
                raise DataSetError(msg)
            for group, variables in _state(model).items():
                for i, variable in enumerate(variables):
                    variable.assign(np.asarray(file[f'{group}/{i}']))
    except (OSError, KeyError, ValueError) as error:
        msg = f'checkpoint {str(path)!r} cannot be read: {error}'
        raise DataSetError(msg) from error
    return int(ops.convert_to_numpy(model.optimizer.iterations))


def _state(model):
    """Return the variables that make up a training's state."""
    return {'model': model.variables, 'optimizer': model.optimizer.variables}


class History:
    """A CSV file of a training's reports; those after ``step`` are dropped."""

    def __init__(self, path, *, step=0):
        self.path = Path(path)
        self.rows = []
        if step and self.path.is_file():
            table = Table.read(self.path, format='ascii.csv')
            self.rows = [{key: value for key, value in dict(row).items()
                          if value is not np.ma.masked}
                         for row in table if row['step'] <= step]

    def add(self, **values):
        """Append a row and write the file."""
        self.rows.append(values)
        write_table(Table(self.rows), self.path, overwrite=True)
