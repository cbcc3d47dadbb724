"""A directory of finished chunks, from which a killed run continues."""

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter._utils.files import atomic_path, write_text
from blendhunter._utils.parallel import describe_run, seed_sequence
from blendhunter.exceptions import DataSetError

__all__ = ['ChunkStore', 'begin_run', 'plain']

RUN_FILE = 'run.json'


class ChunkStore:
    """
    Finished parts of a long simulation, one file each.

    A part is written under a temporary name and moved into place, so
    that a run which is killed, or meets a full disk, leaves whole parts
    only.

    Parameters
    ----------
    directory : path-like
        Made when the run begins; its parent must exist.
    """

    def __init__(self, directory):
        self.directory = Path(directory)

    def begin(self, identity):
        """
        Start a run, or continue the one that was interrupted.

        Parameters
        ----------
        identity : dict
            Plain values that decide the result: arguments, seed,
            versions.

        Raises
        ------
        `~blendhunter.exceptions.DataSetError`
            If the directory holds parts of another run.
        """
        text = json.dumps(identity, sort_keys=True)
        path = self.directory / RUN_FILE
        if not self.n_parts():
            self.directory.mkdir(exist_ok=True)
            write_text(path, text)
        elif not path.is_file() or path.read_text() != text:
            msg = (f'{str(self.directory)!r} holds parts of a run with '
                   'other arguments, seed or versions; repeat that run to '
                   'finish it, or delete the directory')
            raise DataSetError(msg)

    def n_parts(self):
        """Return how many parts are finished."""
        return len(list(self.directory.glob('[0-9]*.npz')))

    def stored_seeds(self):
        """Return the seeds of the interrupted run, or None."""
        path = self.directory / RUN_FILE
        if not path.is_file():
            return None
        run = json.loads(path.read_text())
        return np.random.SeedSequence(run['seed'],
                                      spawn_key=run['spawn_key'])

    def _path(self, index):
        """Return the file of a part."""
        return self.directory / f'{index:06d}.npz'

    def __contains__(self, index):
        return self._path(index).is_file()

    def load(self, index):
        """
        Read a part.

        Returns
        -------
        arrays : dict of `~numpy.ndarray`
        truth : `~astropy.table.Table`

        Raises
        ------
        `~blendhunter.exceptions.DataSetError`
            If the file is damaged.
        """
        import zipfile

        try:
            with np.load(self._path(index)) as file:
                parts = {name: file[name] for name in file.files}
        except (OSError, EOFError, KeyError, ValueError,
                zipfile.BadZipFile) as error:
            msg = f'{str(self._path(index))!r} cannot be read: {error}'
            raise DataSetError(msg) from error
        arrays = {name.removeprefix('array/'): value
                  for name, value in parts.items()
                  if name.startswith('array/')}
        return arrays, Table({name.removeprefix('truth/'): value
                              for name, value in parts.items()
                              if name.startswith('truth/')})

    def save(self, index, arrays, truth):
        """Write a part: arrays of any shapes, and a table."""
        parts = {f'array/{name}': value for name, value in arrays.items()}
        parts.update({f'truth/{name}': np.asarray(truth[name])
                      for name in truth.colnames})
        with atomic_path(self._path(index)) as temporary:
            np.savez(temporary, **parts)

    def discard(self):
        """Remove the directory: the run is complete."""
        shutil.rmtree(self.directory, ignore_errors=True)


def begin_run(what, arguments, rng, work_dir):
    """
    Settle the seed of a run, and what an earlier one left of it.

    Parameters
    ----------
    what : str
        Kind of result.
    arguments : dict
    rng : None, int, SeedSequence or Generator
        None takes the seed of an interrupted run, if there is one.
    work_dir : path-like or None

    Returns
    -------
    seeds : `~numpy.random.SeedSequence`
    provenance : dict
        Arguments, seed and versions.
    store : `ChunkStore` or None
    """
    store = None if work_dir is None else ChunkStore(work_dir)
    stored = store.stored_seeds() if store is not None and rng is None else (
        None)
    seeds = seed_sequence(stored if rng is None else rng)
    provenance = plain({**arguments, **describe_run(seeds)})
    if store is not None:
        store.begin({'what': what, **provenance})
    return seeds, provenance, store


def plain(value):
    """
    Return a value in a form that JSON can hold.

    Two values have the same form only if they give the same result:
    arrays, functions and GalSim's objects come with a hash.

    Parameters
    ----------
    value : object

    Returns
    -------
    plain : dict, list, str, number, bool or None
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return f'array {value.shape} {_digest(value.tobytes())}'
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, 'drawImage'):  # galsim
        return f'{type(value).__name__} {_digest(pickle.dumps(value))}'
    if hasattr(value, '__code__'):
        code = value.__code__
        text = f'{code.co_code}{code.co_consts}{value.__defaults__}'
        return (f'{value.__module__}.{value.__qualname__} '
                f'{_digest(text.encode())}')
    if hasattr(value, '__dict__') and not callable(value):
        # dataclasses and the objects of simple classes
        return {type(value).__name__: {key: plain(item) for key, item in
                                       vars(value).items()
                                       if not key.startswith('_')}}
    return f'{type(value).__name__} {_digest(pickle.dumps(value))}'


def _digest(data):
    """Return the start of a SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]
