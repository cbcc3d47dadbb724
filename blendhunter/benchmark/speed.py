# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The time that the network, its preparation and the detectors take."""

import platform
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from astropy.nddata import Cutout2D
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark.column_descriptions import SPEED
from blendhunter.detection import DetectionSettings, detect
from blendhunter.detection.background import subtract_background
from blendhunter.detection.source_finding import find_in_normalized
from blendhunter.identify.screening import small_weights
from blendhunter.images import accept_image
from blendhunter.network import load_model
from blendhunter.stamps import STAMP_SIZE, BlendFlag, extract_stamps

__all__ = ['evaluate_speed', 'memory_peak']

N_CUTOUTS = 3000
REPEATS = 3
CPU_INFO = Path('/proc/cpuinfo')
FORWARD = 'forward pass'
# what the other steps are compared with
UNITS = {'Cutout2D': 'Cutout2D', 'extract_stamps': 'Cutout2D'}


def evaluate_speed(identifier, image, *, ext=None):
    """
    Time the steps of a classification, and the detectors.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the sources.
    image : image-like of shape (ny, nx)
        Array, masked array, Quantity, NDData, HDU or FITS path.
    ext : int or str, optional
        Extension of a FITS path.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per step: ``seconds``, ``ratio`` to the forward pass of the
        network (for the extraction of stamps, to ``Cutout2D``) and
        ``stamps_per_second``. Each time is the shortest of three runs.
        Loading and compilation are separate steps with the ratio NaN. The
        meta records the number of ``sources``, the fraction ``screened``,
        the ``cpu``, and the largest memory of the process in MiB:
        ``memory_loaded`` with the loaded model, and ``memory_peak``.
    """
    read, image = _time(accept_image, image, ext=ext)
    pixels = image.data
    load, model = _time(load_model, identifier.weights,
                        precision=identifier.precision)
    meta = {'cpu': _cpu_name(), 'memory_loaded': memory_peak()}
    # the first call compiles; the identifier loads a model of its own
    first, catalog = _time(detect, pixels)
    warm, result = _time(identifier.classify, pixels, catalog)
    once = {'read the image': read, 'load the model': load,
            'first classify, with loading and compilation': warm,
            'first detect': first}
    steps = {**_network_steps(identifier, model, pixels, catalog),
             **_detector_steps(pixels), **_stamp_steps(pixels, catalog)}
    seconds = {name: [] for name in steps}
    for _ in range(REPEATS):
        for name, function in steps.items():
            seconds[name].append(_time(function)[0])
    least = {name: min(values) for name, values in seconds.items()}
    rows = [(name, value, np.nan) for name, value in once.items()]
    rows += [(name, value, value / least[UNITS.get(name, FORWARD)])
             for name, value in least.items()]
    table = Table(rows=rows, names=('step', 'seconds', 'ratio'))
    table['stamps_per_second'] = len(catalog) / table['seconds']
    flags = np.asarray(result['blend_flags'])
    table.meta.update(
        meta, sources=len(catalog), memory_peak=memory_peak(),
        screened=float(np.mean((flags & BlendFlag.SCREENED) > 0)))
    return describe_columns(table, SPEED)


def _time(function, *args, **options):
    """Return seconds and result of one call."""
    began = time.perf_counter()
    result = function(*args, **options)
    return time.perf_counter() - began, result


def memory_peak():
    """Return the largest memory of this process so far, MiB."""
    try:
        import resource
    except ImportError:  # on Windows
        return np.nan
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # bytes on macOS, kiB elsewhere
    return peak / 1024**2 if sys.platform == 'darwin' else peak / 1024


def _cpu_name():
    """Return the name of the CPU."""
    name = platform.processor() or platform.machine()
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith('model name'):
                name = line.partition(':')[2].strip()
                break
    return name


def _network_steps(identifier, model, pixels, catalog):
    """Return the steps of the networks, by name."""
    all_shown = type(identifier)(**{**identifier.get_params(),
                                    'screen': False})
    weights, _ = small_weights(identifier.screen, model.metadata['sha256'])
    steps = {FORWARD: _forward(model, identifier.batch_size, len(catalog))}
    if weights is not None:
        steps['forward pass of the small network'] = _forward(
            load_model(weights, precision=identifier.precision),
            identifier.batch_size, len(catalog))
    steps['classify without screening'] = partial(
        all_shown.classify, pixels, catalog)
    steps['classify'] = partial(identifier.classify, pixels, catalog)
    steps['detect and classify'] = partial(identifier.classify, pixels)
    steps['classify without screening']()
    return steps


def _forward(model, size, n):
    """Return the forward pass of n stamps, compiled."""
    inputs = np.random.default_rng(0).normal(
        size=(size, *model.network.input_shape[1:])).astype(np.float32)
    model.network.predict_on_batch(inputs)

    def forward():
        for _ in range(-(-n // size)):
            model.network.predict_on_batch(inputs)

    return forward


def _detector_steps(pixels):
    """Return the steps of both detectors, by name."""
    from photutils.segmentation import (
        SourceCatalog,
        deblend_sources,
        detect_sources,
    )

    from blendhunter.detection import _photutils

    settings = DetectionSettings()
    image = subtract_background(accept_image(pixels))
    normalized = image.normalized
    smooth = _photutils.smoothed(normalized)

    def find():
        return detect_sources(smooth, settings.n_sigma, settings.n_pixels,
                              mask=image.mask)

    def split():
        return deblend_sources(smooth, found, settings.n_pixels,
                               n_levels=settings.n_levels,
                               contrast=settings.contrast,
                               progress_bar=False)

    def measure():
        return SourceCatalog(normalized, parts, convolved_data=smooth,
                             mask=image.mask).to_table()

    found = find()
    parts = split()
    return {
        'detect': partial(detect, pixels),
        'detect with photutils': partial(detect, pixels, method='photutils'),
        'sep.extract': partial(find_in_normalized, normalized, settings,
                               mask=image.mask),
        'photutils detect_sources': find,
        'photutils deblend_sources': split,
        'photutils SourceCatalog': measure}


def _stamp_steps(pixels, catalog):
    """Return how stamps are cut, by name."""
    positions = np.column_stack([catalog['x_centroid'],
                                 catalog['y_centroid']])[:N_CUTOUTS]

    def cutouts():
        return np.array([
            Cutout2D(pixels, position, STAMP_SIZE, mode='partial',
                     fill_value=0).data for position in positions])

    return {'Cutout2D': cutouts,
            'extract_stamps': partial(extract_stamps, pixels, positions)}
