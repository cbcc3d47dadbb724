"""Checks of the stamps that `BlendIdentifier` is given."""

import numpy as np
from astropy.stats import mad_std

from blendhunter.stamps import STAMP_SIZE
from blendhunter.stamps.extraction import MAX_UNUSABLE

__all__ = ['check_stamps']


def check_stamps(stamps, regions, noise):
    """
    Check the arguments of `BlendIdentifier.predict_stamps`.

    Parameters
    ----------
    stamps, regions, noise
        As given there.

    Returns
    -------
    stamps : float `~numpy.ndarray` of shape (n, 51, 51)
        Over their noise; non-finite pixels are zero.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51) or None
    lost : bool `~numpy.ndarray` of shape (n,)
        True where too many pixels are not finite.

    Raises
    ------
    TypeError, ValueError
        If an argument has a wrong type or shape.
    """
    stamps = np.asarray(stamps)
    if stamps.dtype.kind not in 'fiu':
        msg = f'stamps must be real numbers, got the dtype {stamps.dtype}'
        raise TypeError(msg)
    shape = (STAMP_SIZE, STAMP_SIZE)
    if stamps.ndim != 3 or stamps.shape[1:] != shape:
        msg = f'stamps must have the shape (n, 51, 51), got {stamps.shape}'
        raise ValueError(msg)
    if regions is not None:
        regions = np.asarray(regions, dtype=bool)
        if regions.shape != stamps.shape:
            msg = (f'regions must have the shape of stamps {stamps.shape}, '
                   f'got {regions.shape}')
            raise ValueError(msg)
    stamps = np.asarray(stamps, dtype=np.result_type(stamps, np.float32))
    bad = ~np.isfinite(stamps)
    if bad.any():
        stamps = np.where(bad, 0, stamps)
    lost = bad.mean(axis=(1, 2)) > MAX_UNUSABLE
    if noise is None and len(stamps) == 0:
        noise = 1.0
    if noise is None:
        noise = mad_std(stamps, axis=(1, 2))
        noise = np.where(noise > 0, noise, 1)
    noise = np.asarray(noise, dtype=float)
    if noise.shape not in ((), stamps.shape[:1], stamps.shape):
        msg = (f'noise must be a number or have the shape (n,) or '
               f'(n, 51, 51), got {noise.shape}')
        raise ValueError(msg)
    if not np.all((noise > 0) & np.isfinite(noise)):
        msg = 'noise must be positive and finite'
        raise ValueError(msg)
    # normalized here: float32 would not hold every flux unit
    wide = noise[:, None, None] if noise.ndim == 1 else noise
    return stamps / wide, regions, lost
