# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Networks and weights files: load, extend and save."""

from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import (
    ARCHITECTURES,
    VGG16,
    resolve_precision,
)
from blendhunter.network.backend import check_process, import_keras
from blendhunter.network.domain import domain_output, has_domain
from blendhunter.network.locators import (
    LOCATORS,
    has_locators,
    locator_outputs,
)
from blendhunter.network.model import PROBABILITY, UNUSUAL, BlendModel
from blendhunter.network.preprocessing import PREPROCESSINGS
from blendhunter.network.weights import (
    read_weights,
    resolve_weights,
    write_weights,
)

__all__ = ['extend_network', 'layer_arrays', 'load_model', 'save_network',
           'set_network']


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


def extend_network(network, arrays):
    """
    Return a network with a dict of outputs.

    ``probability``, and what arrays of a weights file allow: ``unusual``
    and those of `~blendhunter.network.locators.LOCATORS`.
    """
    outputs = {PROBABILITY: network.output}
    if has_domain(arrays):
        outputs[UNUSUAL] = domain_output(network)
    if has_locators(arrays):
        outputs |= dict(zip(LOCATORS, locator_outputs(network), strict=True))
    return import_keras().Model(network.input, outputs, name='extended')


def layer_arrays(network):
    """Return the arrays of a network by ``layer/name``."""
    return {f'{layer.name}/{name}': array
            for layer in _weighted_layers(network)
            for name, array in zip(('kernel', 'bias'), layer.get_weights(),
                                   strict=True)}


def save_network(path, network, metadata):
    """
    Write a network and its metadata to a weights file.

    ``network`` may be an extended one, whose further layers are written,
    too.
    """
    write_weights(path, layer_arrays(network), metadata)


def load_model(weights='default', *, precision='auto'):
    """
    Load a trained network.

    Parameters
    ----------
    weights : str or path-like, optional
        A name from `~blendhunter.list_weights`, or the path of a weights
        file.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the network. 'auto' uses bfloat16 where it is faster.

    Returns
    -------
    model : `~blendhunter.network.BlendModel`
        The network with its metadata.

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If the file is missing or damaged, or is not a weights file.
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
    extended = extend_network(network, arrays)
    set_network(extended, arrays, name=f'weights {str(path)!r}')
    return BlendModel(network, metadata, extended)
