# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Checks of the stamps that `BlendIdentifier` is given."""

import numpy as np
from astropy.stats import mad_std

from blendhunter._utils.masked import split_masked
from blendhunter.detection.no_data import is_extreme
from blendhunter.stamps import STAMP_SIZE, Stamps
from blendhunter.stamps.extraction import MAX_UNUSABLE

__all__ = ['check_stamps']


def check_stamps(stamps, regions, noise):
    """
    Check the arguments of `BlendIdentifier.predict_stamps`.

    Returns the stamps over their noise (masked, non-finite and extreme
    pixels are 0), the regions (bool) or None, and a mask of the stamps in
    which too many pixels are not finite.
    """
    if isinstance(stamps, Stamps):
        regions = stamps.regions if regions is None else regions
        stamps = stamps.data
    stamps, hidden, unit = split_masked(stamps)
    if stamps.dtype.kind not in 'fiu':
        msg = f'stamps must be real numbers, got the dtype {stamps.dtype}'
        raise TypeError(msg)
    shape = (STAMP_SIZE, STAMP_SIZE)
    if stamps.ndim != 3 or stamps.shape[1:] != shape:
        msg = f'stamps must have the shape (n, 51, 51), got {stamps.shape}'
        raise ValueError(msg)
    if regions is not None:
        regions, unknown, _ = split_masked(regions)
        regions = regions.astype(bool)
        if regions.shape != stamps.shape:
            msg = (f'regions must have the shape of stamps {stamps.shape}, '
                   f'got {regions.shape}')
            raise ValueError(msg)
        if unknown is not None:
            regions = regions & ~unknown
    stamps = stamps.astype(np.result_type(stamps, np.float32), copy=False)
    bad = ~np.isfinite(stamps)
    if hidden is not None:
        bad |= hidden
    noise, unknown = _check_noise(noise, stamps, bad, unit)
    if unknown is not None:
        bad |= unknown
    # normalized here: float32 would not hold every flux unit
    wide = noise[:, None, None] if noise.ndim == 1 else noise
    bad |= is_extreme(stamps, wide)
    with np.errstate(over='ignore', invalid='ignore'):
        stamps = np.where(bad, 0, stamps / wide).astype(np.float32)
    return stamps, regions, bad.mean(axis=(1, 2)) > MAX_UNUSABLE


def _check_noise(noise, stamps, bad, unit):
    """Return the noise, estimated if it is None, and unknown pixels."""
    if noise is None:
        noise = mad_std(np.where(bad, np.nan, stamps), axis=(1, 2),
                        ignore_nan=True) if len(stamps) else np.ones(())
        return np.where(noise > 0, noise, 1), None
    noise, hidden, own = split_masked(noise)
    if noise.dtype.kind not in 'fiu':
        msg = f'noise must be numbers, got the dtype {noise.dtype}'
        raise TypeError(msg)
    noise = noise.astype(float)
    if own is not None and unit is not None:
        noise = own.to(unit, noise)
    if noise.shape not in ((), stamps.shape[:1], stamps.shape):
        msg = (f'noise must be a number or have the shape (n,) or '
               f'(n, 51, 51), got {noise.shape}')
        raise ValueError(msg)
    if hidden is not None and noise.ndim == 3:
        return np.where(hidden, 1, noise), hidden
    if hidden is not None or not np.all((noise > 0) & np.isfinite(noise)):
        msg = 'noise must be positive and finite'
        raise ValueError(msg)
    return noise, None
