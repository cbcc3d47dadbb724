"""Figures: a field with its blends marked, and strips of stamps."""

import numpy as np

from blendhunter._utils.arrays import robust_sigma
from blendhunter._utils.files import atomic_path
from blendhunter.stamps import STAMP_SIZE, extract_stamps

__all__ = ['plot_result', 'save_figure']

N_STAMPS = 12
FLAGGED = 'tab:red'
OTHERS = 'tab:cyan'


def _stretch(pixels, sigma):
    """Return pixels on an asinh scale that shows faint and bright."""
    return np.arcsinh(pixels / (2 * sigma))


def plot_result(image, result, *, segmentation=None, title=None):
    """
    Draw a classified field and its most and least likely blends.

    Parameters
    ----------
    image : 2-D `~numpy.ndarray`
        Background-subtracted pixels.
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify`, with
        ``x_centroid`` and ``y_centroid``, or ``x`` and ``y``.
    segmentation : 2-D int array, optional
        Outlines the segment asked about in each stamp.
    title : str, optional

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        The field with the sources of ``is_blend`` circled, and below it
        a strip each of the most and the least likely blends.
    """
    from matplotlib.figure import Figure

    image = np.asarray(image, dtype=np.float32)
    sigma = robust_sigma(image) or 1.0
    x, y = _positions(result)
    figure = Figure(figsize=(11, 13.2), layout='constrained')
    grid = figure.add_gridspec(3, 1, height_ratios=(9.4, 1.25, 1.25))
    _draw_field(figure.add_subplot(grid[0]), image, sigma, x, y, result,
                title)
    probability = np.asarray(result['blend_prob'], dtype=float)
    usable = np.flatnonzero(np.isfinite(probability))
    order = usable[np.argsort(probability[usable])]
    for row, (label, rows) in enumerate(
            (('most likely\nblends', order[::-1][:N_STAMPS]),
             ('least likely\nblends', order[:N_STAMPS])), start=1):
        _draw_strip(grid[row], label, rows, image, sigma, x, y,
                    probability, segmentation)
    return figure


def _positions(result):
    """Return the pixel positions in a result table."""
    from blendhunter.catalogs import catalog_positions

    return catalog_positions(result)


def _draw_field(axes, image, sigma, x, y, result, title):
    """Draw the image and a circle around each flagged source."""
    axes.imshow(_stretch(image, sigma), origin='lower', cmap='gray_r',
                vmin=-0.8, vmax=4.5, interpolation='antialiased')
    flagged = np.asarray(result['is_blend'], dtype=bool)
    size = max(4, 14_000 / max(image.shape) ** 1.05)
    axes.scatter(x[~flagged], y[~flagged], s=size / 2, marker='.',
                 color=OTHERS, linewidths=0, alpha=0.7,
                 label=f'{np.sum(~flagged)} single or not classified')
    axes.scatter(x[flagged], y[flagged], s=4 * size, marker='o',
                 facecolors='none', edgecolors=FLAGGED, linewidths=0.9,
                 label=f'{np.sum(flagged)} flagged as blends')
    axes.set(xlabel='x [px]', ylabel='y [px]', title=title or '',
             xlim=(-0.5, image.shape[1] - 0.5),
             ylim=(-0.5, image.shape[0] - 0.5))
    axes.legend(loc='upper left', bbox_to_anchor=(1.0, 1.0), fontsize=9,
                frameon=False)


def _draw_strip(place, label, rows, image, sigma, x, y, probability,
                segmentation):
    """Draw a strip of stamps with their probabilities."""
    axes = place.subgridspec(1, N_STAMPS, wspace=0.05).subplots(
        squeeze=False)[0]
    positions = np.column_stack([x[rows], y[rows]])
    pixels = extract_stamps(image, positions).data
    regions = None
    if segmentation is not None and len(rows):
        regions = extract_stamps(image, positions,
                                 segmentation=segmentation).regions
    for i, panel in enumerate(axes):
        panel.set(xticks=[], yticks=[])
        if i >= len(rows):
            panel.axis('off')
            continue
        panel.imshow(_stretch(pixels[i], sigma), origin='lower',
                     cmap='gray_r', vmin=-0.8, vmax=4.0)
        if regions is not None and regions[i].any():
            panel.contour(regions[i], levels=[0.5], colors=FLAGGED,
                          linewidths=0.7)
        panel.set_title(f'{probability[rows[i]]:.3f}', fontsize=8, pad=2)
        panel.set(xlim=(-0.5, STAMP_SIZE - 0.5),
                  ylim=(-0.5, STAMP_SIZE - 0.5))
    axes[0].set_ylabel(label, fontsize=9)


def save_figure(figure, path):
    """
    Write a figure; an interrupted write leaves no file.

    Parameters
    ----------
    figure : `matplotlib.figure.Figure`
    path : str or path-like
        PNG, PDF or whatever matplotlib knows, by the extension.
    """
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110)
