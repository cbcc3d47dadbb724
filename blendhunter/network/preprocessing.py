"""What the network sees; part of the identity of a weights file."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from blendhunter.network.architecture import INPUT_SIZE
from blendhunter.network.residuals import symmetric_residuals
from blendhunter.stamps import STAMP_SIZE
from blendhunter.stamps.windows import noise_pattern

__all__ = ['PREPROCESSINGS', 'TRAINED', 'Preprocessing', 'preprocess_noise',
           'preprocess_paper', 'preprocess_residuals']

BORDER = (INPUT_SIZE - STAMP_SIZE) // 2
INNER = slice(BORDER, BORDER + STAMP_SIZE)


def preprocess_noise(stamps, regions, noise):
    """
    Make noise-normalised channels and that of the region asked about.

    Parameters
    ----------
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
        Background-subtracted pixels.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51)
        True inside the region.
    noise : float or `~numpy.ndarray` that broadcasts to (n, 51, 51)
        RMS noise per pixel in the unit of ``stamps``.

    Returns
    -------
    channels : float32 `~numpy.ndarray` of shape (n, 65, 65, 3)
        With z = stamp / noise: asinh(z / 2); +1 inside the region and -1
        outside; 4 z / (largest z in the region, at least 1). The border
        of 7 px is zero.
    """
    z = (stamps / noise).astype(np.float32, copy=False)
    n = len(z)
    peak = np.max(z, axis=(1, 2), where=regions, initial=1.0)
    channels = np.zeros((n, INPUT_SIZE, INPUT_SIZE, 3), dtype=np.float32)
    inner = channels[:, INNER, INNER]
    inner[..., 0] = np.arcsinh(z / 2)
    inner[..., 1] = np.where(regions, 1, -1)
    inner[..., 2] = 4 * z / peak[:, None, None]
    return channels


def preprocess_residuals(stamps, regions, noise):
    """
    Add what no symmetric source leaves to the noise-normalised channels.

    Parameters
    ----------
    stamps, regions, noise
        As for `preprocess_noise`.

    Returns
    -------
    channels : float32 `~numpy.ndarray` of shape (n, 65, 65, 5)
        The three of `preprocess_noise`; then asinh(r / 2) of both
        `~blendhunter.network.residuals.symmetric_residuals` r.
    """
    z = (stamps / noise).astype(np.float32, copy=False)
    channels = np.zeros((len(z), INPUT_SIZE, INPUT_SIZE, 5),
                        dtype=np.float32)
    channels[..., :3] = preprocess_noise(z, regions, 1.0)
    inner = channels[:, INNER, INNER]
    for i, residual in enumerate(symmetric_residuals(z, regions), start=3):
        inner[..., i] = np.arcsinh(residual / 2)
    return channels


def preprocess_paper(stamps, regions, noise):
    """
    Scale to the paper's 8-bit grey.

    Parameters
    ----------
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
        Pixels.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51)
        Not used: the paper asks about the whole stamp.
    noise : float or `~numpy.ndarray` that broadcasts to (n, 51, 51)
        RMS noise per pixel; it fills the border, since the paper adds
        noise after padding.

    Returns
    -------
    channels : float32 `~numpy.ndarray` of shape (n, 65, 65, 3)
        ``floor(abs(x) * 255 / max(abs(x))) / 255``, three times.
    """
    del regions
    n = len(stamps)
    centre = np.full(n, INPUT_SIZE // 2)
    level = np.broadcast_to(noise, stamps.shape).mean(axis=(1, 2))
    padded = noise_pattern(centre, centre, INPUT_SIZE) * level[:, None, None]
    padded[:, INNER, INNER] = stamps
    padded = np.abs(padded)
    peak = padded.max(axis=(1, 2), keepdims=True)
    grey = np.floor(padded * (255 / np.where(peak > 0, peak, 1))) / 255
    return np.repeat(grey[..., None], 3, axis=-1).astype(np.float32)


class Preprocessing(NamedTuple):
    """How stamps become the network's input."""

    function: Callable
    n_channels: int


#: By the name that stands in a weights file.
PREPROCESSINGS = {'noise': Preprocessing(preprocess_noise, 3),
                  'residuals': Preprocessing(preprocess_residuals, 5),
                  'paper': Preprocessing(preprocess_paper, 3)}
#: What end-to-end training uses.
TRAINED = 'residuals'
