# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Fit the calibration that is stored in a weights file."""

import numpy as np
from astropy.table import vstack
from scipy.special import expit, logit

from blendhunter.benchmark.calibration.reliability import at_own_prior, sets_of
from blendhunter.benchmark.calibration.samples import samples_of_detections
from blendhunter.benchmark.changed_weights import check_calibrated
from blendhunter.network.priors import correct_prior
from blendhunter.network.weights import read_weights, write_weights

__all__ = ['calibrate_sets', 'calibrate_weights', 'fit_calibration']

# a slope beyond these is that of a network that knows nothing
SLOPES = (0.2, 5.0)
EDGE = 1e-7


def calibrate_weights(weights, tables, *, output=None, overwrite=False):
    """
    Fit a logistic calibration, and store it in the weights.

    The log likelihood ratio of a source is the network's log odds minus
    the log odds of ``trained_fraction``. The reported log odds are those
    of the prior plus ``slope`` times this ratio. The function fits
    ``slope`` and ``trained_fraction``: this is the calibration of Platt
    (1999, Advances in Large Margin Classifiers, 61). It also stores
    ``scatter``, the standard deviation between the sets in log odds,
    because the calibration differs from image to image.

    Parameters
    ----------
    weights : str or path-like
        'default' or the path of a weights file.
    tables : dict of `~astropy.table.Table`
        Tables by name: samples of
        `~blendhunter.benchmark.calibration.calibration_samples`, or
        detections as ``blendhunter benchmark field`` writes them. They
        must be made with the same weights, from fields that were not used
        for training.
    output : path-like, optional
        The new weights file; by default ``weights`` itself is changed.
    overwrite : bool, optional
        Whether an existing ``output`` may be replaced.

    Returns
    -------
    before, after : dict of dict of float
        For each region ``slope``, ``trained_fraction`` and ``prior``. If
        ``tables`` is one set of detections, the prior becomes its blend
        fraction. Otherwise the prior stays.

    Raises
    ------
    ValueError
        If the tables were made with other weights, have no blends or no
        single sources, or if the packaged weights would be changed.
    """
    path = check_calibrated(weights, output, overwrite=overwrite)
    arrays, metadata = read_weights(path)
    samples = [samples_of_detections(table, metadata, name)
               for name, table in tables.items()]
    sha256 = metadata.pop('sha256')
    parts = [each for sample in samples for each in sets_of(sample)]
    before, after = {}, {}
    calibration = {**metadata.get('calibration', {}), 'of': sha256}
    for region in metadata['regions']:
        own = [part for asked, _, part in parts if asked == region]
        if not own:
            continue
        before[region] = {
            'slope': calibration.get(region, {}).get('slope', 1.0),
            **{name: metadata[name][region]
               for name in ('trained_fraction', 'prior')}}
        after[region] = fit_calibration(own, before[region])
        if len(own) == 1 and region == 'segment':
            after[region]['prior'] = round(float(
                np.mean(own[0]['blended'])), 6)
        calibration[region] = {
            'slope': after[region]['slope'], 'n': sum(map(len, own)),
            'scatter': round(_scatter(own, after[region], before[region]),
                             4)}
        for name in ('trained_fraction', 'prior'):
            metadata[name] = {**metadata[name], region: after[region][name]}
    write_weights(output or path, arrays,
                  {**metadata, 'calibration': calibration})
    return before, after


def calibrate_sets(samples, others):
    """
    Calibrate each set separately, with a fit to another sample.

    Parameters
    ----------
    samples, others : `~astropy.table.Table`
        Two results of
        `~blendhunter.benchmark.calibration.calibration_samples`, from the
        same weights and with different seeds.

    Returns
    -------
    samples : `~astropy.table.Table`
        The sets of ``samples`` that are in ``others`` too. Each set has the
        probabilities of its own calibration, which is fitted to the same
        set of ``others``.

    Raises
    ------
    ValueError
        If the two have no set in common.
    """
    fit_to = {(region, name): part for region, name, part in sets_of(others)}
    parts = []
    for region, name, part in sets_of(samples):
        if (region, name) not in fit_to:
            continue
        prior = part['prior'][0]
        fitted = fit_calibration([fit_to[region, name]], {
            'slope': 1.0, 'trained_fraction': prior, 'prior': prior})
        part = part.copy()
        part['probability'] = correct_prior(
            part['probability'], fitted['trained_fraction'], prior,
            slope=fitted['slope'])
        parts.append(part)
    if not parts:
        msg = 'others: it has no set in common with samples'
        raise ValueError(msg)
    return vstack(parts)


def fit_calibration(parts, current):
    """
    Fit slope and trained fraction to sets of known blend fractions.

    Parameters
    ----------
    parts : list of `~astropy.table.Table`
        Samples of one set each; all sets weigh the same.
    current : dict of float
        ``slope``, ``trained_fraction`` and ``prior`` that the
        probabilities were made with.

    Returns
    -------
    fitted : dict of float
        The same, of the lowest log loss; the prior stays.
    """
    ratios, offsets, labels, weights = [], [], [], []
    for part in parts:
        labels.append(np.asarray(part['blended'], dtype=bool))
        offsets.append(np.full(len(part), logit(labels[-1].mean())))
        weights.append(np.full(len(part), 1 / len(part)))
        # the log likelihood ratio that the network has reported
        p = np.clip(at_own_prior(part), EDGE, 1 - EDGE)
        ratios.append((logit(p) - offsets[-1]) / current['slope'])
    slope, shift = _fit_line(*map(np.concatenate, (
        ratios, offsets, labels, weights)))
    # slope * (ratio - moved) has the fitted shift
    trained = expit(logit(current['trained_fraction']) - shift / slope)
    return {'slope': round(float(slope), 4),
            'trained_fraction': round(float(trained), 6),
            'prior': current['prior']}


def _scatter(parts, fitted, current):
    """Return the standard deviation between sets of their own log odds."""
    odds = [logit(fit_calibration([part], current)['trained_fraction'])
            for part in parts]
    return float(np.std(np.multiply(odds, fitted['slope']), ddof=1)) if (
        len(parts) > 1) else 0.0


def _fit_line(ratio, offset, labels, weights):
    """Minimize the log loss of ``offset + slope * ratio + shift``."""
    from scipy.optimize import minimize

    sign = np.where(labels, 1.0, -1.0)

    def loss(parameters):
        odds = offset + parameters[0] * ratio + parameters[1]
        miss = expit(-sign * odds) * sign * weights
        return (np.sum(weights * np.logaddexp(0, -sign * odds)),
                -np.array([np.sum(miss * ratio), np.sum(miss)]))

    # scaled to the mean, which bounds need
    scale = weights.sum()
    return minimize(lambda parameters: tuple(
        value / scale for value in loss(parameters)), (1.0, 0.0), jac=True,
        method='L-BFGS-B', bounds=(SLOPES, (None, None)),
        options={'ftol': 1e-12, 'gtol': 1e-8}).x
