"""Progress bars that show on a terminal and stay silent in a pipe."""

__all__ = ['progress_bar']


def progress_bar(*, total, description, enabled=True, initial=0):
    """
    Return a tqdm bar on stderr, silent if stderr is not a terminal.

    ``total`` is the number of steps, None if it is unknown, and
    ``initial`` how many are done already. Use it as a context manager.
    """
    from tqdm import tqdm

    return tqdm(total=total, desc=description, initial=initial,
                dynamic_ncols=True, disable=None if enabled else True)
