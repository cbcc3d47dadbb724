"""A network and detections that are made up."""

import numpy as np
from astropy.table import Table


class StubModel:
    """
    A model that answers one number, or the first pixel of each stamp.

    It counts what it is shown.
    """

    regions = ('segment', 'stamp')

    def __init__(self, answer, *, sha256='none', domain=None):
        self.answer = answer
        self.metadata = {'domain': domain or {}, 'sha256': sha256}
        self.n_shown, self.batch_sizes = 0, set()

    def predict(self, stamps, regions, *, batch_size, n_views=1):
        """Return the answers."""
        del regions, n_views
        self.n_shown += len(stamps)
        self.batch_sizes.add(batch_size)
        if self.answer is None:
            return stamps[:, 0, 0].copy()
        return np.full(len(stamps), self.answer, dtype=np.float32)

    def prior_fractions(self, region, prior=None):
        """Return fractions that change no probability."""
        del region, prior
        return 0.5, 0.5


def made_up_detections(n=2000):
    """Return answers of a large network, and of one that is like it."""
    rng = np.random.default_rng(7)
    blended = rng.random(n) < 0.1
    odds = np.where(blended, 1.0, -4.0) + rng.normal(0, 1.5, n)
    like = odds + rng.normal(0, 0.3, n)
    return Table({'truth_label': blended.astype(int),
                  'score: network': 1 / (1 + np.exp(-odds)),
                  'score: small network': 1 / (1 + np.exp(-like))})
