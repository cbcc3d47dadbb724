# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The tiles in which a large image is processed."""

from dataclasses import dataclass

__all__ = ['HALO', 'MIN_TILE_SIZE', 'TILE_SIZE', 'Tile', 'check_tile_size',
           'is_large', 'plan_tiles']

# windows begin at multiples of this: the pattern of the noise that fills
# masked pixels repeats after 512 px, and the meshes of the background (64
# px) are then those of the whole image
STEP = 512
# px around a core that are read, too. The background's spline forgets a mesh
# by a factor of 4 per mesh, so that 8 of them leave 1e-5
HALO = 512
MIN_TILE_SIZE = 2 * HALO + STEP
#: Width in px of a tile, with its halo.
TILE_SIZE = 4096


@dataclass(frozen=True)
class Tile:
    """
    A core, whose sources count, and the window that is read.

    Parameters
    ----------
    core : tuple of (int, int)
        First pixel and end of the core, in y and x.
    window : tuple of slice
        In y and x.
    shape : tuple of int
        Of the whole image.
    """

    core: tuple
    window: tuple
    shape: tuple

    def contains(self, x, y, margin=0.0):
        """Tell which positions (px) lie in the core, or beyond the image."""
        inside = True
        for position, (start, stop), length in zip(
                (y, x), self.core, self.shape, strict=True):
            if start > 0:
                inside &= position >= start - 0.5 - margin
            if stop < length:
                inside &= position < stop - 0.5 + margin
        return inside

    @property
    def corner(self):
        """Position (x, y) of the first pixel of the window."""
        return self.window[1].start, self.window[0].start

    def grown(self, halo):
        """Return the tile with another halo."""
        return Tile(self.core, _window(self.core, self.shape, halo),
                    self.shape)

    def cut_labels(self, segmentation):
        """Return the labels at the edges that are not the image's."""
        import numpy as np

        rows, columns = self.window
        lines = [segmentation[i] for i, cut in (
            (0, rows.start > 0), (-1, rows.stop < self.shape[0])) if cut]
        lines += [segmentation[:, i] for i, cut in (
            (0, columns.start > 0), (-1, columns.stop < self.shape[1]))
            if cut]
        labels = np.unique(np.concatenate([np.zeros(1, int), *lines]))
        return labels[labels > 0]


def check_tile_size(tile_size):
    """Refuse a tile size that leaves no core inside the halo."""
    if tile_size is not None and not tile_size >= MIN_TILE_SIZE:
        msg = (f'tile_size must be at least {MIN_TILE_SIZE} px, because '
               f'tiles overlap by {HALO} px on each side, or None, got '
               f'{tile_size!r}')
        raise ValueError(msg)


def is_large(shape, tile_size):
    """Tell whether an image of a shape (or None) is worked on in tiles."""
    return bool(shape is not None and tile_size is not None
                and max(shape) > tile_size)


def plan_tiles(shape, tile_size):
    """
    Divide an image into tiles of at most ``tile_size`` px, halo included.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) of the image.
    tile_size : int
        Largest width of a tile, px.

    Returns
    -------
    tiles : list of `Tile`
        Row by row. Their cores cover the image and do not overlap.
    """
    width = (int(tile_size) - 2 * HALO) // STEP * STEP
    spans = [[(start, min(start + width, length))
              for start in range(0, length, width)] for length in shape]
    return [Tile((rows, columns), _window((rows, columns), shape, HALO),
                 tuple(shape))
            for rows in spans[0] for columns in spans[1]]


def _window(core, shape, halo):
    """Return the slices of a core and the halo around it."""
    return tuple(slice(max(start - halo, 0), min(stop + halo, length))
                 for (start, stop), length in zip(core, shape, strict=True))
