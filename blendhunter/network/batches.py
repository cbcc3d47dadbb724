"""Batches drawn on the fly: pairs recombined, noise redrawn, flips."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blendhunter._utils.noise import draw_noise
from blendhunter.network.importance import ImportanceDraw
from blendhunter.network.preprocessing import preprocess_noise
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import BLEND, CLOSE, SINGLE

__all__ = ['DetectionSampler', 'MixedBatches', 'PairSampler', 'dihedral']

# share of training stamps that reach over an image edge, or hold a bad
# patch filled with noise, as the pipeline leaves them
EDGE_SHARE = 0.04
PATCH_SHARE = 0.04
MAX_EDGE = 15
# among which a close companion, the hard kind, is looked for
N_CANDIDATES = 16
# of the close blends, those that are centred on both sources, and the
# error of the centroid in px
MERGED_SHARE = 0.5
CENTROID_ERROR = 0.3
# a companion that no filter could see (matched-filter SNR below the
# first) is no lesson; one beyond the second counts in full
FAINT_SNR = (1.0, 3.0)
FAINT_WEIGHT = 0.05


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
    places, companion_places : float `~numpy.ndarray` of shape (n, 3), optional
        Positions x, y in the stamps, px, and fluxes. With them close
        blends are drawn more often than they are, and weigh less, and
        half of them are centred where a detector that took both for one
        puts them: at the centroid of their light.
    close_share : float
        Of the blends, the fraction that is looked for among the close.
    balance : float
        1 weighs close blends so that they count as often as they are,
        0 weighs all alike.
    """

    centrals: np.ndarray
    companions: np.ndarray
    group: int = 250
    sigma_range: tuple = (3.0, 50.0)
    sky: float = 0.05
    more: tuple = (0.15, 0.05)
    max_correlation: float = 0.6
    places: np.ndarray | None = None
    companion_places: np.ndarray | None = None
    close_share: float = 0.35
    balance: float = 0.5

    #: Blend fraction of what is drawn.
    fraction = 0.5

    def draw(self, n, rng):
        """Return stamps over noise, regions, labels and weights."""
        first = rng.integers(0, len(self.centrals), n)
        label = (np.arange(n) < round(self.fraction * n)).astype(np.float32)
        sigma = np.exp(rng.uniform(*np.log(self.sigma_range), n))
        z = self.centrals[first]
        blended = np.flatnonzero(label > 0)
        partner, weight = self._partners(first, rng)
        companion = self.companions[partner[blended]]
        z[blended] += companion
        self._recentre(z, first, partner, blended, rng)
        weight[label == 0] = 1
        snr = np.sqrt(np.einsum('nyx,nyx->n', companion, companion))
        weight[blended] *= np.interp(snr / sigma[blended], FAINT_SNR,
                                     (FAINT_WEIGHT, 1))
        for share in self.more:
            added = blended[rng.random(len(blended)) < share]
            z[added] += self.companions[self._any(first[added], rng)]
        z /= sigma[:, None, None].astype(np.float32)
        correlation = rng.choice([0.0, rng.uniform(0, self.max_correlation)])
        z += draw_noise(z.shape, rng, correlation=correlation)
        z += rng.normal(0, self.sky, (n, 1, 1)).astype(np.float32)
        return z, np.ones(z.shape, dtype=bool), label, weight

    def _recentre(self, z, first, partner, blended, rng):
        """Centre half of the close blends on their common centroid."""
        if self.places is None:
            return
        one = self.places[first[blended]]
        two = self.companion_places[partner[blended]]
        close = np.hypot(*(two - one)[:, :2].T) < CLOSE
        merged = close & (rng.random(len(blended)) < MERGED_SHARE)
        share = two[:, 2] / (one[:, 2] + two[:, 2])
        centroid = one[:, :2] + share[:, None] * (two - one)[:, :2]
        shift = np.rint(STAMP_SIZE // 2 - centroid + rng.normal(
            0, CENTROID_ERROR, centroid.shape)).astype(int)
        for row, (dx, dy) in zip(blended[merged], shift[merged],
                                 strict=True):
            z[row] = _shifted(z[row], dx, dy)

    def _any(self, first, rng):
        """Return companions of the same seeing as some centrals."""
        base = first // self.group * self.group
        size = np.minimum(self.group, len(self.centrals) - base)
        return base + (rng.random(len(first)) * size).astype(int)

    def _partners(self, first, rng):
        """Return companions, close ones more often, and their weights."""
        if self.places is None:
            return self._any(first, rng), np.ones(len(first), np.float32)
        some = np.stack([self._any(first, rng) for _ in range(N_CANDIDATES)],
                        axis=1)
        away = (self.companion_places[some]
                - self.places[first][:, None])[..., :2]
        close = np.hypot(*np.moveaxis(away, -1, 0)) < CLOSE
        wanted = (rng.random(len(first)) < self.close_share) & close.any(1)
        # the candidates come in random order
        chosen = np.where(wanted, close.argmax(axis=1), 0)
        rows = np.arange(len(first))
        is_close = close[rows, chosen]
        natural = np.clip(close.mean(), 1e-3, 1 - 1e-3)
        drawn = self.close_share * (1 - (1 - natural)**N_CANDIDATES)
        drawn += (1 - drawn) * natural
        weight = np.where(is_close, natural / drawn,
                          (1 - natural) / (1 - drawn)) ** self.balance
        return some[rows, chosen], weight.astype(np.float32)


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
    errors : float `~numpy.ndarray` of shape (n,), optional
        How wrong a network was about each: they are drawn in proportion,
        see `~blendhunter.network.importance.ImportanceDraw`.
    """

    stamps: np.ndarray
    regions: np.ndarray
    labels: np.ndarray
    fraction: float = 0.4
    extra_noise: float = 0.35
    errors: np.ndarray | None = None

    @cached_property
    def _draws(self):
        """What draws the blends, and what the single sources."""
        kinds = [np.flatnonzero(self.labels == kind)
                 for kind in (BLEND, SINGLE)]
        return [ImportanceDraw(rows, None if self.errors is None
                               else self.errors[rows]) for rows in kinds]

    def draw(self, n, rng):
        """Return stamps over noise, regions, labels and weights."""
        n_blends = round(self.fraction * n)
        rows, weights = (np.concatenate(parts) for parts in zip(
            *(draw(number, rng) for draw, number in zip(
                self._draws, (n_blends, n - n_blends), strict=True)),
            strict=True))
        z = self.stamps[rows].astype(np.float32)
        extra = rng.uniform(0, self.extra_noise, (n, 1, 1)).astype(np.float32)
        z += extra * rng.standard_normal(z.shape, dtype=np.float32)
        z /= np.sqrt(1 + extra**2)
        return (z, self.regions[rows], self.labels[rows].astype(np.float32),
                weights.astype(np.float32))


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


def _shifted(image, dx, dy):
    """Return an image moved by whole pixels, zero where nothing was."""
    ny, nx = image.shape
    out = np.zeros_like(image)
    to = (slice(max(dy, 0), ny + min(dy, 0)),
          slice(max(dx, 0), nx + min(dx, 0)))
    start = (slice(max(-dy, 0), ny - max(dy, 0)),
             slice(max(-dx, 0), nx - max(dx, 0)))
    out[to] = image[start]
    return out


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
