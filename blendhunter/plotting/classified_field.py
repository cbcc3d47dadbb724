"""A field with its blends marked, and strips of stamps."""

import numpy as np

from blendhunter._utils.arrays import robust_sigma, values_at
from blendhunter._utils.files import atomic_path
from blendhunter._utils.masked import plain_values
from blendhunter.plotting.contact_sheet import FLAGGED, stretch
from blendhunter.plotting.notebook import new_figure
from blendhunter.stamps import STAMP_SIZE, BlendFlag

__all__ = ['plot_result', 'write_ds9_regions']

N_STAMPS = 10
# share of the sources whose least likely are shown: the brightest
BRIGHT = 0.25
WIDTH, STRIP = 10.0, 1.2  # inches
STRANGE = 'tab:orange'
DS9_RADIUS = 8.0  # px


def plot_result(detected, result, *, title=None):
    """
    Draw a classified field, its likeliest blends and bright singles.

    Parameters
    ----------
    detected : `~blendhunter.DetectedImage`
    result : `~astropy.table.Table`
        From ``BlendIdentifier().classify(detected)``.
    title : str, optional

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        The field with the sources of ``is_blend`` circled. Below it a
        strip of the most likely blends, and one of the least likely of
        the bright sources: the brightest quarter by ``snr``, or else by
        the pixel at the position. Contours are the segments that were
        asked about. Sources unlike the training (bit 64 of
        ``blend_flags``) are left out of the strips.
    """
    ny, nx = detected.image.data.shape
    height = WIDTH * ny / nx
    figure = new_figure(figsize=(WIDTH, height + 2 * STRIP + 0.7))
    grid = figure.add_gridspec(3, 1, height_ratios=(height, STRIP, STRIP))
    strange = (np.asarray(result['blend_flags'])
               & BlendFlag.OUT_OF_DOMAIN) > 0
    _draw_field(figure.add_subplot(grid[0]), detected,
                np.asarray(result['is_blend'], dtype=bool), strange)
    figure.suptitle(title or '')
    probability = np.asarray(result['blend_prob'], dtype=float)
    usable = np.flatnonzero(np.isfinite(probability) & ~strange)
    order = usable[np.argsort(probability[usable], kind='stable')]
    for cell, label, rows in (
            (grid[1], 'most likely', order[::-1][:N_STAMPS]),
            (grid[2], 'bright,\nleast likely', _bright_singles(
                detected, result, order))):
        _draw_strip(cell, label, detected, rows, probability[rows])
    return figure


def _bright_singles(detected, result, order):
    """Return the least likely of the brightest sources, in their order."""
    brightness = values_at(detected.image.data, detected.x, detected.y)
    if 'snr' in result.colnames and result['snr'].dtype.kind in 'fiu':
        brightness = plain_values(result['snr'])
    brightness = np.nan_to_num(brightness[order], nan=-np.inf)
    n = max(N_STAMPS, int(BRIGHT * len(order)))
    brightest = np.sort(np.argsort(-brightness, kind='stable')[:n])
    return order[brightest[:N_STAMPS]]


def _draw_field(axes, detected, flagged, strange):
    """Draw the image and a circle around each flagged source."""
    data = detected.image.data
    axes.imshow(stretch(data, robust_sigma(data) or 1.0), origin='lower',
                cmap='gray_r', vmin=-0.8, vmax=4.5,
                interpolation='antialiased')
    size = np.clip(5e7 / data.size, 15, 120)
    for chosen, color, label in (
            (flagged & ~strange, FLAGGED, 'flagged as blends'),
            (flagged & strange, STRANGE,
             'flagged, but unlike the training')):
        if chosen.any() or color == FLAGGED:
            axes.scatter(detected.x[chosen], detected.y[chosen], s=size,
                         marker='o', facecolors='none', edgecolors=color,
                         linewidths=0.9, label=f'{chosen.sum()} {label}')
    axes.scatter([], [], s=0,
                 label=f'{np.sum(~flagged)} single or not classified')
    axes.set(xlabel='x [px]', ylabel='y [px]',
             xlim=(-0.5, data.shape[1] - 0.5),
             ylim=(-0.5, data.shape[0] - 0.5))
    axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1.0), ncols=3,
                frameon=False, handletextpad=0.2)


def _draw_strip(cell, label, detected, rows, probability):
    """Draw a strip of stamps with their probabilities."""
    axes = cell.subgridspec(1, N_STAMPS, wspace=0.05).subplots(
        squeeze=False)[0]
    pixels = detected.stamps(rows, 'stamp').data
    regions = detected.stamps(rows).regions
    for i, panel in enumerate(axes):
        panel.set(xticks=[], yticks=[])
        if i >= len(rows):
            panel.axis('off')
            continue
        panel.imshow(stretch(pixels[i], 1.0), origin='lower',
                     cmap='gray_r', vmin=-0.8, vmax=4.0)
        if regions[i].any() and not regions[i].all():
            panel.contour(regions[i], levels=[0.5], colors=FLAGGED,
                          linewidths=0.7)
        panel.set_title(f'{probability[i]:.3f}', fontsize=8, pad=2)
        panel.set(xlim=(-0.5, STAMP_SIZE - 0.5),
                  ylim=(-0.5, STAMP_SIZE - 0.5))
    axes[0].set_ylabel(label, fontsize=9)


def write_ds9_regions(path, detected, result):
    """
    Write a circle for each source for SAOImage DS9.

    Parameters
    ----------
    path : str or path-like
    detected : `~blendhunter.DetectedImage`
    result : `~astropy.table.Table`
        From ``BlendIdentifier().classify(detected)``. Blends are red, the
        others cyan; the text is ``blend_prob``.
    """
    from regions import CirclePixelRegion, PixCoord, Regions

    known = np.flatnonzero(np.isfinite(detected.x) & np.isfinite(detected.y))
    circles = Regions([
        CirclePixelRegion(
            PixCoord(detected.x[i], detected.y[i]), DS9_RADIUS,
            meta={'text': f'{result["blend_prob"][i]:.2f}'},
            visual={'color': 'red' if result['is_blend'][i] else 'cyan'})
        for i in known])
    with atomic_path(path) as temporary:
        temporary.write_text(circles.serialize(format='ds9', precision=2))
