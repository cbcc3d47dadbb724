# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Outputs of the convolutional layers for stamps, computed once."""

import numpy as np

from blendhunter._utils.arrays import dihedral
from blendhunter._utils.progress import progress_bar
from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import N_FEATURES, VGG16, build_head
from blendhunter.network.backend import import_keras
from blendhunter.network.preprocessing import PREPROCESSINGS

__all__ = ['backbone_of', 'check_weights', 'compute_features', 'head_of',
           'predict_head']

# stamps in a part that is stored, and in a batch
PART = 512
BATCH = 128
# of the head, which is fast
HEAD_BATCH = 4096


def check_weights(metadata, weights):
    """Refuse weights whose head cannot be fitted to detections."""
    architecture = metadata.get('architecture', VGG16)
    if architecture != VGG16:
        msg = (f'weights: {str(weights)!r} is a network of type '
               f'{architecture!r}; only {VGG16} can be adapted')
        raise WeightsError(msg)
    if 'segment' not in metadata['regions']:
        msg = (f"weights: {str(weights)!r} was not trained for the region "
               f"'segment', only for {metadata['regions']}")
        raise WeightsError(msg)


def backbone_of(model):
    """
    Return the convolutions of a `~blendhunter.network.BlendModel`.

    A function from stamps over their noise and regions, both of shape
    (n, 51, 51), to features (n, 2048).
    """
    keras = import_keras()
    network = model.network
    body = keras.Model(network.input, network.get_layer('flatten').output)
    preprocess = PREPROCESSINGS[model.metadata['preprocessing']].function

    def extract(stamps, regions):
        return _run(body, preprocess, stamps, regions)

    return extract


def compute_features(extract, stamps, regions, turns, store, name, *,
                     progress=False):
    """
    Return the output of the convolutions for stamps over their noise.

    Parameters
    ----------
    extract : callable
        From `backbone_of`.
    stamps, regions : `~numpy.ndarray` of shape (n, 51, 51)
        Pixels over their noise, and the regions of the sources (bool).
    turns : int `~numpy.ndarray` of shape (n,)
        Orientations from 0 to 7, see `~blendhunter._utils.arrays.dihedral`.
    store : `~blendhunter._utils.resume.PartStore`
        Keeps the finished parts.
    name : str
        Name of these parts.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    features : float16 `~numpy.ndarray` of shape (n, 2048)
        The outputs of the convolutions.
    """
    parts = [np.zeros((0, N_FEATURES), dtype=np.float16)]
    with progress_bar(total=len(stamps), description=f'features, {name}',
                      enabled=progress) as bar:
        for start in range(0, len(stamps), PART):
            part = slice(start, start + PART)

            def make(part=part):
                z, inside = (_turned(stack[part], turns[part])
                             for stack in (stamps, regions))
                return {'features': extract(z, inside)}

            made = store.arrays(f'{name}-{start:07d}', make)['features']
            parts.append(made)
            bar.update(len(made))
    return np.concatenate(parts)


def _turned(stack, turns):
    """Return stamps in their orientations."""
    turned = np.empty_like(stack)
    for turn in np.unique(turns):
        rows = turns == turn
        turned[rows] = dihedral(stack[rows], int(turn))
    return turned


def _run(body, preprocess, stamps, regions):
    """Run the convolutions in batches of one size."""
    made = []
    for start in range(0, len(stamps), BATCH):
        part = slice(start, start + BATCH)
        inputs = preprocess(stamps[part].astype(np.float32), regions[part],
                            1.0)
        n = len(inputs)
        # one size: the network is compiled once
        padded = np.zeros((BATCH, *inputs.shape[1:]), dtype=np.float32)
        padded[:n] = inputs
        made.append(np.asarray(body.predict_on_batch(padded))[:n])
    limit = np.finfo(np.float16).max
    return np.concatenate(made).astype(np.float32).clip(
        -limit, limit).astype(np.float16)


def head_of(model, *, dropout=0.3):
    """Return a copy of a network's dense head, in float32."""
    head = build_head(dropout=dropout)
    head.set_weights(model.network.get_layer('head').get_weights())
    return head


def predict_head(head, features):
    """Return P(blended), at the head's own blend fraction."""
    made = [np.zeros(0, dtype=np.float32)]
    for start in range(0, len(features), HEAD_BATCH):
        part = features[start:start + HEAD_BATCH].astype(np.float32)
        made.append(np.asarray(head(part, training=False)).ravel())
    return np.concatenate(made)
