"""A real image: flagged sources by brightness."""

import numpy as np
from astropy.table import Table

from blendhunter.catalogs import plain_values

__all__ = ['evaluate_image']

N_PARTS = 4
NEEDED = ('flux', 'n_pixels', 'blend_prob', 'is_blend')


def evaluate_image(result):
    """
    Summarize a classified catalog in each flux quartile.

    A network that flags most bright single galaxies shows here.

    Parameters
    ----------
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify` on a catalog of
        `~blendhunter.detect`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per quartile, faint to bright: ``flux_min``,
        ``flux_max``, ``n_sources`` with a probability, ``share`` of
        ``is_blend`` among them, ``median_area`` (pixels).

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = [name for name in NEEDED if name not in result.colnames]
    if missing:
        msg = f'table lacks the columns {missing}; it has {result.colnames}'
        raise ValueError(msg)
    flux, area, probability, flagged = (plain_values(result[name])
                                        for name in NEEDED)
    usable = np.flatnonzero(np.isfinite(probability))
    order = usable[np.argsort(flux[usable])]
    return Table([
        {'quartile': i, 'flux_min': flux[rows].min(),
         'flux_max': flux[rows].max(), 'n_sources': len(rows),
         'share': float(np.mean(flagged[rows])),
         'median_area': float(np.median(area[rows]))}
        for i, rows in enumerate(np.array_split(order, N_PARTS), start=1)
        if rows.size])
