"""Panels of completeness or purity in bins."""

import numpy as np

__all__ = ['COLOURS', 'draw_bins']

#: Line, marker and colour of each method, the same in every figure.
COLOURS = {'network': ('-o', 'tab:blue'),
           'network, whole stamp': ('-x', 'tab:cyan'),
           'boosted trees': ('--s', 'tab:orange'),
           'area x a/b': (':^', 'tab:green'),
           'area': (':<', 'tab:olive'),
           'a/b': (':>', 'tab:brown'),
           'photutils split': ('-.v', 'tab:red'),
           'flag': ('-.d', 'tab:purple')}
SHIFT = 0.05


def draw_bins(panel, bins, methods, *, value='completeness', error='error',
              count='n'):
    """
    Draw one quantity's bins side by side, a line for each method.

    Parameters
    ----------
    panel : `matplotlib.axes.Axes`
    bins : `~astropy.table.Table`
        ``method``, ``low``, ``high``, and the columns named below.
    methods : sequence of str
        Those drawn, as far as they are in the table.
    value, error : str, optional
        Columns of the points and of their errors.
    count : str, optional
        Column of the numbers below the axis.
    """
    shown = [name for name in methods if name in set(bins['method'])]
    for i, method in enumerate(shown):
        part = bins[bins['method'] == method]
        # bins side by side: their number, not their place
        place = np.arange(len(part)) + SHIFT * (i - (len(shown) - 1) / 2)
        style, colour = COLOURS.get(method, ('-o', None))
        good = np.isfinite(np.asarray(part[value], dtype=float))
        spread = np.nan_to_num(np.asarray(part[error], dtype=float))
        panel.errorbar(place[good], part[value][good], spread[good],
                       fmt=style, color=colour, ms=4, capsize=2, lw=1.2,
                       label=method)
        if i == 0:
            panel.set_xticks(np.arange(len(part)),
                             list(_names(part, count)), fontsize=7)
            panel.set_xlim(-0.5, len(part) - 0.5)
    panel.set_ylim(-0.03, 1.03)


def _names(bins, count):
    """Return the names of bins, open at both ends, and their numbers."""
    last = len(bins) - 1
    for i, row in enumerate(bins):
        limits = (f'< {row["high"]:g}' if i == 0 else
                  f'> {row["low"]:g}' if i == last else
                  f'{row["low"]:g}–{row["high"]:g}')
        yield f'{limits}\n({row[count]:.0f})'
