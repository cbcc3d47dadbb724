# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Training batches, and the maps of sources as additional targets."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from joblib import cpu_count

from blendhunter._utils.arrays import dihedral
from blendhunter._utils.parallel import child_seed
from blendhunter.network.locators import target_maps
from blendhunter.network.preprocessing import PREPROCESSINGS, TRAINED
from blendhunter.stamps import STAMP_SIZE

__all__ = ['LOCATOR_WEIGHT', 'Batch', 'MixedBatches', 'add_defects',
           'locator_loss', 'make_ahead', 'mark_positions']

# fractions of training stamps that extend over an image edge, or have a
# masked patch filled with noise, as the pipeline leaves them
EDGE_SHARE = 0.04
PATCH_SHARE = 0.04
MAX_EDGE = 15
# the pixels within so many px of each side of an image
SIDES = (lambda width: np.s_[:width], lambda width: np.s_[-width:],
         lambda width: np.s_[:, :width], lambda width: np.s_[:, -width:])
#: Weight of each map's loss, the sum over its cells, in the total loss.
LOCATOR_WEIGHT = 0.05


class Batch(NamedTuple):
    """
    The input of the network and its targets.

    ``inputs`` (n, 65, 65, 5), ``labels`` and ``sample_weights`` (n, 1),
    ``maps`` (see
    `~blendhunter.network.locators.target_maps`) and
    ``map_weights`` (n, 1), 0 if no positions are known; all float32.
    """

    inputs: np.ndarray
    labels: np.ndarray
    sample_weights: np.ndarray
    maps: list
    map_weights: np.ndarray


class MixedBatches:
    """
    Training batches from a list of (sampler, n), in random orientations.

    The batch of a step is always the same, so that a training that was
    killed and resumed gets the same batches.
    """

    def __init__(self, samplers, *, rng):
        self.samplers = samplers
        self.rng = rng

    def __call__(self, step):
        """Return the `Batch` of a step."""
        rng = np.random.default_rng(child_seed(self.rng, step))
        parts = []
        for sampler, n in self.samplers:
            z, regions, label, weight, marks = sampler.draw(n, rng)
            turn = rng.integers(0, 8, n)
            for value in range(8):
                rows = np.flatnonzero(turn == value)
                for stack in (z, regions, marks):
                    stack[rows] = dihedral(stack[rows], value)
            add_defects(z, regions, rng)
            parts.append((z, regions, label[:, None], weight[:, None], marks,
                          weight[:, None] * (sampler.positions is not None)))
        z, regions, labels, weights, marks, map_weights = (
            np.concatenate(part) for part in zip(*parts, strict=True))
        inputs = PREPROCESSINGS[TRAINED].function(z, regions, 1.0)
        return Batch(inputs, labels, weights, target_maps(marks),
                     map_weights)


def make_ahead(make_batch, steps, *, n_jobs=1):
    """
    Yield ``make_batch(step)`` in order, made by background threads.

    The threads stay ``n_jobs + 1`` batches ahead. Each holds Python's lock
    for a tenth of the time. A process would leave its parent half as much
    work or more to receive a batch as it takes to make it.
    """
    if n_jobs < 0:
        n_jobs = max(cpu_count() + 1 + n_jobs, 1)
    upcoming = deque()
    pool = ThreadPoolExecutor(n_jobs)
    try:
        for step in steps:
            upcoming.append(pool.submit(make_batch, step))
            if len(upcoming) > n_jobs + 1:
                yield upcoming.popleft().result()
        while upcoming:
            yield upcoming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def add_defects(z, regions, rng):
    """Blank image edges, or fill a masked patch with noise, in place."""
    n = len(z)
    for i in np.flatnonzero(rng.random(n) < EDGE_SHARE):
        width = rng.integers(1, MAX_EDGE)
        side = SIDES[rng.integers(len(SIDES))](width)
        z[i][side] = 0
        regions[i][side] = False
    for i in np.flatnonzero(rng.random(n) < PATCH_SHARE):
        height, width = rng.integers(1, 20, 2)
        y, x = rng.integers(0, STAMP_SIZE, 2)
        patch = (slice(y, y + height), slice(x, x + width))
        z[i][patch] = rng.standard_normal(z[i][patch].shape)
        regions[i][patch] = False


def mark_positions(marks, rows, positions):
    """
    Mark the pixels of sources in bool stamps (n, 51, 51), in place.

    ``positions`` start with x and y, px; those off the stamp are left out.
    """
    positions = np.asarray(positions)[:, :2]
    good = np.all((positions > -0.5) & (positions < STAMP_SIZE - 0.5),
                  axis=1)
    x, y = np.rint(positions[good]).astype(int).T
    marks[np.asarray(rows)[good], y, x] = True


def locator_loss(truth, log_odds):
    """Return the cross-entropy of maps (n, m, m, 1), summed over cells."""
    from keras import ops

    return ops.sum(ops.softplus(log_odds) - truth * log_odds,
                   axis=(1, 2, 3))
