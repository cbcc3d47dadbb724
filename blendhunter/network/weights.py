"""Weights files: one file per model, checked to the last byte."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path
from blendhunter.exceptions import WeightsError

__all__ = ['REGISTRY', 'read_metadata', 'read_weights', 'resolve_weights',
           'update_metadata', 'write_weights']

DATA = Path(__file__).parent.parent / 'data'
REGISTRY = DATA / 'registry.json'
MAGIC = b'blendhunter weights 1\n'
# HDF5 lets a block of bytes stand before its own data: ours holds the
# magic line and the sha256 of everything that follows
BLOCK = 512


def _header(payload):
    """Return the block that stands before the HDF5 data."""
    digest = hashlib.sha256(payload).hexdigest().encode()
    return (MAGIC + b'sha256 ' + digest + b'\n').ljust(BLOCK, b'\0')


def write_weights(path, arrays, metadata):
    """
    Write a weights file; an interrupted write leaves no file.

    Parameters
    ----------
    path : str or path-like
        HDF5 file with a leading block that holds its sha256.
    arrays : dict of `~numpy.ndarray`
        Weights by ``layer/name``; stored as float16.
    metadata : dict
        Plain values: ``preprocessing``, ``stamp_size``, ``classes``,
        ``regions``; per region ``trained_fraction``, the blend fraction
        that the answers belong to, and ``prior``, the one they are given
        for; ``domain``, ``command``, ``lineage`` (command, steps and sha256
        of the weights it continues, the oldest first), ``results``.
    """
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, 'w') as file:
        file.attrs['metadata'] = json.dumps(metadata)
        for name, array in arrays.items():
            array = np.asarray(array, dtype=np.float32)
            if not np.all(np.abs(array) < np.finfo(np.float16).max):
                msg = f'weights {name!r} do not fit into float16'
                raise WeightsError(msg)
            file.create_dataset(name, data=array.astype(np.float16))
    payload = buffer.getvalue()
    with atomic_path(path) as temporary:
        temporary.write_bytes(_header(payload) + payload)


def _read_payload(path):
    """Return the checked HDF5 bytes of a weights file."""
    path = Path(path)
    if not path.is_file():
        msg = f'weights: no such file: {str(path)!r}'
        raise WeightsError(msg)
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        msg = f'weights: {str(path)!r} is no BlendHunter weights file'
        raise WeightsError(msg)
    payload = content[BLOCK:]
    if content[:BLOCK] != _header(payload):
        msg = (f'weights: {str(path)!r} is damaged: its sha256 differs '
               'from the one it was written with')
        raise WeightsError(msg)
    return payload


def read_weights(path):
    """
    Read and verify a weights file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    arrays : dict of float32 `~numpy.ndarray`
        Weights by ``layer/name``.
    metadata : dict
        What was stored, and ``sha256`` of the file's content.

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If the file is missing, truncated, changed or of another kind;
        the message names it.
    """
    import h5py

    payload = _read_payload(path)
    arrays = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()].astype(np.float32)

    with h5py.File(io.BytesIO(payload), 'r') as file:
        metadata = json.loads(file.attrs['metadata'])
        file.visititems(keep)
    metadata['sha256'] = hashlib.sha256(payload).hexdigest()
    return arrays, metadata


def read_metadata(path):
    """Return the metadata of a weights file; see `read_weights`."""
    return read_weights(path)[1]


def update_metadata(path, changes):
    """
    Replace entries of a weights file's metadata, such as its results.

    Parameters
    ----------
    path : str or path-like
    changes : dict
        New entries; others stay.
    """
    arrays, metadata = read_weights(path)
    metadata.pop('sha256')
    write_weights(path, arrays, {**metadata, **changes})


def resolve_weights(weights):
    """
    Turn a name or a path into the path of a weights file.

    Parameters
    ----------
    weights : str or path-like
        'default', another name in the package's registry, or a path.

    Returns
    -------
    path : `~pathlib.Path`

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If it is neither, or a packaged file differs from the registry.
    """
    registry = json.loads(REGISTRY.read_text())
    if isinstance(weights, str) and weights in registry:
        entry = registry[weights]
        path = DATA / entry['file']
        if (not path.is_file()
                or hashlib.sha256(path.read_bytes()).hexdigest()
                != entry['sha256']):
            msg = f'weights: the packaged file {str(path)!r} is damaged'
            raise WeightsError(msg)
        return path
    if not Path(weights).is_file():
        msg = (f'weights must be one of {sorted(registry)} or a file, got '
               f'{str(weights)!r}')
        raise WeightsError(msg)
    return Path(weights)
