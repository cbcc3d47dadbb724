# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Match detections to a catalog of true sources."""

import numpy as np
from astropy.table import Table, hstack

from blendhunter._utils.descriptions import SOURCES, describe_columns
from blendhunter.catalogs import as_table, catalog_positions, plain_values
from blendhunter.truth import (
    BLEND,
    SNR_BLEND,
    SNR_SINGLE,
    detection_outcomes,
    label_segments,
)
from blendhunter.truth.blend_definition import MIN_FLUX_RATIO

__all__ = ['match_to_truth', 'prepare_truth']

FLUXES = ('flux', 'FLUX_AUTO', 'flux_auto')
MAGNITUDES = ('magnitude', 'mag', 'MAG_AUTO', 'mag_auto')
# catalogs write 99 or -99 for those they do not know
NO_MAGNITUDE = 90.0
# columns of the detector that stay
KEPT = ('label', 'x_centroid', 'y_centroid', 'n_pixels', 'semimajor_axis',
        'semiminor_axis', 'orientation', 'flux', 'snr', 'flag')


def prepare_truth(truth, *, wcs=None, columns=None, mag_limit=None,
                  mag_column=None):
    """
    Convert a catalog of true sources to the columns that are needed.

    Parameters
    ----------
    truth : Table, path or `~photutils.segmentation.SourceCatalog`
        The truth of a simulation, or a deeper or sharper catalog of the
        same sky. `~blendhunter.catalogs.catalog_positions` lists the
        known names of position columns.
    wcs : `~astropy.wcs.WCS`, optional
        Needed for sky positions.
    columns : tuple of str, optional
        Names of the position columns.
    mag_limit : float, optional
        The faintest magnitude that counts as a separate source. It
        corresponds to an SNR of 5:
        ``snr = 5 * 10**(-0.4 * (magnitude - mag_limit))``. This SNR
        replaces a column ``snr``. Magnitudes of 90 and more, or -90 and
        less, count as missing.
    mag_column : str, optional
        Name of the magnitude column. By default ``magnitude``, ``mag``,
        ``MAG_AUTO`` or ``mag_auto``.

    Returns
    -------
    truth : `~astropy.table.Table`
        ``x``, ``y`` (px), ``snr``, ``magnitude`` and ``flux`` (NaN if
        unknown). Rows without position or SNR are dropped. The flux is
        taken from ``flux``, ``FLUX_AUTO`` or ``flux_auto``. It is computed
        from the magnitude (1 at magnitude 0) if these are missing, or if
        ``mag_limit`` or ``mag_column`` is given.

    Raises
    ------
    ValueError
        If there is neither ``snr`` nor a magnitude with ``mag_limit``.
    """
    table = as_table(truth)
    x, y = catalog_positions(table, wcs=wcs, columns=columns)
    if mag_column is not None and mag_column not in table.colnames:
        msg = (f'mag_column: truth has no column {mag_column!r}; it has '
               f'{table.colnames}')
        raise ValueError(msg)
    name = mag_column or next(
        (name for name in MAGNITUDES if name in table.colnames), None)
    magnitude = (np.full(len(table), np.nan) if name is None
                 else plain_values(table[name]))
    magnitude[np.abs(magnitude) >= NO_MAGNITUDE] = np.nan
    if mag_limit is not None:
        if name is None:
            msg = (f'mag_limit: truth has none of the columns {MAGNITUDES}; '
                   'name its magnitudes with mag_column; it has '
                   f'{table.colnames}')
            raise ValueError(msg)
        snr = SNR_BLEND * 10 ** (-0.4 * (magnitude - mag_limit))
    elif 'snr' in table.colnames:
        snr = plain_values(table['snr'])
    else:
        msg = ("truth: there is no column 'snr'; give mag_limit, the "
               'faintest magnitude that counts as a separate source')
        raise ValueError(msg)
    good = np.isfinite(x) & np.isfinite(y) & np.isfinite(snr)
    by_magnitude = mag_limit is not None or mag_column is not None
    return describe_columns(Table({
        'x': x, 'y': y, 'snr': snr, 'magnitude': magnitude,
        'flux': _fluxes(table, magnitude, by_magnitude)})[good], SOURCES)


def _fluxes(table, magnitude, by_magnitude):
    """Return the fluxes of true sources, NaN if unknown."""
    name = None if by_magnitude else next(
        (name for name in FLUXES if name in table.colnames), None)
    if name is not None:
        flux = plain_values(table[name])
        if np.any(np.isfinite(flux)):
            return flux
    return 10 ** (-0.4 * magnitude)


def match_to_truth(catalog, segmentation, truth, *,
                   min_flux_ratio=MIN_FLUX_RATIO):
    """Label detections by the sources of `prepare_truth` in their segments."""
    table = Table({name: np.asarray(catalog[name]) for name in KEPT
                   if name in catalog.colnames})
    labels = label_segments(segmentation, table, truth,
                            min_flux_ratio=min_flux_ratio)
    table = hstack([table, labels])
    table['outcome'] = detection_outcomes(
        segmentation, table, labels, truth, min_flux_ratio=min_flux_ratio)
    companion = _companions(labels, truth)
    primary = np.asarray(labels['primary'])
    known = (primary >= 0) & (companion >= 0)
    first, second = truth[primary[known]], truth[companion[known]]
    for name, values in (
            ('separation', np.hypot(second['x'] - first['x'],
                                    second['y'] - first['y'])),
            ('companion_snr', second['snr']),
            ('magnitude_difference',
             second['magnitude'] - first['magnitude'])):
        column = np.full(len(table), np.nan, dtype=np.float32)
        column[known] = values
        table[name] = column
    table.remove_columns(['primary', 'secondary'])
    return table


def _companions(labels, truth):
    """Return the row of the source that blends a detection, or might."""
    from scipy.spatial import cKDTree

    companion = np.array(labels['secondary'])
    companion[np.asarray(labels['truth_label']) != BLEND] = -1
    primary = np.asarray(labels['primary'])
    alone = np.flatnonzero((companion < 0) & (primary >= 0))
    seen = np.flatnonzero(np.asarray(truth['snr']) >= SNR_SINGLE)
    if not len(alone) or not len(seen):
        return companion
    positions = np.column_stack([truth['x'], truth['y']])
    # the nearest, and the next if that is the source itself
    _, near = cKDTree(positions[seen]).query(positions[primary[alone]],
                                             k=[1, 2])
    near = np.append(seen, -1)[near]
    own = near[:, 0] == primary[alone]
    companion[alone] = np.where(own, near[:, 1], near[:, 0])
    return companion

