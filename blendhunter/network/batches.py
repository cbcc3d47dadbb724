"""Batches drawn on the fly: pairs recombined, noise redrawn, flips."""

from dataclasses import dataclass

import numpy as np

from blendhunter._utils.noise import draw_noise
from blendhunter.network.preprocessing import preprocess_noise
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import BLEND, SINGLE

__all__ = ['DetectionSampler', 'MixedBatches', 'PairSampler', 'dihedral']

# share of training stamps that reach over an image edge, or hold a bad
# patch filled with noise, as the pipeline leaves them
EDGE_SHARE = 0.04
PATCH_SHARE = 0.04
MAX_EDGE = 15


def dihedral(array, turn):
    """
    Turn and mirror a stack of images.

    Parameters
    ----------
    array : `~numpy.ndarray` of shape (n, s, s)
    turn : int
        0 to 7: quarter turns, mirrored from 4 on.

    Returns
    -------
    view : `~numpy.ndarray` of shape (n, s, s)
    """
    array = np.rot90(array, turn % 4, axes=(1, 2))
    return array[:, :, ::-1] if turn >= 4 else array


@dataclass(frozen=True)
class PairSampler:
    """
    Stamps of one galaxy or two, for ``region='stamp'``.

    Parameters
    ----------
    centrals, companions : float32 `~numpy.ndarray` of shape (n, 51, 51)
        Noiseless sources. Within each block of ``group`` entries, which
        share their seeing, any companion is put to any central.
    group : int
        Length of the blocks.
    sigma_range : tuple of float
        Noise RMS in the unit of the arrays, drawn per stamp, uniform in
        the logarithm.
    sky : float
        RMS of a residual sky level, over the noise.
    more : tuple of float
        Fraction of the blends with a second companion, and with a third.
    max_correlation : float
        Half of the batches have noise smoothed by up to so many px.
    """

    centrals: np.ndarray
    companions: np.ndarray
    group: int = 250
    sigma_range: tuple = (3.0, 50.0)
    sky: float = 0.05
    more: tuple = (0.15, 0.05)
    max_correlation: float = 0.6

    #: Blend fraction of what is drawn.
    fraction = 0.5

    def draw(self, n, rng):
        """Return stamps over noise, regions and labels of n stamps."""
        first = rng.integers(0, len(self.centrals), n)
        label = (np.arange(n) < round(self.fraction * n)).astype(np.float32)
        z = self.centrals[first]
        for share in (1.0, *self.more):
            added = np.flatnonzero((label > 0) & (rng.random(n) < share))
            z[added] += self.companions[self._partners(first[added], rng)]
        sigma = np.exp(rng.uniform(*np.log(self.sigma_range), n))
        z /= sigma[:, None, None].astype(np.float32)
        correlation = rng.choice([0.0, rng.uniform(0, self.max_correlation)])
        z += draw_noise(z.shape, rng, correlation=correlation)
        z += rng.normal(0, self.sky, (n, 1, 1)).astype(np.float32)
        return z, np.ones(z.shape, dtype=bool), label

    def _partners(self, first, rng):
        """Return companions of the same seeing as some centrals."""
        base = first // self.group * self.group
        size = np.minimum(self.group, len(self.centrals) - base)
        return base + (rng.random(len(first)) * size).astype(int)


@dataclass(frozen=True)
class DetectionSampler:
    """
    Labelled detections, for ``region='segment'``.

    Parameters
    ----------
    stamps : float16 `~numpy.ndarray` of shape (n, 51, 51)
        Pixels over their noise.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51)
    labels : int `~numpy.ndarray` of shape (n,)
        `BLEND`, `SINGLE`; others are not drawn.
    fraction : float
        Blend fraction of what is drawn.
    extra_noise : float
        Noise up to this many times that in the stamp is added.
    """

    stamps: np.ndarray
    regions: np.ndarray
    labels: np.ndarray
    fraction: float = 0.4
    extra_noise: float = 0.35

    def draw(self, n, rng):
        """Return stamps over noise, regions and labels of n stamps."""
        n_blends = round(self.fraction * n)
        rows = np.concatenate([
            rng.choice(np.flatnonzero(self.labels == BLEND), n_blends),
            rng.choice(np.flatnonzero(self.labels == SINGLE), n - n_blends)])
        z = self.stamps[rows].astype(np.float32)
        extra = rng.uniform(0, self.extra_noise, (n, 1, 1)).astype(np.float32)
        z += extra * rng.standard_normal(z.shape, dtype=np.float32)
        z /= np.sqrt(1 + extra**2)
        return z, self.regions[rows], self.labels[rows].astype(np.float32)


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
        """Return the input (n, 65, 65, 3) and labels (n, 1) of a step."""
        rng = np.random.default_rng([self.seed, step])
        inputs, labels = [], []
        for sampler, n in self.samplers:
            z, regions, label = sampler.draw(n, rng)
            turn = rng.integers(0, 8, n)
            for value in range(8):
                rows = np.flatnonzero(turn == value)
                z[rows] = dihedral(z[rows], value)
                regions[rows] = dihedral(regions[rows], value)
            _spoil(z, regions, rng)
            inputs.append(preprocess_noise(z, regions, 1.0))
            labels.append(label)
        return np.concatenate(inputs), np.concatenate(labels)[:, None]


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
