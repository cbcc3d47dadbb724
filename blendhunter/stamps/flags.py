# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Bits of the ``blend_flags`` column, and their names."""

from enum import IntFlag

import numpy as np

__all__ = ['BlendFlag', 'decode_blend_flags']


class BlendFlag(IntFlag):
    """Bits of the ``blend_flags`` column."""

    #: The stamp reaches over the image edge.
    EDGE = 1
    #: The center is off the image or not finite; no probability.
    OFF_IMAGE = 2
    #: Masked or non-finite pixels in the stamp, replaced by noise.
    MASKED = 4
    #: More than 30 % of the stamp is masked, non-finite or off the
    #: image; no probability.
    UNUSABLE = 8
    #: No pixel of the core rises above the noise.
    NO_SIGNAL = 16
    #: There is no segment at the position; a disc was used.
    NO_SEGMENT = 32
    #: The source is unlike the training data of the weights.
    OUT_OF_DOMAIN = 64
    #: A small network dismissed the source, which is certainly single.
    SCREENED = 128


def decode_blend_flags(flags, return_bit_values=False):
    """
    Decode ``blend_flags`` into names, as photutils decodes its flags.

    Parameters
    ----------
    flags : int or int array_like of shape (n,)
        Values of ``blend_flags``.
    return_bit_values : bool, optional
        Whether to return the bits (int) instead of their names.

    Returns
    -------
    decoded : list
        Names (str) of the bits of `~blendhunter.stamps.BlendFlag` that are
        set, in lower case: 'edge' (1), 'off_image' (2), 'masked' (4),
        'unusable' (8), 'no_signal' (16), 'no_segment' (32),
        'out_of_domain' (64), 'screened' (128). An array gives a list of
        such lists.

    Raises
    ------
    TypeError
        If ``flags`` are not integers.
    ValueError
        If they are negative or have unknown bits.

    Examples
    --------
    >>> from blendhunter import decode_blend_flags
    >>> decode_blend_flags(5)
    ['edge', 'masked']
    >>> decode_blend_flags([0, 96])
    [[], ['no_segment', 'out_of_domain']]
    """
    flags = np.asarray(flags)
    if flags.dtype.kind not in 'iu' and flags.size:
        msg = f'flags must be integers, got the dtype {flags.dtype}'
        raise TypeError(msg)
    known = sum(BlendFlag)
    if np.any((flags < 0) | (flags > known)):
        msg = f'flags must be sums of the bits from 1 to {max(BlendFlag)}'
        raise ValueError(msg)
    if flags.ndim:
        return [decode_blend_flags(value, return_bit_values)
                for value in flags]
    return [bit.value if return_bit_values else bit.name.lower()
            for bit in BlendFlag if int(flags) & bit]
