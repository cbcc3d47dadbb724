"""A trained network with its preprocessing: from stamps to P(blended)."""

import numpy as np

from blendhunter._utils.arrays import dihedral
from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import (
    ARCHITECTURES,
    VGG16,
    resolve_precision,
)
from blendhunter.network.backend import (
    check_process,
    import_keras,
    note_process,
)
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.network.priors import pool_odds
from blendhunter.network.weights import (
    read_weights,
    resolve_weights,
    write_weights,
)

__all__ = ['VIEWED_BATCHES', 'VIEWS', 'BlendModel', 'load_model',
           'save_network', 'set_network']

#: Numbers of orientations for test-time augmentation.
VIEWS = (1, 2, 4, 8)
#: Range of P in which stamps are augmented; the upper limit is high
#: because high P decide how pure a sample is.
DOUBTFUL = (0.1, 0.98)
# batches of these stamps whose other orientations are held at once
VIEWED_BATCHES = 4


class BlendModel:
    """
    A trained network with its preprocessing and metadata.

    Parameters
    ----------
    network : `keras.Model`
        From (n, 65, 65, channels) to (n, 1).
    metadata : dict
        As stored in the weights file.
    """

    #: Range of P in which ``n_views`` applies.
    doubtful = DOUBTFUL

    def __init__(self, network, metadata):
        note_process()
        self.network = network
        self.metadata = metadata

    @property
    def regions(self):
        """The regions that the weights were trained for."""
        return tuple(self.metadata['regions'])

    def predict(self, stamps, regions, noise=1.0, *, batch_size=256,
                n_views=1):
        """
        Return P(blended) at the blend fraction ``trained_fraction``.

        Parameters
        ----------
        stamps : `~numpy.ndarray` of shape (n, 51, 51)
            Background-subtracted pixels.
        regions : bool `~numpy.ndarray` of shape (n, 51, 51)
        noise : float or `~numpy.ndarray` of shape (n,) or (n, 51, 51)
            RMS noise per pixel.
        batch_size : int, optional
            Every batch is padded to this size, so that the network is
            compiled once and a stamp's result does not depend on how
            many others there are.
        n_views : {1, 2, 4, 8}, optional
            Test-time augmentation: stamps with 0.1 < P < 0.98 are
            evaluated in so many rotated and mirrored orientations and
            their log odds averaged.

        Returns
        -------
        probability : float32 `~numpy.ndarray` of shape (n,)

        Raises
        ------
        ValueError
            If ``n_views`` is another number.
        """
        if n_views not in VIEWS:
            msg = f'n_views must be one of {VIEWS}, got {n_views!r}'
            raise ValueError(msg)
        noise = np.asarray(noise, dtype=np.float32)
        if noise.ndim == 1:
            noise = noise[:, None, None]
        noise = np.broadcast_to(noise, stamps.shape)
        probability = self._predict(stamps, regions, noise, batch_size)
        if n_views == 1:
            return probability
        low, high = self.doubtful
        doubtful = np.flatnonzero((probability > low) & (probability < high))
        turns = range(0, max(VIEWS), max(VIEWS) // int(n_views))[1:]
        step = VIEWED_BATCHES * batch_size
        for start in range(0, len(doubtful), step):
            rows = doubtful[start:start + step]
            views = self._predict(*(
                np.concatenate([dihedral(part[rows], turn) for turn in turns])
                for part in (stamps, regions, noise)), batch_size)
            probability[rows] = pool_odds(
                [probability[rows], *views.reshape(len(turns), len(rows))])
        return probability

    def _predict(self, stamps, regions, noise, batch_size):
        """Return P(blended) of stamps in one orientation."""
        check_process()
        n = len(stamps)
        preprocess = PREPROCESSINGS[self.metadata['preprocessing']].function
        result = np.empty(n, dtype=np.float32)
        for start in range(0, n, batch_size):
            part = slice(start, min(start + batch_size, n))
            inputs = preprocess(stamps[part], regions[part], noise[part])
            used = len(inputs)
            if used < batch_size:
                blank = np.zeros((batch_size - used, *inputs.shape[1:]),
                                 dtype=np.float32)
                inputs = np.concatenate([inputs, blank])
            output = np.asarray(self.network.predict_on_batch(inputs))
            result[part] = output[:used, 0]
        return result

    def prior_fractions(self, region, prior=None):
        """
        Return the blend fraction that `predict` assumes, and the wanted one.

        Parameters
        ----------
        region : {'stamp', 'segment'}
        prior : float, optional
            The wanted one; by default that stored in the weights.

        Returns
        -------
        trained, wanted : float
        """
        trained = self.metadata['trained_fraction'][region]
        return trained, (self.metadata['prior'][region] if prior is None
                         else prior)


def _weighted_layers(network):
    """Return the layers with weights, those inside a head among them."""
    layers = []
    for layer in network.layers:
        if hasattr(layer, 'layers'):
            layers += _weighted_layers(layer)
        elif layer.weights:
            layers.append(layer)
    return layers


def set_network(network, arrays, *, name='weights'):
    """Put arrays by ``layer/name`` into a network; ``name`` their source."""
    for layer in _weighted_layers(network):
        try:
            layer.set_weights([arrays[f'{layer.name}/{part}']
                               for part in ('kernel', 'bias')])
        except (KeyError, ValueError) as error:
            msg = f'{name} does not fit layer {layer.name!r}: {error}'
            raise WeightsError(msg) from error


def save_network(path, network, metadata):
    """Write a network and its metadata to a weights file."""
    write_weights(path, {
        f'{layer.name}/{name}': array
        for layer in _weighted_layers(network)
        for name, array in zip(('kernel', 'bias'), layer.get_weights(),
                               strict=True)}, metadata)


def load_model(weights='default', *, precision='auto'):
    """
    Load a trained network.

    Parameters
    ----------
    weights : str or path-like, optional
        A name from `list_weights` or the path of a weights file.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the network; 'auto' takes bfloat16 where that is
        faster.

    Returns
    -------
    model : `BlendModel`

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If the file is missing, damaged or no weights file.
    ValueError
        If ``precision`` is unknown.
    ImportError
        If Keras cannot load its backend.
    """
    check_process()
    import_keras()
    dtype = resolve_precision(precision)
    path = resolve_weights(weights)
    arrays, metadata = read_weights(path)
    preprocessing = metadata.get('preprocessing')
    if preprocessing not in PREPROCESSINGS:
        msg = (f'weights: {str(path)!r} has the unknown preprocessing '
               f'{preprocessing!r}')
        raise WeightsError(msg)
    # files written before 0.1.0 do not tell
    architecture = metadata.get('architecture', VGG16)
    if architecture not in ARCHITECTURES:
        msg = (f'weights: {str(path)!r} has the unknown architecture '
               f'{architecture!r}')
        raise WeightsError(msg)
    network = ARCHITECTURES[architecture](
        dtype=dtype, n_channels=PREPROCESSINGS[preprocessing].n_channels)
    set_network(network, arrays, name=f'weights {str(path)!r}')
    return BlendModel(network, metadata)
