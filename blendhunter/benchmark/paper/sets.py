# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The stamps of a reproduction, kept on disk."""

from pathlib import Path

import numpy as np

from blendhunter._utils.parallel import child_seed
from blendhunter._utils.resume import PartStore
from blendhunter._utils.simulated_noise import add_noise
from blendhunter.dataset import read_dataset, write_dataset
from blendhunter.simulation import simulate_stamps

__all__ = ['make_directory', 'make_set', 'noisy_stamps', 'stamps_of']


def make_directory(path):
    """Return a directory that exists; None for None."""
    if path is None:
        return None
    path = Path(path)
    path.mkdir(exist_ok=True)
    return path


def make_set(path, n, *, kind, rng, cosmos_dir=None, n_jobs=1,
             progress=False):
    """Simulate the paper's noiseless stamps, or read them from the file."""
    path = Path(path)
    store = PartStore.beside(path)
    if not path.is_file():
        write_dataset(path, simulate_stamps(
            n, kind=kind, centering='exact', noise=None,
            cosmos_dir=cosmos_dir, rng=rng, n_jobs=n_jobs,
            work_dir=store.directory,
            progress=progress).to_dataset(role='pairs'))
    store.discard()
    return read_dataset(path)


def noisy_stamps(dataset, sigma, *, rng, rows=slice(None)):
    """Return sums with noise, which is the same for a stamp in any slice."""
    clean = (dataset.arrays['centrals'][rows]
             + dataset.arrays['companions'][rows])
    first = rows.start or 0
    for i in range(len(clean)):
        clean[i] = add_noise(clean[i], sigma, np.random.default_rng(
            child_seed(rng, first + i)))
    return clean


def stamps_of(dataset, noise=None, *, rng=0):
    """
    Return noisy stamps, labels and noise of a data set of stamps.

    Without a ``noise`` (RMS) to draw, they are the stamps in the data set.
    """
    arrays, stored = dataset.arrays, dataset.provenance.get('noise')
    if noise is None and stored and 'stamps' in arrays:
        return arrays['stamps'], dataset.truth['label'], stored
    if not noise or not {'centrals', 'companions'} <= set(arrays):
        msg = ('data set: it has no noisy stamps; make some with '
               'blendhunter simulate stamps, or give noise')
        raise ValueError(msg)
    clean = arrays['centrals'] + arrays['companions']
    rng = np.random.default_rng(child_seed(rng, round(1000 * noise)))
    return add_noise(clean, noise, rng), dataset.truth['label'], noise
