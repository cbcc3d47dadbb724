"""Convolutions with fixed weights, and what they are shown."""

from blendhunter.network.architecture import (
    N_CHANNELS,
    build_backbone,
    resolve_precision,
)
from blendhunter.network.model import load_model
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.network.weights import read_metadata, resolve_weights

__all__ = ['OWN', 'build_frozen', 'choose_preprocessing']

#: The backbone that is this package's own, and has seen blends.
OWN = 'default'


def choose_preprocessing(backbone, preprocessing=None, *,
                         otherwise='noise'):
    """
    Return the preprocessing that a frozen backbone goes with.

    Parameters
    ----------
    backbone : None, 'random', 'imagenet', 'default' or path
        As for `build_frozen`.
    preprocessing : {None, 'noise', 'residuals', 'paper'}, optional
        None takes the one that the packaged weights were trained with,
        or else ``otherwise``.
    otherwise : str, optional
        For backbones without a preprocessing of their own.

    Returns
    -------
    preprocessing : str

    Raises
    ------
    ValueError
        If it is unknown, or does not fit the backbone.
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
                 seed=0):
    """
    Build the convolutions whose features are cached.

    Parameters
    ----------
    backbone : None, 'random', 'imagenet', 'default' or path
        Weights: random initial ones (None is the same), ImageNet's, those
        of the packaged model, or a local file.
    preprocessing : str, optional
        From `choose_preprocessing`.
    precision : {'auto', 'float32', 'bfloat16'}, optional
    seed : int, optional
        Of random weights.

    Returns
    -------
    body : `keras.Model`
        From (n, 65, 65, channels) to features (n, 2048).

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If the weights cannot be had.
    """
    import keras

    keras.utils.set_random_seed(seed)
    if backbone == OWN:
        network = load_model(OWN, precision=precision).network
        return keras.Model(network.input, network.get_layer('flatten').output)
    return build_backbone(
        dtype=resolve_precision(precision),
        n_channels=PREPROCESSINGS[preprocessing].n_channels,
        weights=None if backbone == 'random' else backbone)
