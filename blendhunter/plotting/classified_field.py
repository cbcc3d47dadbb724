# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw a field with its blends, and strips of stamps."""

import numpy as np

from blendhunter._utils.arrays import robust_sigma, values_at
from blendhunter._utils.files import atomic_path
from blendhunter._utils.masked import plain_values
from blendhunter.plotting.classified_sources import (
    check_rows,
    companions,
    flags_of,
    is_flagged,
    probabilities,
    sources_on_image,
)
from blendhunter.plotting.contact_sheet import FLAGGED, stretch
from blendhunter.plotting.notebook import new_figure
from blendhunter.plotting.stamp_sheet import COMPANION, draw_stamp
from blendhunter.stamps import BlendFlag

__all__ = ['extreme_rows', 'plot_field', 'plot_result', 'write_ds9_regions']

N_STAMPS = 10
# share of the sources whose least likely are shown: the brightest
BRIGHT = 0.25
WIDTH, MAX_HEIGHT, STRIP = 10.0, 20.0, 1.2  # inches
MARGIN = 0.8  # left of a field
STRANGE = 'tab:orange'
# circles that get their row number: more could not be read
MAX_NUMBERED = 60
# of a row number, over the width of the image
NUMBER_WIDTH = 0.05
DS9_RADIUS = 8.0  # px


def plot_field(image, result, *, rows=None, title=None):
    """
    Draw the field with the flagged sources circled.

    Parameters
    ----------
    image : image-like of shape (ny, nx), or `~blendhunter.DetectedImage`
        The classified image.
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify`, or a part of it.
    rows : int array_like of shape (m,), optional
        Row numbers, from 0, of the sources to circle. By default those
        with ``is_blend``.
    title : str, optional
        Title of the figure.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Up to 60 circles have their row number. If the table has the
        columns ``companion_x`` and ``companion_y``, blue crosses mark the
        companions of the circled rows.

    Raises
    ------
    ValueError
        If the table is not a result, if it belongs to another image, or
        if a row is not in it.

    Examples
    --------
    >>> from blendhunter import BlendIdentifier, simulate_field
    >>> from blendhunter.plotting import plot_field
    >>> image, truth = simulate_field((200, 200), rng=1)
    >>> result = BlendIdentifier().classify(image)
    >>> figure = plot_field(image, result, title='simulated')
    """
    detected = sources_on_image(image, result)
    if rows is None:
        chosen = is_flagged(result)
    else:
        chosen = np.zeros(len(result), dtype=bool)
        chosen[check_rows(rows, len(result))] = True
    ny, nx = detected.image.data.shape
    scale = min((WIDTH - MARGIN) / nx, MAX_HEIGHT / ny)
    figure = new_figure(figsize=(max(scale * nx + MARGIN, WIDTH / 2),
                                 scale * ny + (1.3 if title else 0.95)))
    if title:
        figure.suptitle(title)
    axes = figure.add_subplot()
    if rows is None:
        _draw_field(axes, detected, chosen, _strange(result))
    else:
        _draw_image(axes, detected.image.data)
        _circle(axes, detected, chosen, FLAGGED,
                f'{chosen.sum()} of {len(result)} sources')
        _legend(axes)
    circled = np.flatnonzero(chosen)
    axes.scatter(*companions(result, circled), **{**COMPANION, 's': 15})
    if len(circled) <= MAX_NUMBERED:
        _number(axes, detected, circled)
    return figure


def _number(axes, detected, rows):
    """Write row numbers beside the sources."""
    right = (1 - NUMBER_WIDTH) * detected.image.data.shape[1]
    for row in rows:
        position = detected.x[row], detected.y[row]
        if not np.isfinite(position).all():
            continue
        # the numbers stay on the image
        side = -1 if position[0] > right else 1
        axes.annotate(str(row), position, xytext=(5 * side, 5), fontsize=9,
                      textcoords='offset points', color=FLAGGED,
                      ha='right' if side < 0 else 'left')


def _strange(result):
    """Return which rows are unlike the training."""
    return (flags_of(result) & BlendFlag.OUT_OF_DOMAIN) > 0


def plot_result(detected, result, *, title=None):
    """
    Draw a classified field, its most likely blends and bright singles.

    Parameters
    ----------
    detected : `~blendhunter.DetectedImage`
        The classified image.
    result : `~astropy.table.Table`
        From ``BlendIdentifier().classify(detected)``.
    title : str, optional
        Title of the figure.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The field, in which the sources with ``is_blend`` are circled.
        Below are two strips of stamps: the most likely blends, and the
        least likely ones among the bright sources. Bright sources are the
        brightest quarter by ``snr``, or by the pixel at the position.
        Contours show the segments. Sources out of domain (bit 64 of
        ``blend_flags``) are not in the strips.
    """
    ny, nx = detected.image.data.shape
    height = WIDTH * ny / nx
    figure = new_figure(figsize=(WIDTH, height + 2 * STRIP + 0.7))
    grid = figure.add_gridspec(3, 1, height_ratios=(height, STRIP, STRIP))
    _draw_field(figure.add_subplot(grid[0]), detected, is_flagged(result),
                _strange(result))
    figure.suptitle(title or '')
    probability = probabilities(result)
    for cell, label, rows in zip(
            (grid[1], grid[2]), ('most likely', 'bright,\nleast likely'),
            extreme_rows(detected, result, N_STAMPS), strict=True):
        _draw_strip(cell, label, detected, rows, probability[rows])
    return figure


def extreme_rows(detected, result, n):
    """
    Return the n most likely rows, and the n least likely bright ones.

    Bright is the brightest quarter by ``snr``, or else by the pixel at
    the position. Sources unlike the training are left out.
    """
    probability = probabilities(result)
    usable = np.flatnonzero(np.isfinite(probability) & ~_strange(result))
    order = usable[np.argsort(probability[usable], kind='stable')]
    brightness = values_at(detected.image.data, detected.x, detected.y)
    if 'snr' in result.colnames and result['snr'].dtype.kind in 'fiu':
        brightness = plain_values(result['snr'])
    brightness = np.nan_to_num(brightness[order], nan=-np.inf)
    n_bright = max(n, int(BRIGHT * len(order)))
    brightest = np.sort(np.argsort(-brightness, kind='stable')[:n_bright])
    return order[::-1][:n], order[brightest[:n]]


def _draw_image(axes, data):
    """Draw the pixels of a field."""
    axes.imshow(stretch(data, robust_sigma(data) or 1.0), origin='lower',
                cmap='gray_r', vmin=-0.8, vmax=4.5,
                interpolation='antialiased')
    axes.set(xlabel='x [px]', ylabel='y [px]',
             xlim=(-0.5, data.shape[1] - 0.5),
             ylim=(-0.5, data.shape[0] - 0.5))


def _circle(axes, detected, chosen, color, label):
    """Draw a circle around each chosen source."""
    size = np.clip(5e7 / detected.image.data.size, 40, 120)
    axes.scatter(detected.x[chosen], detected.y[chosen], s=size, marker='o',
                 facecolors='none', edgecolors=color, linewidths=0.9,
                 label=label)


def _legend(axes):
    """Write above a field what the circles mean."""
    axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1.0), ncols=3,
                frameon=False, handletextpad=0.2)


def _draw_field(axes, detected, flagged, strange):
    """Draw the image and a circle around each flagged source."""
    _draw_image(axes, detected.image.data)
    for chosen, color, label in (
            (flagged & ~strange, FLAGGED, 'flagged as blends'),
            (flagged & strange, STRANGE,
             'flagged, but unlike the training')):
        if chosen.any() or color == FLAGGED:
            _circle(axes, detected, chosen, color, f'{chosen.sum()} {label}')
    axes.scatter([], [], s=0,
                 label=f'{np.sum(~flagged)} single or not classified')
    _legend(axes)


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
        draw_stamp(panel, pixels[i], regions[i])
        panel.set_title(f'{probability[i]:.3f}', fontsize=9, pad=2)
    axes[0].set_ylabel(label, fontsize=10)


def write_ds9_regions(path, detected, result):
    """
    Write a circle for each source to a region file for SAOImage DS9.

    Blends are red, other sources cyan. The text of a circle is its
    ``blend_prob``.

    Parameters
    ----------
    path : str or path-like
        Region file to write.
    detected : `~blendhunter.DetectedImage`
        The classified image.
    result : `~astropy.table.Table`
        From ``BlendIdentifier().classify(detected)``.
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
