# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw the stamps of chosen rows of a result."""

from textwrap import fill

import numpy as np

from blendhunter._utils.arrays import round_position
from blendhunter.plotting.classified_sources import (
    check_rows,
    companions,
    flagged_rows,
    flags_of,
    probabilities,
    sources_on_image,
)
from blendhunter.plotting.contact_sheet import FLAGGED, stretch
from blendhunter.plotting.notebook import new_figure
from blendhunter.stamps import STAMP_SIZE, BlendFlag, decode_blend_flags

__all__ = ['COMPANION', 'MAX_STAMPS', 'draw_stamp', 'plot_stamps']

#: Most flagged sources that are drawn if no rows are chosen.
MAX_STAMPS = 50
#: The cross of a companion.
COMPANION = {'marker': '+', 's': 30, 'color': 'tab:blue', 'linewidths': 1.1}
ACROSS = 8
# the title needs the width of so many stamps
LEAST_ACROSS = 5
WIDTH, HEIGHT, FLAG_LINE, TITLE = 1.2, 1.42, 0.14, 0.4  # inches
# letters of the flags under a stamp
LETTERS = 18


def plot_stamps(image, result, *, rows=None, n_across=ACROSS, title=None):
    """
    Draw the stamps of chosen rows of a result.

    Parameters
    ----------
    image : image-like of shape (ny, nx), or `~blendhunter.DetectedImage`
        The classified image. If you classified it with your own mask,
        noise map or segments, give the `~blendhunter.DetectedImage`. Its
        segments are then drawn.
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify`, or a part of it.
    rows : int array_like of shape (m,), optional
        Row numbers, from 0. By default the rows with ``is_blend``, at
        most 50, with the highest ``blend_prob`` first.
    n_across : int, optional
        Most stamps in one line.
    title : str, optional
        Title of the figure. By default it states the number of sources.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        Above each stamp are the row and ``blend_prob``, below it the names
        of its ``blend_flags``. A red line shows the segment of the source.
        A blue cross marks the companion, if the table has the columns
        ``companion_x`` and ``companion_y``.

    Raises
    ------
    ValueError
        If the table is not a result, if it belongs to another image, or
        if a row is not in it.

    Examples
    --------
    >>> from blendhunter import BlendIdentifier, simulate_field
    >>> from blendhunter.plotting import plot_stamps
    >>> image, truth = simulate_field((200, 200), rng=1)
    >>> result = BlendIdentifier().classify(image)
    >>> figure = plot_stamps(image, result, rows=[0, 3])
    >>> figure.get_suptitle()
    '2 of 31 sources'
    """
    if n_across < 1:
        msg = f'n_across must be positive, got {n_across!r}'
        raise ValueError(msg)
    rows, text = _choose(result, rows)
    detected = sources_on_image(image, result)
    labels = [_flag_names(value) for value in flags_of(result)[rows]]
    figure, panels = _panels(labels, n_across)
    figure.suptitle(text if title is None else title, fontsize=12)
    if not len(rows):
        return figure
    pixels = detected.stamps(rows, 'stamp').data
    regions = detected.stamps(rows).regions
    corner = np.array([round_position(detected.x[rows]),
                       round_position(detected.y[rows])]) - STAMP_SIZE // 2
    crosses = (companions(result, rows) - corner).T
    probability = probabilities(result)[rows]
    for i, panel in enumerate(panels[:len(rows)]):
        draw_stamp(panel, pixels[i], regions[i])
        panel.scatter(*crosses[i], **COMPANION)
        answer = f'{probability[i]:.3f}' if np.isfinite(
            probability[i]) else '–'
        panel.set_title(f'{rows[i]}: {answer}', fontsize=10, pad=2)
        panel.set_xlabel(labels[i], fontsize=8, labelpad=2)
    return figure


def _choose(result, rows):
    """Return the rows that are drawn, and what they are."""
    if rows is not None:
        rows = check_rows(rows, len(result))
        return rows, f'{len(rows)} of {len(result)} sources'
    flagged = flagged_rows(result)
    if not len(flagged):
        return flagged, f'none of {len(result)} sources is flagged'
    rows = flagged[:MAX_STAMPS]
    return rows, (f'{len(rows)} of {len(flagged)} flagged sources, highest '
                  'blend_prob first')


def _flag_names(value):
    """Return the names of flags in short lines."""
    names = decode_blend_flags(int(value) & sum(BlendFlag))
    return fill(', '.join(names).replace('_', ' '), LETTERS)


def _panels(labels, n_across):
    """Return a figure and its panels, of which the last may be empty."""
    across = min(n_across, max(len(labels), LEAST_ACROSS))
    n_lines = -(-len(labels) // across)
    flag_lines = [max(len(label.splitlines()) for label in
                      labels[i * across:(i + 1) * across])
                  for i in range(n_lines)]
    heights = [HEIGHT + FLAG_LINE * n for n in flag_lines]
    figure = new_figure(figsize=(max(across, LEAST_ACROSS) * WIDTH,
                                 TITLE + sum(heights)))
    if not labels:
        return figure, []
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.01,
                                   hspace=0.01)
    panels = figure.subplots(n_lines, across, squeeze=False,
                             height_ratios=heights).ravel()
    for panel in panels[len(labels):]:
        panel.axis('off')
    return figure, panels


def draw_stamp(panel, pixels, region):
    """Draw a stamp in units of its noise, and the outline of a region."""
    panel.set(xticks=[], yticks=[])
    panel.imshow(stretch(pixels, 1.0), origin='lower', cmap='gray_r',
                 vmin=-0.8, vmax=4.0)
    if region.any() and not region.all():
        panel.contour(region, levels=[0.5], colors=FLAGGED, linewidths=0.7)
    panel.set(xlim=(-0.5, STAMP_SIZE - 0.5), ylim=(-0.5, STAMP_SIZE - 0.5))
