# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The preprocessing of stamps, which a weights file names."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from blendhunter.network.architecture import BORDER, INPUT_SIZE
from blendhunter.network.symmetric_residuals import symmetric_residuals
from blendhunter.stamps import STAMP_SIZE
from blendhunter.stamps.windows import noise_pattern

__all__ = ['PREPROCESSINGS', 'TRAINED', 'Preprocessing', 'preprocess_noise',
           'preprocess_paper', 'preprocess_residuals']

INNER = slice(BORDER, BORDER + STAMP_SIZE)
# stamps whose intermediate results stay in a core's cache; more or fewer
# at once take 10 to 50 % longer
BLOCK = 48


def preprocess_noise(stamps, regions, noise):
    """
    Make noise-normalized channels and one of the region.

    ``stamps`` and ``regions`` (bool) have shape (n, 51, 51), and ``noise``
    (RMS per pixel) broadcasts to it. With z = stamp / noise, the float32
    channels (n, 65, 65, 3) are asinh(z / 2); +1 inside the region and -1
    outside; 4 z / (largest z in the region, at least 1). The border of
    7 px is zero.
    """
    return _channels(stamps, regions, noise, _fill_noise, 3)


def preprocess_residuals(stamps, regions, noise):
    """
    Add the residuals of a symmetric source to `preprocess_noise`.

    Channels 4 and 5 of (n, 65, 65, 5) are asinh(r / 2) of both
    `~blendhunter.network.symmetric_residuals.symmetric_residuals` r.
    """
    return _channels(stamps, regions, noise, _fill_residuals, 5)


def _channels(stamps, regions, noise, fill, n_channels):
    """Return channels that ``fill`` writes for z and regions, in blocks."""
    z = (stamps / noise).astype(np.float32, copy=False)
    channels = np.zeros((len(z), INPUT_SIZE, INPUT_SIZE, n_channels),
                        dtype=np.float32)
    inner = channels[:, INNER, INNER]
    for start in range(0, len(z), BLOCK):
        part = slice(start, start + BLOCK)
        fill(inner[part], z[part], regions[part])
    return channels


def _fill_noise(inner, z, regions):
    """Write the first three channels."""
    peak = np.max(z, axis=(1, 2), where=regions, initial=1.0)
    inner[..., 0] = np.arcsinh(z / 2)
    inner[..., 1] = np.where(regions, 1, -1)
    inner[..., 2] = 4 * z / peak[:, None, None]


def _fill_residuals(inner, z, regions):
    """Write all five channels."""
    _fill_noise(inner, z, regions)
    for i, residual in enumerate(symmetric_residuals(z, regions), start=3):
        inner[..., i] = np.arcsinh(residual / 2)


def preprocess_paper(stamps, regions, noise):
    """
    Scale to the paper's 8-bit gray.

    ``floor(abs(x) * 255 / max(abs(x))) / 255`` in three equal channels.
    Noise fills the border, since the paper adds noise after padding. The
    paper classifies whole stamps, so ``regions`` are not used.
    """
    del regions
    n = len(stamps)
    center = np.full(n, INPUT_SIZE // 2)
    level = np.broadcast_to(noise, stamps.shape).mean(axis=(1, 2))
    padded = noise_pattern(center, center, INPUT_SIZE) * level[:, None, None]
    padded[:, INNER, INNER] = stamps
    padded = np.abs(padded)
    peak = padded.max(axis=(1, 2), keepdims=True)
    gray = np.floor(padded * (255 / np.where(peak > 0, peak, 1))) / 255
    return np.repeat(gray[..., None], 3, axis=-1).astype(np.float32)


class Preprocessing(NamedTuple):
    """How stamps become the network's input."""

    function: Callable
    n_channels: int


#: By the name in a weights file.
PREPROCESSINGS = {'noise': Preprocessing(preprocess_noise, 3),
                  'residuals': Preprocessing(preprocess_residuals, 5),
                  'paper': Preprocessing(preprocess_paper, 3)}
#: What end-to-end training uses.
TRAINED = 'residuals'
