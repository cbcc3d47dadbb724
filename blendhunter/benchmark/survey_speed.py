# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The speedup of several workers on a simulated survey."""

import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.parallel import seed_sequence
from blendhunter.benchmark.column_descriptions import WORKERS
from blendhunter.exceptions import BlendHunterError
from blendhunter.simulation import simulate_field
from blendhunter.survey import classify_images, process_executor

__all__ = ['evaluate_workers']

SHAPE = (1500, 1500)


def evaluate_workers(identifier, n_tiles, workers, *, shape=SHAPE, rng=0):
    """
    Time the classification of simulated tiles by one worker and several.

    Each worker has one thread. Each worker first classifies one tile that
    is not timed. So the start of the process and the loading of the model
    do not count.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the tiles.
    n_tiles, workers : int
        Number of timed tiles, and number of processes.
    shape : tuple of int, optional
        (ny, nx) of a tile.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers of the simulation.

    Returns
    -------
    table : `~astropy.table.Table`
        A row for one worker and a row for several: ``workers``,
        ``seconds``, ``sources_per_second``, ``speedup`` and
        ``efficiency`` (the speedup over the number of workers).

    Raises
    ------
    ValueError
        If there are fewer tiles than workers, or fewer than two workers.
    BlendHunterError
        If a tile could not be classified.
    """
    if not n_tiles >= workers >= 2:
        msg = ('workers must be at least 2, and n_tiles at least as large, '
               f'got {workers!r} and {n_tiles!r}')
        raise ValueError(msg)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        paths = _write_tiles(folder, n_tiles, shape, rng)
        rows = [{'workers': n, **_classified(
            identifier, paths, n, folder / f'{n}')}
            for n in (1, workers)]
    table = Table(rows)
    table['speedup'] = table['seconds'][0] / table['seconds']
    table['efficiency'] = table['speedup'] / table['workers']
    return describe_columns(table, WORKERS)


def _write_tiles(folder, n_tiles, shape, rng):
    """Write simulated tiles; return their paths."""
    paths = []
    for i, seed in enumerate(seed_sequence(rng).spawn(n_tiles)):
        image, _ = simulate_field(shape, rng=seed)
        paths.append(folder / f'tile{i:03d}.fits')
        image.write(paths[-1])
    return paths


def _classified(identifier, paths, workers, output):
    """Classify the tiles; return seconds and sources per second."""
    with process_executor(workers, n_threads=1) as executor:
        _run(identifier, paths[:workers], output.with_name('warm'), executor)
        began = time.perf_counter()
        table = _run(identifier, paths, output, executor)
        seconds = time.perf_counter() - began
    return {'seconds': seconds, 'sources_per_second':
            float(np.sum(table['n_sources'])) / seconds}


def _run(identifier, paths, output, executor):
    """Classify tiles into a directory; all must succeed."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        table = classify_images(paths, output, identifier=identifier,
                                executor=executor, overwrite=True)
    failed = table[table['status'] != 'done']
    if len(failed):
        msg = f'{failed["image"][0]}: {failed["error"][0]}'
        raise BlendHunterError(msg)
    return table
