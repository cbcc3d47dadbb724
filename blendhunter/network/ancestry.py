"""What a training starts from: initial values, or weights to continue."""

from pathlib import Path

from blendhunter.exceptions import WeightsError
from blendhunter.network.model import set_network
from blendhunter.network.preprocessing import TRAINED
from blendhunter.network.weights import read_weights, resolve_weights

__all__ = ['check_start', 'continue_weights', 'lineage']

# the first channels of what is trained are those of the former
CONTINUED = ('noise', TRAINED)


def check_start(*, weights=None, backbone=None, importance=False):
    """
    Check, before any work, that a training can start.

    Parameters
    ----------
    weights, backbone, importance
        As for `~blendhunter.train`.

    Raises
    ------
    ValueError
        If they do not belong together.
    `~blendhunter.exceptions.WeightsError`
        If ``weights`` cannot be read or continued, or ``backbone`` is no
        file.
    """
    if importance and weights is None:
        msg = 'importance needs weights, whose errors tell what to draw'
        raise ValueError(msg)
    if weights is not None and backbone is not None:
        msg = ('weights and backbone cannot both be given: what is '
               'continued has convolutions of its own')
        raise ValueError(msg)
    if weights is not None:
        _read(weights)
    if backbone not in (None, 'imagenet') and not Path(backbone).is_file():
        msg = (f"backbone must be 'imagenet' or a file of VGG-16 weights, "
               f'got {str(backbone)!r}')
        raise WeightsError(msg)


def continue_weights(network, weights):
    """
    Give a network the weights that it continues.

    Parameters
    ----------
    network : `keras.Model`
        With as many channels as they have, or more.
    weights : str or path-like

    Returns
    -------
    metadata : dict
        Of the weights.

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If they cannot be read or continued.
    """
    path, arrays, metadata = _read(weights)
    set_network(network, arrays, name=f'weights {str(path)!r}', widen=True)
    return metadata


def lineage(ancestor):
    """
    Return command, steps and sha256 of all that was continued.

    Parameters
    ----------
    ancestor : dict or None
        From `continue_weights`.

    Returns
    -------
    steps : list of dict
        The first training first.
    """
    if ancestor is None:
        return []
    return [*ancestor.get('lineage', []), {
        key: ancestor.get(key) for key in ('command', 'steps', 'sha256')}]


def _read(weights):
    """Return path, arrays and metadata of weights to continue."""
    path = resolve_weights(weights)
    arrays, metadata = read_weights(path)
    if metadata.get('preprocessing') not in CONTINUED:
        msg = (f'weights: {str(path)!r} has the preprocessing '
               f'{metadata.get("preprocessing")!r}, only {CONTINUED} can be '
               'continued')
        raise WeightsError(msg)
    return path, arrays, metadata
