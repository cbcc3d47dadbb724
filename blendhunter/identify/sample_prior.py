# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The blend fraction of a sample: given, stored, or estimated."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from blendhunter.network.priors import estimate_fraction

__all__ = ['ESTIMATE', 'SCREENED_UP_TO', 'SamplePrior', 'find_prior']

#: The setting that estimates the blend fraction.
ESTIMATE = 'estimate'
#: Blend fraction up to which screening is safe while it is not yet known.
SCREENED_UP_TO = 0.3


@dataclass(frozen=True)
class SamplePrior:
    """
    The blend fraction for which probabilities are reported.

    ``source`` is 'weights', 'given' or 'estimated'. ``error`` is the
    standard error of an estimated fraction, otherwise 0. It includes the
    scatter of the calibration between surveys.
    """

    fraction: float
    source: str
    error: float = 0.0


def find_prior(prior, raw, model, region):
    """
    Return the `SamplePrior` of a setting ``prior``.

    ``raw`` are the probabilities of the network, which an estimate needs.
    A ValueError is raised if there are fewer than 50 of them.
    """
    if prior is None:
        return SamplePrior(float(model.prior_fractions(region)[1]), 'weights')
    if prior != ESTIMATE:
        return SamplePrior(float(prior), 'given')
    probability = model.report(raw, region)
    own = model.prior_fractions(region)[1]
    scatter = model.calibration_scatter(region)
    try:
        fraction, error = estimate_fraction(probability, own)
        low, high = (estimate_fraction(_moved(probability, step), own)[0]
                     for step in (-scatter, scatter))
    except ValueError as reason:
        n = np.isfinite(probability).sum()
        msg = (f"prior='estimate' needs at least 50 classified sources, got "
               f'{n}; give a number, or use the prior of the weights')
        raise ValueError(msg) from reason
    return SamplePrior(float(fraction), 'estimated',
                       float(np.hypot(error, (high - low) / 2)))


def _moved(probability, step):
    """Return probabilities whose log odds are moved by a step."""
    return expit(logit(np.asarray(probability, dtype=float)) + step)
