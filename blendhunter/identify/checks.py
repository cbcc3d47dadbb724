"""Checks of what `BlendIdentifier` is given."""

import warnings

import numpy as np

from blendhunter._utils.arrays import MAD_TO_SIGMA
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.stamps import STAMP_SIZE, assign_segments

__all__ = ['COLUMNS', 'check_columns', 'check_stamps', 'trusted_labels']

#: The columns that `BlendIdentifier.classify` appends.
COLUMNS = ('blend_prob', 'is_blend', 'blend_flags', 'n_neighbors')
MIN_AGREEMENT = 0.8
MAX_LOST = 0.3


def check_columns(table, overwrite):
    """
    Refuse to replace columns of an earlier run unasked.

    Parameters
    ----------
    table : `~astropy.table.Table`
    overwrite : bool

    Raises
    ------
    ValueError
        If one of `COLUMNS` exists and ``overwrite`` is False.
    """
    present = [name for name in COLUMNS if name in table.colnames]
    if present and not overwrite:
        msg = (f'catalog already has {present}; use overwrite=True to '
               'replace them')
        raise ValueError(msg)


def trusted_labels(labels, segmentation, position):
    """
    Return the labels if they belong to a segmentation made anew.

    They do not if the catalogue was detected with another mask, noise or
    background, or on another image.

    Parameters
    ----------
    labels : int `~numpy.ndarray` of shape (n,) or None
    segmentation : 2-D int `~numpy.ndarray`
    position : tuple of float `~numpy.ndarray` of shape (n,)

    Returns
    -------
    labels : int `~numpy.ndarray` of shape (n,) or None
        None, with a warning, where the segments under the positions have
        other labels.
    """
    if labels is None:
        return None
    here = assign_segments(segmentation, *position, divide=False).labels
    on = here > 0
    if on.any() and np.mean(here[on] == labels[on]) > MIN_AGREEMENT:
        return labels
    if len(labels):
        warnings.warn(
            'the labels of catalog do not fit the segments of image (was '
            'it detected with another mask, noise or background?): the '
            'segments at the positions are used', BlendHunterWarning,
            stacklevel=4)
    return None


def check_stamps(stamps, regions, noise):
    """
    Check the arguments of `BlendIdentifier.predict_proba`.

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
    lost = bad.mean(axis=(1, 2)) > MAX_LOST
    if noise is None and len(stamps) == 0:
        noise = 1.0
    if noise is None:
        noise = MAD_TO_SIGMA * np.median(np.abs(
            stamps - np.median(stamps, axis=(1, 2), keepdims=True)),
            axis=(1, 2))
        noise = np.where(noise > 0, noise, 1)
    noise = np.asarray(noise, dtype=float)
    if noise.shape not in ((), stamps.shape[:1], stamps.shape):
        msg = (f'noise must be a number or have the shape (n,) or '
               f'(n, 51, 51), got {noise.shape}')
        raise ValueError(msg)
    if not np.all((noise > 0) & np.isfinite(noise)):
        msg = 'noise must be positive and finite'
        raise ValueError(msg)
    # normalised here: float32 would not hold every flux unit
    wide = noise[:, None, None] if noise.ndim == 1 else noise
    return stamps / wide, regions, lost
