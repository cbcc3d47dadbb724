# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write figures to files."""

from pathlib import Path

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter.plotting.notebook import DPI

__all__ = ['check_figure_path', 'save_figure']

FORMATS = ('', '.png', '.pdf', '.svg')


def check_figure_path(path, *, overwrite=False, name='plot'):
    """
    Check that a figure can be written, before any work.

    Parameters
    ----------
    path : str or path-like
        The file.
    overwrite : bool, optional
        Whether an existing file may be replaced.
    name : str, optional
        Name of the argument, for the error message.

    Raises
    ------
    ValueError, OSError
        If the extension is unknown, or the file exists or cannot be
        written.
    """
    check_writable(path, overwrite=overwrite, name=name, extensions=FORMATS)


def save_figure(figure, path):
    """
    Write a figure; an interrupted write leaves no file.

    Parameters
    ----------
    figure : `~matplotlib.figure.Figure`
        The figure.
    path : str or path-like
        File to write. The extension chooses PNG, PDF or SVG; without
        extension the format is PNG.
    """
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI,
                       format=Path(path).suffix[1:].lower() or 'png')
