"""Parallel loops whose result does not depend on the worker count."""

from contextlib import closing

import numpy as np

__all__ = ['describe_run', 'map_chunks', 'seed_sequence']


def seed_sequence(rng):
    """
    Turn a user's ``rng`` argument into a `numpy.random.SeedSequence`.

    Parameters
    ----------
    rng : None, int, `~numpy.random.SeedSequence` or `~numpy.random.Generator`
        None draws fresh entropy; 0 is a seed like any other.

    Returns
    -------
    seeds : `~numpy.random.SeedSequence`

    Raises
    ------
    TypeError
        If ``rng`` is of another kind.
    """
    if isinstance(rng, np.random.SeedSequence):
        # a copy: to spawn from the user's own would change it
        return np.random.SeedSequence(rng.entropy, spawn_key=rng.spawn_key,
                                      pool_size=rng.pool_size)
    if isinstance(rng, np.random.Generator):
        return np.random.SeedSequence(rng.integers(0, 2**63, size=2).tolist())
    if rng is None or (isinstance(rng, (int, np.integer))
                       and not isinstance(rng, bool)):
        return np.random.SeedSequence(None if rng is None else int(rng))
    msg = ('rng must be None, an integer, a SeedSequence or a Generator, '
           f'got {type(rng).__name__}')
    raise TypeError(msg)


def describe_run(seeds):
    """
    Return the seed and the versions that make a run repeatable.

    Parameters
    ----------
    seeds : `~numpy.random.SeedSequence`

    Returns
    -------
    provenance : dict
        ``seed``, ``spawn_key`` and ``versions``; plain values.
    """
    from importlib.metadata import version

    from blendhunter.version import __version__

    return {'seed': seeds.entropy, 'spawn_key': list(seeds.spawn_key),
            'versions': {'blendhunter': __version__, **{
                name: version(name) for name in (
                'astropy', 'galsim', 'numpy', 'photutils', 'scipy', 'sep')}}}


def map_chunks(function, tasks, *, n_jobs=1, progress=None, sizes=None,
               store=None):
    """
    Yield ``function(*task)`` for each task, in order.

    Parameters
    ----------
    function : callable
        A module-level function. With ``store`` it returns a dict of
        arrays and a table.
    tasks : list of tuple
        The arguments of each call. A task holds its own seed, so that
        the results do not depend on ``n_jobs``.
    n_jobs : int, optional
        Number of processes as in scikit-learn; -1 uses every core.
    progress : callable, optional
        Called after each finished task with its size.
    sizes : sequence of int, optional
        Size of each task; by default 1.
    store : `~blendhunter._utils.chunks.ChunkStore`, optional
        Keeps what is finished; what it holds already is not computed
        again.

    Yields
    ------
    result : object

    Raises
    ------
    ValueError
        If ``n_jobs`` is 0.
    """
    if n_jobs == 0:
        msg = 'n_jobs must be a number of processes, or -1, got 0'
        raise ValueError(msg)
    missing = [i for i in range(len(tasks)) if store is None
               or i not in store]
    if n_jobs == 1:
        fresh = (function(*tasks[i]) for i in missing)
    else:
        from joblib import Parallel, delayed

        fresh = Parallel(n_jobs=n_jobs, return_as='generator')(
            delayed(function)(*tasks[i]) for i in missing)
    wanted = set(missing)
    with closing(fresh):
        for i in range(len(tasks)):
            if i in wanted:
                result = next(fresh)
                if store is not None:
                    store.save(i, *result)
            else:
                result = store.load(i)
            if progress is not None:
                progress(1 if sizes is None else sizes[i])
            yield result
        # let the workers' generator come to its end
        next(fresh, None)
