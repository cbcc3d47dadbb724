"""Training batches of both regions, augmented and with image defects."""

from typing import NamedTuple

import numpy as np

from blendhunter._utils.arrays import dihedral
from blendhunter._utils.parallel import child_seed
from blendhunter.network.preprocessing import PREPROCESSINGS, TRAINED
from blendhunter.stamps import STAMP_SIZE
from blendhunter.training.localization import target_maps

__all__ = ['Batch', 'MixedBatches', 'add_defects']

# fractions of training stamps that extend over an image edge, or have a
# masked patch filled with noise, as the pipeline leaves them
EDGE_SHARE = 0.04
PATCH_SHARE = 0.04
MAX_EDGE = 15


class Batch(NamedTuple):
    """
    The input of the network and its targets.

    ``inputs`` (n, 65, 65, 5), ``labels`` and ``sample_weights`` (n, 1),
    ``maps`` (see `~blendhunter.training.localization.target_maps`) and
    ``map_weights`` (n, 1), 0 if no positions are known; all float32.
    """

    inputs: np.ndarray
    labels: np.ndarray
    sample_weights: np.ndarray
    maps: list
    map_weights: np.ndarray


class MixedBatches:
    """
    Training batches from several samplers, with random orientations.

    ``samplers`` is a list of (sampler, stamps in a batch), and ``rng`` an
    int or a SeedSequence. The batch of a step is always the same, so that
    a training that was killed and resumed gets the same batches.
    """

    def __init__(self, samplers, *, rng):
        self.samplers = samplers
        self.rng = rng

    def __call__(self, step):
        """Return the `Batch` of a step."""
        rng = np.random.default_rng(child_seed(self.rng, step))
        preprocess = PREPROCESSINGS[TRAINED].function
        parts = []
        for sampler, n in self.samplers:
            z, regions, label, weight, marks = sampler.draw(n, rng)
            turn = rng.integers(0, 8, n)
            for value in range(8):
                rows = np.flatnonzero(turn == value)
                for stack in (z, regions, marks):
                    stack[rows] = dihedral(stack[rows], value)
            add_defects(z, regions, rng)
            parts.append((preprocess(z, regions, 1.0), label[:, None],
                          weight[:, None], marks,
                          weight[:, None] * (sampler.positions is not None)))
        inputs, labels, weights, marks, map_weights = (
            np.concatenate(part) for part in zip(*parts, strict=True))
        return Batch(inputs, labels, weights, target_maps(marks),
                     map_weights)


def add_defects(z, regions, rng):
    """Blank image edges, or fill a masked patch with noise, in place."""
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
