# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Separate values from their mask and their unit."""

import numpy as np

__all__ = ['plain_values', 'split_masked']


def split_masked(values):
    """
    Separate an array from its mask and its unit.

    Parameters
    ----------
    values : array_like
        A list, an array, a Quantity or a table column. It may be masked
        (``numpy.ma`` or ``astropy.utils.masked``).

    Returns
    -------
    data : `~numpy.ndarray`
        The values without unit. Masked values have no meaning.
    mask : bool `~numpy.ndarray` or None
        True marks masked entries; None if there are none.
    unit : `~astropy.units.Unit` or None
        The unit of the values, if they have one.
    """
    unit = getattr(values, 'unit', None)
    mask = None
    if isinstance(values, np.ma.MaskedArray):
        mask, values = values.mask, np.ma.getdata(values)
    elif hasattr(values, 'unmasked'):
        mask, values = values.mask, values.unmasked
    elif hasattr(values, 'isna'):  # pandas, whose masked entries are NA
        mask = np.asarray(values.isna())
        values = values.to_numpy()
    data = np.asarray(getattr(values, 'value', values))
    if mask is not None:
        mask = np.broadcast_to(mask, data.shape)
        mask = mask.copy() if mask.any() else None
    return data, mask, unit


def plain_values(column):
    """
    Return the numbers of a column as plain floats.

    Parameters
    ----------
    column : array_like of shape (n,)
        A list, an array, a Quantity or a table column. It may be masked.

    Returns
    -------
    values : float64 `~numpy.ndarray` of shape (n,)
        The numbers without unit. Masked ones are NaN.

    Raises
    ------
    TypeError, ValueError
        If the values are not real numbers.
    """
    data, mask, _ = split_masked(column)
    if data.dtype.kind == 'c':
        msg = f'values must be real numbers, got the dtype {data.dtype}'
        raise TypeError(msg)
    if mask is not None and data.dtype.kind == 'O':
        data = np.where(mask, np.nan, data)
    values = np.array(data, dtype=float)
    if mask is not None:
        values[mask] = np.nan
    return values
