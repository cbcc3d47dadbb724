# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The fraction of flagged sources of a real image, by brightness."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark.column_descriptions import QUARTILES
from blendhunter.catalogs import plain_values

__all__ = ['evaluate_image']

N_PARTS = 4
NEEDED = ('flux', 'n_pixels', 'blend_prob', 'is_blend')


def evaluate_image(result):
    """
    Summarize a classified catalog in each flux quartile.

    The summary reveals a network that flags most bright single galaxies.

    Parameters
    ----------
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify` on a catalog of
        `~blendhunter.detect`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per quartile, from faint to bright: ``flux_min``,
        ``flux_max``, ``n_sources`` (those with a probability), ``share``
        (the fraction of these with ``is_blend``) and ``median_area``
        (pixels).

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = [name for name in NEEDED if name not in result.colnames]
    if missing:
        msg = (f'result must have the columns {missing}; it has '
               f'{result.colnames}')
        raise ValueError(msg)
    flux, area, probability, flagged = (plain_values(result[name])
                                        for name in NEEDED)
    usable = np.flatnonzero(np.isfinite(probability))
    order = usable[np.argsort(flux[usable])]
    return describe_columns(Table([
        {'quartile': i, 'flux_min': flux[rows].min(),
         'flux_max': flux[rows].max(), 'n_sources': len(rows),
         'share': float(np.mean(flagged[rows])),
         'median_area': float(np.median(area[rows]))}
        for i, rows in enumerate(np.array_split(order, N_PARTS), start=1)
        if rows.size]), QUARTILES)
