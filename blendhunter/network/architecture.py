# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The networks: VGG-16 with the paper's dense head, and a small one."""

import math
from pathlib import Path

from blendhunter.network.backend import import_keras
from blendhunter.stamps import STAMP_SIZE

__all__ = ['ARCHITECTURES', 'BLOCKS', 'BORDER', 'INPUT_SIZE', 'N_CHANNELS',
           'N_FEATURES', 'SMALL', 'VGG16', 'build_backbone', 'build_head',
           'build_network', 'build_small_network', 'count_multiplications',
           'resolve_precision']

INPUT_SIZE = 65
# px of zeros around a stamp
BORDER = (INPUT_SIZE - STAMP_SIZE) // 2
N_CHANNELS = 3
# (number of convolutions, filters) of each block: configuration D of
# Simonyan & Zisserman (2015, arXiv:1409.1556)
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
N_FEATURES = 2 * 2 * 512
# the same of the small network, after a first convolution
SMALL_FIRST = 48
SMALL_BLOCKS = ((1, 48), (2, 96), (2, 128))
SMALL_DENSE = 128
# whatever keras.json says
DATA_FORMAT = 'channels_last'
CPU_INFO = Path('/proc/cpuinfo')
# flags of CPUs that are faster with bfloat16. One of Intel's with AVX512-BF16
# alone takes 1.7 times as long as with float32 (46 against 27 ms per training
# stamp, 13.5 against 8.5 ms to classify one)
CPU_BFLOAT16 = ({'amx_bf16'}, {'avx512_bf16', 'AuthenticAMD'})


def build_backbone(*, dtype='float32', n_channels=N_CHANNELS):
    """
    Build the 13 convolutional layers of VGG-16, with He-normal values.

    From (n, 65, 65, n_channels) to features (n, 2048). The layers have the
    names of ``keras.applications``, so that ImageNet weights fit.
    ``dtype`` is a Keras dtype policy, 'float32' or 'mixed_bfloat16'.
    """
    keras = import_keras()
    layers = keras.layers
    inputs = x = keras.Input((INPUT_SIZE, INPUT_SIZE, n_channels),
                             name='input')
    for block, (n_convolutions, filters) in enumerate(BLOCKS, start=1):
        for i in range(1, n_convolutions + 1):
            # the first sees faint sources on the wings of bright ones,
            # which bfloat16's 8 bits would blur
            first = block == i == 1
            x = layers.Conv2D(filters, 3, padding='same', activation='relu',
                              kernel_initializer='he_normal',
                              dtype='float32' if first else dtype,
                              data_format=DATA_FORMAT,
                              name=f'block{block}_conv{i}')(x)
        x = layers.MaxPooling2D(2, dtype=dtype, data_format=DATA_FORMAT,
                                name=f'block{block}_pool')(x)
    x = layers.Flatten(dtype=dtype, data_format=DATA_FORMAT,
                       name='flatten')(x)
    return keras.Model(inputs, x, name='vgg16')


def build_head(*, dtype='float32', dropout=0.1):
    """
    Build the dense head of Farrens et al. (2022).

    From features (n, 2048) to P(blended) of shape (n, 1), always float32.
    """
    keras = import_keras()
    layers = keras.layers
    inputs = keras.Input((N_FEATURES,), name='features')
    x = layers.Dense(256, dtype=dtype, name='dense1')(inputs)
    x = layers.Dropout(dropout, dtype=dtype, name='dropout')(x)
    x = layers.Dense(1024, activation='relu', dtype=dtype, name='dense2',
                     kernel_initializer='he_normal')(x)
    x = layers.Dense(1, activation='sigmoid', dtype='float32',
                     name='probability')(x)
    return keras.Model(inputs, x, name='head')


def build_network(*, dtype='float32', dropout=0.1, n_channels=N_CHANNELS):
    """
    Build the whole network: backbone and head.

    From (n, 65, 65, n_channels) to P(blended) of shape (n, 1). Its layers
    are those of the backbone, and the model 'head'.
    """
    keras = import_keras()
    body = build_backbone(dtype=dtype, n_channels=n_channels)
    head = build_head(dtype=dtype, dropout=dropout)
    return keras.Model(body.input, head(body.output), name='blendhunter')


def build_small_network(*, dtype='float32', dropout=0.1,
                        n_channels=N_CHANNELS):
    """
    Build a network with 4 % of the multiplications of `build_network`.

    The same input and output. Its first convolution takes every second
    pixel of the stamp, without the border of zeros; three blocks like
    VGG-16's and one dense layer follow.
    """
    keras = import_keras()
    layers = keras.layers
    inputs = keras.Input((INPUT_SIZE, INPUT_SIZE, n_channels), name='input')
    x = layers.Cropping2D(BORDER, data_format=DATA_FORMAT,
                          name='stamp')(inputs)
    shared = {'padding': 'same', 'data_format': DATA_FORMAT}
    convolution = {'activation': 'relu', 'kernel_initializer': 'he_normal',
                   **shared}
    x = layers.Conv2D(SMALL_FIRST, 5, strides=2, dtype='float32',
                      name='block0_conv1', **convolution)(x)
    for block, (n_convolutions, filters) in enumerate(SMALL_BLOCKS, start=1):
        for i in range(1, n_convolutions + 1):
            x = layers.Conv2D(filters, 3, dtype=dtype,
                              name=f'block{block}_conv{i}', **convolution)(x)
        x = layers.MaxPooling2D(2, dtype=dtype, name=f'block{block}_pool',
                                **shared)(x)
    x = layers.Flatten(dtype=dtype, data_format=DATA_FORMAT,
                       name='flatten')(x)
    x = layers.Dropout(dropout, dtype=dtype, name='dropout')(x)
    x = layers.Dense(SMALL_DENSE, activation='relu', dtype=dtype,
                     kernel_initializer='he_normal', name='dense1')(x)
    x = layers.Dense(1, activation='sigmoid', dtype='float32',
                     name='probability')(x)
    return keras.Model(inputs, x, name='small')


VGG16, SMALL = 'VGG-16', 'small'
#: Functions that build a network, by the name in a weights file.
ARCHITECTURES = {VGG16: build_network, SMALL: build_small_network}


def count_multiplications(network):
    """Count the multiplications of a network for one stamp."""
    total = 0
    for layer in network.layers:
        if hasattr(layer, 'layers'):
            total += count_multiplications(layer)
        elif layer.weights:
            kernel = layer.weights[0].shape
            # a kernel (..., filters) makes each pixel of all filters
            pixels = math.prod(layer.output.shape[1:-1])
            total += pixels * math.prod(kernel)
    return total


def resolve_precision(precision):
    """
    Turn 'auto', 'float32' or 'bfloat16' into a Keras dtype policy.

    'auto' takes bfloat16 where it is faster: on a GPU that Keras sees, or
    a CPU with AMX, or one of AMD's with AVX512-BF16.
    """
    policies = {'float32': 'float32', 'bfloat16': 'mixed_bfloat16'}
    if precision in policies:
        return policies[precision]
    if precision != 'auto':
        msg = ("precision must be 'auto', 'float32' or 'bfloat16', "
               f'got {precision!r}')
        raise ValueError(msg)
    if _cpu_has_bfloat16() or _has_gpu():
        return 'mixed_bfloat16'
    return 'float32'


def _cpu_has_bfloat16():
    """Look for maker and instruction sets of the CPU (Linux)."""
    try:
        words = set(CPU_INFO.read_text().split())
    except OSError:
        return False
    return any(wanted <= words for wanted in CPU_BFLOAT16)


def _has_gpu():
    """Ask Keras for a GPU."""
    keras = import_keras()
    try:
        return bool(keras.distribution.list_devices('gpu'))
    except (NotImplementedError, RuntimeError, ValueError):
        return False
