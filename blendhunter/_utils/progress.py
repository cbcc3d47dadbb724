# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Progress bars, shown in a terminal or a notebook only."""

import sys
import warnings

__all__ = ['progress_bar']


def progress_bar(*, total, description, enabled=True, initial=0):
    """
    Return a tqdm bar, silent if stderr is neither terminal nor notebook.

    ``total`` is the number of steps, None if it is unknown, and
    ``initial`` how many are done already. Use it as a context manager.
    """
    with warnings.catch_warnings():
        # a notebook without ipywidgets gets a bar of text
        warnings.simplefilter('ignore')
        from tqdm.auto import tqdm

    # None: tqdm asks stderr, which is no terminal in a notebook
    shown = False if _in_notebook() else None
    return tqdm(total=total, desc=description, initial=initial,
                dynamic_ncols=True, disable=shown if enabled else True)


def _in_notebook():
    """Tell whether the code runs in a Jupyter kernel."""
    ipython = sys.modules.get('IPython')
    return hasattr(ipython, 'get_ipython') and hasattr(
        ipython.get_ipython(), 'kernel')
