# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Parallel loops whose result does not depend on the worker count."""

from contextlib import closing

import numpy as np

__all__ = ['child_seed', 'describe_run', 'integer_seed', 'map_chunks',
           'seed_sequence']


def seed_sequence(rng):
    """Turn a user's ``rng`` argument into a `numpy.random.SeedSequence`."""
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


def child_seed(rng, *keys):
    """
    Return the seed of a numbered part of a run.

    For an integer it is that of ``np.random.default_rng([rng, *keys])``.
    """
    seeds = seed_sequence(rng)
    entropy = np.atleast_1d(seeds.entropy).tolist()
    return np.random.SeedSequence([*entropy, *seeds.spawn_key, *keys])


def integer_seed(rng):
    """
    Turn ``rng`` into an integer below 2**32, as Keras needs one.

    An integer is its own seed, and so is that of ``SeedSequence(n)``.
    """
    seeds = seed_sequence(rng)
    if (rng is not None and isinstance(seeds.entropy, int)
            and not seeds.spawn_key and seeds.entropy < 2**32):
        return seeds.entropy
    return int(seeds.generate_state(1)[0])


def describe_run(seeds):
    """Return the seed and the versions that make a run repeatable."""
    from importlib.metadata import version

    from blendhunter.version import __version__

    return {'seed': seeds.entropy, 'spawn_key': list(seeds.spawn_key),
            'versions': {'blendhunter': __version__, **{
                name: version(name) for name in (
                'astropy', 'galsim', 'numpy', 'photutils', 'scipy', 'sep')}}}


def map_chunks(function, tasks, *, n_jobs=1, advance=None, sizes=None,
               store=None):
    """
    Yield ``function(*task)`` for each task, in order.

    A task holds its own seed, so that the results do not depend on
    ``n_jobs`` (as in scikit-learn). ``advance`` is called with the size of
    each finished task, by default 1. A `~blendhunter._utils.resume.PartStore`
    keeps what is finished, of a function that returns a dict of arrays and
    a table.
    """
    from joblib import Parallel, delayed

    if n_jobs == 0:
        msg = 'n_jobs must be a positive number of processes, or -1, got 0'
        raise ValueError(msg)
    missing = [i for i in range(len(tasks)) if store is None
               or i not in store]
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
            if advance is not None:
                advance(1 if sizes is None else sizes[i])
            yield result
        # let the workers' generator come to its end
        next(fresh, None)
