# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw the evidence behind the probability of one source."""

import numpy as np
from scipy.special import expit

from blendhunter._utils.arrays import round_position
from blendhunter.plotting.contact_sheet import FLAGGED, stretch
from blendhunter.plotting.notebook import new_figure

__all__ = ['plot_explanation']

CMAP = 'RdBu_r'


def plot_explanation(explanation):
    """
    Draw the evidence behind the probability of one source.

    Parameters
    ----------
    explanation : `~blendhunter.explanation.Explanation`
        From `~blendhunter.explain`.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The stamp with its region (red line), both residuals, the map of
        the companion with its most likely position (cross), and the
        occlusion map. Red pixels of the last are evidence for a blend.
    """
    figure = new_figure(figsize=(12.5, 3.5))
    panels = figure.subplots(1, 5)
    limit = max(np.abs(explanation.occlusion).max(), 0.5)
    residual = {'cmap': CMAP, 'vmin': -3, 'vmax': 3}
    turned, profile = (stretch(part, 1.0) for part in explanation.residuals)
    shown = [
        ('stamp', stretch(explanation.stamp, 1.0),
         {'cmap': 'gray_r', 'vmin': -1, 'vmax': 4.5}),
        ('minus itself,\nhalf a turn', turned, residual),
        ('minus its\nsymmetric profile', profile, residual),
        ('companion is here', _companion_chance(explanation),
         {'cmap': 'viridis', 'vmin': 0, 'vmax': 1}),
        ('the probability\nrests on', explanation.occlusion,
         {'cmap': CMAP, 'vmin': -limit, 'vmax': limit})]
    for panel, (title, pixels, options) in zip(panels, shown, strict=True):
        panel.set(xticks=[], yticks=[])
        panel.set_title(title, fontsize=11)
        if pixels is None:
            panel.text(0.5, 0.5, 'not known to\nthese weights', ha='center',
                       va='center', transform=panel.transAxes)
            continue
        panel.imshow(pixels, origin='lower', **options)
        if explanation.region.any() and not explanation.region.all():
            panel.contour(explanation.region, levels=[0.5], colors=FLAGGED,
                          linewidths=0.8)
        if explanation.companion is not None:
            panel.plot(*_in_stamp(explanation), 'x', color='black', ms=9,
                       mew=2.6)
            panel.plot(*_in_stamp(explanation), 'x', color='gold', ms=8,
                       mew=1.2)
    flags = ', '.join(explanation.flags) or 'none'
    figure.suptitle(
        f'row {explanation.row} at ({explanation.x:.1f}, {explanation.y:.1f})'
        f' px: probability {explanation.probability:.3f}, flags: {flags}',
        fontsize=12)
    return figure


def _companion_chance(explanation):
    """Return the map of the companion, 1 at its highest."""
    if explanation.companion_map is None:
        return None
    chance = explanation.companion_map
    return expit(chance) / max(expit(chance.max()), 1e-6)


def _in_stamp(explanation):
    """Return the position of the companion in the stamp."""
    half = explanation.stamp.shape[0] // 2
    return [value - round_position(center) + half for value, center in zip(
        explanation.companion, (explanation.x, explanation.y), strict=True)]
