# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw the histogram of the probabilities of a result."""

import numpy as np

from blendhunter._utils.meta import read_meta
from blendhunter.plotting.classified_sources import probabilities
from blendhunter.plotting.contact_sheet import FLAGGED
from blendhunter.plotting.notebook import new_figure

__all__ = ['plot_probabilities']

N_BINS = 40


def plot_probabilities(result, *, threshold=None):
    """
    Draw the histogram of the blend probabilities.

    Parameters
    ----------
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify`.
    threshold : float, optional
        Threshold to mark; by default that in the meta of the table.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The counts have a logarithmic scale.

    Raises
    ------
    ValueError
        If the table has no ``blend_prob``.
    """
    probability = probabilities(result)
    probability = probability[np.isfinite(probability)]
    if threshold is None:
        threshold = read_meta(result.meta, 'threshold')
    figure = new_figure(figsize=(7, 3.4))
    axes = figure.add_subplot()
    counts, _, _ = axes.hist(probability, bins=N_BINS, range=(0, 1),
                             color='0.6')
    if threshold is not None:
        axes.axvline(float(threshold), color=FLAGGED, lw=1.2,
                     label=f'threshold {float(threshold):g}')
        axes.legend(frameon=False, fontsize=10)
    # the limits first: an empty histogram has none of its own
    axes.set(xlabel='blend probability', ylabel='sources', xlim=(0, 1),
             ylim=(0.5, 2 * max(counts.max(), 1)))
    axes.set_yscale('log')
    axes.yaxis.set_major_formatter('{x:g}')
    return figure
