"""Who finds the unrecognised blends among detections."""

import numpy as np

from blendhunter.plotting.bins import COLOURS, draw_bins

__all__ = ['plot_field_bins', 'plot_field_curves']

QUANTITIES = {'separation': 'separation [px]',
              'magnitude_difference': 'magnitude difference',
              'companion_snr': 'SNR of the companion',
              'snr': 'SNR of the detection'}
MARKERS = 'os^v<>dx'
POINTS = {'purity 80': 'threshold of 80 % purity',
          'rejected 10': '10 % of the detections rejected'}


def plot_field_curves(curves):
    """
    Draw the ROC and the purity-completeness curve of each method.

    Parameters
    ----------
    curves : `~astropy.table.Table`
        From `~blendhunter.benchmark.field.field_curves`.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.4), layout='constrained')
    left, right = figure.subplots(1, 2)
    for method in dict.fromkeys(np.asarray(curves['method']).tolist()):
        part = curves[curves['method'] == method]
        style, colour = COLOURS.get(method, ('-o', None))
        # the first point flags nothing, the last one everything: of a
        # yes-or-no answer one point is left
        if len(part) == 3:
            part, style = part[1:2], style[-1]
        else:
            part, style = part[1:], style.rstrip(MARKERS)
        left.plot(part['false_positives'], part['completeness'], style,
                  color=colour, label=method)
        right.plot(part['completeness'], part['purity'], style,
                   color=colour)
    left.plot([0, 1], [0, 1], color='0.8', lw=0.8, zorder=0)
    left.set(xlabel='fraction of the single detections flagged',
             ylabel='completeness', xlim=(0, 1), ylim=(0, 1.01))
    right.set(xlabel='completeness', ylabel='purity', xlim=(0, 1),
              ylim=(0, 1.01))
    if len(curves):
        left.legend(fontsize=8, frameon=False, loc='lower right')
    return figure


def plot_field_bins(bins, *, methods=None):
    """
    Draw completeness and purity against what the blends are like.

    Parameters
    ----------
    bins : `~astropy.table.Table`
        From `~blendhunter.benchmark.field.field_bins`.
    methods : sequence of str, optional
        Those drawn, as far as they are in the table; by default all.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        Two rows for each working point; below the bins the number of
        blends, or of detections that the first method flags.
    """
    from matplotlib.figure import Figure

    known = [name for name in QUANTITIES if name in set(bins['quantity'])]
    present = list(dict.fromkeys(bins['method'].tolist()))
    methods = [name for name in methods or present if name in present]
    lines = [(point, value) for point in POINTS
             for value in ('completeness', 'purity')]
    figure = Figure(figsize=(3.9 * len(known), 2.5 * len(lines)),
                    layout='constrained')
    rows = figure.subplots(len(lines), len(known), sharey=True,
                           squeeze=False)
    for panels, (point, value) in zip(rows, lines, strict=True):
        count = 'n_blends' if value == 'completeness' else 'n_flagged'
        for panel, quantity in zip(panels, known, strict=True):
            draw_bins(panel, bins[(bins['working_point'] == point)
                                  & (bins['quantity'] == quantity)],
                      methods, value=value, error=f'{value}_error',
                      count=count)
            panel.set_xlabel(QUANTITIES[quantity], fontsize=9)
        panels[0].set_ylabel(f'{value}\n{POINTS[point]}', fontsize=9)
    rows[0, 0].legend(fontsize=8, frameon=False, loc='upper left')
    figure.supxlabel('in brackets: the blends of a bin, or the detections '
                     f'that the {methods[0]} flags', fontsize=9)
    return figure
