"""An auxiliary loss of the training: positions of further sources."""

import numpy as np

from blendhunter.network.architecture import INPUT_SIZE
from blendhunter.network.preprocessing import BORDER
from blendhunter.stamps import STAMP_SIZE

__all__ = ['LOCATORS', 'LOCATOR_WEIGHT', 'add_locators', 'locator_loss',
           'mark_positions', 'target_maps']

#: Layers that locate sources, and the px that a cell of each covers.
LOCATORS = {'block3_conv3': 4, 'block4_conv3': 8}
#: Weight of each map's loss, the sum over its cells, in the total loss.
LOCATOR_WEIGHT = 0.05
# what halving 65 px leaves
WIDTH = INPUT_SIZE // 8 * 8
# initial log odds of a cell; their scale lets the new layers learn as
# fast as the old ones can use
BIAS = -5.0
SCALE = 8.0


def mark_positions(marks, rows, positions):
    """
    Mark the pixels of sources in bool stamps (n, 51, 51), in place.

    ``rows`` (m,) are their stamps; ``positions`` (m, k) start with x and y,
    px. Sources off the stamp, or without a position (NaN), are left out.
    """
    positions = np.asarray(positions)[:, :2]
    good = np.all((positions > -0.5) & (positions < STAMP_SIZE - 0.5),
                  axis=1)
    x, y = np.rint(positions[good]).astype(int).T
    marks[np.asarray(rows)[good], y, x] = True


def target_maps(marks):
    """
    Return which cells of each of `LOCATORS` are next to a marked pixel.

    1 if it holds one, or touches one; float32 of shape (n, m, m, 1) each.
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
    Add an output of log odds (n, m, m, 1) for each of `LOCATORS`.

    The model shares the layers of the network.
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
    """Return the cross-entropy of maps (n, m, m, 1), summed over cells."""
    from keras import ops

    return ops.sum(ops.softplus(log_odds) - truth * log_odds,
                   axis=(1, 2, 3))
