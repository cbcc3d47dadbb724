"""Writing figures."""

from pathlib import Path

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter.plotting.notebook import DPI

__all__ = ['check_figure_path', 'save_figure']

FORMATS = ('', '.png', '.pdf', '.svg')


def check_figure_path(path, *, overwrite=False, name='plot'):
    """Check, before any work, that a figure can be written to ``path``."""
    check_writable(path, overwrite=overwrite, name=name, extensions=FORMATS)


def save_figure(figure, path):
    """
    Write a figure; an interrupted write leaves no file.

    Parameters
    ----------
    figure : `matplotlib.figure.Figure`
    path : str or path-like
        PNG, PDF or SVG, by the extension; PNG without one.
    """
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI,
                       format=Path(path).suffix[1:].lower() or 'png')
