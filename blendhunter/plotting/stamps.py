"""Contact sheets of stamps."""

import numpy as np

__all__ = ['FLAGGED', 'plot_stamps', 'sheet_lines', 'stretch']

FLAGGED = 'tab:red'
# stamps in a line of a sheet
ACROSS = 25


def stretch(pixels, sigma):
    """Return pixels on an asinh scale that shows faint and bright."""
    return np.arcsinh(pixels / (2 * sigma))


def sheet_lines(label, rows, *, across=ACROSS):
    """
    Break rows of one kind into lines of a contact sheet.

    Parameters
    ----------
    label : str
        Of the kind; where there are several lines, each also has its
        numbers.
    rows : sequence of length n
    across : int, optional
        Most in one line.

    Yields
    ------
    label : str
    part : sequence of length ``across`` or less
    """
    for start in range(0, len(rows), across):
        part = rows[start:start + across]
        yield (label if len(rows) <= across else
               f'{label}\n{start + 1}–{start + len(part)}'), part


def plot_stamps(rows, *, noise, marks=None):
    """
    Draw a contact sheet of stamps.

    Parameters
    ----------
    rows : dict of `~numpy.ndarray` of shape (n, m, m)
        Stamps of each row of the sheet, by its label.
    noise : float
        RMS noise per pixel, which sets the grey scale.
    marks : dict of float `~numpy.ndarray` of shape (n, k, 2), optional
        Positions x, y to mark in the stamps of a row, NaN for none.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    from matplotlib.figure import Figure

    across = max(len(stamps) for stamps in rows.values())
    figure = Figure(figsize=(0.9 * across + 1.2, 0.93 * len(rows) + 0.1),
                    layout='constrained')
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01,
                                   hspace=0.01)
    panels = figure.subplots(len(rows), across, squeeze=False)
    for line, (label, stamps) in zip(panels, rows.items(), strict=True):
        for i, panel in enumerate(line):
            panel.set(xticks=[], yticks=[])
            if i >= len(stamps):
                panel.axis('off')
                continue
            panel.imshow(stretch(stamps[i], noise), origin='lower',
                         cmap='gray_r', vmin=-1.0, vmax=4.5)
            if marks and label in marks:
                panel.scatter(*marks[label][i].T, s=70, marker='o', lw=0.9,
                              facecolors='none', edgecolors=FLAGGED)
        line[0].set_ylabel(label, fontsize=8, rotation=0, ha='right',
                           va='center')
    return figure
