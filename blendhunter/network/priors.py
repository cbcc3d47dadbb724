"""Probabilities: the blend fraction they assume, and their pooling."""

import numpy as np
from scipy.special import expit, logit

__all__ = ['correct_prior', 'fit_fraction', 'pool_odds', 'refit_fraction']

# a network that is wrong by more than this factor in the odds is not
# miscalibrated but untrained
MAX_LOG_ODDS = 3.0
# float32 cannot tell probabilities closer to 0 and 1
EDGE = np.finfo(np.float32).eps


def correct_prior(probability, trained, wanted):
    """
    Move probabilities from the blend fraction ``trained`` to ``wanted``.

    The posterior odds times the ratio of the prior odds (Saerens et al.
    2002, Neural Computation 14, 21, eq. 2.4); float32.
    """
    p = np.asarray(probability, dtype=np.float64)
    factor = wanted / (1 - wanted) * (1 - trained) / trained
    return (p * factor / (p * factor + 1 - p)).astype(np.float32)


def fit_fraction(probability, labels, weights):
    """
    Find the blend fraction that a network's probabilities assume.

    Sample weights that favor hard examples in the training move the
    probabilities as another blend fraction would. The result is the
    ``fraction`` for which ``correct_prior(probability, fraction, wanted)``
    has the lowest log loss in a sample whose blend fraction is ``wanted``.
    All arguments have shape (n,); ``labels`` are bool.
    """
    from scipy.optimize import minimize_scalar

    fraction = np.sum(weights[labels]) / np.sum(weights)
    raw = _log_odds(probability)
    sign = np.where(labels, 1, -1)

    def log_loss(shift):
        return np.sum(weights * np.logaddexp(0, -sign * (raw + shift)))

    shift = minimize_scalar(log_loss, method='bounded',
                            bounds=(-MAX_LOG_ODDS, MAX_LOG_ODDS)).x
    return float(expit(logit(fraction) - shift))


def refit_fraction(probability, labels, *, trained, wanted):
    """
    Correct a trained blend fraction by the detections of a survey.

    Training sets hold more blends than a survey does, and other single
    sources. ``probability`` is ``correct_prior(raw, trained, wanted)``.
    With the result instead of ``trained``, ``correct_prior(raw, result,
    f)`` has the lowest log loss, and the mean f, where f is the blend
    fraction among ``labels`` (bool, both values present).
    """
    fraction = np.mean(labels)
    found = fit_fraction(correct_prior(probability, wanted, fraction),
                         labels, np.ones(len(labels)))
    return float(expit(logit(trained) + logit(found) - logit(fraction)))


def pool_odds(probabilities):
    """
    Average k arrays of probabilities in their log odds, as float32.

    This is the logarithmic opinion pool (Genest & Zidek 1986, Statistical
    Science 1, 114).
    """
    return expit(np.mean([_log_odds(p) for p in probabilities],
                         axis=0)).astype(np.float32)


def _log_odds(probability):
    """Return the finite log odds of probabilities from 0 to 1."""
    return logit(np.clip(np.asarray(probability, dtype=np.float64),
                         EDGE, 1 - EDGE))
