"""A field with its blends marked, and strips of stamps."""

import numpy as np

from blendhunter._utils.arrays import robust_sigma
from blendhunter.plotting.stamps import FLAGGED, stretch
from blendhunter.stamps import STAMP_SIZE, BlendFlag, extract_stamps

__all__ = ['plot_result']

N_STAMPS = 10
WIDTH, STRIP = 10.0, 1.2  # inches
STRANGE = 'tab:orange'


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
        a strip each of the most and the least likely blends, those left
        out that are unlike the training (bit 64 of ``blend_flags``).
    """
    from matplotlib.figure import Figure

    image = np.asarray(image, dtype=np.float32)
    sigma = robust_sigma(image) or 1.0
    x, y = _positions(result)
    height = WIDTH * image.shape[0] / image.shape[1]
    figure = Figure(figsize=(WIDTH, height + 2 * STRIP + 0.7),
                    layout='constrained')
    grid = figure.add_gridspec(3, 1, height_ratios=(height, STRIP, STRIP))
    strange = _strange(result)
    _draw_field(figure.add_subplot(grid[0]), image, sigma, x, y, result,
                strange)
    figure.suptitle(title or '')
    probability = np.asarray(result['blend_prob'], dtype=float)
    usable = np.flatnonzero(np.isfinite(probability) & ~strange)
    order = usable[np.argsort(probability[usable], kind='stable')]
    for row, (label, rows) in enumerate(
            (('most likely', order[::-1][:N_STAMPS]),
             ('least likely', order[:N_STAMPS])), start=1):
        _draw_strip(grid[row], label, rows, image, sigma, x, y, probability,
                    segmentation)
    return figure


def _strange(result):
    """Return which sources are unlike the network's training."""
    if 'blend_flags' not in result.colnames:
        return np.zeros(len(result), dtype=bool)
    return (np.asarray(result['blend_flags'])
            & BlendFlag.OUT_OF_DOMAIN) > 0


def _positions(result):
    """Return the pixel positions in a result table."""
    from blendhunter.catalogs import catalog_positions

    return catalog_positions(result)


def _draw_field(axes, image, sigma, x, y, result, strange):
    """Draw the image and a circle around each flagged source."""
    axes.imshow(stretch(image, sigma), origin='lower', cmap='gray_r',
                vmin=-0.8, vmax=4.5, interpolation='antialiased')
    flagged = np.asarray(result['is_blend'], dtype=bool)
    size = np.clip(5e7 / image.size, 15, 120)
    for chosen, colour, label in (
            (flagged & ~strange, FLAGGED, 'flagged as blends'),
            (flagged & strange, STRANGE,
             'flagged, but unlike the training')):
        if chosen.any() or colour == FLAGGED:
            axes.scatter(x[chosen], y[chosen], s=size, marker='o',
                         facecolors='none', edgecolors=colour,
                         linewidths=0.9, label=f'{chosen.sum()} {label}')
    axes.scatter([], [], s=0,
                 label=f'{np.sum(~flagged)} single or not classified')
    axes.set(xlabel='x [px]', ylabel='y [px]',
             xlim=(-0.5, image.shape[1] - 0.5),
             ylim=(-0.5, image.shape[0] - 0.5))
    axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1.0), ncols=3,
                frameon=False, handletextpad=0.2)


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
        panel.imshow(stretch(pixels[i], sigma), origin='lower',
                     cmap='gray_r', vmin=-0.8, vmax=4.0)
        if regions is not None and regions[i].any():
            panel.contour(regions[i], levels=[0.5], colors=FLAGGED,
                          linewidths=0.7)
        panel.set_title(f'{probability[rows[i]]:.3f}', fontsize=8, pad=2)
        panel.set(xlim=(-0.5, STAMP_SIZE - 0.5),
                  ylim=(-0.5, STAMP_SIZE - 0.5))
    axes[0].set_ylabel(label, fontsize=9)
