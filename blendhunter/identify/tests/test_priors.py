# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The blend fraction of a sample, from its probabilities."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, logit

from blendhunter.network.priors import correct_prior, estimate_fraction

PRIOR = 0.085


def calibrated(blended, rng, *, distance=3.0):
    """
    Probabilities that are right for a blend fraction of `PRIOR`.

    The log odds of N(d^2 / 2, d) against N(-d^2 / 2, d) at x are x.
    """
    mean = np.where(blended, 0.5, -0.5) * distance**2
    return expit(rng.normal(mean, distance) + logit(PRIOR))


def grid_maximum(p):
    """The fraction of the greatest likelihood, by brute force."""
    fractions = np.linspace(1e-4, 0.9999, 9999)
    return fractions[np.argmax([
        np.sum(np.log(f * p / PRIOR + (1 - f) * (1 - p) / (1 - PRIOR)))
        for f in fractions])]


@pytest.mark.parametrize('fraction', [0.03, 0.07, 0.15, 0.3])
def test_fraction_of_a_sample_is_found(fraction):
    """The bound is three standard errors or more."""
    p = calibrated(np.arange(4000) < fraction * 4000,
                   np.random.default_rng(3), distance=4)
    found, error = estimate_fraction(p, PRIOR)
    assert found == pytest.approx(fraction, abs=0.015)
    assert 0.002 < error < 0.01
    assert found == pytest.approx(grid_maximum(p), abs=1e-4)
    # the corrected probabilities have that mean
    assert np.mean(correct_prior(p, PRIOR, found)) == pytest.approx(
        found, abs=1e-5)


def test_sources_that_overlap():
    """Expectation-maximization alone would end too early here."""
    p = calibrated(np.arange(2000) < 600, np.random.default_rng(4),
                   distance=0.5)
    assert estimate_fraction(p, PRIOR)[0] == pytest.approx(grid_maximum(p),
                                                           abs=1e-4)


def test_error_is_the_scatter():
    """And the mean is right: 400 samples of 500 sources."""
    rng = np.random.default_rng(5)
    found, error = np.transpose([
        estimate_fraction(calibrated(rng.random(500) < 0.2, rng), PRIOR)
        for _ in range(400)])
    assert np.mean(found) == pytest.approx(0.2, abs=4 * np.std(found) / 20)
    # the scatter of 400 is known to 3.5 per cent
    assert np.std(found) == pytest.approx(np.mean(error), rel=0.12)


def test_unknown_probabilities_do_not_count():
    p = calibrated(np.arange(200) < 20, np.random.default_rng(6))
    with_nan = np.ma.append(np.append(p, [np.nan, np.nan]), [0.9])
    with_nan[-1] = np.ma.masked
    assert estimate_fraction(with_nan, PRIOR) == estimate_fraction(p, PRIOR)


def test_nothing_is_learned_from_the_prior_itself():
    for dtype in ('f4', 'f8'):
        assert estimate_fraction(np.full(50, PRIOR, dtype), PRIOR) == (
            PRIOR, np.inf)


def test_certain_answers():
    """The error is the binomial one; fractions of 0 and 1 are clipped."""
    found = estimate_fraction(np.repeat([1.0, 0.0], [20, 180]), PRIOR)
    assert_allclose(found, (0.1, np.sqrt(0.1 * 0.9 / 200)), rtol=1e-6)
    for value in (0.0, 1.0):
        fraction, error = estimate_fraction(np.full(60, value), PRIOR)
        assert fraction == pytest.approx(value, abs=2e-7)
        assert 0 < fraction < 1
        assert 0 < error < 1


@pytest.mark.parametrize(('p', 'prior', 'match'), [
    (np.full(49, 0.2), 0.1, 'must have at least 50 finite values .* got 49'),
    (np.full(60, np.nan), 0.1, 'got 0'),
    (np.linspace(0, 1.1, 60), 0.1, 'must be between 0 and 1, got 0 to 1.1'),
    (np.full(60, 0.2), 0.0, 'prior must be between 0 and 1, got 0.0'),
    (np.full(60, 0.2), 1, 'prior must be between 0 and 1, got 1')])
def test_samples_that_tell_nothing(p, prior, match):
    with pytest.raises(ValueError, match=match):
        estimate_fraction(p, prior)
