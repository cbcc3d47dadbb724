"""The paper's protocol: a frozen backbone and a dense head."""

import hashlib
import shutil
from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.progress import progress_bar
from blendhunter.exceptions import DataSetError
from blendhunter.network.architecture import (
    N_FEATURES,
    build_head,
    build_network,
    resolve_precision,
)
from blendhunter.network.model import save_network
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.version import __version__

__all__ = ['train_transfer']

# Sect. 3 of Farrens et al. (2022) and their code: Adam with epsilon 1e-8,
# rate halved after 5 epochs without improvement, stop after 10
LEARNING_RATE = 1e-3
EPSILON = 1e-8
REDUCE_PATIENCE = 5
STOP_PATIENCE = 10
SPLIT = (0.45, 0.45, 0.1)
ZOOM = 0.2
FEATURE_BATCH = 128


def train_transfer(stamps, labels, *, output, noise, backbone=None,
                   preprocessing='paper', epochs=500, batch_size=250,
                   precision='auto', seed=0, command='', work_dir=None,
                   overwrite=False, progress=False):
    """
    Train the dense head on cached features of a frozen backbone.

    The protocol of Farrens et al. (2022): 45 % of the stamps train, 45 %
    validate, 10 % test; training stamps are zoomed by up to 20 % and
    flipped at random. (The paper's shear of 0.2 is in degrees in the
    Keras of its time, and left out.) The head with the least validation
    loss is kept.

    Parameters
    ----------
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
        Noisy stamps, in random order.
    labels : array_like of shape (n,)
        1 blended, 0 isolated.
    output : str or path-like
        Weights file to write.
    noise : float
        RMS noise per pixel in the unit of ``stamps``.
    backbone : None, 'imagenet' or path, optional
        Frozen weights of the convolutions; None leaves them at their
        random initial values.
    preprocessing : {'paper', 'noise'}, optional
    epochs, batch_size : int, optional
        At most so many epochs.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the backbone.
    seed : int, optional
    command : str, optional
        Stored in the weights file.
    work_dir : path-like, optional
        Holds cached features and the state after each epoch, which a
        training that was killed continues from; by default beside the
        output. It is deleted at the end.
    overwrite : bool, optional
        Whether an existing output may be replaced.
    progress : bool, optional
        Whether to show a progress bar on a terminal.

    Returns
    -------
    path : `~pathlib.Path`
        The weights file; its ``results`` hold the test accuracy.

    Raises
    ------
    ValueError, FileExistsError
        If an argument cannot be used; the message names it.
    `~blendhunter.exceptions.WeightsError`
        If the backbone's weights cannot be had.
    `~blendhunter.exceptions.DataSetError`
        If ``work_dir`` belongs to another training.
    """
    import keras

    output = Path(output)
    check_writable(output, overwrite=overwrite)
    stamps = np.asarray(stamps)
    labels = np.asarray(labels, dtype=np.float32)
    if len(labels) != len(stamps):
        msg = (f'labels must have one entry per stamp ({len(stamps)}), '
               f'got {len(labels)}')
        raise ValueError(msg)
    if preprocessing not in PREPROCESSINGS:
        msg = (f'preprocessing must be one of {sorted(PREPROCESSINGS)}, '
               f'got {preprocessing!r}')
        raise ValueError(msg)
    work = Path(work_dir or output.with_suffix('.work'))
    work.mkdir(exist_ok=True)
    _check_identity(work, {
        'stamps': stamps.shape, 'digest': hashlib.sha256(
            np.ascontiguousarray(stamps[::97])).hexdigest(),
        'noise': float(noise), 'preprocessing': preprocessing,
        'backbone': str(backbone), 'batch_size': batch_size,
        'precision': precision, 'seed': seed})
    keras.utils.set_random_seed(seed)
    parts = _split(len(stamps))
    network = build_network(dtype=resolve_precision(precision),
                            backbone=backbone)
    # the frozen blocks, with the network's own variables
    body = keras.Model(network.input, network.get_layer('flatten').output)
    features = _cached_features(body, stamps, noise, preprocessing,
                                parts[0].stop, work, seed, progress)
    head = build_head()
    head.compile(keras.optimizers.Adam(LEARNING_RATE, epsilon=EPSILON),
                 'binary_crossentropy', metrics=['accuracy'])
    n_epochs = _fit_head(head, features, labels, parts, epochs, batch_size,
                         work)
    network.get_layer('head').set_weights(head.get_weights())
    test = head.predict(features[parts[2]], verbose=0).ravel() > 0.5
    save_network(output, network, {
        'architecture': 'VGG-16', 'preprocessing': preprocessing,
        'stamp_size': stamps.shape[1], 'classes': ['isolated', 'blended'],
        'regions': ['stamp'],
        'trained_fraction': {'stamp': float(labels.mean())},
        'prior': {'stamp': 0.5}, 'domain': {'stamp': {
            'noise': float(noise), 'stamps': len(stamps)}},
        'backbone': str(backbone), 'epochs': n_epochs, 'seed': seed,
        'command': command, 'version': __version__,
        'results': {'stamp': {'accuracy': float(
            np.mean(test == (labels[parts[2]] > 0.5)))}}})
    shutil.copyfile(work / 'history.csv',
                    output.with_suffix('.history.csv'))
    shutil.rmtree(work)
    return output


def _check_identity(work, identity):
    """Refuse to continue from another training's features."""
    path = work / 'identity.txt'
    if path.is_file() and path.read_text() != repr(identity):
        msg = (f'work_dir {str(work)!r} belongs to another training; delete '
               f'it or name another: it was {path.read_text()}')
        raise DataSetError(msg)
    _write_text(path, repr(identity))


def _write_text(path, text):
    """Write a small file whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text)


def _split(n):
    """Return the slices that train, validate and test."""
    first, second = round(SPLIT[0] * n), round((SPLIT[0] + SPLIT[1]) * n)
    if min(first, second - first, n - second) < 1:
        msg = f'stamps must be at least 10, got {n}'
        raise ValueError(msg)
    return slice(0, first), slice(first, second), slice(second, n)


def _cached_features(body, stamps, noise, preprocessing, n_train, work,
                     seed, progress):
    """Return the features of all stamps, computing those not on disk."""
    import keras

    path = work / 'features.npy'
    counter = work / 'features.txt'
    shape = (len(stamps), N_FEATURES)
    done = int(counter.read_text()) if counter.is_file() else 0
    features = np.lib.format.open_memmap(
        path, mode='r+' if done else 'w+', dtype=np.float32, shape=shape)
    augment = keras.Sequential([
        keras.layers.RandomZoom((-ZOOM, ZOOM), (-ZOOM, ZOOM),
                                fill_mode='nearest', seed=seed),
        keras.layers.RandomFlip('horizontal', seed=seed)])
    with progress_bar(total=len(stamps), initial=done, enabled=progress,
                      description='features') as bar:
        for start in range(done, len(stamps), FEATURE_BATCH):
            part = slice(start, min(start + FEATURE_BATCH, len(stamps)))
            whole = np.ones(stamps[part].shape, dtype=bool)
            inputs = PREPROCESSINGS[preprocessing](stamps[part], whole,
                                                   noise)
            train = slice(0, max(n_train - start, 0))
            if train.stop:
                inputs[train] = np.asarray(augment(inputs[train],
                                                   training=True))
            features[part] = body.predict_on_batch(inputs)
            features.flush()
            _write_text(counter, str(part.stop))
            bar.update(part.stop - part.start)
    return features


def _fit_head(head, features, labels, parts, epochs, batch_size, work):
    """Train the head with the paper's callbacks; return the epochs."""
    import keras

    train, validate, _ = parts
    best = work / 'best.weights.h5'
    log = work / 'history.csv'
    # a resumed training must not replace a better head
    earlier = np.atleast_1d(np.genfromtxt(
        log, delimiter=',', names=True)['val_loss']) if (
            log.is_file() and best.is_file()) else np.array([])
    lowest = float(earlier.min()) if earlier.size else None
    callbacks = [
        keras.callbacks.BackupAndRestore(work / 'backup',
                                         double_checkpoint=True),
        keras.callbacks.ModelCheckpoint(best, monitor='val_loss',
                                        save_best_only=True,
                                        save_weights_only=True,
                                        initial_value_threshold=lowest),
        keras.callbacks.ReduceLROnPlateau(monitor='val_loss', factor=0.5,
                                          patience=REDUCE_PATIENCE),
        keras.callbacks.EarlyStopping(monitor='val_loss',
                                      patience=STOP_PATIENCE),
        keras.callbacks.CSVLogger(log, append=True)]
    head.fit(features[train], labels[train], epochs=epochs,
                   batch_size=batch_size, verbose=0, callbacks=callbacks,
                   validation_data=(features[validate], labels[validate]))
    if best.is_file():
        head.load_weights(best)
    return len(log.read_text().splitlines()) - 1
