"""Pretrained VGG-16 convolutions, also for inputs of more channels."""

from pathlib import Path

import numpy as np

from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import build_backbone

__all__ = ['check_backbone', 'load_backbone', 'widen_kernel']


def widen_kernel(kernel, layer):
    """
    Fit a kernel (3, 3, k, m) to a layer with more input channels.

    The additional channels keep half of their initial values: they
    disturb little and are soon learned.
    """
    current = layer.get_weights()[0]
    if np.ndim(kernel) != 4 or np.shape(kernel)[2] >= current.shape[2]:
        return kernel
    return np.concatenate([kernel, current[:, :, kernel.shape[2]:] / 2],
                          axis=2)


def check_backbone(weights):
    """Check, before any work, that backbone weights are there."""
    if weights not in (None, 'imagenet') and not Path(weights).is_file():
        msg = (f"backbone must be 'imagenet' or a file of VGG-16 weights, "
               f'got {str(weights)!r}')
        raise WeightsError(msg)


def load_backbone(network, weights):
    """
    Load VGG-16 convolutions into a network.

    ``weights`` is 'imagenet', those of ``keras.applications.VGG16`` which
    Keras downloads once, or a local file of them (``.h5``,
    ``.weights.h5``). They fill the first 3 channels of the input.
    """
    check_backbone(weights)
    source = _imagenet() if weights == 'imagenet' else _read(weights)
    for layer in source.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            target = network.get_layer(layer.name)
            target.set_weights([widen_kernel(kernel, target), bias])


def _imagenet():
    """Download ImageNet weights through Keras."""
    import keras

    try:
        return keras.applications.VGG16(include_top=False,
                                        weights='imagenet')
    except Exception as error:
        msg = ("backbone='imagenet': the weights could not be "
               'downloaded; give the path of the file '
               'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 '
               'from a machine with network instead')
        raise WeightsError(msg) from error


def _read(path):
    """Read a file of VGG-16 weights, in either of Keras's layouts."""
    source = build_backbone()
    try:
        source.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        msg = f'backbone: {str(path)!r} holds no VGG-16 weights: {error}'
        raise WeightsError(msg) from error
    return source
