"""Features of frozen convolutions, cached, and a dense head on them."""

from pathlib import Path

import numpy as np

from blendhunter._utils.files import write_text
from blendhunter.exceptions import DataSetError
from blendhunter.network.architecture import N_FEATURES, build_head
from blendhunter.network.preprocessing import PREPROCESSINGS

__all__ = ['apply_head', 'block_outputs', 'cache_features',
           'check_identity', 'fit_head', 'split_rows']

# Sect. 3 of Farrens et al. (2022) and their code: Adam with epsilon 1e-8,
# rate halved after 5 epochs without improvement, stop after 10
LEARNING_RATE = 1e-3
EPSILON = 1e-8
REDUCE_PATIENCE = 5
STOP_PATIENCE = 10
SPLIT = (0.45, 0.45, 0.1)
ZOOM = 0.2
FEATURE_BATCH = 128


def split_rows(n):
    """
    Return the slices that train, validate and test: 45, 45 and 10 %.

    Raises
    ------
    ValueError
        If a part would be empty.
    """
    first, second = round(SPLIT[0] * n), round((SPLIT[0] + SPLIT[1]) * n)
    if min(first, second - first, n - second) < 1:
        msg = f'stamps must be at least 10, got {n}'
        raise ValueError(msg)
    return slice(0, first), slice(first, second), slice(second, n)


def check_identity(directory, identity):
    """
    Make a directory for a run, or check that it is that run's.

    Parameters
    ----------
    directory : path-like
    identity : dict

    Raises
    ------
    `~blendhunter.exceptions.DataSetError`
        If it belongs to another one.
    """
    directory = Path(directory)
    directory.mkdir(exist_ok=True)
    path = directory / 'identity.txt'
    if path.is_file() and path.read_text() != repr(identity):
        msg = (f'work_dir {str(directory)!r} belongs to another training; '
               'delete it or name another: it was '
               f'{path.read_text()}')
        raise DataSetError(msg)
    write_text(path, repr(identity))


def cache_features(body, stamps, noise, *, preprocessing, directory,
                   n_augmented=0, seed=0, progress=None):
    """
    Compute features on disk, those that are not there yet.

    Parameters
    ----------
    body : `keras.Model`
        From `~blendhunter.network.backbones.build_frozen`.
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
    noise : float
        RMS noise per pixel in the unit of ``stamps``.
    preprocessing : str
        See `~blendhunter.network.backbones.choose_preprocessing`.
    directory : path-like
        Holds ``features.npy`` and how many of its rows are done.
    n_augmented : int, optional
        So many of the first stamps are zoomed by up to 20 % and flipped
        at random. (The paper's shear of 0.2 is in degrees in the Keras
        of its time, and left out.)
    seed : int, optional
    progress : callable, optional
        Called with the number of stamps after each batch.

    Returns
    -------
    features : float32 memory map of shape (n, 2048)
    """
    import keras

    path = Path(directory) / 'features.npy'
    counter = Path(directory) / 'features.txt'
    done = int(counter.read_text()) if counter.is_file() else 0
    features = np.lib.format.open_memmap(
        path, mode='r+' if done else 'w+', dtype=np.float32,
        shape=(len(stamps), N_FEATURES))
    augment = keras.Sequential([
        keras.layers.RandomZoom((-ZOOM, ZOOM), (-ZOOM, ZOOM),
                                fill_mode='nearest', seed=seed),
        keras.layers.RandomFlip('horizontal', seed=seed)])
    if progress is not None:
        progress(done)
    for start in range(done, len(stamps), FEATURE_BATCH):
        part = slice(start, min(start + FEATURE_BATCH, len(stamps)))
        whole = np.ones(stamps[part].shape, dtype=bool)
        inputs = PREPROCESSINGS[preprocessing].function(stamps[part], whole,
                                                        noise)
        first = slice(0, max(n_augmented - start, 0))
        if first.stop:
            inputs[first] = np.asarray(augment(inputs[first], training=True))
        features[part] = body.predict_on_batch(inputs)
        features.flush()
        write_text(counter, str(part.stop))
        if progress is not None:
            progress(part.stop - part.start)
    return features


def block_outputs(body, stamp, *, preprocessing):
    """
    Return what each block of the convolutions makes of one stamp.

    Parameters
    ----------
    body : `keras.Model`
        From `~blendhunter.network.backbones.build_frozen`.
    stamp : `~numpy.ndarray` of shape (51, 51)
        Over its noise.
    preprocessing : str
        See `~blendhunter.network.backbones.choose_preprocessing`.

    Returns
    -------
    maps : list of float32 `~numpy.ndarray` of shape (k, k, n)
    """
    import keras

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
             batch_size=250, seed=None):
    """
    Train the dense head with the paper's callbacks.

    Parameters
    ----------
    features : `~numpy.ndarray` of shape (n, 2048)
    labels : float `~numpy.ndarray` of shape (n,)
    parts : tuple of slice
        From `split_rows`.
    directory : path-like
        Holds the best weights and the history. A head takes a minute or
        so: one that was killed starts anew.
    epochs, batch_size : int, optional
    seed : int, optional
        Of the initial weights and the order; None leaves Keras's own.

    Returns
    -------
    head : `keras.Model`
        With the least validation loss.
    n_epochs : int
    """
    import keras

    if seed is not None:
        keras.utils.set_random_seed(seed)
    head = build_head()
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
