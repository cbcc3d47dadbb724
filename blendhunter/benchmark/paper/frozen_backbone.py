"""Convolutions with fixed weights, and their preprocessing."""

from blendhunter._utils.parallel import integer_seed
from blendhunter.network.architecture import (
    N_CHANNELS,
    build_backbone,
    resolve_precision,
)
from blendhunter.network.model import load_model
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.network.weights import read_metadata, resolve_weights
from blendhunter.training.pretrained import check_backbone, load_backbone

__all__ = ['OWN', 'build_frozen', 'choose_preprocessing']

#: The convolutions of this package's own weights, trained on blends.
OWN = 'default'


def choose_preprocessing(backbone, preprocessing=None, *,
                         otherwise='noise'):
    """
    Return the preprocessing for a frozen backbone, see `build_frozen`.

    None takes the one that the packaged weights were trained with, or
    ``otherwise`` for backbones without a preprocessing of their own. One
    that is unknown, or does not fit the backbone, raises ValueError.
    """
    names = [name for name, entry in PREPROCESSINGS.items()
             if entry.n_channels == N_CHANNELS]
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

    ``backbone`` is 'random' or None, for initial values drawn with
    ``rng``; 'imagenet'; 'default', those of the packaged model; or a file
    of VGG-16 weights.
    """
    import keras

    keras.utils.set_random_seed(integer_seed(rng))
    if backbone == OWN:
        network = load_model(OWN, precision=precision).network
        return keras.Model(network.input, network.get_layer('flatten').output)
    weights = None if backbone == 'random' else backbone
    check_backbone(weights)
    body = build_backbone(
        dtype=resolve_precision(precision),
        n_channels=PREPROCESSINGS[preprocessing].n_channels)
    if weights is not None:
        load_backbone(body, weights)
    return body
