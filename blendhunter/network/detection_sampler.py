"""Training examples of ``region='segment'``: labelled detections."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from blendhunter.network.importance import ImportanceDraw
from blendhunter.network.localisation import mark_places
from blendhunter.truth import BLEND, SINGLE

__all__ = ['DetectionSampler']


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
    places : float `~numpy.ndarray` of shape (n, 2), optional
        x and y in the stamp of the second brightest source, px; NaN for
        none.
    worth : float `~numpy.ndarray` of shape (n,), optional
        How much each label should count, above 0 to 1.
    errors : float `~numpy.ndarray` of shape (n,), optional
        How wrong a network was about each of the `examples`: they are
        drawn in proportion, see
        `~blendhunter.network.importance.ImportanceDraw`.
    """

    stamps: np.ndarray
    regions: np.ndarray
    labels: np.ndarray
    fraction: float = 0.4
    extra_noise: float = 0.35
    errors: np.ndarray | None = None
    worth: np.ndarray | None = None
    places: np.ndarray | None = None

    #: What is asked about.
    region = 'segment'

    def __len__(self):
        return len(self.stamps)

    def examples(self):
        """Return all stamps over noise, regions and labels."""
        return self.stamps, self.regions, self.labels == BLEND

    @cached_property
    def _draws(self):
        """What draws the blends, and what the single sources."""
        kinds = [np.flatnonzero(self.labels == kind)
                 for kind in (BLEND, SINGLE)]
        return [ImportanceDraw(rows, *(
            None if values is None else values[rows]
            for values in (self.errors, self.worth))) for rows in kinds]

    def draw(self, n, rng):
        """Return stamps over noise, regions, labels, weights and marks."""
        n_blends = round(self.fraction * n)
        rows, weights = (np.concatenate(parts) for parts in zip(
            *(draw(number, rng) for draw, number in zip(
                self._draws, (n_blends, n - n_blends), strict=True)),
            strict=True))
        z = self.stamps[rows].astype(np.float32)
        extra = rng.uniform(0, self.extra_noise, (n, 1, 1)).astype(np.float32)
        z += extra * rng.standard_normal(z.shape, dtype=np.float32)
        z /= np.sqrt(1 + extra**2)
        marks = np.zeros(z.shape, dtype=bool)
        if self.places is not None:
            blends = np.flatnonzero(self.labels[rows] == BLEND)
            mark_places(marks, blends, self.places[rows[blends]])
        return (z, self.regions[rows], self.labels[rows].astype(np.float32),
                weights.astype(np.float32), marks)
