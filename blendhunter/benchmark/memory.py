# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The memory that the classification of a large image needs."""

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.progress import progress_bar
from blendhunter.benchmark.column_descriptions import MEMORY
from blendhunter.benchmark.speed import memory_peak
from blendhunter.detection.tiles import TILE_SIZE
from blendhunter.simulation import SourceModel, simulate_field

__all__ = ['evaluate_memory']

PIECE = 1000
# galaxies per square arcminute: some 1000 detections in a piece
DENSITY = 200.0


def evaluate_memory(identifier, sizes, *, tile_size=TILE_SIZE,
                    density=DENSITY, rng=0, progress=False):
    """
    Measure the memory that images of several sizes need.

    A piece of 1000 x 1000 px is simulated and repeated. Each repetition
    gets additional noise. Each size is detected and classified in a new
    process, from an array and from a FITS file.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the images.
    sizes : sequence of int
        Widths of square images, px.
    tile_size : int or None, optional
        See `~blendhunter.BlendIdentifier.classify`.
    density : float, optional
        Galaxies per square arcminute.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers of the simulation.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per size and input: ``size`` (px); ``input`` ('array' or
        'file'); ``sources``, their number; ``image``, the size of the
        pixels (MiB); ``before``, the memory of the process with the loaded
        model and array (MiB); ``peak``, the largest memory (MiB);
        ``added``, the difference of the two; and ``seconds``.
    """
    piece = _piece(density, rng)
    rows = []
    with (tempfile.TemporaryDirectory() as folder,
          progress_bar(total=2 * len(sizes), description='sizes',
                       enabled=progress) as bar):
        path = Path(folder) / 'image.fits'
        for size in sizes:
            _write(path, piece, size, rng)
            for kind in ('array', 'file'):
                rows.append({'size': size, 'input': kind,
                             'image': 4 * size**2 / 1024**2,
                             **_in_process(identifier, path, kind,
                                           tile_size)})
                bar.update(1)
    table = Table(rows)
    table['added'] = table['peak'] - table['before']
    return describe_columns(table, MEMORY)


def _piece(density, rng):
    """Return the pixels of a simulated field."""
    image, _ = simulate_field(
        (PIECE, PIECE), sources=SourceModel(density=density), rng=rng)
    return np.asarray(image.data, dtype=np.float32)


def _write(path, piece, size, rng):
    """Write a square image of a repeated piece, row by row of pieces."""
    rng = np.random.default_rng(rng)
    noise = float(np.std(piece[piece < np.median(piece)]))
    header = fits.Header([('SIMPLE', True), ('BITPIX', -32), ('NAXIS', 2),
                          ('NAXIS1', size), ('NAXIS2', size)])
    path.unlink(missing_ok=True)
    hdu = fits.StreamingHDU(path, header)
    for start in range(0, size, PIECE):
        rows = np.tile(piece[:size - start], (1, -(-size // PIECE)))[
            :, :size].copy()
        rows += rng.normal(0, noise / 3, rows.shape).astype(np.float32)
        hdu.write(rows.astype('>f4'))
    hdu.close()


def _in_process(identifier, path, kind, tile_size):
    """Measure in a new process, whose memory begins small."""
    with ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context('spawn')) as pool:
        return pool.submit(_measure, identifier, path, kind,
                           tile_size).result()


def _measure(identifier, path, kind, tile_size):
    """Classify an image; return the memory before, and in all."""
    image = path if kind == 'file' else fits.getdata(path).astype('f4')
    # the model is loaded, and the network compiled
    identifier.predict_stamps(np.zeros((64, 51, 51)), noise=1.0)
    before, began = memory_peak(), time.perf_counter()
    table = identifier.classify(image, tile_size=tile_size)
    return {'sources': len(table), 'before': before, 'peak': memory_peak(),
            'seconds': time.perf_counter() - began}
