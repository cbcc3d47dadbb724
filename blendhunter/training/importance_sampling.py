# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Importance sampling: examples with large errors are drawn more often."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import digest

__all__ = ['ImportanceDraw', 'add_errors', 'blend_sample_weight',
           'evaluate_errors']

# added to the errors, so that an example that was right is drawn, too
ERROR_FLOOR = 0.1
# companions with a matched-filter SNR below the first limit cannot be
# detected; beyond the second they count in full
FAINT_SNR = (1.0, 3.0)
FAINT_WEIGHT = 0.05


class ImportanceDraw:
    """
    Draw rows in proportion to their errors, with inverse weights.

    The gradient of the cross-entropy of a row is proportional to the
    error of its probability. Drawn in proportion to that and weighted by
    the inverse, the mean gradient stays and its variance falls (importance
    sampling; Katharopoulos & Fleuret 2018, arXiv:1803.00942).

    ``errors`` are absolute errors of the probabilities of ``rows``, by
    default all alike, ``sample_weights`` lie in [0, 1], by default 1.
    """

    def __init__(self, rows, errors=None, sample_weights=None):
        self.rows = rows
        if errors is None:
            errors = np.zeros(len(rows))
        if sample_weights is None:
            sample_weights = np.ones(len(rows))
        share = sample_weights * (errors + ERROR_FLOOR)
        self._cumulative = np.cumsum(share) / np.sum(share)
        self._weights = np.mean(share) / (errors + ERROR_FLOOR)

    def __call__(self, n, rng):
        """
        Draw n rows with replacement; return them and their weights.

        The expectation of the weights is the mean of ``sample_weights``.
        """
        drawn = np.searchsorted(self._cumulative, rng.random(n))
        drawn = np.minimum(drawn, len(self.rows) - 1)
        return self.rows[drawn], self._weights[drawn]


def blend_sample_weight(snr):
    """
    Return the sample weight of a blend for the SNR of its companion.

    1 from a matched-filter SNR of 3 on, 0.05 below 1, linear between.
    """
    return np.interp(snr, FAINT_SNR, (FAINT_WEIGHT, 1))


def evaluate_errors(model, stamps, regions, labels):
    """Return ``abs(P - label)`` for stamps over their noise."""
    return np.abs(model.predict(stamps, regions) - labels)


def add_errors(samplers, model, store):
    """
    Let samplers, a list of (sampler, n), draw by a model's errors.

    The store keeps them by region, weights and examples.
    """
    return [(replace(sampler, errors=_stored_errors(store, model, sampler)),
             n) for sampler, n in samplers]


def _stored_errors(store, model, sampler):
    """Return the errors of a sampler's examples, evaluated once."""
    examples = sampler.examples()
    key = '-'.join([sampler.region, model.metadata['sha256'][:12],
                    digest(examples[0])[:12]])
    return store.arrays(key, lambda: {
        'errors': evaluate_errors(model, *examples)})['errors']
