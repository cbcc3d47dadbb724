# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Training examples of both regions: labeled detections, and pairs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blendhunter._utils.simulated_noise import add_noise
from blendhunter.stamps import STAMP_SIZE
from blendhunter.training.batches import mark_positions
from blendhunter.training.importance_sampling import (
    ImportanceDraw,
    blend_sample_weight,
)
from blendhunter.truth import BLEND, CLOSE, SINGLE

__all__ = ['DetectionSampler', 'PairSampler']

# random candidates among which a close companion is chosen
N_CANDIDATES = 16
# fraction of close blends that are centered on both sources, and the
# error of the centroid in px
MERGED_SHARE = 0.5
CENTROID_ERROR = 0.3
# seed of the noise over the examples of isolated galaxies
EXAMPLE_SEED = 5


@dataclass(frozen=True)
class DetectionSampler:
    """
    Labeled detections, for ``region='segment'``.

    ``stamps`` over their noise and bool ``regions`` have shape (n, 51, 51);
    ``errors`` and ``sample_weights`` are for `ImportanceDraw`; ``positions``
    (n, 2) are x and y, px, of the second brightest source, or NaN.
    """

    stamps: np.ndarray
    regions: np.ndarray
    labels: np.ndarray
    blend_fraction: float = 0.4
    # largest RMS of added noise, in units of the stamp's
    extra_noise: float = 0.35
    errors: np.ndarray | None = None
    sample_weights: np.ndarray | None = None
    positions: np.ndarray | None = None

    region = 'segment'

    def __len__(self):
        return len(self.stamps)

    def examples(self):
        """Return all stamps over noise, regions and labels."""
        return self.stamps, self.regions, self.labels == BLEND

    @cached_property
    def _draws(self):
        """Two samplers, of blends and of single sources."""
        classes = [np.flatnonzero(self.labels == label)
                   for label in (BLEND, SINGLE)]
        return [ImportanceDraw(rows, *(
            None if values is None else values[rows]
            for values in (self.errors, self.sample_weights)))
            for rows in classes]

    def draw(self, n, rng):
        """Return stamps over noise, regions, labels, weights and marks."""
        n_blends = round(self.blend_fraction * n)
        rows, weights = (np.concatenate(parts) for parts in zip(
            *(draw(number, rng) for draw, number in zip(
                self._draws, (n_blends, n - n_blends), strict=True)),
            strict=True))
        extra = rng.uniform(0, self.extra_noise, (n, 1, 1)).astype(np.float32)
        z = add_noise(self.stamps[rows].astype(np.float32), extra, rng)
        z /= np.sqrt(1 + extra**2)
        marks = np.zeros(z.shape, dtype=bool)
        if self.positions is not None:
            blends = np.flatnonzero(self.labels[rows] == BLEND)
            mark_positions(marks, blends, self.positions[rows[blends]])
        return (z, self.regions[rows], self.labels[rows].astype(np.float32),
                weights.astype(np.float32), marks)


@dataclass(frozen=True)
class PairSampler:
    """
    Stamps with and without a companion, for ``region='stamp'``.

    Noiseless ``centrals`` and ``companions`` (n, 51, 51) of one ``group``,
    which share their seeing, are recombined at random; ``group`` is sorted,
    and None is one group. With the positions of both, x, y (px) and flux
    (n, 3), close blends are oversampled with smaller sample weights, and
    half of them are centered at the centroid of their light, as a detector
    centers an unrecognized blend. ``errors`` (n,) of the `examples` are for
    `~blendhunter.training.importance_sampling.ImportanceDraw`.
    """

    centrals: np.ndarray
    companions: np.ndarray
    group: np.ndarray | None = None
    # noise RMS in the unit of the arrays, uniform in the logarithm
    sigma_range: tuple = (3.0, 50.0)
    # RMS of a constant background, over the noise
    residual_background: float = 0.05
    # a blend's probability of a further companion, and of yet another
    more: tuple = (0.15, 0.05)
    # half of the batches have noise smoothed by up to so many px
    max_correlation: float = 0.6
    positions: np.ndarray | None = None
    companion_positions: np.ndarray | None = None
    # fraction of blends for which a close companion is chosen
    close_share: float = 0.65
    # exponent of the weights: 1 undoes the oversampling, 0 ignores it
    balance: float = 0.3
    errors: np.ndarray | None = None

    region = 'stamp'
    blend_fraction = 0.5

    def __len__(self):
        return len(self.centrals)

    def examples(self):
        """Return the centrals alone over noise, regions and labels."""
        rng = np.random.default_rng(EXAMPLE_SEED)
        n = len(self)
        z = add_noise(self.centrals / self._draw_sigma(n, rng), 1, rng)
        return z, np.ones(z.shape, dtype=bool), np.zeros(n, dtype=bool)

    @cached_property
    def _draw_isolated(self):
        """The draw of isolated galaxies."""
        return ImportanceDraw(np.arange(len(self)), self.errors)

    @cached_property
    def _blocks(self):
        """First row and number of rows of each row's group."""
        group = np.zeros(len(self)) if self.group is None else self.group
        first, last = (np.searchsorted(group, group, side)
                       for side in ('left', 'right'))
        return first, last - first

    def _draw_sigma(self, n, rng):
        """Return noise RMS, of shape (n, 1, 1)."""
        return np.exp(rng.uniform(*np.log(self.sigma_range), (n, 1, 1))
                      ).astype(np.float32)

    def draw(self, n, rng):
        """Return stamps over noise, regions, labels, weights and marks."""
        first = rng.integers(0, len(self), n)
        label = (np.arange(n) < round(self.blend_fraction * n)
                 ).astype(np.float32)
        isolated, blended = (np.flatnonzero(label == kind) for kind in (0, 1))
        first[isolated], isolated_weight = self._draw_isolated(
            len(isolated), rng)
        sigma = self._draw_sigma(n, rng)
        z = self.centrals[first]
        partner, weight = self._partners(first, rng)
        companion = self.companions[partner[blended]]
        z[blended] += companion
        shift = self._recenter(z, first, partner, blended, rng)
        weight[isolated] = isolated_weight
        snr = np.sqrt(np.einsum('nyx,nyx->n', companion, companion))
        weight[blended] *= blend_sample_weight(snr / sigma[blended, 0, 0])
        marks = self._mark(first, partner, blended, shift)
        for share in self.more:
            added = blended[rng.random(len(blended)) < share]
            third = self._any(first[added], rng)
            z[added] += self.companions[third]
            if self.positions is not None:
                mark_positions(marks, added, self.companion_positions[third])
        z /= sigma
        correlation = rng.choice([0.0, rng.uniform(0, self.max_correlation)])
        z = add_noise(z, 1, rng, correlation=correlation)
        z += rng.normal(0, self.residual_background,
                        (n, 1, 1)).astype(np.float32)
        return z, np.ones(z.shape, dtype=bool), label, weight, marks

    def _both_positions(self, first, partner, blended):
        """Return x, y and flux of both sources of the blends."""
        return (self.positions[first[blended]],
                self.companion_positions[partner[blended]])

    def _mark(self, first, partner, blended, shift):
        """Mark the fainter source of each pair."""
        marks = np.zeros((len(first), STAMP_SIZE, STAMP_SIZE), dtype=bool)
        if self.positions is not None:
            one, two = self._both_positions(first, partner, blended)
            fainter = np.where(one[:, 2:] < two[:, 2:], one, two)[:, :2]
            mark_positions(marks, blended, fainter + shift)
        return marks

    def _recenter(self, z, first, partner, blended, rng):
        """Center half of the close blends on their common centroid."""
        if self.positions is None:
            return 0
        one, two = self._both_positions(first, partner, blended)
        close = np.hypot(*(two - one)[:, :2].T) < CLOSE
        merged = close & (rng.random(len(blended)) < MERGED_SHARE)
        share = two[:, 2] / (one[:, 2] + two[:, 2])
        centroid = one[:, :2] + share[:, None] * (two - one)[:, :2]
        shift = np.rint(STAMP_SIZE // 2 - centroid + rng.normal(
            0, CENTROID_ERROR, centroid.shape)).astype(int)
        for row, (dx, dy) in zip(blended[merged], shift[merged],
                                 strict=True):
            z[row] = _shifted(z[row], dx, dy)
        return np.where(merged[:, None], shift, 0)

    def _any(self, first, rng):
        """Return random companions of the groups of some centrals."""
        start, size = (values[first] for values in self._blocks)
        return start + (rng.random(len(first)) * size).astype(int)

    def _partners(self, first, rng):
        """Return companions, with close ones oversampled, and weights."""
        if self.positions is None:
            return self._any(first, rng), np.ones(len(first), np.float32)
        some = np.stack([self._any(first, rng) for _ in range(N_CANDIDATES)],
                        axis=1)
        away = (self.companion_positions[some]
                - self.positions[first][:, None])[..., :2]
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


def _shifted(image, dx, dy):
    """Return an image shifted by whole pixels, with zeros at the edges."""
    padded = np.pad(image, STAMP_SIZE)
    y, x = STAMP_SIZE - dy, STAMP_SIZE - dx
    return padded[y:y + STAMP_SIZE, x:x + STAMP_SIZE]
