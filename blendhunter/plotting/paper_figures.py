# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw the figures of Farrens et al. (2022) from tables."""

import numpy as np

from blendhunter.plotting.notebook import new_figure

__all__ = ['plot_accuracy', 'plot_confusion', 'plot_features',
           'plot_realistic', 'plot_separation']

COLUMNS = 4
# of a title
LETTERS_PER_INCH = 10
NETWORK, DETECTOR, OTHER = 'tab:blue', 'tab:orange', '0.4'
# solid for the network, dashed for the detector, as in the paper
STYLES = {
    'network': {'color': NETWORK, 'ls': '-', 'marker': 'o',
                'label': 'BlendHunter'},
    'sep oracle': {'color': DETECTOR, 'ls': '--', 'marker': 's',
                   'label': 'SEP'},
    'packaged model': {'color': OTHER, 'ls': ':', 'marker': '^',
                       'label': 'packaged model'}}
SUBSET_NAMES = {'all': 'all blends', 'close': 'close (< 10 px)',
                'distant': 'distant'}


def _figure(rows, columns, *, size, title):
    """Return a figure and its panels; break the title into lines."""
    from textwrap import fill

    figure = new_figure(figsize=size)
    width = round(LETTERS_PER_INCH * figure.get_figwidth())
    figure.suptitle('\n'.join(fill(line, width)
                              for line in title.splitlines()), fontsize=10)
    if not rows:
        return figure, None
    return figure, figure.subplots(rows, columns, squeeze=False, sharey=True)


def _mean_and_std(table, x_name, y_name):
    """Return mean and standard deviation at each x."""
    x = np.unique(table[x_name])
    values = [np.asarray(table[y_name])[table[x_name] == v] for v in x]
    return (x, np.array([np.mean(v) for v in values]),
            np.array([np.std(v) for v in values]))


def _draw_methods(panel, table, curve, **options):
    """Draw the ``curve(rows)`` of each method, and shade the gain."""
    lines = {}
    for method, style in STYLES.items():
        part = table[table['method'] == method]
        if len(part):
            x, y, error = curve(part)
            panel.errorbar(x, 100 * y, 100 * error, **style, **options)
            lines[method] = np.asarray(x), 100 * np.asarray(y)
    if {'network', 'sep oracle'} <= set(lines):
        x = np.intersect1d(lines['network'][0], lines['sep oracle'][0])
        upper, lower = (np.interp(x, *lines[name])
                        for name in ('network', 'sep oracle'))
        panel.fill_between(x, lower, upper, where=upper > lower, lw=0,
                           color=NETWORK, alpha=0.15, interpolate=True)


def plot_separation(table, *, title=''):
    """
    Plot accuracy against separation, one panel per noise level (Fig. 3).

    Parameters
    ----------
    table : `~astropy.table.Table`
        With the columns ``sigma``, ``method``, ``separation`` (px),
        ``accuracy`` and ``accuracy_std``.
    title : str, optional
        Title of the figure.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The gain of the network over SEP is shaded.
    """
    sigmas = np.unique(table['sigma'])
    columns = min(len(sigmas), COLUMNS)
    rows = -(-len(sigmas) // columns)
    figure, panels = _figure(rows, columns,
                             size=(3.1 * columns + 0.5, 2.7 * rows + 0.5),
                             title=title)
    for panel, sigma in zip(panels.flat, sigmas, strict=False):
        _draw_methods(
            panel, table[table['sigma'] == sigma], lambda part: tuple(
                part[name] for name in ('separation', 'accuracy',
                                        'accuracy_std')), ms=3, lw=1.2)
        panel.set_title(rf'$\sigma$ = {sigma:g}', fontsize=10)
        panel.axvline(10, color='0.7', lw=0.8, zorder=0)
        panel.set_ylim(-2, 103)
    for panel in panels.flat[len(sigmas):]:
        panel.axis('off')
    panels.flat[0].legend(fontsize=8, frameon=False, loc='lower right')
    figure.supxlabel('separation [px]', fontsize=10)
    figure.supylabel('accuracy of blends [%]', fontsize=10)
    return figure


def plot_accuracy(table, *, title=''):
    """
    Plot the accuracy for all stamps against noise (Fig. 4).

    Parameters
    ----------
    table : `~astropy.table.Table`
        With the columns ``sigma``, ``realization``, ``method`` and
        ``accuracy``.
    title : str, optional
        Title of the figure.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Mean and standard deviation over the realizations. The gain of the
        network over SEP is shaded.
    """
    figure, panels = _figure(1, 1, size=(5.6, 4.2), title=title)
    panel = panels[0, 0]
    _draw_methods(panel, table, lambda part: _mean_and_std(
        part, 'sigma', 'accuracy'), capsize=2, ms=4)
    panel.set(xlabel=r'noise $\sigma$ [counts]', ylabel='accuracy [%]')
    panel.legend(frameon=False)
    return figure


def plot_realistic(table, *, title=''):
    """
    Plot the accuracy relative to SEP on the realistic set (Fig. 5).

    Parameters
    ----------
    table : `~astropy.table.Table`
        With the columns ``sigma`` of the training (NaN for SEP),
        ``realization``, ``method``, ``subset`` and ``accuracy``.
    title : str, optional
        Title of the figure.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The differences are in percentage points.
    """
    figure, panels = _figure(1, 1, size=(5.6, 4.2), title=title)
    panel = panels[0, 0]
    for (subset, name), style in zip(
            SUBSET_NAMES.items(), ('-o', '-s', '-^'), strict=True):
        part = table[table['subset'] == subset]
        sep = np.mean(part['accuracy'][part['method'] == 'sep oracle'])
        x, mean, std = _mean_and_std(part[part['method'] == 'network'],
                                     'sigma', 'accuracy')
        panel.errorbar(x, 100 * (mean - sep), 100 * std, fmt=style,
                       capsize=2, ms=4, label=name)
    panel.axhline(0, color='0.3', lw=0.8, ls='--')
    panel.set(xlabel=r'training noise $\sigma$ [counts]',
              ylabel='accuracy relative to SEP [points]')
    panel.legend(frameon=False)
    return figure


def plot_confusion(table, *, title=''):
    """
    Plot true positives and negatives on the realistic set (Fig. 6).

    Parameters
    ----------
    table : `~astropy.table.Table`
        The table of `~blendhunter.plotting.plot_realistic`, with the
        columns ``true_positives`` and ``true_negatives``.
    title : str, optional
        Title of the figure.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Three panels, for all, close and distant blends.
    """
    figure, panels = _figure(1, 3, size=(10, 3.6), title=title)
    for panel, (subset, name) in zip(panels.flat, SUBSET_NAMES.items(),
                                     strict=True):
        part = table[table['subset'] == subset]
        network = part[part['method'] == 'network']
        sep = part[part['method'] == 'sep oracle']
        for key, label, color in (
                ('true_positives', 'true positives', NETWORK),
                ('true_negatives', 'true negatives', 'tab:green')):
            x, mean, std = _mean_and_std(network, 'sigma', key)
            panel.errorbar(x, 100 * mean, 100 * std, fmt='-o', capsize=2,
                           ms=4, color=color, label=label)
            panel.axhline(100 * np.mean(sep[key]), color=color, ls='--',
                          lw=1.2, label=f'{label}, SEP')
        panel.set_title(name, fontsize=10)
    panels[0, 0].set_ylabel('fraction [%]')
    panels[0, 0].legend(fontsize=8, frameon=False)
    figure.supxlabel(r'training noise $\sigma$ [counts]', fontsize=10)
    return figure


def plot_features(table, *, title=''):
    """
    Plot a stamp and the output of each block (Fig. 2).

    Parameters
    ----------
    table : `~astropy.table.Table`
        One row per square map, with the columns ``block`` (0 is the
        stamp), ``width`` and the flattened ``values``.
    title : str, optional
        Title of the figure.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The stamp and the maps of each block.
    """
    blocks = {int(block): [
        np.reshape(row['values'], (row['width'], row['width']))
        for row in table[table['block'] == block]]
        for block in np.unique(table['block'])}
    stamp = blocks.pop(0)[0]
    figure, _ = _figure(0, 0, size=(11, 0.5 + 0.85 * len(blocks)),
                        title=title)
    grid = figure.add_gridspec(len(blocks), 2, width_ratios=(1, 5))
    panel = figure.add_subplot(grid[:, 0])
    panel.imshow(np.arcsinh(stamp), origin='lower', cmap='gray_r')
    panel.set(xticks=[], yticks=[], title='stamp')
    for row, (block, maps) in enumerate(blocks.items()):
        axes = grid[row, 1].subgridspec(1, len(maps), wspace=0.05)
        for i, values in enumerate(maps):
            small = figure.add_subplot(axes[i])
            small.imshow(values, origin='lower', cmap='viridis')
            small.set(xticks=[], yticks=[])
            if i == 0:
                small.set_ylabel(f'block {block}', fontsize=8)
    return figure
