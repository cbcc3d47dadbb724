# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Fit the dense head to the features of the detections of a survey."""

from dataclasses import dataclass

import numpy as np

from blendhunter._utils.progress import progress_bar
from blendhunter.adaptation.features import predict_head
from blendhunter.network.backend import import_keras
from blendhunter.training.importance_sampling import ImportanceDraw

__all__ = ['LabeledFeatures', 'head_loss', 'refit_head']

LEARNING_RATE = 1e-4
WEIGHT_DECAY = 1e-3
BATCH_SIZE = 128
#: Blends in a batch, as in the training of the packaged model.
BLEND_FRACTION = 0.4
MAX_EPOCHS = 30
# epochs without a lower loss on the fields that are held out
PATIENCE = 4
EDGE = 1e-7


@dataclass(frozen=True)
class LabeledFeatures:
    """
    Features of detections with their labels.

    ``features`` have shape (n, 2048), ``blended`` (bool) and
    ``sample_weights`` (0 to 1) shape (n,).
    """

    features: np.ndarray
    blended: np.ndarray
    sample_weights: np.ndarray

    def __len__(self):
        return len(self.features)


def head_loss(head, data):
    """Return the cross-entropy at a blend fraction of 0.4."""
    p = predict_head(head, data.features).astype(float).clip(EDGE, 1 - EDGE)
    loss = -np.where(data.blended, np.log(p), np.log(1 - p))
    return float(sum(
        share * np.average(loss[rows], weights=data.sample_weights[rows])
        for rows, share in ((data.blended, BLEND_FRACTION),
                            (~data.blended, 1 - BLEND_FRACTION))))


def refit_head(head, train, held_out, *, rng, max_epochs=MAX_EPOCHS,
               progress=False):
    """
    Fit a head in place, and keep the best one on held-out detections.

    Parameters
    ----------
    head : `keras.Model`
        From features (n, 2048) to P(blended) of shape (n, 1).
    train, held_out : `LabeledFeatures`
        Features for the fit, and for the validation loss.
    rng : `~numpy.random.Generator`
        Draws the batches.
    max_epochs : int, optional
        Most epochs. The fit ends four epochs after the best one.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    losses : list of float
        On the held-out detections: before the fit, and after each epoch.
    steps : int
        Batches up to the best epoch, 0 if the head stayed as it was.
    """
    keras = import_keras()
    keras.utils.set_random_seed(int(rng.integers(2**31)))
    head.compile(keras.optimizers.AdamW(
        LEARNING_RATE, weight_decay=WEIGHT_DECAY, global_clipnorm=1.0),
        'binary_crossentropy')
    draws = [ImportanceDraw(rows, None, train.sample_weights[rows])
             for rows in map(np.flatnonzero, (train.blended,
                                              ~train.blended))]
    n_steps = max(len(train) // BATCH_SIZE, 1)
    best, losses = head.get_weights(), [head_loss(head, held_out)]
    with progress_bar(total=max_epochs, description='epochs',
                      enabled=progress) as bar:
        for _ in range(max_epochs):
            for _ in range(n_steps):
                head.train_on_batch(*_batch(train, draws, rng))
            losses.append(head_loss(head, held_out))
            bar.update(1)
            if np.argmin(losses) == len(losses) - 1:
                best = head.get_weights()
            elif len(losses) - 1 - np.argmin(losses) >= PATIENCE:
                break
    head.set_weights(best)
    return losses, int(np.argmin(losses)) * n_steps


def _batch(train, draws, rng):
    """Draw features, labels and sample weights of a batch."""
    n_blends = round(BLEND_FRACTION * BATCH_SIZE)
    rows, weights = (np.concatenate(parts) for parts in zip(
        *(draw(n, rng) for draw, n in zip(
            draws, (n_blends, BATCH_SIZE - n_blends), strict=True)),
        strict=True))
    return (train.features[rows].astype(np.float32),
            train.blended[rows].astype(np.float32)[:, None],
            weights.astype(np.float32)[:, None])
