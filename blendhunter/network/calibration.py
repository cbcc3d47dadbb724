"""Probabilities: the blend fraction they belong to, and their pooling."""

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
    Move probabilities from one blend fraction to another.

    Parameters
    ----------
    probability : `~numpy.ndarray`
        P(blended) of a network.
    trained, wanted : float
        The blend fraction that its answers belong to (``trained_fraction``
        of its weights), and another; between 0 and 1.

    Returns
    -------
    probability : float32 `~numpy.ndarray`
        The posterior odds times the ratio of the prior odds (Saerens et
        al. 2002, Neural Computation 14, 21, eq. 2.4).
    """
    p = np.asarray(probability, dtype=np.float64)
    factor = wanted / (1 - wanted) * (1 - trained) / trained
    return (p * factor / (p * factor + 1 - p)).astype(np.float32)


def fit_fraction(probability, labels, weights):
    """
    Find the blend fraction that a network's probabilities belong to.

    Weights that favour hard examples in the training move the
    probabilities as another blend fraction would.

    Parameters
    ----------
    probability : `~numpy.ndarray` of shape (n,)
        P(blended) of the network.
    labels : bool `~numpy.ndarray` of shape (n,)
    weights : `~numpy.ndarray` of shape (n,)
        How often each stands for in a sample with the right mixture of
        blends and, apart from that, of single sources.

    Returns
    -------
    fraction : float
        ``correct_prior(probability, fraction, wanted)`` has the lowest
        log loss, among all fractions, for a sample with the fraction
        ``wanted`` of blends.
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
    Mend a trained blend fraction by answers to a survey's detections.

    Training shows more blends than the sky has, and other single
    sources, so that its fraction is not the one that answers about a
    survey belong to.

    Parameters
    ----------
    probability : `~numpy.ndarray` of shape (n,)
        ``correct_prior(raw, trained, wanted)`` of the answers.
    labels : bool `~numpy.ndarray` of shape (n,)
        Of both kinds.
    trained, wanted : float

    Returns
    -------
    fraction : float
        Instead of ``trained``: ``correct_prior(raw, fraction, f)``, with
        f the blend fraction among ``labels``, has the lowest log loss,
        and the mean f.
    """
    fraction = np.mean(labels)
    found = fit_fraction(correct_prior(probability, wanted, fraction),
                         labels, np.ones(len(labels)))
    return float(expit(logit(trained) + logit(found) - logit(fraction)))


def pool_odds(probabilities):
    """
    Pool several answers to the same questions.

    Parameters
    ----------
    probabilities : sequence of k `~numpy.ndarray` of shape (n,)

    Returns
    -------
    probability : float32 `~numpy.ndarray` of shape (n,)
        Of the geometric mean of the odds, the logarithmic opinion pool
        (Genest & Zidek 1986, Statistical Science 1, 114).
    """
    return expit(np.mean([_log_odds(p) for p in probabilities],
                         axis=0)).astype(np.float32)


def _log_odds(probability):
    """Return the finite log odds of probabilities from 0 to 1."""
    return logit(np.clip(np.asarray(probability, dtype=np.float64),
                         EDGE, 1 - EDGE))
