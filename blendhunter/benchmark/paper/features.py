# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Frozen convolutions, their features, and a dense head."""

import hashlib
from pathlib import Path

import numpy as np

from blendhunter._utils.arrays import digest
from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.progress import progress_bar
from blendhunter.network import architecture
from blendhunter.network.backend import import_keras
from blendhunter.network.loading import load_model
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.network.weights import read_metadata, resolve_weights
from blendhunter.training.warm_start import check_backbone, load_backbone

__all__ = ['OWN', 'apply_head', 'block_outputs', 'build_frozen',
           'cache_features', 'choose_preprocessing', 'features_key',
           'fit_head', 'network_inputs', 'split_rows']

# Sect. 3 of Farrens et al. (2022) and their code: Adam with epsilon 1e-8,
# rate halved after 5 epochs without improvement, stop after 10
LEARNING_RATE = 1e-3
EPSILON = 1e-8
REDUCE_PATIENCE = 5
STOP_PATIENCE = 10
SPLIT = (0.45, 0.45, 0.1)
ZOOM = 0.2
FEATURE_BATCH = 128
#: The convolutions of this package's own weights, trained on blends.
OWN = 'default'


def choose_preprocessing(backbone, preprocessing=None, *,
                         otherwise='noise'):
    """
    Return the preprocessing for a frozen backbone.

    None takes that of the packaged weights, or ``otherwise`` for backbones
    without one of their own; one that does not fit raises ValueError.
    """
    names = [name for name, entry in PREPROCESSINGS.items()
             if entry.n_channels == architecture.N_CHANNELS]
    if backbone == OWN:
        names = [read_metadata(resolve_weights(OWN))['preprocessing']]
    elif backbone in (None, 'random'):
        names = list(PREPROCESSINGS)
    if preprocessing is None:
        return names[0] if backbone == OWN else otherwise
    if preprocessing not in names:
        msg = (f'preprocessing must be one of {names} for '
               f'backbone={backbone!r}, got {preprocessing!r}')
        raise ValueError(msg)
    return preprocessing


def build_frozen(backbone, *, preprocessing='noise', precision='auto',
                 rng=0):
    """
    Build the convolutions, from (n, 65, 65, channels) to (n, 2048).

    For ``backbone`` see `reproduce_paper`; None is 'random'.
    """
    keras = import_keras()

    keras.utils.set_random_seed(integer_seed(rng))
    if backbone == OWN:
        network = load_model(OWN, precision=precision).network
        return keras.Model(network.input, network.get_layer('flatten').output)
    weights = None if backbone == 'random' else backbone
    check_backbone(weights)
    body = architecture.build_backbone(
        dtype=architecture.resolve_precision(precision),
        n_channels=PREPROCESSINGS[preprocessing].n_channels)
    if weights is not None:
        load_backbone(body, weights)
    return body


def split_rows(n):
    """Return the slices that train, validate and test: 45, 45 and 10 %."""
    first, second = round(SPLIT[0] * n), round((SPLIT[0] + SPLIT[1]) * n)
    if min(first, second - first, n - second) < 1:
        msg = f'stamps must have at least 10 entries, got {n}'
        raise ValueError(msg)
    return slice(0, first), slice(first, second), slice(second, n)


def cache_features(body, stamps, noise, *, preprocessing, store,
                   n_augmented=0, rng=0, progress=False,
                   description='features'):
    """
    Return features (n, 2048) of stamps, kept in parts in a store.

    ``noise`` is the RMS per pixel in the unit of the stamps. The first
    ``n_augmented`` are zoomed by up to 20 % and flipped at random. (The
    paper's shear of 0.2 is in degrees in the Keras of its time, and left
    out.)
    """
    augment = _augmentation(rng)
    parts = []
    with progress_bar(total=len(stamps), description=description,
                      enabled=progress) as bar:
        for start in range(0, len(stamps), FEATURE_BATCH):
            batch = stamps[start:start + FEATURE_BATCH]
            n_first = min(max(n_augmented - start, 0), len(batch))
            if n_first and start in store:
                # the random state of a run that was not interrupted
                augment(np.zeros((1, *body.input_shape[1:])), training=True)
            parts.append(store.arrays(start, lambda batch=batch, n=n_first: {
                'features': np.asarray(body.predict_on_batch(_inputs(
                    batch, noise, preprocessing, augment, n)),
                    dtype=np.float32)})['features'])
            bar.update(len(batch))
    return np.concatenate(parts)


def features_key(body, stamps, noise, *, preprocessing, n_augmented=0,
                 rng=0):
    """Return a name that only the same features have."""
    text = (digest(stamps), len(stamps), noise, preprocessing, n_augmented,
            integer_seed(rng), body.layers[-1].dtype_policy.name)
    found = hashlib.sha256(repr(text).encode())
    for array in body.get_weights():
        found.update(np.ascontiguousarray(array).tobytes())
    return f'{preprocessing}-{found.hexdigest()[:16]}'


def network_inputs(stamps, noise, *, preprocessing, n_augmented=0, rng=0):
    """Return the inputs (n, 65, 65, channels) of `cache_features`."""
    augment = _augmentation(rng)
    return np.concatenate([_inputs(
        stamps[start:start + FEATURE_BATCH], noise, preprocessing, augment,
        min(max(n_augmented - start, 0), FEATURE_BATCH))
        for start in range(0, len(stamps), FEATURE_BATCH)])


def _augmentation(rng):
    """Return the layers that zoom and flip at random."""
    keras = import_keras()

    seed = integer_seed(rng)
    return keras.Sequential([
        keras.layers.RandomZoom((-ZOOM, ZOOM), (-ZOOM, ZOOM),
                                data_format='channels_last',
                                fill_mode='nearest', seed=seed),
        keras.layers.RandomFlip('horizontal', seed=seed,
                                data_format='channels_last')])


def _inputs(stamps, noise, preprocessing, augment, n_augmented):
    """Return the inputs of a batch."""
    inputs = PREPROCESSINGS[preprocessing].function(
        stamps, np.ones(stamps.shape, dtype=bool), noise)
    if n_augmented:
        inputs[:n_augmented] = np.asarray(
            augment(inputs[:n_augmented], training=True))
    return inputs


def block_outputs(body, stamp, *, preprocessing):
    """Return the output (k, k, n) of each block for a stamp over its noise."""
    keras = import_keras()

    blocks = [layer.output for layer in body.layers
              if layer.name.endswith('pool')]
    inputs = PREPROCESSINGS[preprocessing].function(
        stamp[None], np.ones((1, *stamp.shape), dtype=bool), 1.0)
    outputs = keras.Model(body.input, blocks).predict(inputs, verbose=0)
    return [np.asarray(output[0], dtype=np.float32) for output in outputs]


def apply_head(head, features):
    """Return P(blended) of shape (n,) for features of shape (n, 2048)."""
    from keras import ops

    return ops.convert_to_numpy(head(np.asarray(features),
                                     training=False)).ravel()


def fit_head(features, labels, parts, *, directory, epochs=500,
             batch_size=250, rng=None):
    """
    Train the dense head with the paper's callbacks.

    ``directory`` gets the best weights and the history; a head that was
    killed starts anew. ``rng=None`` keeps Keras's random state. Returns the
    head with the smallest validation loss and the number of epochs.
    """
    keras = import_keras()

    if rng is not None:
        keras.utils.set_random_seed(integer_seed(rng))
    head = architecture.build_head()
    head.compile(keras.optimizers.Adam(LEARNING_RATE, epsilon=EPSILON),
                 'binary_crossentropy', metrics=['accuracy'])
    work = Path(directory)
    train, validate, _ = parts
    best = work / 'best.weights.h5'
    callbacks = [
        keras.callbacks.ModelCheckpoint(best, monitor='val_loss',
                                        save_best_only=True,
                                        save_weights_only=True),
        keras.callbacks.ReduceLROnPlateau(monitor='val_loss', factor=0.5,
                                          patience=REDUCE_PATIENCE),
        keras.callbacks.EarlyStopping(monitor='val_loss',
                                      patience=STOP_PATIENCE),
        keras.callbacks.CSVLogger(work / 'history.csv')]
    history = head.fit(
        features[train], labels[train], epochs=epochs,
        batch_size=batch_size, verbose=0, callbacks=callbacks,
        validation_data=(features[validate], labels[validate]))
    head.load_weights(best)
    return head, len(history.epoch)
