# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The paper's training protocol: a frozen backbone and a dense head."""

import shutil
from pathlib import Path

import numpy as np

from blendhunter._utils.arrays import digest
from blendhunter._utils.files import check_writable
from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.resume import begin_run
from blendhunter.benchmark.paper.features import (
    apply_head,
    build_frozen,
    cache_features,
    choose_preprocessing,
    fit_head,
    split_rows,
)
from blendhunter.network.architecture import (
    VGG16,
    build_network,
    resolve_precision,
)
from blendhunter.network.loading import save_network
from blendhunter.version import __version__

__all__ = ['train_transfer']


def train_transfer(stamps, labels, *, output, noise, backbone=None,
                   preprocessing=None, epochs=500, batch_size=250,
                   precision='auto', rng=0, command='', work_dir=None,
                   overwrite=False, progress=False):
    """
    Train the dense head on cached features of a frozen backbone.

    The protocol is that of Farrens et al. (2022): 45 % of the stamps are
    for training, 45 % for validation and 10 % for tests. Training stamps
    are zoomed by up to 20 % and flipped at random, but not sheared. The
    head with the smallest validation loss is kept.

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
    backbone : {'default', 'random', 'imagenet'} or path, optional
        See `~blendhunter.benchmark.paper.reproduce_paper`. None is
        'random'.
    preprocessing : {None, 'noise', 'residuals', 'paper'}, optional
        None is the preprocessing that 'default' was trained with, and
        'paper' for other backbones.
    epochs, batch_size : int, optional
        Most epochs, and stamps in a batch.
    precision, rng, command : optional
        See `~blendhunter.train`.
    work_dir : path-like, optional
        Directory for cached features, by default next to the output. An
        interrupted training continues from them. It is deleted at the end.
    overwrite, progress : optional
        See `~blendhunter.train`.

    Returns
    -------
    path : `~pathlib.Path`
        The weights file. Its metadata records the test accuracy in
        ``results``.

    Raises
    ------
    ValueError, FileExistsError
        If an argument cannot be used; the message names it.
    `~blendhunter.exceptions.WeightsError`
        If the weights of the backbone cannot be read or downloaded.
    `~blendhunter.exceptions.DataSetError`
        If ``work_dir`` belongs to another training.
    """
    output = Path(output)
    check_writable(output, overwrite=overwrite)
    stamps, labels = np.asarray(stamps), np.asarray(labels, np.float32)
    if len(labels) != len(stamps):
        msg = (f'labels must have one entry per stamp ({len(stamps)}), '
               f'got {len(labels)}')
        raise ValueError(msg)
    parts = split_rows(len(stamps))
    preprocessing = choose_preprocessing(backbone, preprocessing,
                                         otherwise='paper')
    seeds, _, store = begin_run('transfer', {
        'stamps': stamps.shape, 'digest': digest(stamps), 'noise': noise,
        'labels': labels, 'preprocessing': preprocessing,
        'backbone': str(backbone), 'batch_size': batch_size,
        'epochs': epochs, 'precision': precision}, rng,
        work_dir or output.with_suffix('.work'))
    seed, test = integer_seed(seeds), parts[2]
    body = build_frozen(backbone, preprocessing=preprocessing,
                        precision=precision, rng=seed)
    features = cache_features(
        body, stamps, noise, preprocessing=preprocessing, store=store,
        n_augmented=parts[0].stop, rng=seed, progress=progress)
    head, n_epochs = fit_head(features, labels, parts, epochs=epochs,
                              batch_size=batch_size,
                              directory=store.directory)
    right = (apply_head(head, features[test]) > 0.5) == (labels[test] > 0.5)
    save_network(output, _join(body, head, precision), {
        'architecture': VGG16, 'preprocessing': preprocessing,
        'stamp_size': stamps.shape[1], 'classes': ['isolated', 'blended'],
        'regions': ['stamp'],
        'trained_fraction': {'stamp': float(labels.mean())},
        'prior': {'stamp': 0.5},
        'domain': {'stamp': {'noise': float(noise), 'stamps': len(stamps)}},
        'backbone': str(backbone), 'epochs': n_epochs, 'seed': seed,
        'command': command, 'version': __version__,
        'results': {'stamp': {'accuracy': float(np.mean(right))}}})
    shutil.copyfile(store.directory / 'history.csv',
                    output.with_suffix('.history.csv'))
    store.discard()
    return output


def _join(body, head, precision):
    """Return the network of a frozen backbone and a head."""
    network = build_network(dtype=resolve_precision(precision),
                            n_channels=body.input_shape[-1])
    for layer in body.layers:
        if layer.weights:
            network.get_layer(layer.name).set_weights(layer.get_weights())
    network.get_layer('head').set_weights(head.get_weights())
    return network
