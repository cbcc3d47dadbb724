"""VGG-16's convolutional blocks and the paper's dense head."""

from pathlib import Path

from blendhunter.network.backend import import_keras

__all__ = ['BLOCKS', 'INPUT_SIZE', 'N_CHANNELS', 'N_FEATURES',
           'build_backbone', 'build_head', 'build_network',
           'resolve_precision']

INPUT_SIZE = 65
N_CHANNELS = 3
# (number of convolutions, filters) of each block: configuration D of
# Simonyan & Zisserman (2015, arXiv:1409.1556)
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
N_FEATURES = 2 * 2 * 512
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
