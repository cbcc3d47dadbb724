"""Fine-tuning: a training that starts from the weights of another."""

from blendhunter.exceptions import WeightsError
from blendhunter.network.model import set_network
from blendhunter.network.preprocessing import TRAINED
from blendhunter.network.weights import read_weights, resolve_weights
from blendhunter.training.pretrained import check_backbone, widen_kernel

__all__ = ['check_start', 'load_initial_weights', 'training_history']

# preprocessings whose channels are the first of the trained one
COMPATIBLE = ('noise', TRAINED)


def check_start(*, weights=None, backbone=None, importance=False):
    """Check, before any work, from what a training can start."""
    if importance and weights is None:
        msg = 'importance needs weights, whose errors tell what to draw'
        raise ValueError(msg)
    if weights is not None and backbone is not None:
        msg = ('weights and backbone cannot both be given: weights hold '
               'convolutions, too')
        raise ValueError(msg)
    if weights is not None:
        _read(weights)
    check_backbone(backbone)


def load_initial_weights(network, weights):
    """Load weights, of as many channels or fewer; return their metadata."""
    path, arrays, metadata = _read(weights)
    layer = network.get_layer('block1_conv1')
    key = 'block1_conv1/kernel'
    set_network(network, {**arrays, key: widen_kernel(arrays[key], layer)},
                name=f'weights {str(path)!r}')
    return metadata


def training_history(metadata):
    """Return command, steps and sha256 of all weights up to these."""
    if metadata is None:
        return []
    return [*metadata.get('training_history', []), {
        key: metadata.get(key) for key in ('command', 'steps', 'sha256')}]


def _read(weights):
    """Return path, arrays and metadata of weights to fine-tune."""
    path = resolve_weights(weights)
    arrays, metadata = read_weights(path)
    if metadata.get('preprocessing') not in COMPATIBLE:
        msg = (f'weights: {str(path)!r} has the preprocessing '
               f'{metadata.get("preprocessing")!r}, only {COMPATIBLE} can be '
               'fine-tuned')
        raise WeightsError(msg)
    return path, arrays, metadata
