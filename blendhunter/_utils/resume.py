# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
The finished parts of a run, from which a killed run continues.

`joblib.Memory` gives byte-equal parts, but keeps serving them after the
code below a cached function or a package's version has changed, cannot
hash a user's lambda, and hashes a sheared GalSim object differently once it
has been drawn. So parts are kept here, with one description of the run
that they belong to. (For trainings see `blendhunter.training.checkpoint`.)
"""

import hashlib
import json
import pickle
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter._utils.files import atomic_path, write_text
from blendhunter._utils.parallel import describe_run, seed_sequence
from blendhunter.exceptions import DataSetError

__all__ = ['PartStore', 'begin_run', 'plain']

RUN_FILE = 'run.json'
# what a killed write leaves
REMAINS = ('.*-*.npz', '.run-*.json')
# what a run may leave: also the best weights and the history of a head
RUN_FILES = (RUN_FILE, '*.npz', 'best.weights.h5', 'history.csv', *REMAINS)


class PartStore:
    """
    A directory of finished parts of a run, one ``.npz`` file each.

    A part is written under a temporary name and renamed, so that a kill
    or a full disk leaves whole parts only.
    """

    def __init__(self, directory):
        self.directory = Path(directory)

    @classmethod
    def beside(cls, output):
        """Return the store of the run that writes a file."""
        output = Path(output)
        return cls(output.with_name(f'{output.name}.parts'))

    def begin(self, identity):
        """
        Start a run, or continue the one that was interrupted.

        ``identity`` are the plain values that decide the result:
        arguments, seed, versions. Results of another run are refused.
        """
        text = json.dumps(identity, sort_keys=True)
        path = self.directory / RUN_FILE
        own = self._run()
        if own is not None and path.read_text() == text:
            return
        remains = {p for name in REMAINS for p in self.directory.glob(name)}
        results = {p for p in self.directory.glob('*')
                   if own is None or p.name != RUN_FILE} - remains
        if results and own is None:
            msg = (f'{str(self.directory)!r} was not made by blendhunter; '
                   'it is needed for the finished parts of this run; move '
                   'it, or choose another output')
            raise DataSetError(msg)
        if results:
            msg = (f'{str(self.directory)!r} holds parts of a run with '
                   'other arguments, another seed or other versions; repeat '
                   'that run to finish it, or delete the directory')
            raise DataSetError(msg)
        self.directory.mkdir(exist_ok=True)
        write_text(path, text)

    def _run(self):
        """Return the description of the run, None if it is not ours."""
        try:
            run = json.loads((self.directory / RUN_FILE).read_text())
        except (OSError, ValueError):
            return None
        return run if isinstance(run, dict) and 'what' in run else None

    def n_parts(self):
        """Return how many parts are finished."""
        if self._run() is None:
            return 0
        return len(list(self.directory.rglob('[!.]*.npz')))

    def stored_seeds(self):
        """Return the seeds of the interrupted run, or None."""
        run = self._run()
        if run is None or 'seed' not in run:
            return None
        return np.random.SeedSequence(run['seed'],
                                      spawn_key=run['spawn_key'])

    def _path(self, key):
        """Return the file of a part, whose key is a number or a name."""
        name = key if isinstance(key, str) else f'{key:06d}'
        return self.directory / f'{name}.npz'

    def __contains__(self, key):
        return self._path(key).is_file()

    def load(self, key):
        """Return the arrays (dict) and the table of a part."""
        try:
            with np.load(self._path(key)) as file:
                parts = {name: file[name] for name in file.files}
        except (OSError, EOFError, KeyError, ValueError,
                zipfile.BadZipFile) as error:
            msg = f'{str(self._path(key))!r} cannot be read: {error}'
            raise DataSetError(msg) from error
        arrays, truth = ({
            name.removeprefix(kind): value for name, value in parts.items()
            if name.startswith(kind)} for kind in ('array/', 'truth/'))
        return arrays, Table(truth)

    def save(self, key, arrays, truth=None):
        """Write a part: arrays of any shapes, and maybe a table."""
        parts = {f'array/{name}': value for name, value in arrays.items()}
        if truth is not None:
            parts.update({f'truth/{name}': np.asarray(truth[name])
                          for name in truth.colnames})
        with atomic_path(self._path(key)) as temporary:
            np.savez(temporary, **parts)

    def arrays(self, key, make):
        """Return the arrays of a part, from ``make()`` if it is missing."""
        if key not in self:
            self.save(key, make())
        return self.load(key)[0]

    def discard(self):
        """
        Remove the run's files, and those of the runs inside: it is complete.

        The directory goes, too, if it holds nothing else.
        """
        if self._run() is None:
            return
        for path in self.directory.iterdir():
            if path.is_dir():
                PartStore(path).discard()
        for pattern in RUN_FILES:
            for path in self.directory.glob(pattern):
                path.unlink(missing_ok=True)
        # a file of the user's keeps the directory
        with suppress(OSError):
            self.directory.rmdir()


def begin_run(what, arguments, rng, work_dir):
    """
    Return the seeds of a run, its provenance and its store.

    ``what`` names the kind of result. ``rng=None`` takes the seeds of an
    interrupted run, if there is one. The provenance holds plain arguments,
    seed and versions. Without ``work_dir`` the store is None.
    """
    store = None if work_dir is None else PartStore(work_dir)
    if rng is None and store is not None:
        rng = store.stored_seeds()
    seeds = seed_sequence(rng)
    provenance = plain({**arguments, **describe_run(seeds)})
    if store is not None:
        store.begin({'what': what, **provenance})
    return seeds, provenance, store


def plain(value):
    """
    Return a value in a form that JSON can hold.

    Two values have the same form only if they give the same result:
    arrays, functions and GalSim's objects come with a hash.
    """
    return json.loads(json.dumps(value, default=_describe))


def _describe(value):
    """Describe a value that JSON does not know."""
    name = type(value).__name__
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return f'array {value.shape} {_digest(value.tobytes())}'
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, 'drawImage'):
        # GalSim: pickles change once a profile is drawn, and the repr of
        # an image leaves pixels out
        pixels = value.drawImage(nx=64, ny=64, scale=0.1, method='no_pixel')
        data = repr(value).encode() + pixels.array.tobytes()
        return f'{name} {_digest(data)}'
    if hasattr(value, '__code__'):
        code = value.__code__
        text = f'{code.co_code}{code.co_consts}{value.__defaults__}'
        return (f'{value.__module__}.{value.__qualname__} '
                f'{_digest(text.encode())}')
    if hasattr(value, '__dict__') and not callable(value):
        # dataclasses and the objects of simple classes
        return {name: {key: item for key, item in vars(value).items()
                       if not key.startswith('_')}}
    return f'{name} {_digest(pickle.dumps(value))}'


def _digest(data):
    """Return the start of a SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]
