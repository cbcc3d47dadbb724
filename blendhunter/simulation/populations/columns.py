# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The columns that every population draws."""

import numpy as np
from astropy.table import Table

__all__ = ['INTERNAL', 'complete', 'parameter_table', 'rows_of', 'simplify']

#: Columns that say how to render a source, of no use in a truth table.
INTERNAL = ('disc_radius', 'bulge_radius', 'bulge_axis_ratio',
            'bulge_angle', 'bar_fraction', 'bar_angle', 'seed', 'mirror',
            'lopsided_fraction', 'lopsided_offset', 'arm_fraction',
            'clump_fraction', 'n_pieces', 'dust_depth', 'halo_fraction',
            'bulge_offset')
# those that make a galaxy more than a smooth, concentric profile (bars are
# smooth and cost little)
STRUCTURE = ('knot_fraction', 'n_knots', 'lopsided_fraction', 'arm_fraction',
             'clump_fraction', 'dust_depth', 'halo_fraction', 'bulge_offset')
DEFAULTS = {
    'magnitude': np.nan, 'half_light_radius': np.nan,
    'sersic_index': np.nan, 'axis_ratio': np.nan, 'position_angle': 0.0,
    'bulge_fraction': np.nan, 'knot_fraction': 0.0, 'n_knots': 0,
    'is_star': False, 'disc_radius': np.nan, 'bulge_radius': np.nan,
    'bulge_axis_ratio': np.nan, 'bulge_angle': 0.0, 'bar_fraction': 0.0,
    'bar_angle': 0.0, 'seed': 0, 'index': -1, 'mirror': False,
    'lopsided_fraction': 0.0, 'lopsided_offset': 0.0,
    'arm_fraction': 0.0, 'clump_fraction': 0.0, 'n_pieces': 0,
    'dust_depth': 0.0, 'halo_fraction': 0.0, 'bulge_offset': 0.0}


def complete(sources):
    """Add the shared columns that a population did not draw, in place."""
    for name, default in DEFAULTS.items():
        if name not in sources.colnames:
            sources[name] = np.full(len(sources), default)
    return sources


def simplify(sources, rows):
    """
    Turn sources of a table into their smooth version, in place.

    ``rows`` is a mask or an array of indices. Flux, size and shape stay.
    """
    for name in STRUCTURE:
        if name in sources.colnames:
            sources[name][rows] = 0


def parameter_table(magnitude, **columns):
    """
    Return a table of parameters with the columns all populations share.

    What is not given gets a neutral value. ``bulge_fraction`` is NaN for
    one Sersic profile, ``index`` the row of the catalog of real galaxies.
    """
    return complete(Table({
        'magnitude': np.asarray(magnitude, dtype=float),
        **columns}))[list(DEFAULTS)]


def rows_of(table):
    """Return the rows of a table as dicts of plain values, which is fast."""
    columns = [table[name].tolist() for name in table.colnames]
    return [dict(zip(table.colnames, values, strict=True))
            for values in zip(*columns, strict=True)]
