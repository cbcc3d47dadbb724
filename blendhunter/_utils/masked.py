"""Values, mask and unit of whatever carries them."""

import numpy as np

__all__ = ['plain_values', 'split_masked']


def split_masked(values):
    """
    Separate an array from its mask and its unit.

    ``values`` may be a list, an array, a Quantity, a table column, or a
    masked one of these (`numpy.ma` or `astropy.utils.masked`).

    Returns
    -------
    data : `~numpy.ndarray`
        Without unit; what is under the mask has no meaning.
    mask : bool `~numpy.ndarray` or None
        True marks masked entries; None if there are none.
    unit : `~astropy.units.Unit` or None
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
    """Return numbers as float64 without unit; masked ones are NaN."""
    data, mask, _ = split_masked(column)
    if data.dtype.kind == 'c':
        msg = f'real numbers are needed, got the dtype {data.dtype}'
        raise TypeError(msg)
    if mask is not None and data.dtype.kind == 'O':
        data = np.where(mask, np.nan, data)
    values = np.array(data, dtype=float)
    if mask is not None:
        values[mask] = np.nan
    return values
