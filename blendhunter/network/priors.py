# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Correct probabilities for the blend fraction, and combine them."""

import numpy as np
from scipy.special import expit, logit

from blendhunter._utils.masked import plain_values

__all__ = ['correct_prior', 'estimate_fraction', 'fit_fraction', 'pool_odds',
           'refit_fraction']

# a network that is wrong by more than this factor in the odds is not
# miscalibrated but untrained
MAX_LOG_ODDS = 3.0
# float32 cannot tell probabilities closer to 0 and 1
EDGE = np.finfo(np.float32).eps
# fewer say too little about a fraction of a few per cent
MIN_SOURCES = 50
# where `estimate_fraction` ends; ten steps are many
MAX_CHANGE = 1e-6
MAX_STEPS = 1000


def correct_prior(probability, trained, wanted, slope=1.0):
    """
    Move probabilities from the blend fraction ``trained`` to ``wanted``.

    The posterior odds times the ratio of the prior odds (Saerens et al.
    2002, Neural Computation 14, 21, eq. 2.4); float32. The ``slope``
    multiplies the log likelihood ratio of the network, which may be too
    sure of itself or not sure enough: with ``trained`` this is the logistic
    calibration of Platt (1999) on the log odds. It must be positive, so
    that the order of the sources stays.
    """
    p = np.asarray(probability, dtype=np.float64)
    if slope == 1:
        factor = wanted / (1 - wanted) * (1 - trained) / trained
        return (p * factor / (p * factor + 1 - p)).astype(np.float32)
    with np.errstate(divide='ignore'):
        ratio = logit(p) - logit(trained)
    return expit(logit(wanted) + slope * ratio).astype(np.float32)


def estimate_fraction(probability, prior):
    """
    Estimate a sample's own blend fraction from its probabilities.

    It is the fraction f of the greatest likelihood, if the sample differs
    from the one of the prior in the blend fraction only: its blends must
    look like other blends, and its single sources like other single ones.
    ``correct_prior(probability, prior, f)`` are the probabilities for it.

    That is not so of a sample that was cut by what the image shows, such
    as the SNR. Its calibrated probabilities are right as they are, and
    their mean is its blend fraction. Estimate the fraction before the cut.

    Parameters
    ----------
    probability : array_like of shape (n,)
        Calibrated probabilities; NaN and masked ones are left out.
    prior : float
        The blend fraction that they assume, such as
        ``result.meta['BHPRIOR']``.

    Returns
    -------
    fraction : float
        At least 1.2e-7, and as much less than 1.
    error : float
        Its standard error, from the observed Fisher information; infinite
        if all probabilities equal the prior, which is then the fraction.
        A fraction at 0 or 1 has no symmetric error: it is then that of
        the curvature of the likelihood there.

    Raises
    ------
    ValueError
        If there are fewer than 50 probabilities, or one of them, or the
        prior, is out of range.

    Notes
    -----
    By expectation-maximization (Saerens, Latinne & Decaestecker 2002,
    Neural Computation 14, 21, eq. 2.9): the new fraction is the mean of
    the probabilities for the old one. The steps become small long before
    the end if blends and single sources overlap. So each is followed by a
    step of Newton's method, which is kept if the likelihood grows. With
    one maximum (the log likelihood is concave in f) both lead there.
    """
    p = _known_probabilities(probability, prior)
    if np.allclose(p, prior, rtol=MAX_CHANGE, atol=0):
        return float(prior), np.inf
    # the likelihoods of blend and single source, but for a common factor
    blend, single = p / prior, (1 - p) / (1 - prior)

    def log_likelihood(fraction):
        return np.sum(np.log(fraction * blend + (1 - fraction) * single))

    def scores(fraction):
        return (blend - single) / (fraction * blend
                                   + (1 - fraction) * single)

    fraction = prior
    for _ in range(MAX_STEPS):
        mean = np.mean(fraction * blend / (
            fraction * blend + (1 - fraction) * single))
        new = np.clip(mean, EDGE, 1 - EDGE)
        slopes = scores(new)
        newton = np.clip(new + np.sum(slopes) / np.sum(slopes**2), EDGE,
                         1 - EDGE)
        if log_likelihood(newton) >= log_likelihood(new):
            new = newton
        fraction, change = new, abs(new - fraction)
        if change < MAX_CHANGE:
            break
    return float(fraction), float(np.sum(scores(fraction)**2)**-0.5)


def _known_probabilities(probability, prior):
    """Return the finite probabilities, enough of them to say something."""
    if not 0 < prior < 1:
        msg = f'prior must be between 0 and 1, got {prior!r}'
        raise ValueError(msg)
    p = plain_values(probability)
    p = p[np.isfinite(p)]
    if len(p) < MIN_SOURCES:
        msg = (f'probability must have at least {MIN_SOURCES} finite values '
               f'to estimate a blend fraction, got {len(p)}')
        raise ValueError(msg)
    if p.min() < 0 or p.max() > 1:
        msg = (f'probability must be between 0 and 1, got {p.min():g} to '
               f'{p.max():g}')
        raise ValueError(msg)
    return p


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
