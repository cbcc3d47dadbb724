# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Curves and bins of completeness and purity."""

import numpy as np

from blendhunter.plotting.notebook import new_figure

__all__ = ['draw_bins', 'plot_field_bins', 'plot_field_curves',
           'plot_injections']

#: Line, marker and color of each method, the same in every figure.
STYLES = {'network': ('-o', 'tab:blue'),
          'network, whole stamp': ('-x', 'tab:cyan'),
          'boosted trees': ('--s', 'tab:orange'),
          'area x a/b': (':^', 'tab:green'),
          'area': (':<', 'tab:olive'),
          'a/b': (':>', 'tab:brown'),
          'photutils split': ('-.v', 'tab:red'),
          'flag': ('-.d', 'tab:purple')}
OTHER_STYLE = ('-o', None)
MARKERS = 'os^v<>dx'
# px between the methods of a bin, in units of a bin's width
SHIFT = 0.05
FIELD_QUANTITIES = {'separation': 'separation [px]',
                    'magnitude_difference': 'magnitude difference',
                    'companion_snr': 'SNR of the companion',
                    'snr': 'SNR of the detection'}
FIELD_POINTS = {'purity 80': 'threshold of 80 % purity',
                'rejected 10': '10 % of the detections rejected'}
INJECTION_QUANTITIES = {'separation': 'separation [px]',
                        'flux_ratio': 'flux of the companion / host',
                        'snr': 'SNR of the companion'}
INJECTION_METHODS = ('network', 'boosted trees', 'area x a/b',
                     'photutils split')


def plot_field_curves(curves):
    """
    Draw the ROC curve and the purity-completeness curve of each method.

    Parameters
    ----------
    curves : `~astropy.table.Table`
        From `~blendhunter.benchmark.field.field_curves`.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The ROC curves (left) and the purity-completeness curves (right).
    """
    figure = new_figure(figsize=(10, 4.4))
    left, right = figure.subplots(1, 2)
    for method in dict.fromkeys(np.asarray(curves['method']).tolist()):
        part = curves[curves['method'] == method]
        style, color = STYLES.get(method, OTHER_STYLE)
        # the first point flags nothing, the last one everything: of a
        # yes-or-no answer one point is left
        if len(part) == 3:
            part, style = part[1:2], style[-1]
        else:
            part, style = part[1:], style.rstrip(MARKERS)
        left.plot(part['false_positives'], part['completeness'], style,
                  color=color, label=method)
        right.plot(part['completeness'], part['purity'], style,
                   color=color)
    left.plot([0, 1], [0, 1], color='0.8', lw=0.8, zorder=0)
    left.set(xlabel='fraction of the single detections flagged',
             ylabel='completeness', xlim=(0, 1), ylim=(0, 1.01))
    right.set(xlabel='completeness', ylabel='purity', xlim=(0, 1),
              ylim=(0, 1.01))
    if len(curves):
        left.legend(fontsize=9, frameon=False, loc='lower right')
    return figure


def plot_field_bins(bins, *, methods=None):
    """
    Draw completeness and purity as functions of several quantities.

    Parameters
    ----------
    bins : `~astropy.table.Table`
        From `~blendhunter.benchmark.field.field_bins`.
    methods : sequence of str, optional
        Methods to draw, if they are in the table; by default all.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Two rows for each working point. The numbers below the bins are
        those of the blends (completeness), or of the detections that the
        first method flags (purity).
    """
    lines = [(point, value, f'{value}\n{label}')
             for point, label in FIELD_POINTS.items()
             for value in ('completeness', 'purity')]
    figure, methods = _plot_bins(bins, lines, FIELD_QUANTITIES, methods)
    figure.supxlabel('in brackets: the blends of a bin, or the detections '
                     f'that the {methods[0]} flags', fontsize=10)
    return figure


def plot_injections(bins):
    """
    Draw the completeness of injections in bins of several quantities.

    Parameters
    ----------
    bins : `~astropy.table.Table`
        From `~blendhunter.benchmark.injection.injection_bins`.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        One row for each false-positive rate among the hosts before the
        injection.
    """
    points = dict.fromkeys(bins['working_point'].tolist())
    lines = [(point, 'completeness', 'completeness\n'
              f'{point.removeprefix("fpr ")} % of the untouched hosts flagged')
             for point in points]
    return _plot_bins(bins, lines, INJECTION_QUANTITIES,
                      INJECTION_METHODS)[0]


def _plot_bins(bins, lines, quantities, methods):
    """Draw a row of panels for each line; return the methods drawn, too."""
    known = [name for name in quantities if name in set(bins['quantity'])]
    present = list(dict.fromkeys(bins['method'].tolist()))
    methods = [name for name in methods or present if name in present]
    figure = new_figure(figsize=(3.9 * len(known), 0.4 + 2.5 * len(lines)))
    rows = figure.subplots(len(lines), len(known), sharey=True,
                           squeeze=False)
    for panels, (point, value, label) in zip(rows, lines, strict=True):
        for panel, quantity in zip(panels, known, strict=True):
            draw_bins(panel, bins[(bins['working_point'] == point)
                                  & (bins['quantity'] == quantity)],
                      methods, value)
            panel.set_xlabel(quantities[quantity], fontsize=10)
        panels[0].set_ylabel(label, fontsize=10)
    rows[0, 0].legend(fontsize=9, frameon=False, loc='upper left')
    return figure, methods


def draw_bins(panel, bins, methods, value):
    """Draw completeness or purity of one quantity's bins side by side."""
    for i, method in enumerate(methods):
        part = bins[bins['method'] == method]
        # bins side by side: x is their number
        x = np.arange(len(part)) + SHIFT * (i - (len(methods) - 1) / 2)
        style, color = STYLES.get(method, OTHER_STYLE)
        good = np.isfinite(np.asarray(part[value], dtype=float))
        error = np.nan_to_num(np.asarray(part[f'{value}_error'],
                                         dtype=float))
        panel.errorbar(x[good], part[value][good], error[good], fmt=style,
                       color=color, ms=4, capsize=2, lw=1.2, label=method)
        if i == 0:
            counts = part['n_blends' if value == 'completeness'
                          else 'n_flagged']
            panel.set_xticks(np.arange(len(part)),
                             [f'{name}\n({count:.0f})' for name, count in zip(
                                 _limits(part), counts, strict=True)],
                             fontsize=8)
            panel.set_xlim(-0.5, len(part) - 0.5)
    panel.set_ylim(-0.03, 1.03)


def _limits(bins):
    """Return the limits of bins, open at both ends, as text."""
    inner = [f'{row["low"]:g}–{row["high"]:g}' for row in bins[1:-1]]
    return [f'< {bins["high"][0]:g}', *inner, f'> {bins["low"][-1]:g}']
