"""A real image: flagged sources by brightness, and where the time goes."""

import time

import numpy as np
from astropy.nddata import Cutout2D
from astropy.table import Table

from blendhunter.catalogs import plain_values
from blendhunter.detection import detect
from blendhunter.images import accept_image
from blendhunter.network import load_model
from blendhunter.stamps import STAMP_SIZE, extract_stamps

__all__ = ['evaluate_image', 'evaluate_speed']

N_PARTS = 4
NEEDED = ('flux', 'n_pixels', 'blend_prob', 'is_blend')
N_CUTOUTS = 3000
REPEATS = 3


def evaluate_image(result):
    """
    Summarize a classified catalog in each flux quartile.

    A network that flags most bright single galaxies shows here.

    Parameters
    ----------
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify` on a catalog of
        `~blendhunter.detect`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per quartile, faint to bright: ``flux_min``,
        ``flux_max``, ``n_sources`` with a probability, ``share`` of
        ``is_blend`` among them, ``median_area`` (pixels).

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = [name for name in NEEDED if name not in result.colnames]
    if missing:
        msg = f'table lacks the columns {missing}; it has {result.colnames}'
        raise ValueError(msg)
    flux, area, probability, flagged = (plain_values(result[name])
                                        for name in NEEDED)
    usable = np.flatnonzero(np.isfinite(probability))
    order = usable[np.argsort(flux[usable])]
    return Table([
        {'quartile': i, 'flux_min': flux[rows].min(),
         'flux_max': flux[rows].max(), 'n_sources': len(rows),
         'share': float(np.mean(flagged[rows])),
         'median_area': float(np.median(area[rows]))}
        for i, rows in enumerate(np.array_split(order, N_PARTS), start=1)
        if rows.size])


def _time(function, *args, **options):
    """Return seconds and result of one call."""
    began = time.perf_counter()
    result = function(*args, **options)
    return time.perf_counter() - began, result


def evaluate_speed(identifier, image, *, ext=None):
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
        pass (for stamps: to ``Cutout2D``). Loading and compilation are
        steps of their own, with ratio NaN; the others are the least of
        three runs, taken alternately. Its meta has the number of
        ``sources``.
    """
    read, image = _time(accept_image, image, ext=ext)
    pixels = image.data
    load, model = _time(load_model, identifier.weights,
                        precision=identifier.precision)
    # the first call compiles; the identifier loads a model of its own
    first, catalog = _time(detect, pixels)
    warm, _ = _time(identifier.classify, pixels, catalog)
    once = {'read the image': read, 'load the model': load,
            'first classify, with loading and compilation': warm,
            'first detect': first}
    steps = _steps(identifier, model, pixels, catalog)
    seconds = {name: [] for name in steps}
    for _ in range(REPEATS):
        for name, function in steps.items():
            seconds[name].append(_time(function)[0])
    least = {name: min(values) for name, values in seconds.items()}
    rows = [(name, value, np.nan) for name, value in once.items()]
    rows += [(name, value, value / least[
        'Cutout2D' if name in ('Cutout2D', 'extract_stamps')
        else 'forward pass']) for name, value in least.items()]
    return Table(rows=rows, names=('step', 'seconds', 'ratio'),
                 meta={'sources': len(catalog)})


def _steps(identifier, model, pixels, catalog):
    """Return the functions that are timed, by name."""
    size = identifier.batch_size
    inputs = np.random.default_rng(0).normal(
        size=(size, *model.network.input_shape[1:])).astype(np.float32)
    model.network.predict_on_batch(inputs)

    def forward():
        for _ in range(-(-len(catalog) // size)):
            model.network.predict_on_batch(inputs)

    positions = np.column_stack([catalog['x_centroid'],
                                 catalog['y_centroid']])[:N_CUTOUTS]

    def cutouts():
        return np.array([
            Cutout2D(pixels, position, STAMP_SIZE, mode='partial',
                     fill_value=0).data for position in positions])

    return {'forward pass': forward,
            'classify': lambda: identifier.classify(pixels, catalog),
            'detect': lambda: detect(pixels),
            'Cutout2D': cutouts,
            'extract_stamps': lambda: extract_stamps(pixels, positions)}
