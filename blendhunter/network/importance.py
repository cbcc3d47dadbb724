"""Importance sampling: what was answered wrongly is drawn more often."""

from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path
from blendhunter.network.preprocessing import preprocess_noise

__all__ = ['ImportanceDraw', 'measure_errors']

# added to the errors, so that a row that was right is drawn, too
ERROR_FLOOR = 0.1
CHUNK = 256


class ImportanceDraw:
    """
    Rows in proportion to their errors, with weights that make up for it.

    The gradient of the cross-entropy of a row is proportional to the
    error of its probability. Drawn in proportion to that and weighted by
    the inverse, the mean gradient stays and its scatter falls (importance
    sampling; Katharopoulos & Fleuret 2018, arXiv:1803.00942).

    Parameters
    ----------
    rows : int `~numpy.ndarray` of shape (n,)
    errors : float `~numpy.ndarray` of shape (n,), optional
        Absolute errors of their probabilities; without them all rows are
        alike.
    """

    def __init__(self, rows, errors=None):
        self.rows = rows
        if errors is None:
            errors = np.zeros(len(rows))
        share = errors + ERROR_FLOOR
        self._cumulative = np.cumsum(share) / np.sum(share)
        self._weights = np.mean(share) / share

    def __call__(self, n, rng):
        """
        Draw rows with replacement.

        Parameters
        ----------
        n : int
        rng : `~numpy.random.Generator`

        Returns
        -------
        rows : int `~numpy.ndarray` of shape (n,)
        weights : float `~numpy.ndarray` of shape (n,)
            With an expectation of 1.
        """
        drawn = np.searchsorted(self._cumulative, rng.random(n))
        drawn = np.minimum(drawn, len(self.rows) - 1)
        return self.rows[drawn], self._weights[drawn]


def measure_errors(network, stamps, regions, labels, *, store):
    """
    Return how wrong a network is about each stamp.

    Parameters
    ----------
    network : `keras.Model`
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
        Pixels over their noise.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51)
    labels : `~numpy.ndarray` of shape (n,)
        1 for a blend, 0 for a single source.
    store : path-like
        File that keeps the errors: it is read if it is there.

    Returns
    -------
    errors : float32 `~numpy.ndarray` of shape (n,)
        ``abs(P - label)``.
    """
    store = Path(store)
    if store.is_file():
        return np.load(store)
    errors = np.empty(len(stamps), dtype=np.float32)
    for start in range(0, len(stamps), CHUNK):
        part = slice(start, start + CHUNK)
        inputs = preprocess_noise(stamps[part].astype(np.float32),
                                  regions[part], 1.0)
        p = np.asarray(network.predict_on_batch(inputs))[:, 0]
        errors[part] = np.abs(p - labels[part])
    with atomic_path(store) as temporary, temporary.open('wb') as file:
        np.save(file, errors)
    return errors
