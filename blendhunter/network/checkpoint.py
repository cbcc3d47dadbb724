"""Checkpoints: a training killed at any moment continues from one."""

import csv
from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path
from blendhunter.exceptions import DataSetError

__all__ = ['History', 'restore_checkpoint', 'save_checkpoint']


def save_checkpoint(path, model, identity):
    """
    Write the weights and the optimizer's state, in one atomic file.

    Parameters
    ----------
    path : path-like
    model : `keras.Model`
        Compiled and built.
    identity : str
        What the training is: a checkpoint of another one is refused.
    """
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
    Continue from a checkpoint if there is one.

    Parameters
    ----------
    path, model, identity
        As for `save_checkpoint`.

    Returns
    -------
    step : int
        Number of training steps that the model has done; 0 without a
        checkpoint.

    Raises
    ------
    `~blendhunter.exceptions.DataSetError`
        If the checkpoint is damaged or belongs to another training.
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
    """
    A CSV file with one row per report of a training.

    Parameters
    ----------
    path : path-like
    step : int
        Rows of later steps, from before a kill, are dropped.
    """

    def __init__(self, path, *, step=0):
        self.path = Path(path)
        self.rows = []
        if step and self.path.is_file():
            with self.path.open(newline='') as file:
                self.rows = [row for row in csv.DictReader(file)
                             if int(row['step']) <= step]

    def add(self, **values):
        """Append a row and write the file."""
        self.rows.append(values)
        names = list(dict.fromkeys(key for row in self.rows for key in row))
        with atomic_path(self.path) as temporary, temporary.open(
                'w', newline='') as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self.rows)
