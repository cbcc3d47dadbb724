# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Complete a trained network with locators and its domain."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from blendhunter._utils.files import check_writable
from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.progress import progress_bar
from blendhunter.dataset import DataSet, read_dataset
from blendhunter.exceptions import DataSetError
from blendhunter.network.architecture import SMALL
from blendhunter.network.backend import import_keras
from blendhunter.network.domain import build_domain, pooled_features
from blendhunter.network.loading import layer_arrays, load_model
from blendhunter.network.locators import LOCATORS, locator_output
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.network.weights import write_weights
from blendhunter.training.batches import (
    MixedBatches,
    locator_loss,
    make_ahead,
)
from blendhunter.training.data_split import check_given, prepare_samplers
from blendhunter.training.simulated_sets import UNUSUAL_KINDS

__all__ = ['complete']

# fraction of clean stamps that lie above its limit, and those that are
# kept to find it
CLEAN_FLAGGED = 0.008
HELD_OUT = 0.25
# of the fits
EPOCHS = {'locators': 15, 'domain': 40}
LEARNING_RATES = {'locators': 3e-3, 'domain': 1e-3}
WEIGHT_DECAY = 1e-3
DOMAIN_DROPOUT = 0.3
PIECE = 128
LEAST_SPREAD = 0.03


class Features(NamedTuple):
    """
    What the layers of a frozen network find in n stamps.

    ``pooled`` (n, k) as `~blendhunter.network.domain.pooled_features`,
    ``maps`` of the layers of `LOCATORS`, float16, ``targets`` and
    ``map_weights`` of the locators, and the ``region`` of each stamp.
    """

    pooled: np.ndarray
    maps: list
    targets: list
    map_weights: np.ndarray
    region: np.ndarray


def complete(*, output, weights='default', pairs=None, detections=None,
             unusual, n_batches=50, batch_size=128, precision='auto', rng=0,
             n_jobs=1, command='', overwrite=False, progress=False):
    """
    Complete a network: locate companions and recognize unusual stamps.

    The function fits the layers that locate companions and the layer that
    recognizes stamps unlike the training. The network itself is frozen, so
    its probabilities do not change. A small network gets no layers that
    locate companions.

    Parameters
    ----------
    output : str or path-like
        Weights file to write.
    weights : str or path-like, optional
        Trained weights.
    pairs, detections : `~blendhunter.dataset.DataSet` or path, optional
        See `~blendhunter.train`.
    unusual : `~blendhunter.dataset.DataSet` or path
        Stamps of unusual images. ``blendhunter train --protocol
        completion`` simulates them.
    n_batches, batch_size : int, optional
        Number and size of the batches of ordinary stamps.
    precision, rng, n_jobs, command, overwrite, progress : optional
        See `~blendhunter.train`.

    Returns
    -------
    path : `~pathlib.Path`
        The weights file.

    Raises
    ------
    ValueError, FileExistsError, FileNotFoundError
        If an argument cannot be used; the message names it.
    `~blendhunter.exceptions.DataSetError`
        If a data set cannot be used.
    `~blendhunter.exceptions.WeightsError`
        If the weights cannot be read.
    """
    check_given(pairs, detections)
    output = Path(output)
    check_writable(output, overwrite=overwrite)
    strange = _read_unusual(unusual)
    model = load_model(weights, precision=precision)
    metadata = dict(model.metadata)
    seed = integer_seed(rng)
    import_keras().utils.set_random_seed(seed)
    samplers, _, _ = prepare_samplers(pairs, detections, batch_size)
    locates = metadata.get('architecture') != SMALL
    frozen = _Frozen(model, locates=locates)
    made = MixedBatches(samplers, rng=seed)
    n_pieces = -(-len(strange) // PIECE)
    with progress_bar(total=n_batches + len(model.regions) * n_pieces,
                      description='features', enabled=progress) as bar:
        features = frozen.features(
            make_ahead(made, range(n_batches), n_jobs=n_jobs),
            samplers, bar.update)
        pooled = np.concatenate([
            frozen.pooled(strange, region, bar.update)
            for region in model.regions])
    fitted, limits = _fit_domain(features, pooled)
    if locates:
        fitted |= _fit_locators(features)
    metadata.pop('sha256')
    domain = {region: {**about, 'unusual': [None, limits[region]]}
              if region in limits else about
              for region, about in metadata['domain'].items()}
    write_weights(output, {**layer_arrays(model.extended), **fitted}, {
        **metadata, 'domain': domain, 'completed': command})
    return output


def _read_unusual(unusual):
    """Return the stamps that the detector learns from."""
    data = unusual if isinstance(unusual, DataSet) else read_dataset(unusual)
    if 'kind' not in data.truth.colnames:
        msg = ("unusual: the data set has no column 'kind'; make one with "
               'blendhunter train --protocol completion')
        raise DataSetError(msg)
    kinds = np.asarray(data.truth['kind']).astype(str)
    rows = np.flatnonzero(np.isin(kinds, UNUSUAL_KINDS))
    if not rows.size:
        msg = f'unusual: the data set has no stamps of {UNUSUAL_KINDS}'
        raise DataSetError(msg)
    return DataSet({name: data.arrays[name][rows]
                    for name in ('stamps', 'regions')}, data.truth[rows])


class _Frozen:
    """A network whose inner layers are read."""

    def __init__(self, model, *, locates):
        network = model.network
        layers = [network.get_layer(name).output
                  for name in (LOCATORS if locates else ())]
        self._model = import_keras().Model(
            network.input, [pooled_features(network), *layers])
        self._preprocess = PREPROCESSINGS[
            model.metadata['preprocessing']].function

    def features(self, batches, samplers, advance):
        """Return `Features` of training batches."""
        region = np.concatenate([np.full(n, sampler.region)
                                 for sampler, n in samplers])
        parts = []
        for batch in batches:
            pooled, *maps = self._read(batch.inputs)
            parts.append((pooled, maps, batch.maps,
                          batch.map_weights.ravel(), region))
            advance(1)
        pooled, maps, targets, weights, regions = zip(*parts, strict=True)
        return Features(
            np.concatenate(pooled),
            [np.concatenate(part) for part in zip(*maps, strict=True)],
            [np.concatenate(part) for part in zip(*targets, strict=True)],
            np.concatenate(weights), np.concatenate(regions))

    def pooled(self, data, region, advance):
        """Return the pooled features of stamps, asked about a region."""
        parts = []
        for start in range(0, len(data), PIECE):
            part = slice(start, start + PIECE)
            regions = data.arrays['regions'][part]
            if region == 'stamp':
                regions = np.ones_like(regions)
            parts.append(self._read(self._preprocess(
                data.arrays['stamps'][part], regions, 1.0))[0])
            advance(1)
        return np.concatenate(parts)

    def _read(self, inputs):
        """Return pooled features, and maps as float16."""
        found = self._model.predict(inputs, batch_size=PIECE, verbose=0)
        # Keras makes no list of a single output
        pooled, *maps = found if isinstance(found, list) else [found]
        return [np.asarray(pooled), *(np.asarray(values).astype(np.float16)
                                      for values in maps)]


def _fit(model, loss, inputs, targets, weights, name):
    """Fit a small model."""
    keras = import_keras()
    model.compile(keras.optimizers.AdamW(LEARNING_RATES[name],
                                         weight_decay=WEIGHT_DECAY), loss)
    model.fit(inputs, targets, sample_weight=weights, batch_size=PIECE,
              epochs=EPOCHS[name], verbose=0)


def _fit_locators(features):
    """Return the arrays of the locators."""
    keras = import_keras()
    arrays = {}
    for name, maps, targets in zip(LOCATORS, features.maps, features.targets,
                                   strict=True):
        inputs = keras.Input(maps.shape[1:])
        model = keras.Model(inputs, locator_output(name, inputs))
        _fit(model, locator_loss, maps, targets, features.map_weights,
             'locators')
        arrays |= layer_arrays(model)
    return arrays


def _fit_domain(features, strange):
    """Return the arrays of the detector, and its limit in each region."""
    n = len(features.pooled)
    n_fit = n - int(HELD_OUT * n)
    clean = features.pooled[:n_fit]
    inputs = np.concatenate([clean, strange])
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
    # features that hardly vary must not be blown up
    spread = np.maximum(spread, LEAST_SPREAD)
    labels = np.repeat([0.0, 1.0], [n_fit, len(strange)])[:, None]
    # both kinds count alike
    weights = np.where(labels[:, 0] > 0, n_fit / len(strange), 1.0)
    model = build_domain(inputs.shape[1], dropout=DOMAIN_DROPOUT)
    keras = import_keras()
    _fit(model, keras.losses.BinaryCrossentropy(from_logits=True),
         (inputs - mean) / spread, labels, weights, 'domain')
    first = model.get_layer('domain1')
    kernel, bias = first.get_weights()
    first.set_weights([kernel / spread[:, None],
                       bias - (mean / spread) @ kernel])
    odds = model.predict(features.pooled[n_fit:], verbose=0)[:, 0]
    regions = features.region[n_fit:]
    limits = {region: float(np.quantile(odds[regions == region],
                                        1 - CLEAN_FLAGGED))
              for region in np.unique(regions).tolist()}
    return layer_arrays(model), limits
