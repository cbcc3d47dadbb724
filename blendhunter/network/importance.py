"""Importance sampling: what was answered wrongly is drawn more often."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import digest
from blendhunter._utils.files import atomic_path

__all__ = ['ImportanceDraw', 'add_errors', 'lesson_weight',
           'measure_errors']

# added to the errors, so that a row that was right is drawn, too
ERROR_FLOOR = 0.1
# a companion that no filter could see (SNR below the first) is no lesson;
# one beyond the second counts in full
FAINT_SNR = (1.0, 3.0)
FAINT_WEIGHT = 0.05


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
    worth : float `~numpy.ndarray` of shape (n,), optional
        How much each row should count, from 0 to 1; by default all do.
    """

    def __init__(self, rows, errors=None, worth=None):
        self.rows = rows
        if errors is None:
            errors = np.zeros(len(rows))
        if worth is None:
            worth = np.ones(len(rows))
        share = worth * (errors + ERROR_FLOOR)
        self._cumulative = np.cumsum(share) / np.sum(share)
        self._weights = np.mean(share) / (errors + ERROR_FLOOR)

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
            With the mean of ``worth`` for an expectation.
        """
        drawn = np.searchsorted(self._cumulative, rng.random(n))
        drawn = np.minimum(drawn, len(self.rows) - 1)
        return self.rows[drawn], self._weights[drawn]


def lesson_weight(snr):
    """
    Say how much a blend should count in training.

    Parameters
    ----------
    snr : `~numpy.ndarray`
        Of the companion, for a matched filter.

    Returns
    -------
    weight : float64 `~numpy.ndarray`
        1 from an SNR of 3 on, 0.05 below 1, linear between.
    """
    return np.interp(snr, FAINT_SNR, (FAINT_WEIGHT, 1))


def measure_errors(model, stamps, regions, labels):
    """
    Return how wrong a model is about each stamp.

    Parameters
    ----------
    model : `~blendhunter.network.model.BlendModel`
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
        Pixels over their noise.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51)
    labels : `~numpy.ndarray` of shape (n,)
        1 for a blend, 0 for a single source.

    Returns
    -------
    errors : float32 `~numpy.ndarray` of shape (n,)
        ``abs(P - label)``.
    """
    return np.abs(model.predict(stamps, regions, 1.0) - labels)


def add_errors(samplers, model, directory):
    """
    Let samplers draw in proportion to a model's errors.

    Parameters
    ----------
    samplers : list of (sampler, int)
        Each with ``examples()``, ``region`` and ``errors``.
    model : `~blendhunter.network.model.BlendModel`
    directory : `~pathlib.Path`
        Folder that keeps the errors, which cost a forward pass over all
        examples: those that are there, of the same weights and the same
        examples, are read.

    Returns
    -------
    samplers : list of (sampler, int)
    """
    directory.mkdir(exist_ok=True)
    return [(replace(sampler, errors=_stored_errors(directory, model,
                                                    sampler)), n)
            for sampler, n in samplers]


def _stored_errors(directory, model, sampler):
    """Return the errors about a sampler's examples, measured once."""
    stamps, regions, labels = sampler.examples()
    path = directory / '-'.join([
        sampler.region, model.metadata['sha256'][:12],
        f'{digest(stamps)[:12]}.npy'])
    if not path.is_file():
        errors = measure_errors(model, stamps, regions, labels)
        with atomic_path(path) as temporary, temporary.open('wb') as file:
            np.save(file, errors)
    return np.load(path)
