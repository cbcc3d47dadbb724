# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The domain of the network: stamps that are unlike its training."""

import re

from blendhunter.network.architecture import DATA_FORMAT
from blendhunter.network.backend import import_keras

__all__ = ['build_domain', 'domain_output', 'has_domain', 'pooled_features']

# the dense layers of the detector of unusual stamps
DOMAIN_LAYERS = ('domain1', 'domain2')
N_HIDDEN = 64
BLOCK_NAME = re.compile(r'(block\d+)_conv\d+$')


def pooled_features(network):
    """
    Return a tensor (n, k) of what each block of a network has found.

    The mean and the maximum over the pixels of each channel of a block's
    last convolution, as ln(1 + x).
    """
    keras = import_keras()
    last = {}
    for layer in network.layers:
        found = BLOCK_NAME.match(layer.name)
        if found:
            last[found[1]] = layer.output
    parts = []
    for name, output in last.items():
        for kind, pool in (('mean', keras.layers.GlobalAveragePooling2D),
                           ('max', keras.layers.GlobalMaxPooling2D)):
            parts.append(pool(data_format=DATA_FORMAT, dtype='float32',
                              name=f'{name}_{kind}')(output))
    joined = keras.layers.Concatenate(name='pooled', dtype='float32')(parts)
    # ReLU has left no negative value
    return keras.ops.log1p(joined)


def build_domain(n_features, *, dropout=0.0):
    """
    Build the detector of unusual stamps.

    From `pooled_features` (n, k) to the log odds (n, 1) that a stamp is
    unlike the training.
    """
    keras = import_keras()
    layers = keras.layers
    inputs = keras.Input((n_features,), name='features')
    x = layers.Dropout(dropout, dtype='float32', name='dropout')(inputs)
    x = layers.Dense(N_HIDDEN, activation='relu', dtype='float32',
                     kernel_initializer='he_normal',
                     name=DOMAIN_LAYERS[0])(x)
    x = layers.Dropout(dropout, dtype='float32', name='dropout2')(x)
    x = layers.Dense(1, dtype='float32', name=DOMAIN_LAYERS[1])(x)
    return keras.Model(inputs, x, name='domain')


def domain_output(network):
    """Return the output (n, 1) of `build_domain` on a network's features."""
    features = pooled_features(network)
    return build_domain(features.shape[-1])(features)


def has_domain(arrays):
    """Tell whether arrays of a weights file hold the detector."""
    return all(f'{name}/kernel' in arrays for name in DOMAIN_LAYERS)
