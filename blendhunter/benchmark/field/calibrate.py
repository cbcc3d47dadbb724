"""Blend fractions of a weights file, from detections with known truth."""

from pathlib import Path

import numpy as np

from blendhunter._utils.files import check_writable
from blendhunter._utils.meta import read_meta
from blendhunter.benchmark.baselines import NETWORK
from blendhunter.benchmark.field.field_scores import SCORE, clear_detections
from blendhunter.network.priors import refit_fraction
from blendhunter.network.weights import (
    read_weights,
    resolve_weights,
    write_weights,
)
from blendhunter.truth import BLEND

__all__ = ['calibrate_weights', 'check_calibrated', 'fit_fractions']


def calibrate_weights(weights, detections, *, output=None, overwrite=False):
    """
    Fit the blend fractions of weights to a survey's detections.

    Parameters
    ----------
    weights : str or path-like
        'default' or the path of a weights file.
    detections : `~astropy.table.Table`
        As ``blendhunter benchmark field`` writes them, with these very
        weights. The probabilities are then those of a blend as it was
        defined there (``min_flux_ratio``).
    output : path-like, optional
        The new weights file; by default the file itself is changed.
    overwrite : bool, optional
        Whether an existing ``output`` may be replaced.

    Returns
    -------
    before, after : dict of float
        ``trained_fraction`` and ``prior`` of the region 'segment'.

    Raises
    ------
    ValueError
        If the detections were made with other weights, hold no blends or
        no single ones, or packaged weights are to be changed.
    """
    path = check_calibrated(weights, output, overwrite=overwrite)
    arrays, metadata = read_weights(path)
    made_with = read_meta(detections.meta, 'sha256')
    if made_with != metadata.pop('sha256'):
        msg = (f'detections: they were made with other weights (sha256 '
               f'{made_with}) than {str(path)!r}')
        raise ValueError(msg)
    before = {name: metadata[name]['segment']
              for name in ('trained_fraction', 'prior')}
    after = fit_fractions(detections, **before)
    for name, value in after.items():
        metadata[name] = {**metadata[name], 'segment': value}
    write_weights(output or path, arrays, metadata)
    return before, after


def check_calibrated(weights, output, *, overwrite=False):
    """Check that weights, or an output, can be written; return their path."""
    path = resolve_weights(weights)
    if output is None and path != Path(weights):
        msg = ('weights: the packaged weights are not changed; give an '
               'output')
        raise ValueError(msg)
    check_writable(output or path, overwrite=overwrite or output is None)
    return path


def fit_fractions(detections, *, trained_fraction, prior):
    """Return `refit_fraction` of detections, and their fraction of blends."""
    name = f'{SCORE}{NETWORK}'
    if name not in detections.colnames:
        msg = f'detections: there is no column {name!r}'
        raise ValueError(msg)
    clear = clear_detections(detections)
    blended = np.asarray(clear['truth_label']) == BLEND
    score = np.asarray(clear[name], dtype=float)
    known = np.isfinite(score)
    if not np.any(blended[known]) or np.all(blended[known]):
        msg = ('detections: the fit needs blends and single ones with a '
               f'probability, got {blended[known].sum()} blends among '
               f'{known.sum()}')
        raise ValueError(msg)
    fitted = refit_fraction(score[known], blended[known],
                            trained=trained_fraction, wanted=prior)
    return {'trained_fraction': round(fitted, 6),
            'prior': round(float(blended.mean()), 6)}
