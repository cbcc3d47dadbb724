# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""A network and detections that are made up."""

import numpy as np
from astropy.table import Table

from blendhunter.tests.model_stub import ModelStub


class StubModel(ModelStub):
    """
    A model that answers one number, or the first pixel of each stamp.

    It counts what it is shown.
    """

    def __init__(self, shown, *, sha256='none', domain=None):
        self.shown = shown
        self.metadata = {'domain': domain or {}, 'sha256': sha256}
        self.n_shown, self.batch_sizes = 0, set()

    def probability(self, stamps, regions, *, batch_size, n_views=1):
        """Return the answers."""
        del regions, n_views
        self.n_shown += len(stamps)
        self.batch_sizes.add(batch_size)
        if self.shown is None:
            return stamps[:, 0, 0].copy()
        return np.full(len(stamps), self.shown, dtype=np.float32)


def made_up_detections(n=2000):
    """Return answers of a large network, and of one that is like it."""
    rng = np.random.default_rng(7)
    blended = rng.random(n) < 0.1
    odds = np.where(blended, 1.0, -4.0) + rng.normal(0, 1.5, n)
    like = odds + rng.normal(0, 0.3, n)
    return Table({'truth_label': blended.astype(int),
                  'score: network': 1 / (1 + np.exp(-odds)),
                  'score: small network': 1 / (1 + np.exp(-like))})
