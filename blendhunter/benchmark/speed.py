"""Where the time of a classification goes, as ratios in one run."""

import time

import numpy as np
from astropy.nddata import Cutout2D
from astropy.table import Table

from blendhunter._utils.images import as_image
from blendhunter.detection import detect
from blendhunter.network import load_model
from blendhunter.stamps import STAMP_SIZE, extract_stamps

__all__ = ['measure_speed']

N_CUTOUTS = 3000
REPEATS = 3


def _time(function, *args, **options):
    """Return seconds and result of one call."""
    began = time.perf_counter()
    result = function(*args, **options)
    return time.perf_counter() - began, result


def measure_speed(identifier, image, *, ext=None):
    """
    Time `classify` on an image against the network's forward pass alone.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
    image : image-like of shape (ny, nx)
    ext : int or str, optional
        Extension of a FITS path.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per step with ``seconds`` and ``ratio`` to the forward
        pass (for stamps: to ``Cutout2D``). Loading and the compilation
        of the network stand apart; the others are the least of three
        turns, taken alternately.
    """
    read, image = _time(as_image, image, ext=ext)
    pixels = image.data
    load, model = _time(load_model, identifier.weights,
                        precision=identifier.precision)
    size = identifier.batch_size
    # the first call compiles; the identifier loads a copy of its own
    first, catalog = _time(detect, pixels)
    warm, _ = _time(identifier.classify, pixels, catalog)
    n = len(catalog)
    batches = -(-n // size)
    inputs = np.random.default_rng(0).normal(
        size=(size, *model.network.input_shape[1:])).astype(np.float32)
    model.network.predict_on_batch(inputs)

    def forward():
        for _ in range(batches):
            model.network.predict_on_batch(inputs)

    positions = np.column_stack([catalog['x_centroid'],
                                 catalog['y_centroid']])[:N_CUTOUTS]

    def cutouts():
        return np.array([
            Cutout2D(pixels, position, STAMP_SIZE, mode='partial',
                     fill_value=0).data for position in positions])

    steps = {'forward pass': forward,
             'classify': lambda: identifier.classify(pixels, catalog),
             'detect': lambda: detect(pixels),
             'Cutout2D': cutouts,
             'extract_stamps': lambda: extract_stamps(pixels, positions)}
    seconds = {name: [] for name in steps}
    for _ in range(REPEATS):
        for name, function in steps.items():
            seconds[name].append(_time(function)[0])
    rows = [('read the image', read, np.nan), ('load the model', load, np.nan),
            ('first classify, with loading and compilation', warm, np.nan),
            ('first detect', first, np.nan)]
    for name in steps:
        unit = ('Cutout2D' if name in ('Cutout2D', 'extract_stamps')
                else 'forward pass')
        rows.append((name, min(seconds[name]),
                     min(seconds[name]) / min(seconds[unit])))
    table = Table(rows=rows, names=('step', 'seconds', 'ratio'))
    table.meta['sources'] = n
    return table
