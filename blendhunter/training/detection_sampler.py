"""Training examples of ``region='segment'``: labeled detections."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blendhunter._utils.noise import add_noise
from blendhunter.training.importance_sampling import ImportanceDraw
from blendhunter.training.localization import mark_positions
from blendhunter.truth import BLEND, SINGLE

__all__ = ['DetectionSampler']


@dataclass(frozen=True)
class DetectionSampler:
    """
    Labeled detections, for ``region='segment'``.

    ``stamps`` over their noise and bool ``regions`` have shape
    (n, 51, 51); of the ``labels`` (n,), blends and single sources are
    drawn. ``errors`` and ``sample_weights`` (n,) are for
    `~blendhunter.training.importance_sampling.ImportanceDraw`;
    ``positions`` (n, 2) are x and y, px, of the second brightest source,
    NaN if there is none.
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
        """Draws of blends and of single sources."""
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
