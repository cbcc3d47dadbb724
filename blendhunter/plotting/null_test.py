# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw the null test: probabilities of isolated sources."""

import numpy as np

from blendhunter.plotting.contact_sheet import stretch
from blendhunter.plotting.notebook import new_figure
from blendhunter.stamps import STAMP_SIZE

__all__ = ['plot_singles', 'plot_worst_singles']

COLORS = {'point-like': 'tab:blue', 'round': 'tab:orange'}
OTHER = '0.75'
# sources in each point of a running mean: a tenth of them, but at least
WINDOW = 20
PARTS = 10
LOCUS_WIDTHS = 3.0
CONTOUR = 'tab:red'
# stamps in one line of the strip
ACROSS = 10


def plot_singles(sources, *, threshold=0.5):
    """
    Draw the probabilities of isolated sources and the stellar locus.

    Parameters
    ----------
    sources : `~astropy.table.Table`
        The ``sources`` of a `~blendhunter.benchmark.SinglesResult`.
    threshold : float, optional
        Sources with ``blend_prob >= threshold`` are flagged.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Left: ``blend_prob`` against SNR, with running means of the flagged
        fraction (solid) and of the fraction expected by chance (dashed).
        Right: half-light radius against SNR, with the stellar locus and
        three times its width.
    """
    figure = new_figure(figsize=(9.5, 4.4))
    left, right = figure.subplots(1, 2, sharex=True)
    for kind, color in COLORS.items():
        part = sources[(sources['kind'] == kind)
                       & np.isfinite(np.asarray(sources['blend_prob']))]
        part = part[np.argsort(np.asarray(part['snr']), kind='stable')]
        left.scatter(part['snr'], part['blend_prob'], s=7, color=color,
                     alpha=0.5, lw=0, label=f'{kind} ({len(part)})')
        for name, style in (('is_blend', '-'), ('chance', '--')):
            left.plot(*_running_mean(part, name), style, color=color)
    left.plot([], [], '-', color='0.3', label='fraction flagged')
    left.plot([], [], '--', color='0.3', label='by chance')
    left.axhline(threshold, color='0.8', lw=0.8, zorder=0)
    left.set(xlabel='SNR', ylabel='blend probability, or fraction',
             xscale='log', ylim=(-0.02, 1.02))
    left.legend(fontsize=10, frameon=False, loc='upper left')
    _draw_locus(right, sources)
    return figure


def _running_mean(part, name):
    """Return the mean SNR (geometric) and value of neighbors in SNR."""
    n = min(max(WINDOW, len(part) // PARTS), len(part))
    if n < 2:
        return [], []
    kernel = np.full(n, 1 / n)
    return (np.exp(np.convolve(np.log(part['snr']), kernel, 'valid')),
            np.convolve(np.asarray(part[name], dtype=float), kernel,
                        'valid'))


def _draw_locus(panel, sources):
    """Draw half-light radii, and the locus with its width."""
    radius = np.asarray(sources['half_light_radius'])
    for kind, color in {'other': OTHER, **COLORS}.items():
        part = np.asarray(sources['kind'] == kind)
        panel.scatter(sources['snr'][part], radius[part], s=7, color=color,
                      alpha=0.7, lw=0, label=kind)
    order = np.argsort(np.asarray(sources['snr']), kind='stable')
    snr, center, width = (np.asarray(sources[name])[order] for name in (
        'snr', 'locus_radius', 'locus_width'))
    panel.plot(snr, center, color='k', lw=1, label='stellar locus')
    for side in (-1, 1):
        panel.plot(snr, center * np.exp(side * LOCUS_WIDTHS * width
                                        / center), ':k', lw=0.8)
    shown = radius[np.isfinite(radius) & (radius > 0)]
    panel.set(xlabel='SNR', ylabel='half-light radius [px]', yscale='log',
              ylim=(0.8 * min(np.percentile(shown, 1), center.min()),
                    1.3 * np.percentile(shown, 99)))
    panel.yaxis.set_major_formatter('{x:g}')
    panel.yaxis.set_minor_formatter(_label_some)
    panel.legend(fontsize=10, frameon=False, loc='upper right')


def _label_some(value, _):
    """Label a few minor ticks of a logarithmic axis."""
    digit = round(value / 10 ** np.floor(np.log10(value) + 1e-9))
    return f'{value:g}' if digit in (2, 3, 5) else ''


def plot_worst_singles(detected, sources, rows):
    """
    Draw the stamps of sources with their segments, one line per kind.

    Parameters
    ----------
    detected : `~blendhunter.DetectedImage`
        Attribute ``detected`` of a `~blendhunter.benchmark.SinglesResult`.
    sources : `~astropy.table.Table`
        Attribute ``sources`` of the same result.
    rows : dict of int array_like
        Rows to draw, by the label of the line.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Above each stamp are the probability and the SNR of the source.
    """
    lines = [(kind, np.asarray(chosen)[start:start + ACROSS])
             for kind, chosen in rows.items()
             for start in range(0, max(len(chosen), 1), ACROSS)]
    figure = new_figure(figsize=(0.95 * ACROSS + 1, 1.25 * len(lines) + 0.2))
    figure.supxlabel('above the stamps: blend probability, SNR', fontsize=10)
    panels = figure.subplots(len(lines), ACROSS, squeeze=False)
    for line, (kind, chosen) in zip(panels, lines, strict=True):
        # the axis of a label is there even where there is no stamp
        line[0].set_ylabel(kind, fontsize=10)
        pixels = detected.stamps(chosen, 'stamp').data
        regions = detected.stamps(chosen).regions
        for i, panel in enumerate(line):
            panel.set(xticks=[], yticks=[])
            if i >= len(chosen):
                panel.set_frame_on(False)
                continue
            panel.imshow(stretch(pixels[i], 1.0), origin='lower',
                         cmap='gray_r', vmin=-0.8, vmax=4.5)
            panel.contour(regions[i], levels=[0.5], colors=CONTOUR,
                          linewidths=0.7)
            row = sources[int(chosen[i])]
            panel.set_title(f'{row["blend_prob"]:.2f}, {row["snr"]:.0f}',
                            fontsize=10, pad=2)
            panel.set(xlim=(-0.5, STAMP_SIZE - 0.5),
                      ylim=(-0.5, STAMP_SIZE - 0.5))
    return figure
