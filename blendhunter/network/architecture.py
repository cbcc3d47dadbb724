"""VGG-16's convolutional blocks and the paper's dense head."""

from pathlib import Path

import numpy as np

from blendhunter.exceptions import WeightsError

__all__ = ['BLOCKS', 'INPUT_SIZE', 'N_CHANNELS', 'N_FEATURES',
           'build_backbone', 'build_head', 'build_network',
           'resolve_precision', 'widen_kernel']

INPUT_SIZE = 65
N_CHANNELS = 3
# (number of convolutions, filters) of each block: configuration D of
# Simonyan & Zisserman (2015, arXiv:1409.1556)
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
N_FEATURES = 2 * 2 * 512
CPU_BFLOAT16 = ('avx512_bf16', 'amx_bf16')


def build_backbone(*, dtype='float32', weights=None, n_channels=N_CHANNELS):
    """
    Build the 13 convolutional layers of VGG-16.

    The layers have the names of ``keras.applications``, so that its
    files of ImageNet weights fit.

    Parameters
    ----------
    dtype : str, optional
        Keras dtype policy, 'float32' or 'mixed_bfloat16'.
    weights : None, 'imagenet' or path, optional
        None draws He-normal initial values. 'imagenet' takes those of
        ``keras.applications.VGG16`` (downloaded once by Keras); a path
        is a local file of the same (``.h5`` or ``.weights.h5``).
    n_channels : int, optional
        Of the input; ``weights`` fill the first 3, see `widen_kernel`.

    Returns
    -------
    backbone : `keras.Model`
        From (n, 65, 65, n_channels) to features (n, 2048).

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If the weights cannot be had or do not fit.
    """
    import keras
    from keras import layers

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
                              name=f'block{block}_conv{i}')(x)
        x = layers.MaxPooling2D(2, dtype=dtype, name=f'block{block}_pool')(x)
    x = layers.Flatten(dtype=dtype, name='flatten')(x)
    backbone = keras.Model(inputs, x, name='vgg16')
    if weights is not None:
        _load_backbone(backbone, weights)
    return backbone


def build_head(*, dtype='float32', dropout=0.1):
    """
    Build the dense head of Farrens et al. (2022).

    Parameters
    ----------
    dtype : str, optional
        Keras dtype policy; the output is always float32.
    dropout : float, optional
        Fraction dropped after the first layer.

    Returns
    -------
    head : `keras.Model`
        From features (n, 2048) to P(blended) of shape (n, 1).
    """
    import keras
    from keras import layers

    inputs = keras.Input((N_FEATURES,), name='features')
    x = layers.Dense(256, dtype=dtype, name='dense1')(inputs)
    x = layers.Dropout(dropout, dtype=dtype, name='dropout')(x)
    x = layers.Dense(1024, activation='relu', dtype=dtype, name='dense2',
                     kernel_initializer='he_normal')(x)
    x = layers.Dense(1, activation='sigmoid', dtype='float32',
                     name='probability')(x)
    return keras.Model(inputs, x, name='head')


def build_network(*, dtype='float32', dropout=0.1, backbone=None,
                  n_channels=N_CHANNELS):
    """
    Build the whole network: backbone and head.

    Parameters
    ----------
    dtype, dropout
        See `build_backbone` and `build_head`.
    backbone : None, 'imagenet' or path, optional
        Initial weights of the convolutions.
    n_channels : int, optional
        Of the input.

    Returns
    -------
    network : `keras.Model`
        From (n, 65, 65, n_channels) to P(blended) of shape (n, 1). Its
        layers are those of the backbone, and the model 'head'.
    """
    import keras

    body = build_backbone(dtype=dtype, weights=backbone,
                          n_channels=n_channels)
    head = build_head(dtype=dtype, dropout=dropout)
    return keras.Model(body.input, head(body.output), name='blendhunter')


def widen_kernel(kernel, layer):
    """
    Fit a convolution's kernel to a layer that sees more channels.

    Parameters
    ----------
    kernel : `~numpy.ndarray` of shape (3, 3, k, m)
    layer : `keras.layers.Layer`
        Its further channels keep half of their initial values: what they
        add disturbs little and is soon learnt.

    Returns
    -------
    kernel : `~numpy.ndarray` of the shape of the layer's kernel
        As it was where the layer sees k channels.
    """
    current = layer.get_weights()[0]
    if np.ndim(kernel) != 4 or np.shape(kernel)[2] >= current.shape[2]:
        return kernel
    return np.concatenate([kernel, current[:, :, kernel.shape[2]:] / 2],
                          axis=2)


def resolve_precision(precision):
    """
    Turn ``precision`` into a Keras dtype policy.

    Parameters
    ----------
    precision : {'auto', 'float32', 'bfloat16'}
        'auto' takes bfloat16 where the hardware multiplies it: on a GPU
        that Keras sees, or a CPU with AVX512-BF16 or AMX.

    Returns
    -------
    dtype : {'float32', 'mixed_bfloat16'}

    Raises
    ------
    ValueError
        If ``precision`` is unknown.
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
    """Look for the instruction sets among the CPU's flags (Linux)."""
    try:
        flags = Path('/proc/cpuinfo').read_text()
    except OSError:
        return False
    return any(name in flags for name in CPU_BFLOAT16)


def _has_gpu():
    """Ask Keras for a GPU."""
    import keras

    try:
        return bool(keras.distribution.list_devices('gpu'))
    except (NotImplementedError, RuntimeError, ValueError):
        return False


def _load_backbone(backbone, weights):
    """Load ImageNet weights from Keras or a local file."""
    import keras

    if weights == 'imagenet':
        try:
            source = keras.applications.VGG16(include_top=False,
                                              weights='imagenet')
        except Exception as error:
            msg = ("backbone='imagenet': the weights could not be "
                   'downloaded; give the path of the file '
                   'vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 '
                   'from a machine with network instead')
            raise WeightsError(msg) from error
        _copy_layers(source, backbone)
        return
    path = Path(weights)
    if not path.is_file():
        msg = f'backbone: no such file: {str(path)!r}'
        raise WeightsError(msg)
    try:
        if path.name.endswith('.weights.h5'):
            source = build_backbone()
            source.load_weights(path)
            _copy_layers(source, backbone)
        else:
            _load_legacy(backbone, path)
    except (OSError, ValueError, KeyError) as error:
        msg = f'backbone: {str(path)!r} holds no VGG-16 weights: {error}'
        raise WeightsError(msg) from error


def _copy_layers(source, backbone):
    """Copy the convolutions from one model to another."""
    for layer in source.layers:
        if layer.weights:
            _set_layer(backbone.get_layer(layer.name), layer.get_weights())


def _load_legacy(backbone, path):
    """Read the HDF5 layout that ``keras.applications`` distributes."""
    import h5py

    with h5py.File(path, 'r') as file:
        group = file.get('model_weights', file)
        for layer in backbone.layers:
            if layer.weights:
                names = []
                group[layer.name].visit(names.append)
                items = [group[layer.name][name] for name in names]
                arrays = [item[()] for item in items
                          if isinstance(item, h5py.Dataset)]
                # the kernel has four dimensions, the bias one
                _set_layer(layer, sorted(arrays, key=np.ndim, reverse=True))


def _set_layer(layer, arrays):
    """Set a convolution, whose input may have further channels."""
    kernel, bias = arrays
    layer.set_weights([widen_kernel(kernel, layer), bias])
