"""Batches that mix both questions, turned, mirrored and spoilt."""

import numpy as np

from blendhunter._utils.arrays import dihedral
from blendhunter.network.preprocessing import preprocess_noise
from blendhunter.stamps import STAMP_SIZE

__all__ = ['MixedBatches']

# share of training stamps that reach over an image edge, or hold a bad
# patch filled with noise, as the pipeline leaves them
EDGE_SHARE = 0.04
PATCH_SHARE = 0.04
MAX_EDGE = 15


class MixedBatches:
    """
    Training batches that mix both questions.

    Parameters
    ----------
    samplers : list of (sampler, int)
        Each sampler and how many stamps it adds to a batch.
    seed : int
        Batch ``i`` is the same whenever it is drawn: a training that
        was killed and resumed sees what it would have seen.
    """

    def __init__(self, samplers, *, seed):
        self.samplers = samplers
        self.seed = seed

    def __call__(self, step):
        """
        Return the batch of a step.

        Parameters
        ----------
        step : int

        Returns
        -------
        inputs : float32 `~numpy.ndarray` of shape (n, 65, 65, 3)
        labels, weights : float32 `~numpy.ndarray` of shape (n, 1)
        """
        rng = np.random.default_rng([self.seed, step])
        inputs, labels, weights = [], [], []
        for sampler, n in self.samplers:
            z, regions, label, weight = sampler.draw(n, rng)
            turn = rng.integers(0, 8, n)
            for value in range(8):
                rows = np.flatnonzero(turn == value)
                z[rows] = dihedral(z[rows], value)
                regions[rows] = dihedral(regions[rows], value)
            _spoil(z, regions, rng)
            inputs.append(preprocess_noise(z, regions, 1.0))
            labels.append(label)
            weights.append(weight)
        return (np.concatenate(inputs), np.concatenate(labels)[:, None],
                np.concatenate(weights)[:, None])


def _spoil(z, regions, rng):
    """Let some stamps reach over an edge, or hold a bad patch."""
    n = len(z)
    for i in np.flatnonzero(rng.random(n) < EDGE_SHARE):
        width = rng.integers(1, MAX_EDGE)
        side = (slice(None), slice(0, width)) if rng.random() < 0.5 else (
            slice(STAMP_SIZE - width, None), slice(None))
        z[i][side] = 0
        regions[i][side] = False
    for i in np.flatnonzero(rng.random(n) < PATCH_SHARE):
        height, width = rng.integers(1, 20, 2)
        y, x = rng.integers(0, STAMP_SIZE, 2)
        patch = (slice(y, y + height), slice(x, x + width))
        z[i][patch] = rng.standard_normal(z[i][patch].shape)
        regions[i][patch] = False
