# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Files of the convolutions of VGG-16, as Keras writes them."""

import re
from itertools import zip_longest

import numpy as np

from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import BLOCKS, N_CHANNELS

__all__ = ['IMAGENET_FILE', 'check_convolutions', 'read_convolutions']

#: The name under which Keras distributes the ImageNet weights.
IMAGENET_FILE = 'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5'
# layers that an error message names
SHOWN = 4


def check_convolutions(path):
    """Check layers and shapes of a file, whose arrays are not read."""
    _read(path, lambda datasets: [data.shape for data in datasets])


def read_convolutions(path):
    """
    Read kernel and bias of the 13 convolutional layers, by layer.

    The names are those of ``keras.applications``; of others the
    shapes count, in their order. Another file raises `WeightsError`.
    """
    layers = _read(path, lambda datasets: [data[()] for data in datasets])
    for name, arrays in layers.items():
        if not all(np.all(np.isfinite(array)) for array in arrays):
            _refuse(path, f'{name} has values that are not finite')
    return layers


def _read(path, get):
    """Return ``get(datasets)`` of each layer of a file that fits."""
    import h5py

    try:
        with h5py.File(path, 'r') as file:
            layers = _old_layers(file) or _layers(file)
            if set(layers) == set(_expected()):
                layers = {name: layers[name] for name in _expected()}
            difference = _difference({
                name: [data.shape for data in datasets]
                for name, datasets in layers.items()})
            found = None if difference else [
                get(datasets) for datasets in layers.values()]
    except (OSError, KeyError, ValueError, AttributeError,
            RuntimeError, TypeError) as error:
        _refuse(path, 'the file is truncated' if 'truncated' in str(error)
                else 'it is damaged, or no HDF5 file', error)
    if difference:
        _refuse(path, difference)
    return dict(zip(_expected(), found, strict=True))


def _refuse(path, reason, error=None):
    """Raise the error of a file that cannot be used."""
    msg = (f'backbone: {str(path)!r} has no convolutions of VGG-16: '
           f'{reason}')
    raise WeightsError(msg) from error


def _old_layers(file):
    """Return the datasets by layer of Keras 1 and 2, the ``.h5`` files."""
    root = file.get('model_weights', file)
    layers = {}
    for name in map(_text, root.attrs.get('layer_names', ())):
        weights = [root[name][_text(weight)]
                   for weight in root[name].attrs['weight_names']]
        if weights:
            layers[name] = weights
    return layers


def _layers(file):
    """Return the datasets by layer of Keras 3, ``.weights.h5``."""
    import h5py

    groups = []
    file.visititems(lambda path, item: groups.append(path) if (
        path.endswith('vars') and not path.startswith('optimizer')
        and isinstance(item, h5py.Group) and len(item)) else None)
    # conv2d_2 before conv2d_10
    groups.sort(key=lambda path: [
        int(part) if part.isdigit() else part
        for part in re.split(r'(\d+)', path)])
    return {_text(file[path].attrs.get('name', path)):
            [file[path][key] for key in sorted(file[path])]
            for path in groups}


def _text(name):
    """Return a name that may be bytes."""
    return name.decode() if isinstance(name, bytes) else str(name)


def _expected():
    """Return the shapes of kernel and bias of each layer."""
    shapes, channels = {}, N_CHANNELS
    for block, (n_convolutions, filters) in enumerate(BLOCKS, start=1):
        for i in range(1, n_convolutions + 1):
            shapes[f'block{block}_conv{i}'] = [(3, 3, channels, filters),
                                               (filters,)]
            channels = filters
    return shapes


def _difference(shapes):
    """Say in what the layers differ from VGG-16's; None if they fit."""
    expected = _expected()
    if list(shapes.values()) == list(expected.values()):
        return None
    if not shapes:
        return 'it has no layers as Keras writes them'
    extra = [name for name in shapes if name not in expected]
    missing = [name for name in expected if name not in shapes]
    other = [f'{name} has {found} instead of {shape}'
             for name in expected if name in shapes
             for found, shape in zip_longest(
                 shapes[name], expected[name], fillvalue='nothing')
             if found != shape]
    if not missing + other and all(len(shapes[name][0]) == 2
                                   for name in extra):
        return (f'it has the classifier layers {_listed(extra)}, too; give '
                f'the file without them ({IMAGENET_FILE})')
    reasons = [f'{text} {_listed(names)}' for text, names in (
        ('without', missing), ('with', extra)) if names] + other[:1]
    return f'it is of another architecture, {"; ".join(reasons)}'


def _listed(names):
    """Return the first names, and how many more there are."""
    more = len(names) - SHOWN
    if more > 1:
        return f'{", ".join(names[:SHOWN])} and {more} more layers'
    return ' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))
