# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The start of a training: pretrained convolutions, or weights."""

from pathlib import Path

import numpy as np

from blendhunter.exceptions import WeightsError
from blendhunter.network.backend import import_keras
from blendhunter.network.loading import set_network
from blendhunter.network.locators import LOCATORS, has_locators
from blendhunter.network.preprocessing import TRAINED
from blendhunter.network.weights import read_weights, resolve_weights
from blendhunter.training.convolution_files import (
    IMAGENET_FILE,
    check_convolutions,
    read_convolutions,
)

__all__ = ['check_backbone', 'check_start', 'load_backbone',
           'load_initial_locators', 'load_initial_weights', 'training_history',
           'widen_kernel']

# preprocessings whose channels are the first of the trained one
COMPATIBLE = ('noise', TRAINED)


def check_start(*, weights=None, backbone=None, importance=False):
    """Check, before any work, from what a training can start."""
    if importance and weights is None:
        msg = 'importance needs weights, to measure the errors'
        raise ValueError(msg)
    if weights is not None and backbone is not None:
        msg = ('weights and backbone cannot be given together, because '
               'weights include the convolutions')
        raise ValueError(msg)
    if weights is not None:
        _read_compatible(weights)
    check_backbone(backbone)


def load_initial_weights(network, weights):
    """Load weights, of as many channels or fewer; return their metadata."""
    path, arrays, metadata = _read_compatible(weights)
    layer = network.get_layer('block1_conv1')
    key = 'block1_conv1/kernel'
    set_network(network, {**arrays, key: widen_kernel(arrays[key], layer)},
                name=f'weights {str(path)!r}')
    return metadata


def load_initial_locators(model, weights):
    """Load the locators of weights into a model that has them, if any."""
    _, arrays, _ = _read_compatible(weights)
    if not has_locators(arrays):
        return
    for name in LOCATORS:
        model.get_layer(f'{name}_cells').set_weights(
            [arrays[f'{name}_cells/{part}'] for part in ('kernel', 'bias')])


def training_history(metadata):
    """Return command, steps and sha256 of all weights up to these."""
    if metadata is None:
        return []
    return [*metadata.get('training_history', []), {
        key: metadata.get(key) for key in ('command', 'steps', 'sha256')}]


def _read_compatible(weights):
    """Return path, arrays and metadata of weights to fine-tune."""
    path = resolve_weights(weights)
    arrays, metadata = read_weights(path)
    if metadata.get('preprocessing') not in COMPATIBLE:
        msg = (f'weights: {str(path)!r} has the preprocessing '
               f'{metadata.get("preprocessing")!r}; only {COMPATIBLE} can be '
               'fine-tuned')
        raise WeightsError(msg)
    return path, arrays, metadata


def widen_kernel(kernel, layer):
    """
    Fit a kernel (3, 3, k, m) to a layer with more input channels.

    The others keep half of their initial values, which disturbs little.
    """
    current = layer.get_weights()[0]
    if np.ndim(kernel) != 4 or np.shape(kernel)[2] >= current.shape[2]:
        return kernel
    return np.concatenate([kernel, current[:, :, kernel.shape[2]:] / 2],
                          axis=2)


def check_backbone(weights):
    """Check, before any work, that backbone weights are there and fit."""
    if weights in (None, 'imagenet'):
        return
    if not Path(weights).is_file():
        msg = (f"backbone must be 'imagenet' or a file of VGG-16 weights, "
               f'got {str(weights)!r}')
        raise WeightsError(msg)
    check_convolutions(weights)


def load_backbone(network, weights):
    """
    Load VGG-16 convolutions into a network, for 3 channels of the input.

    ``weights`` is 'imagenet', which Keras downloads once, or a local file
    (``.h5``, ``.weights.h5``) of ``keras.applications.VGG16`` without the
    classifier layers.
    """
    check_backbone(weights)
    layers = (_imagenet() if weights == 'imagenet'
              else read_convolutions(weights))
    for name, (kernel, bias) in layers.items():
        target = network.get_layer(name)
        target.set_weights([widen_kernel(kernel, target), bias])


def _imagenet():
    """Download ImageNet weights through Keras."""
    keras = import_keras()

    try:
        network = keras.applications.VGG16(include_top=False,
                                           weights='imagenet')
    except Exception as error:
        msg = ("backbone='imagenet': the weights could not be "
               f'downloaded; download {IMAGENET_FILE} on a machine with '
               'network, and give the path of the file')
        raise WeightsError(msg) from error
    return {layer.name: layer.get_weights() for layer in network.layers
            if layer.weights}
