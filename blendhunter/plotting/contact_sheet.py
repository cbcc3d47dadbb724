# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Contact sheets of stamps."""

import numpy as np

from blendhunter._utils.arrays import robust_sigma
from blendhunter.plotting.notebook import new_figure
from blendhunter.stamps import Stamps

__all__ = ['FLAGGED', 'plot_contact_sheet', 'stretch']

FLAGGED = 'tab:red'
# stamps in a line of a sheet
ACROSS = 25


def stretch(pixels, sigma):
    """Return pixels on an asinh scale that shows faint and bright."""
    return np.arcsinh(pixels / (2 * sigma))


def _lines(kind, stamps, across):
    """Yield the start, label and stamps of each line of a kind."""
    for start in range(0, max(len(stamps), 1), across):
        part = stamps[start:start + across]
        yield start, (kind if len(stamps) <= across else
                      f'{kind}\n{start + 1}–{start + len(part)}'), part


def _stacks(stamps):
    """Return arrays (n, m, m) by their label."""
    if not isinstance(stamps, dict):
        stamps = {'': stamps}
    rows = {kind: np.asarray(stack.data if isinstance(stack, Stamps)
                             else stack) for kind, stack in stamps.items()}
    for stack in rows.values():
        if stack.ndim != 3:
            msg = ('stamps must have the shape (n, m, m), '
                   f'got {stack.shape}')
            raise ValueError(msg)
    if not rows:
        msg = 'stamps must not be empty'
        raise ValueError(msg)
    return rows


def _border_noise(rows):
    """Estimate the noise from the first and last lines of all stamps."""
    lines = [stack[:, [0, -1]].reshape(-1) for stack in rows.values()
             if stack.size]
    return robust_sigma(np.concatenate(lines)[None]) if lines else 1.0


def plot_contact_sheet(stamps, *, noise=None, marks=None, across=ACROSS):
    """
    Draw a contact sheet of stamps.

    Parameters
    ----------
    stamps : array_like of shape (n, m, m), Stamps, or dict of these
        The stamps. A dict has several kinds of stamps by their label.
    noise : float, optional
        RMS noise per pixel, which sets the gray scale. By default it is
        estimated at the borders of the stamps.
    marks : dict of float `~numpy.ndarray` of shape (n, k, 2), optional
        Positions (x, y) to mark in the stamps of each kind; NaN for none.
    across : int, optional
        Most stamps in one line.

    Returns
    -------
    figure : `~matplotlib.figure.Figure`
        The contact sheet.

    Raises
    ------
    ValueError
        If there is nothing to draw, or an array does not have the shape
        (n, m, m).
    """
    rows = _stacks(stamps)
    noise = noise or _border_noise(rows) or 1.0
    lines = [(label, part, None if kind not in (marks or {}) else
              marks[kind][start:start + across])
             for kind, stack in rows.items()
             for start, label, part in _lines(kind, stack, across)]
    width = max(len(part) for _, part, _ in lines)
    figure = new_figure(figsize=(0.9 * width + 1.2, 0.93 * len(lines) + 0.1))
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01,
                                   hspace=0.01)
    panels = figure.subplots(len(lines), max(width, 1), squeeze=False)
    for line, (label, part, positions) in zip(panels, lines, strict=True):
        for i, panel in enumerate(line):
            panel.set(xticks=[], yticks=[])
            if i >= len(part):
                panel.axis('off')
                continue
            panel.imshow(stretch(part[i], noise), origin='lower',
                         cmap='gray_r', vmin=-1.0, vmax=4.5)
            if positions is not None:
                panel.scatter(*positions[i].T, s=70, marker='o', lw=0.9,
                              facecolors='none', edgecolors=FLAGGED)
        line[0].set_ylabel(label, fontsize=8, rotation=0, ha='right',
                           va='center')
    return figure
