"""Progress bars that show on a terminal and stay silent in a pipe."""

import sys

__all__ = ['progress_bar']


def progress_bar(*, total, description, enabled=True, initial=0):
    """
    Return a tqdm bar on stderr, disabled where stderr is no terminal.

    Parameters
    ----------
    total : int
        Number of steps.
    description : str
        Text before the bar.
    enabled : bool, optional
        False gives a bar that shows nothing.
    initial : int, optional
        Steps already done.

    Returns
    -------
    bar : `tqdm.tqdm`
        To be used as a context manager.
    """
    from tqdm import tqdm

    return tqdm(total=total, desc=description, initial=initial,
                dynamic_ncols=True,
                disable=not (enabled and sys.stderr.isatty()))
