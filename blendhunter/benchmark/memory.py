"""How much memory a large image takes, beside its own pixels."""

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table

from blendhunter._utils.progress import progress_bar
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
    Measure the memory of `classify` on images of several sizes.

    A piece of 1000 x 1000 px is simulated and repeated, each time with
    more noise of its own. Each size is detected and classified in a
    process of its own, from an array and from a FITS file.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
    sizes : sequence of int
        Widths of square images, px.
    tile_size : int or None, optional
        As for `~blendhunter.BlendIdentifier.classify`.
    density : float, optional
        Galaxies per square arcminute.
    rng : None, int, SeedSequence or Generator, optional
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per size and kind of input: ``size`` (px), ``input``
        ('array' or 'file'), ``sources``, ``image`` (MiB of its pixels),
        ``before``, the largest memory of the process with the model and
        the array loaded (MiB), ``peak`` in all, ``added``, the difference,
        and ``seconds``.
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
    return table


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
