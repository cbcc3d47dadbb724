# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The accuracy of the positions of companions."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark.calibration.samples import simulate_field_sets
from blendhunter.benchmark.column_descriptions import COMPANIONS
from blendhunter.benchmark.metrics import (
    proportion_error,
    threshold_at_purity,
)
from blendhunter.identify.model_cache import cached_model
from blendhunter.network.locators import locate_companions
from blendhunter.network.symmetric_residuals import symmetric_residuals
from blendhunter.truth import BLEND

__all__ = ['companion_errors', 'companion_scores', 'evaluate_companions']

#: Purity of the blends that count, and the error of a good position (px).
PURITY = 0.8
NEAR = 2.0
SEPARATIONS = ((0.0, 3.0), (3.0, 4.0), (4.0, 6.0), (6.0, 10.0),
               (10.0, np.inf), (4.0, np.inf))


def evaluate_companions(weights='default', *, n_fields=6, shape=(1000, 1000),
                        cosmos_dir=None, precision='auto', rng=0, n_jobs=1,
                        progress=False):
    """
    Locate the companions of simulated blends.

    Parameters
    ----------
    weights : str or path-like, optional
        A name or a file of weights that can locate companions.
    n_fields, shape, cosmos_dir : optional
        See `~blendhunter.benchmark.calibration.calibration_samples`.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the network.
    rng, n_jobs, progress : optional
        See `~blendhunter.benchmark.calibration.calibration_samples`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set and range of the true separation (px). Only blends
        above the threshold of 80 per cent purity count. ``n`` is their
        number, ``near`` the fraction that is located within 2 px, with its
        error (Wilson), and ``median`` the median error of the position
        (px).

    Raises
    ------
    ValueError
        If the weights cannot locate companions.
    """
    model = cached_model(weights, precision=precision)
    if not model.locates:
        msg = f'weights: {str(weights)!r} cannot locate companions'
        raise ValueError(msg)
    rows = []
    for name, made in simulate_field_sets(
            n_fields, cosmos_dir=cosmos_dir, shape=shape, rng=rng,
            n_jobs=n_jobs, progress=progress):
        rows.extend({'set': name, **row} for row in companion_scores(
            *companion_errors(model, made)))
    return describe_columns(Table(rows), COMPANIONS)


def companion_errors(model, made):
    """
    Locate companions, and compare with the truth.

    Parameters
    ----------
    model : `~blendhunter.network.BlendModel`
        The network.
    made : `~blendhunter.dataset.DataSet`
        From `~blendhunter.simulate_detections`.

    Returns
    -------
    probability : float32 `~numpy.ndarray` of shape (n,)
        Blend probabilities.
    blended : bool `~numpy.ndarray` of shape (n,)
        True for blends.
    separation : float `~numpy.ndarray` of shape (n,)
        Of the two brightest sources of a segment, px.
    error : float `~numpy.ndarray` of shape (n,)
        Distance of the found position from the second, px; NaN for single
        sources.
    """
    stamps = np.asarray(made.arrays['stamps'], dtype=np.float32)
    regions = made.arrays['regions']
    answers = model.answer(stamps, regions, locate=True)
    blended = np.asarray(made.truth['truth_label']) == BLEND
    error = np.full(len(stamps), np.nan)
    rows = np.flatnonzero(blended)
    residuals = symmetric_residuals(stamps[rows], regions[rows])[1]
    x, y = locate_companions(answers.maps[rows], residuals)
    error[rows] = np.hypot(x - made.truth['x_2'][rows],
                           y - made.truth['y_2'][rows])
    separation = np.hypot(made.truth['x_2'] - made.truth['x_1'],
                          made.truth['y_2'] - made.truth['y_1'])
    return answers.probability, blended, np.asarray(separation), error


def companion_scores(probability, blended, separation, error):
    """Return a dict for each range of separations; see the function above."""
    found = blended & (probability >= threshold_at_purity(
        probability, blended, PURITY))
    rows = []
    for low, high in SEPARATIONS:
        part = error[found & (separation >= low) & (separation < high)]
        near = float(np.mean(part < NEAR)) if part.size else np.nan
        rows.append({
            'separation': f'{low:g}-{high:g}' if np.isfinite(high)
            else f'> {low:g}', 'n': len(part), 'near': near,
            'near_error': float(proportion_error(near, len(part))),
            'median': float(np.median(part)) if part.size else np.nan})
    return rows
