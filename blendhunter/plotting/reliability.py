# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw reliability diagrams: fraction of blends against probability."""

import numpy as np

from blendhunter.plotting.notebook import new_figure

__all__ = ['plot_reliability']

STYLES = {'all': ('o-', 'black'), 'faint': ('s-', 'tab:blue'),
          'middle': ('^-', 'tab:green'), 'bright': ('d-', 'tab:red')}
ACROSS = 4
# below this probability both axes are linear
LINEAR = 0.02


def plot_reliability(curves):
    """
    Draw a reliability diagram for each region and set.

    Parameters
    ----------
    curves : `~astropy.table.Table`
        From `~blendhunter.benchmark.calibration.reliability_curves`.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Points on the diagonal are calibrated. The axes are logarithmic
        above 0.02, because most probabilities are small.
    """
    pairs = list(dict.fromkeys(zip(
        np.asarray(curves['region']).tolist(),
        np.asarray(curves['set']).tolist(), strict=True)))
    across = min(ACROSS, len(pairs))
    down = -(-len(pairs) // across)
    figure = new_figure(figsize=(3.3 * across, 3.2 * down + 0.6))
    panels = figure.subplots(down, across, squeeze=False).ravel()
    for panel, (region, name) in zip(panels, pairs, strict=False):
        part = curves[(curves['region'] == region) & (curves['set'] == name)]
        _draw(panel, part)
        panel.set_title(f'{name} ({region})', fontsize=10)
    for panel in panels[len(pairs):]:
        panel.axis('off')
    for panel in panels[::across]:
        panel.set_ylabel('fraction of blends')
    for panel in panels[max(len(pairs) - across, 0):len(pairs)]:
        panel.set_xlabel('probability')
    figure.legend(*panels[0].get_legend_handles_labels(),
                  loc='outside upper center', ncols=4, frameon=False)
    return figure


def _draw(panel, part):
    """Draw the curves of one set: all sources, and thirds of SNR."""
    panel.plot([0, 1], [0, 1], color='0.6', lw=1)
    for third, (style, color) in STYLES.items():
        rows = part[part['snr'] == third]
        label = 'all sources' if third == 'all' else f'{third} third'
        panel.errorbar(rows['probability'], rows['blends'],
                       rows['blends_error'], fmt=style, color=color, ms=3,
                       lw=0.9, label=label)
    for axis in ('x', 'y'):
        getattr(panel, f'set_{axis}scale')('symlog', linthresh=LINEAR)
        getattr(panel, f'set_{axis}ticks')(
            [0, 0.02, 0.1, 0.3, 1], ['0', '0.02', '0.1', '0.3', '1'])
        getattr(panel, f'set_{axis}lim')(-0.004, 1.15)
