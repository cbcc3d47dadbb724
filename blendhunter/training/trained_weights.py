# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Scores of a network on held-out data, and its weights file."""

import numpy as np

from blendhunter.network.architecture import VGG16
from blendhunter.network.loading import save_network
from blendhunter.network.preprocessing import TRAINED
from blendhunter.network.priors import fit_fraction
from blendhunter.stamps import STAMP_SIZE
from blendhunter.training.data_split import fixed_batches
from blendhunter.version import __version__

__all__ = ['VALIDATION_SIZE', 'evaluate', 'predictions', 'write_trained']

VALIDATION_SIZE = 1200
CALIBRATION_SIZE = 6000


def write_trained(network, model, about, held_out, details, path, steps):
    """
    Write a weights file, with what follows from data and network.

    ``model`` is the network with its locators, which are written, too.
    """
    # the blend fraction that each region's probabilities assume
    fractions = {
        region: round(fit_fraction(*values), 4)
        for region, *values in predictions(network, fixed_batches(
            held_out, CALIBRATION_SIZE, step=1))}
    save_network(path, model, {
        'architecture': VGG16, 'preprocessing': TRAINED,
        'stamp_size': STAMP_SIZE, 'classes': ['isolated', 'blended'],
        'regions': sorted(fractions), 'trained_fraction': fractions,
        'prior': about['prior'], 'domain': about['domain'],
        'version': __version__, 'results': {}, 'steps': steps, **details})


def predictions(network, by_region):
    """Yield region, P, truth and sample weights of each batch."""
    for region, batch in by_region.items():
        p = network.predict(batch.inputs, batch_size=128, verbose=0).ravel()
        yield (region, p, batch.labels.ravel() > 0.5,
               batch.sample_weights.ravel())


def evaluate(network, validation):
    """Return accuracy and area under the ROC curve of each region."""
    report = {}
    for region, p, truth, _ in predictions(network, validation):
        report[f'{region}_accuracy'] = round(np.mean((p > 0.5) == truth), 4)
        report[f'{region}_auc'] = round(_auc(p, truth), 4)
    return report


def _auc(score, truth):
    """Return the area under the ROC curve, from the Mann-Whitney U."""
    from scipy.stats import mannwhitneyu

    u = mannwhitneyu(score[truth], score[~truth]).statistic
    return u / (truth.sum() * (~truth).sum())
