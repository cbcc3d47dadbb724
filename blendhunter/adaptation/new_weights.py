# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The weights file of an adapted model."""

from dataclasses import asdict

import numpy as np
from astropy.table import Table

from blendhunter.adaptation.head import BATCH_SIZE, BLEND_FRACTION
from blendhunter.benchmark.calibration.calibrated_weights import (
    fit_calibration,
)
from blendhunter.benchmark.score_tables import plain_rows
from blendhunter.network.architecture import VGG16
from blendhunter.network.loading import save_network
from blendhunter.training.data_split import prepare_samplers
from blendhunter.training.warm_start import training_history
from blendhunter.truth import BLEND
from blendhunter.version import __version__

__all__ = ['fit_fresh_fractions', 'seeing_limits', 'write_adapted']

KEPT = ('preprocessing', 'stamp_size', 'classes')
# the seeing of other images of the survey, and the error of the quick measure
SEEING_MARGIN = 1.25


def fit_fresh_fractions(truth, probability):
    """
    Calibrate raw probabilities on fields without added companions.

    Returns ``slope``, ``trained_fraction`` and ``prior`` for the metadata
    of the weights, as ``blendhunter calibrate`` finds them.
    """
    labels = np.asarray(truth['truth_label'])
    clear = labels >= 0
    blended = labels[clear] == BLEND
    fitted = fit_calibration([Table({
        'set': ['fresh'] * len(blended), 'blended': blended,
        'probability': np.asarray(probability)[clear],
        # raw probabilities are those at this fraction
        'prior': [BLEND_FRACTION] * len(blended)})], {
        'slope': 1.0, 'trained_fraction': BLEND_FRACTION,
        'prior': BLEND_FRACTION})
    return {**fitted, 'prior': round(float(blended.mean()), 6)}


def seeing_limits(simulated, conditions):
    """
    Return the range of the seeing (px) that weights are good for.

    The ``simulated`` one is that of the atmosphere alone, and the optics
    widen the stars; so that what was measured on the images is within it.
    """
    measured = [value / conditions.pixel_scale
                for value in conditions.seeing_range]
    return [min(simulated[0], measured[0] / SEEING_MARGIN),
            max(simulated[1], measured[1] * SEEING_MARGIN)]


def write_adapted(path, model, fit, training, conditions, *, metadata,
                  command=''):
    """
    Write the weights of an adapted model, with what they are for.

    Parameters
    ----------
    path : path-like
        The weights file.
    model : `~blendhunter.network.BlendModel`
        With the new head.
    fit : dict
        ``fractions``, ``scores`` (a table), ``gained`` and ``steps``.
    training : `~blendhunter.dataset.DataSet`
        The domain of the weights is that of these detections.
    conditions : `~blendhunter.adaptation.SurveyConditions`
        The properties of the survey, which are stored in the file.
    metadata : dict
        Metadata of the weights that were adapted.
    command : str, optional
        Stored in the file.
    """
    *_, about = prepare_samplers(None, training, BATCH_SIZE)
    domain = about['domain']
    if 'unusual' in metadata['domain'].get('segment', {}):
        # the convolutions are the same, and so is what they find unusual
        domain['segment']['unusual'] = metadata['domain']['segment'][
            'unusual']
    domain['segment']['seeing'] = seeing_limits(
        domain['segment']['seeing'], conditions)
    fractions = dict(fit['fractions'])
    slope = fractions.pop('slope')
    save_network(path, model.extended, {
        **{name: metadata[name] for name in KEPT}, 'architecture': VGG16,
        # what another region would answer is not known any more
        'regions': ['segment'],
        **{name: {'segment': value}
           for name, value in fractions.items()},
        'calibration': {'segment': {'slope': slope}},
        'domain': domain, 'version': __version__, 'results': {},
        'command': command, 'steps': fit['steps'],
        'batch_size': BATCH_SIZE, 'adapted_from': metadata['sha256'],
        'conditions': asdict(conditions),
        'adaptation': {'scores': plain_rows(fit['scores']),
                       'gained': fit['gained']},
        'training_history': training_history(metadata)})
