# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Read and write weights files, which have a checksum."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path
from blendhunter.exceptions import WeightsError

__all__ = ['REGISTRY', 'list_weights', 'read_metadata', 'read_weights',
           'resolve_weights', 'update_metadata', 'write_weights']

DATA = Path(__file__).parent.parent / 'data'
REGISTRY = DATA / 'registry.json'
MAGIC = b'blendhunter weights 1\n'
# HDF5 allows a block of bytes before its own data: ours holds the
# magic line and the sha256 of everything that follows
BLOCK = 512


def _header(payload):
    """Return the block before the HDF5 data."""
    digest = hashlib.sha256(payload).hexdigest().encode()
    return (MAGIC + b'sha256 ' + digest + b'\n').ljust(BLOCK, b'\0')


def write_weights(path, arrays, metadata):
    """
    Write a weights file; an interrupted write leaves no file.

    An HDF5 file with a leading block that holds its sha256. ``arrays`` by
    ``layer/name`` are stored as float16. ``metadata`` holds plain values:
    ``preprocessing``, ``stamp_size``, ``classes``, ``regions``; for each
    region ``trained_fraction``, the blend fraction that the network's
    output assumes, and ``prior``, that of the reported probabilities;
    ``domain``, ``command``, ``results`` and ``training_history``: command,
    steps and sha256 of the weights it was fine-tuned from, the oldest first.
    A small network has ``distilled_from``, the sha256 of the large one's
    weights, and ``screening``, by region the reported probability below
    which its answer may stand.
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
        msg = f'weights: {str(path)!r} is not a BlendHunter weights file'
        raise WeightsError(msg)
    payload = content[BLOCK:]
    if content[:BLOCK] != _header(payload):
        msg = (f'weights: {str(path)!r} is damaged: its sha256 is not the '
               'one with which it was written')
        raise WeightsError(msg)
    return payload


def read_weights(path):
    """
    Read and verify a weights file: float32 arrays and metadata.

    The metadata has ``sha256`` of the file's content, too. A file that is
    missing, truncated, changed or no weights file raises `WeightsError`.
    """
    import h5py

    payload = _read_payload(path)
    with h5py.File(io.BytesIO(payload), 'r') as file:
        arrays = {f'{layer}/{name}': item[()].astype(np.float32)
                  for layer, items in file.items()
                  for name, item in items.items()}
        return arrays, _metadata(file, payload)


def read_metadata(path):
    """Read the metadata of a weights file, without its arrays."""
    import h5py

    payload = _read_payload(path)
    with h5py.File(io.BytesIO(payload), 'r') as file:
        return _metadata(file, payload)


def _metadata(file, payload):
    """Return the metadata of an open weights file, and its sha256."""
    metadata = json.loads(file.attrs['metadata'])
    if 'lineage' in metadata:  # the name in files written before 0.1.0
        metadata['training_history'] = metadata.pop('lineage')
    return {**metadata, 'sha256': hashlib.sha256(payload).hexdigest()}


def update_metadata(path, changes, *, output=None):
    """
    Replace entries of a weights file's metadata; others stay.

    ``output`` is another file to write.
    """
    arrays, metadata = read_weights(path)
    metadata.pop('sha256')
    write_weights(output or path, arrays, {**metadata, **changes})


def list_weights():
    """
    List the names of the packaged weights.

    Returns
    -------
    names : list of str
        Names that `~blendhunter.load_model` and
        `~blendhunter.BlendIdentifier` accept. They also accept the path of
        a weights file.
    """
    return sorted(json.loads(REGISTRY.read_text()))


def resolve_weights(weights, *, verify=True, name='weights'):
    """
    Turn a name from `list_weights`, or a path, into a path.

    ``verify`` compares a packaged file with its registered sha256. ``name``
    is that of the argument, for the error message.
    """
    registry = json.loads(REGISTRY.read_text())
    if isinstance(weights, str) and weights in registry:
        entry = registry[weights]
        path = DATA / entry['file']
        if not path.is_file() or (
                verify and hashlib.sha256(path.read_bytes()).hexdigest()
                != entry['sha256']):
            msg = f'weights: the packaged file {str(path)!r} is damaged'
            raise WeightsError(msg)
        return path
    if not Path(weights).is_file():
        msg = (f'{name} must be one of {sorted(registry)} or a file, got '
               f'{str(weights)!r}')
        raise WeightsError(msg)
    return Path(weights)
