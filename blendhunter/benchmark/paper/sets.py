"""The stamps of a reproduction, kept on disk."""

from pathlib import Path

import numpy as np

from blendhunter._utils.chunks import ChunkStore
from blendhunter.dataset import read_dataset, write_dataset
from blendhunter.simulation import simulate_stamps

__all__ = ['make_set', 'noisy_stamps']


def make_set(path, n, *, kind, seed, cosmos_dir=None, n_jobs=1,
             progress=None):
    """
    Simulate noiseless stamps as the paper has them, or read them.

    Parameters
    ----------
    path : path-like
        HDF5 file; a run that was killed continues beside it.
    n : int
    kind : {'parametric', 'structured', 'realistic'}
    seed : int
    cosmos_dir : path-like, optional
        For 'realistic'.
    n_jobs : int, optional
    progress : callable, optional
        Called with the number of stamps after each part.

    Returns
    -------
    dataset : `~blendhunter.dataset.DataSet`
        ``centrals`` and ``companions``, in random order.
    """
    path = Path(path)
    store = ChunkStore(path.with_name(f'{path.name}.parts'))
    if path.is_file():
        store.discard()
        if progress is not None:
            progress(n)
        return read_dataset(path)
    made = simulate_stamps(
        n, kind=kind, centring='exact', noise=None, cosmos_dir=cosmos_dir,
        rng=seed, n_jobs=n_jobs, work_dir=store.directory,
        progress=progress).to_dataset(role='pairs')
    write_dataset(path, made)
    store.discard()
    return made


def noisy_stamps(dataset, sigma, *, seed, rows=slice(None)):
    """
    Return the sums of a set with noise.

    Parameters
    ----------
    dataset : `~blendhunter.dataset.DataSet`
    sigma : float
        RMS per pixel in counts.
    seed : sequence of int
    rows : slice, optional
        Which stamps; their noise is the same in any slice.

    Returns
    -------
    stamps : float32 `~numpy.ndarray` of shape (n, 51, 51)
    """
    clean = (dataset.arrays['centrals'][rows]
             + dataset.arrays['companions'][rows])
    first = rows.start or 0
    for i in range(len(clean)):
        rng = np.random.default_rng([*seed, first + i])
        clean[i] += np.float32(sigma) * rng.standard_normal(
            clean[i].shape, dtype=np.float32)
    return clean
