# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Layers that locate the companion in a stamp."""

from itertools import product

import numpy as np

from blendhunter.network.architecture import BORDER, DATA_FORMAT, INPUT_SIZE
from blendhunter.network.backend import import_keras
from blendhunter.stamps import STAMP_SIZE

__all__ = ['LOCATORS', 'add_locators', 'companion_maps', 'has_locators',
           'locate_companions', 'locator_output', 'locator_outputs',
           'target_maps']

#: Layers that locate sources, and the px that a cell of each covers.
LOCATORS = {'block3_conv3': 4, 'block4_conv3': 8}
# what halving 65 px leaves
WIDTH = INPUT_SIZE // 8 * 8
# initial log odds of a cell; their scale lets the new layers learn as
# fast as the old ones can use
BIAS = -5.0
SCALE = 8.0
# px around the likeliest pixel over which the position is averaged
REACH = 8
# the residual peaks within so many px (radius) are preferred; smoothing, px
PEAK_REACH = 2.5
PEAK_SMOOTHING = 1.0
INNER = slice(BORDER, BORDER + STAMP_SIZE)


def locator_output(name, features):
    """Return the log odds (n, m, m, 1) of the cells of a layer's output."""
    layers = import_keras().layers
    x = layers.Conv2D(1, 1, dtype='float32', kernel_initializer='zeros',
                      data_format=DATA_FORMAT, name=f'{name}_cells')(features)
    return layers.Rescaling(SCALE, BIAS, dtype='float32',
                            name=f'{name}_locator')(x)


def locator_outputs(network):
    """Return an output of log odds (n, m, m, 1) for each of `LOCATORS`."""
    return [locator_output(name, network.get_layer(name).output)
            for name in LOCATORS]


def add_locators(network):
    """Add the outputs of `locator_outputs` to a network."""
    return import_keras().Model(
        network.input, [network.output, *locator_outputs(network)],
        name='locating')


def has_locators(arrays):
    """Tell whether arrays of a weights file hold the locators."""
    return all(f'{name}_cells/kernel' in arrays for name in LOCATORS)


def target_maps(marks):
    """Return which cells (n, m, m, 1) of `LOCATORS` touch a marked pixel."""
    rows, y, x = np.nonzero(marks)
    maps = []
    for size in LOCATORS.values():
        m = WIDTH // size
        cells = np.zeros((len(marks), m, m, 1), dtype=np.float32)
        # the marked pixel and its neighbors
        for dy, dx in product((-1, 0, 1), repeat=2):
            cells[rows, (y + BORDER + dy) // size,
                  (x + BORDER + dx) // size] = 1
        maps.append(cells)
    return maps


def companion_maps(log_odds):
    """
    Return how likely each pixel of stamps holds the companion.

    Parameters
    ----------
    log_odds : list of float `~numpy.ndarray` of shape (n, m, m, 1)
        Outputs of `locator_outputs`.

    Returns
    -------
    maps : float32 `~numpy.ndarray` of shape (n, 51, 51)
        The sum of the log odds of the cells that cover a pixel.
    """
    total = 0
    for cells, size in zip(log_odds, LOCATORS.values(), strict=True):
        total = total + np.asarray(cells)[..., 0].repeat(size, axis=1).repeat(
            size, axis=2)
    return total[:, INNER, INNER].astype(np.float32)


def locate_companions(maps, residuals):
    """
    Find the most likely position of the companion in each stamp.

    Parameters
    ----------
    maps : `~numpy.ndarray` of shape (n, 51, 51)
        From `companion_maps`.
    residuals : `~numpy.ndarray` of shape (n, 51, 51)
        What a symmetric source leaves, over the noise: the second of
        `~blendhunter.network.symmetric_residuals.symmetric_residuals`.

    Returns
    -------
    x, y : float32 `~numpy.ndarray` of shape (n,)
        Pixels of the stamp. The middle between the mean position within
        8 px of the likeliest cell, weighted by exp(log odds), and the
        highest smoothed residual within 2.5 px of it.
    """
    from scipy.ndimage import gaussian_filter

    y, x = np.mgrid[:STAMP_SIZE, :STAMP_SIZE]
    found = np.empty((len(maps), 2), dtype=np.float32)
    for i, (chance, residual) in enumerate(zip(maps, residuals, strict=True)):
        top, left = np.unravel_index(np.argmax(chance), chance.shape)
        near = (abs(y - top) <= REACH) & (abs(x - left) <= REACH)
        weight = np.exp(chance - chance.max()) * near
        mean = np.array([(weight * axis).sum() for axis in (x, y)])
        mean /= weight.sum()
        smooth = gaussian_filter(residual, PEAK_SMOOTHING)
        close = np.hypot(x - mean[0], y - mean[1]) <= PEAK_REACH
        peak = np.argmax(np.where(close, smooth, -np.inf))
        found[i] = (mean + (x.flat[peak], y.flat[peak])) / 2
    return found.T
