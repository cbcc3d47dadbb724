# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
A parametric galaxy population, fitted to COSMOS tables.

Its numbers are in ``data/population.json``, which
``tools/fit_population.py`` writes; the origin of each is named there.
"""

import functools
import importlib.resources
import json

import numpy as np

__all__ = ['component_radii', 'draw_magnitudes', 'draw_parameters',
           'galaxy_density']

# arcsec; larger galaxies would need images of many thousand pixels
SIZE_LIMITS = (0.05, 4.0)
INDEX_LIMITS = (0.5, 6.0)  # GalSim's own are 0.3 and 6.2
AXIS_RATIO_LIMITS = (0.1, 1.0)
SIZE_RATIO_LIMITS = (0.05, 3.0)
# Ends of the first and last power law of the number counts
COUNT_ENDS = (10.0, 32.0)
# Sersic's b for n = 1 and n = 4
B_DISC = 1.678347
B_BULGE = 7.669249


@functools.cache
def read_model():
    """Read the fitted numbers (once)."""
    path = importlib.resources.files('blendhunter') / 'data/population.json'
    return json.loads(path.read_text(encoding='utf-8'))


def piecewise(x, knots, slopes, *, pivot):
    """Evaluate a continuous, piecewise linear function, zero at the pivot."""
    ends = np.array([-np.inf, *knots, np.inf])
    x = np.asarray(x, dtype=float)[..., None]
    return ((x.clip(ends[:-1], ends[1:])
             - np.clip(pivot, ends[:-1], ends[1:])) * slopes).sum(axis=-1)


def galaxy_density(faint, *, bright=None):
    """
    Return the mean number of galaxies per square arcminute.

    The counts (F814W, AB) are fitted from 16 to 27, extrapolated beyond.
    """
    bright = COUNT_ENDS[0] if bright is None else bright
    _check_limits(bright, faint)
    return float(np.diff(_cumulate(np.array([bright, faint])))[0])


def draw_magnitudes(n, rng, *, bright, faint):
    """Draw magnitudes (F814W, AB) from the fitted number counts."""
    _check_limits(bright, faint)
    edges, log_density, slopes = _count_pieces()
    below = _cumulate(edges)
    number = rng.uniform(*_cumulate(np.array([bright, faint])), n)
    piece = np.searchsorted(below, number).clip(1, len(slopes)) - 1
    rate = slopes[piece] * np.log(10)
    start = 10**log_density[piece]
    magnitude = edges[piece] + np.log1p(
        (number - below[piece]) * rate / start) / rate
    return magnitude.clip(bright, faint)


def draw_parameters(magnitude, rng, *, max_size=SIZE_LIMITS[1]):
    """
    Draw the shape of galaxies of given magnitudes.

    Two classes of galaxies (late and early), each a normal distribution
    in log10(size), ln(Sersic index) and logit(axis ratio between its
    limits) around means that are piecewise linear in magnitude (F814W,
    AB). Fitted from 18 to 23.5; to 27 they follow the trends (not the
    values) of CatSim; brighter than 19 only sizes change, by 0.15 dex per
    magnitude: those of galaxies of constant surface brightness would by
    0.2. Sizes end at ``max_size`` (arcsec).

    Returns a dict of arrays: ``half_light_radius`` (arcsec, of the whole
    galaxy, circularized: the semi-major axis times the root of the axis
    ratio, which GalSim's ``shear(q=...)`` of a round profile conserves),
    ``sersic_index`` (of the whole galaxy), ``axis_ratio``,
    ``bulge_fraction`` (of a de Vaucouleurs bulge in an exponential disc,
    0.1 to 0.9; NaN for a single Sersic profile) and ``bulge_size_ratio``
    (half-light radius of the bulge over that of the disc, or NaN).
    """
    model = read_model()
    magnitude = np.atleast_1d(np.asarray(magnitude, dtype=float))
    n = len(magnitude)
    early = rng.random(n) < _sigmoid(_trend(magnitude, model['early_logit']))
    values = np.empty((n, 3))
    normal = rng.normal(size=(n, 3))
    for mask, name in ((~early, 'late'), (early, 'early')):
        parts = model[name]
        mean = [_trend(magnitude[mask], parts[key])
                for key in ('log_size', 'log_index', 'axis_ratio_logit')]
        root = np.linalg.cholesky(parts['covariance'])
        values[mask] = np.transpose(mean) + normal[mask] @ root.T
    size = (10**values[:, 0]).clip(SIZE_LIMITS[0], max_size)
    index = np.exp(values[:, 1]).clip(*INDEX_LIMITS)
    flat, round_ = AXIS_RATIO_LIMITS
    ratio = flat + (round_ - flat) * _sigmoid(values[:, 2])
    bulge, bulge_ratio = _draw_bulges(np.log(index), rng, model['bulge'])
    return {'half_light_radius': size, 'sersic_index': index,
            'axis_ratio': ratio, 'bulge_fraction': bulge,
            'bulge_size_ratio': bulge_ratio}


def component_radii(half_light_radius, bulge_fraction, bulge_size_ratio):
    """Return the radii of disc and bulge of whole galaxies, or NaN."""
    ratio = np.asarray(bulge_size_ratio, dtype=float)
    disc = half_light_radius / whole_radius(bulge_fraction, ratio)
    return disc, disc * ratio


def whole_radius(bulge_fraction, bulge_size_ratio):
    """
    Return the half-light radius of bulge and disc, over that of the disc.

    The components are round and concentric.
    """
    from scipy.special import gammainc

    fraction, ratio = np.broadcast_arrays(
        np.asarray(bulge_fraction, dtype=float), bulge_size_ratio)
    low, high = np.minimum(ratio, 1.0), np.maximum(ratio, 1.0)
    # a bisection: the light within a radius grows with it
    for _ in range(40):
        middle = 0.5 * (low + high)
        disc = gammainc(2, B_DISC * middle)
        bulge = gammainc(8, B_BULGE * (middle / ratio) ** 0.25)
        inside = fraction * bulge + (1 - fraction) * disc < 0.5
        low, high = np.where(inside, middle, low), np.where(inside, high,
                                                            middle)
    return np.where(np.isnan(fraction + ratio), np.nan, 0.5 * (low + high))


def _draw_bulges(log_index, rng, bulge):
    """Return bulge fractions and size ratios, NaN for single profiles."""
    n = len(log_index)
    powers = np.stack([np.ones(n), log_index, log_index**2])
    single = rng.random(n) >= _sigmoid(bulge['share_logit'] @ powers)
    normal = rng.normal(size=(2, n))
    logit = (bulge['fraction_logit'] @ powers[:2]
             + bulge['fraction_scatter'] * normal[0])
    log_ratio = (bulge['log_size_ratio'] @ np.stack([powers[0], logit])
                 + bulge['size_ratio_scatter'] * normal[1])
    fraction = 0.1 + 0.8 * _sigmoid(logit)
    ratio = (10**log_ratio).clip(*SIZE_RATIO_LIMITS)
    fraction[single] = ratio[single] = np.nan
    return fraction, ratio


def _trend(magnitude, trend):
    """Return a quantity that is piecewise linear in magnitude."""
    model = read_model()
    return trend['value'] + piecewise(magnitude, model['knots'],
                                      trend['slopes'], pivot=model['pivot'])


def _sigmoid(x):
    """
    Return the inverse of the logit.

    `scipy.special.expit` differs in the last bit: seeds would give other
    galaxies than before.
    """
    return 1 / (1 + np.exp(-x))


@functools.cache
def _count_pieces():
    """Return edges, log10(density per magnitude) there, and slopes."""
    counts = read_model()['counts']
    edges = np.array([COUNT_ENDS[0], *counts['knots'], COUNT_ENDS[1]])
    log_density = counts['log_density'] + piecewise(
        edges, counts['knots'], counts['slopes'],
        pivot=counts['pivot'])
    return edges, log_density, np.array(counts['slopes'])


def _cumulate(magnitude):
    """Return galaxies per square arcminute from the bright end on."""
    edges, log_density, slopes = _count_pieces()
    depth = (magnitude[:, None].clip(edges[:-1], edges[1:]) - edges[:-1])
    rate = slopes * np.log(10)
    return (10**log_density[:-1] / rate * np.expm1(depth * rate)).sum(axis=1)


def _check_limits(bright, faint):
    """Refuse limits that hold no galaxies."""
    if not COUNT_ENDS[0] <= bright < faint <= COUNT_ENDS[1]:
        msg = (f'bright must be below faint and both within {COUNT_ENDS}, '
               f'got bright={bright!r}, faint={faint!r}')
        raise ValueError(msg)
