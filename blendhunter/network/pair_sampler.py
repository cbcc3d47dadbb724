"""Training examples of ``region='stamp'``: pairs recombined."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blendhunter._utils.noise import draw_noise
from blendhunter.network.importance import ImportanceDraw, lesson_weight
from blendhunter.network.localisation import mark_places
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import CLOSE

__all__ = ['PairSampler']

# among which a close companion, the hard kind, is looked for
N_CANDIDATES = 16
# of the close blends, those that are centred on both sources, and the
# error of the centroid in px
MERGED_SHARE = 0.5
CENTROID_ERROR = 0.3
# of the noise over which isolated galaxies are judged
EXAMPLE_SEED = 5


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
        A blend's chance of a further companion, and of yet another.
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
    errors : float `~numpy.ndarray` of shape (n,), optional
        How wrong a network was about each of the `examples`, the
        centrals alone: as such they are drawn in proportion, see
        `~blendhunter.network.importance.ImportanceDraw`.
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
    close_share: float = 0.65
    balance: float = 0.3
    errors: np.ndarray | None = None

    #: What is asked about.
    region = 'stamp'
    #: Blend fraction of what is drawn.
    fraction = 0.5

    def __len__(self):
        return len(self.centrals)

    def examples(self):
        """Return the centrals alone over noise, regions and labels."""
        rng = np.random.default_rng(EXAMPLE_SEED)
        n = len(self.centrals)
        z = self.centrals / self._draw_sigma(n, rng)
        z += draw_noise(z.shape, rng)
        return z, np.ones(z.shape, dtype=bool), np.zeros(n, dtype=bool)

    @cached_property
    def _draw_alone(self):
        """What draws isolated galaxies."""
        return ImportanceDraw(np.arange(len(self.centrals)), self.errors)

    def _draw_sigma(self, n, rng):
        """Return noise RMS, of shape (n, 1, 1)."""
        return np.exp(rng.uniform(*np.log(self.sigma_range), (n, 1, 1))
                      ).astype(np.float32)

    def draw(self, n, rng):
        """Return stamps over noise, regions, labels, weights and marks."""
        first = rng.integers(0, len(self.centrals), n)
        label = (np.arange(n) < round(self.fraction * n)).astype(np.float32)
        alone, blended = (np.flatnonzero(label == kind) for kind in (0, 1))
        first[alone], alone_weight = self._draw_alone(len(alone), rng)
        sigma = self._draw_sigma(n, rng)
        z = self.centrals[first]
        partner, weight = self._partners(first, rng)
        companion = self.companions[partner[blended]]
        z[blended] += companion
        shift = self._recentre(z, first, partner, blended, rng)
        weight[alone] = alone_weight
        snr = np.sqrt(np.einsum('nyx,nyx->n', companion, companion))
        weight[blended] *= lesson_weight(snr / sigma[blended, 0, 0])
        marks = self._mark(first, partner, blended, shift)
        for share in self.more:
            added = blended[rng.random(len(blended)) < share]
            third = self._any(first[added], rng)
            z[added] += self.companions[third]
            if self.places is not None:
                mark_places(marks, added, self.companion_places[third])
        z /= sigma
        correlation = rng.choice([0.0, rng.uniform(0, self.max_correlation)])
        z += draw_noise(z.shape, rng, correlation=correlation)
        z += rng.normal(0, self.sky, (n, 1, 1)).astype(np.float32)
        return z, np.ones(z.shape, dtype=bool), label, weight, marks

    def _mark(self, first, partner, blended, shift):
        """Mark the fainter source of each pair."""
        marks = np.zeros((len(first), STAMP_SIZE, STAMP_SIZE), dtype=bool)
        if self.places is not None:
            one = self.places[first[blended]]
            two = self.companion_places[partner[blended]]
            fainter = np.where(one[:, 2:] < two[:, 2:], one, two)[:, :2]
            mark_places(marks, blended, fainter + shift)
        return marks

    def _recentre(self, z, first, partner, blended, rng):
        """Centre half of the close blends on their common centroid."""
        if self.places is None:
            return 0
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
        return np.where(merged[:, None], shift, 0)

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
