# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Figures that a notebook shows directly."""

import io
from functools import partial

__all__ = ['DPI', 'figure_png', 'new_figure']

#: Dots per inch of all pictures.
DPI = 110


def new_figure(**options):
    """
    Return a Figure that shows in a notebook without ``%matplotlib inline``.

    A bare `matplotlib.figure.Figure` has no picture for IPython, which
    looks for ``_repr_png_`` on the object.
    """
    from matplotlib.figure import Figure

    figure = Figure(layout='constrained', **options)
    # on the object, so that it stays a plain Figure that can be pickled
    figure._repr_png_ = partial(figure_png, figure)
    return figure


def figure_png(figure):
    """Return the picture of a figure, as PNG."""
    target = io.BytesIO()
    figure.savefig(target, format='png', dpi=DPI)
    return target.getvalue()
