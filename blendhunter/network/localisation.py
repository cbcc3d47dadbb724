"""Where the further sources are: a lesson that training adds."""

import numpy as np

from blendhunter.network.architecture import INPUT_SIZE
from blendhunter.network.preprocessing import BORDER
from blendhunter.stamps import STAMP_SIZE

__all__ = ['LOCATORS', 'LOCATOR_WEIGHT', 'add_locators', 'locator_loss',
           'mark_places', 'target_maps']

#: Layers whose features must tell, and the px that a cell of each covers.
LOCATORS = {'block3_conv3': 4, 'block4_conv3': 8}
#: Of each map's loss, the sum over its cells, in that of the training.
LOCATOR_WEIGHT = 0.05
# what halving 65 px leaves
WIDTH = INPUT_SIZE // 8 * 8
# log odds of a cell before anything is learnt; their scale lets the new
# layers learn as fast as the old ones can use
BIAS = -5.0
SCALE = 8.0


def mark_places(marks, rows, places):
    """
    Mark the pixels of sources, in place.

    Parameters
    ----------
    marks : bool `~numpy.ndarray` of shape (n, 51, 51)
    rows : int `~numpy.ndarray` of shape (m,)
        Stamp of each source.
    places : float `~numpy.ndarray` of shape (m, k)
        x, y in the stamp, px; what follows is not used. Sources off the
        stamp, or without a position (NaN), are left out.
    """
    places = np.asarray(places)[:, :2]
    good = np.all((places > -0.5) & (places < STAMP_SIZE - 0.5), axis=1)
    x, y = np.rint(places[good]).astype(int).T
    marks[np.asarray(rows)[good], y, x] = True


def target_maps(marks):
    """
    Say which cells of the network's maps hold a marked pixel.

    Parameters
    ----------
    marks : bool `~numpy.ndarray` of shape (n, 51, 51)

    Returns
    -------
    maps : list of float32 `~numpy.ndarray` of shape (n, m, m, 1)
        One for each of `LOCATORS`: 1 where a pixel of the cell, or one
        beside it, is marked.
    """
    n = len(marks)
    wide = np.zeros((n, WIDTH, WIDTH), dtype=bool)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            rows, columns = (slice(BORDER + step, BORDER + step + STAMP_SIZE)
                             for step in (dy, dx))
            wide[:, rows, columns] |= marks
    maps = []
    for size in LOCATORS.values():
        m = WIDTH // size
        cells = wide.reshape(n, m, size, m, size).any(axis=(2, 4))
        maps.append(cells[..., None].astype(np.float32))
    return maps


def add_locators(network):
    """
    Let a network also say where further sources are.

    Parameters
    ----------
    network : `keras.Model`
        From `~blendhunter.network.architecture.build_network`.

    Returns
    -------
    model : `keras.Model`
        The same layers, with the outputs of the network and, for each of
        `LOCATORS`, the log odds of the cells, of shape (n, m, m, 1).
    """
    import keras
    from keras import layers

    maps = []
    for name in LOCATORS:
        x = layers.Conv2D(1, 1, dtype='float32', kernel_initializer='zeros',
                          name=f'{name}_cells')(network.get_layer(name).output)
        maps.append(layers.Rescaling(SCALE, BIAS, dtype='float32',
                                     name=f'{name}_locator')(x))
    return keras.Model(network.input, [network.output, *maps],
                       name='locating')


def locator_loss(truth, log_odds):
    """
    Return the cross-entropy of a map, summed over its cells.

    Parameters
    ----------
    truth, log_odds : tensor of shape (n, m, m, 1)

    Returns
    -------
    loss : tensor of shape (n,)
    """
    from keras import ops

    return ops.sum(ops.softplus(log_odds) - truth * log_odds,
                   axis=(1, 2, 3))
