"""What each detection is, by a catalogue of true sources."""

import numpy as np
from astropy.table import Table, hstack

from blendhunter.catalogs import as_table, catalog_positions, plain_values
from blendhunter.truth import (
    BLEND,
    SNR_BLEND,
    SNR_SINGLE,
    detection_outcomes,
    label_segments,
)

__all__ = ['describe_detections', 'prepare_truth']

MAGNITUDES = ('magnitude', 'mag', 'MAG_AUTO', 'mag_auto')
# catalogues write 99 or -99 for those they do not know
NO_MAGNITUDE = 90.0
# columns of the detector that stay
KEPT = ('label', 'x_centroid', 'y_centroid', 'n_pixels', 'semimajor_axis',
        'semiminor_axis', 'orientation', 'flux', 'snr', 'flag')


def prepare_truth(truth, *, wcs=None, columns=None, mag_limit=None,
                  mag_column=None):
    """
    Bring a catalogue of true sources into one form.

    Parameters
    ----------
    truth : Table, path or `~photutils.segmentation.SourceCatalog`
        The truth of a simulation, or a deeper or sharper catalogue of
        the same sky; see `~blendhunter.BlendIdentifier.classify` for the
        position columns that are known.
    wcs : `~astropy.wcs.WCS`, optional
        For sky positions.
    columns : tuple of str, optional
        Names of the position columns.
    mag_limit : float, optional
        The faintest magnitude that counts as a source of its own. It
        stands for an SNR of 5, and replaces ``snr`` if there is one:
        ``snr = 5 * 10**(-0.4 * (magnitude - mag_limit))``. Magnitudes of
        90 and more, or -90 and less, are taken for missing ones.
    mag_column : str, optional
        By default ``magnitude``, ``mag``, ``MAG_AUTO`` or ``mag_auto``.

    Returns
    -------
    truth : `~astropy.table.Table`
        ``x``, ``y`` (px), ``snr``, ``magnitude`` (NaN where there is
        none). Rows without a position, or without an SNR, are dropped.

    Raises
    ------
    ValueError
        If it has neither ``snr`` nor, with ``mag_limit``, a magnitude.
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
            msg = (f'mag_limit: truth has none of {MAGNITUDES}; name its '
                   f'magnitudes with mag_column; it has {table.colnames}')
            raise ValueError(msg)
        snr = SNR_BLEND * 10 ** (-0.4 * (magnitude - mag_limit))
    elif 'snr' in table.colnames:
        snr = plain_values(table['snr'])
    else:
        msg = ("truth: there is no column 'snr'; give mag_limit, the "
               'faintest magnitude that counts as a source of its own')
        raise ValueError(msg)
    good = np.isfinite(x) & np.isfinite(y) & np.isfinite(snr)
    return Table({'x': x, 'y': y, 'snr': snr, 'magnitude': magnitude})[good]


def describe_detections(catalog, segmentation, truth):
    """
    Say what each detection is, and what its nearest source is.

    Parameters
    ----------
    catalog : `~astropy.table.Table`
        With ``label``, ``x_centroid``, ``y_centroid``.
    segmentation : 2-D int `~numpy.ndarray`
    truth : `~astropy.table.Table`
        From `prepare_truth`.

    Returns
    -------
    detections : `~astropy.table.Table`
        The catalogue's columns and those of
        `~blendhunter.truth.label_segments`; ``outcome``
        (`~blendhunter.truth.detection_outcomes`); ``separation`` (px),
        ``companion_snr`` and ``magnitude_difference`` (companion minus
        brightest source) of the companion that makes a blend. For the
        others these are of the nearest true source of SNR 3 or more to
        the brightest in the segment: what might be taken for one.
    """
    table = Table({name: np.asarray(catalog[name]) for name in KEPT
                   if name in catalog.colnames})
    labels = label_segments(segmentation, table, truth)
    table = hstack([table, labels])
    table['outcome'] = detection_outcomes(segmentation, table, labels, truth)
    companion = _companions(labels, truth)
    primary = np.asarray(labels['primary'])
    known = (primary >= 0) & (companion >= 0)
    for name, values in zip(
            ('separation', 'companion_snr', 'magnitude_difference'),
            _compare(truth, primary[known], companion[known]), strict=True):
        column = np.full(len(table), np.nan, dtype=np.float32)
        column[known] = values
        table[name] = column
    table.remove_columns(['primary', 'secondary'])
    return table


def _companions(labels, truth):
    """Return the row of what blends a detection, or might seem to."""
    from scipy.spatial import cKDTree

    companion = np.array(labels['secondary'])
    companion[np.asarray(labels['truth_label']) != BLEND] = -1
    primary = np.asarray(labels['primary'])
    alone = np.flatnonzero((companion < 0) & (primary >= 0))
    seen = np.flatnonzero(np.asarray(truth['snr']) >= SNR_SINGLE)
    if not len(alone) or not len(seen):
        return companion
    place = np.column_stack([truth['x'], truth['y']])
    # the nearest, and the next if that is the source itself
    _, near = cKDTree(place[seen]).query(place[primary[alone]], k=[1, 2])
    near = np.append(seen, -1)[near]
    own = near[:, 0] == primary[alone]
    companion[alone] = np.where(own, near[:, 1], near[:, 0])
    return companion


def _compare(truth, first, second):
    """Return separation, SNR of the second and magnitude difference."""
    x, y, snr, magnitude = (np.asarray(truth[name], dtype=float)
                            for name in ('x', 'y', 'snr', 'magnitude'))
    return (np.hypot(x[second] - x[first], y[second] - y[first]),
            snr[second], magnitude[second] - magnitude[first])
