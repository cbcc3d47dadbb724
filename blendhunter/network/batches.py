"""Batches that mix both questions, turned, mirrored and spoilt."""

from typing import NamedTuple

import numpy as np

from blendhunter._utils.arrays import dihedral
from blendhunter.network.localisation import target_maps
from blendhunter.network.preprocessing import PREPROCESSINGS, TRAINED
from blendhunter.stamps import STAMP_SIZE

__all__ = ['Batch', 'MixedBatches']

# share of training stamps that reach over an image edge, or hold a bad
# patch filled with noise, as the pipeline leaves them
EDGE_SHARE = 0.04
PATCH_SHARE = 0.04
MAX_EDGE = 15


class Batch(NamedTuple):
    """
    What a network sees, and what it should say.

    Parameters
    ----------
    inputs : float32 `~numpy.ndarray` of shape (n, 65, 65, 5)
    labels, weights : float32 `~numpy.ndarray` of shape (n, 1)
    maps : list of float32 `~numpy.ndarray` of shape (n, m, m, 1)
        See `~blendhunter.network.localisation.target_maps`.
    map_weights : float32 `~numpy.ndarray` of shape (n, 1)
        0 where no positions are known.
    """

    inputs: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    maps: list
    map_weights: np.ndarray


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
        batch : `Batch`
        """
        rng = np.random.default_rng([self.seed, step])
        preprocess = PREPROCESSINGS[TRAINED].function
        parts = []
        for sampler, n in self.samplers:
            z, regions, label, weight, marks = sampler.draw(n, rng)
            turn = rng.integers(0, 8, n)
            for value in range(8):
                rows = np.flatnonzero(turn == value)
                z[rows] = dihedral(z[rows], value)
                regions[rows] = dihedral(regions[rows], value)
                marks[rows] = dihedral(marks[rows], value)
            _spoil(z, regions, rng)
            parts.append((preprocess(z, regions, 1.0), label[:, None],
                          weight[:, None], marks,
                          weight[:, None] * (sampler.places is not None)))
        inputs, labels, weights, marks, map_weights = (
            np.concatenate(part) for part in zip(*parts, strict=True))
        return Batch(inputs, labels, weights, target_maps(marks),
                     map_weights)


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
