"""Contact sheets of stamps."""

import numpy as np

__all__ = ['FLAGGED', 'plot_stamps', 'stretch']

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


def plot_stamps(rows, *, noise, marks=None, across=ACROSS):
    """
    Draw a contact sheet of stamps.

    Parameters
    ----------
    rows : dict of `~numpy.ndarray` of shape (n, m, m)
        Stamps of each kind, by its label.
    noise : float
        RMS noise per pixel, which sets the gray scale.
    marks : dict of float `~numpy.ndarray` of shape (n, k, 2), optional
        Positions x, y to mark in the stamps of a kind, NaN for none.
    across : int, optional
        Most stamps in one line of the sheet.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    from matplotlib.figure import Figure

    lines = [(label, part, None if kind not in (marks or {}) else
              marks[kind][start:start + across])
             for kind, stamps in rows.items()
             for start, label, part in _lines(kind, stamps, across)]
    width = max(len(stamps) for _, stamps, _ in lines)
    figure = Figure(figsize=(0.9 * width + 1.2, 0.93 * len(lines) + 0.1),
                    layout='constrained')
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01,
                                   hspace=0.01)
    panels = figure.subplots(len(lines), max(width, 1), squeeze=False)
    for line, (label, stamps, positions) in zip(panels, lines, strict=True):
        for i, panel in enumerate(line):
            panel.set(xticks=[], yticks=[])
            if i >= len(stamps):
                panel.axis('off')
                continue
            panel.imshow(stretch(stamps[i], noise), origin='lower',
                         cmap='gray_r', vmin=-1.0, vmax=4.5)
            if positions is not None:
                panel.scatter(*positions[i].T, s=70, marker='o', lw=0.9,
                              facecolors='none', edgecolors=FLAGGED)
        line[0].set_ylabel(label, fontsize=8, rotation=0, ha='right',
                           va='center')
    return figure
