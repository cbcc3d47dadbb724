"""Catalogs of any accepted kind, and the positions in them."""

from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import QTable, Table

__all__ = ['as_table', 'catalog_labels', 'catalog_positions', 'plain_values',
           'read_catalog']

# (x, y, offset): SExtractor counts pixels from one
PIXEL_COLUMNS = (('x_centroid', 'y_centroid', 0),
                 ('xcentroid', 'ycentroid', 0),
                 ('x', 'y', 0),
                 ('XWIN_IMAGE', 'YWIN_IMAGE', 1),
                 ('X_IMAGE', 'Y_IMAGE', 1))
SKY_COLUMNS = (('ALPHA_J2000', 'DELTA_J2000'), ('ra', 'dec'), ('RA', 'DEC'),
               ('RAJ2000', 'DEJ2000'))
LABEL_COLUMNS = ('label', 'NUMBER')
FORMATS = {'.fits': 'fits', '.fit': 'fits', '.ecsv': 'ascii.ecsv',
           '.csv': 'ascii.csv', '.parquet': 'parquet', '.hdf5': 'hdf5',
           '.h5': 'hdf5', '.xml': 'votable', '.vot': 'votable'}


def as_table(catalog):
    """
    Return a copy of a catalog as an astropy table.

    Parameters
    ----------
    catalog : Table, `~photutils.segmentation.SourceCatalog` or path
        A path may be anything that `~astropy.table.Table.read` reads,
        SExtractor's catalogs (ASCII and FITS_LDAC) included.

    Returns
    -------
    table : `~astropy.table.Table`
        Of the catalog's own class; `~astropy.table.QTable` where it
        was no table.

    Raises
    ------
    TypeError, OSError
        If it is nothing of that kind or cannot be read.
    """
    if isinstance(catalog, Table):
        return catalog.copy()
    if isinstance(catalog, (str, Path)):
        return read_catalog(catalog)
    if hasattr(catalog, 'to_table'):
        return QTable(catalog.to_table())
    msg = ('catalog must be a Table, a SourceCatalog or a path, '
           f'got {type(catalog).__name__}')
    raise TypeError(msg)


def read_catalog(path):
    """
    Read a catalog file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    table : `~astropy.table.QTable`

    Raises
    ------
    FileNotFoundError, OSError
        If the file is missing or no table can be read from it.
    """
    path = Path(path)
    if not path.is_file():
        msg = f'catalog: no such file: {str(path)!r}'
        raise FileNotFoundError(msg)
    try:
        return _read(path)
    except Exception as error:
        reason = str(error).strip().splitlines() or [repr(error)]
        msg = f'catalog: cannot read {str(path)!r}: {reason[0]}'
        raise OSError(msg) from error


def _read(path):
    """Read a table by the file's extension, or by guessing."""
    import warnings

    name = FORMATS.get(path.suffix.lower())
    # FITS_LDAC catalogs are often called .cat or .ldac
    with path.open('rb') as file:
        if file.read(9) == b'SIMPLE  =' or path.name.endswith('.fits.gz'):
            name = 'fits'
    with warnings.catch_warnings():
        # units that astropy does not know stay as text
        warnings.simplefilter('ignore', u.UnitsWarning)
        if name == 'fits':
            return _read_fits(path)
        if name is not None:
            return QTable.read(path, format=name)
        with path.open(errors='replace') as file:
            first = file.readline()
        if first.startswith('#') and first.split()[1:2] == ['1']:
            return QTable.read(path, format='ascii.sextractor')
        return QTable.read(path, format='ascii')


def _read_fits(path):
    """Read a FITS table; in FITS_LDAC the objects are the second one."""
    from astropy.io import fits

    with fits.open(path) as hdus:
        names = [hdu.name for hdu in hdus]
    hdu = 'LDAC_OBJECTS' if 'LDAC_OBJECTS' in names else 1
    return QTable.read(path, format='fits', hdu=hdu)


def _pixels(column, name):
    """Return a pixel column as floats; masked entries become NaN."""
    unit = getattr(column, 'unit', None)
    if unit is not None and unit not in (u.pix, u.dimensionless_unscaled):
        msg = f'catalog column {name!r} must be in pixels, got {unit}'
        raise ValueError(msg)
    return plain_values(column)


def plain_values(column):
    """
    Return the numbers of a column.

    Parameters
    ----------
    column : `~astropy.table.Column`, Quantity or array_like of shape (n,)

    Returns
    -------
    values : float64 `~numpy.ndarray` of shape (n,)
        Without unit; masked entries are NaN.
    """
    values = getattr(column, 'value', column)
    mask = np.ma.getmaskarray(values) if isinstance(
        values, np.ma.MaskedArray) else getattr(column, 'mask', None)
    values = getattr(values, 'unmasked', values)
    values = np.array(np.ma.getdata(values), dtype=float)
    if mask is not None:
        values[np.broadcast_to(mask, values.shape)] = np.nan
    return values


def catalog_positions(table, *, wcs=None, columns=None):
    """
    Find the positions in a catalog.

    Parameters
    ----------
    table : `~astropy.table.Table`
        With positions under one of these names, tried in this order:
        ``x_centroid``, ``xcentroid``, ``x``, ``XWIN_IMAGE``, ``X_IMAGE``
        and their y; a SkyCoord column; ``ALPHA_J2000``, ``ra`` and their
        declinations.
    wcs : `~astropy.wcs.WCS`, optional
        Needed for sky coordinates.
    columns : tuple of str, optional
        Names of the two position columns: pixels, or degrees if their
        unit is an angle. SExtractor's names stay 1-based.

    Returns
    -------
    x, y : float `~numpy.ndarray` of shape (n,)
        0-indexed pixels; NaN where the catalog has none.

    Raises
    ------
    ValueError
        If there are no positions, or sky positions without a WCS.
    """
    if columns is not None:
        return _named_positions(table, columns, wcs)
    for x_name, y_name, offset in PIXEL_COLUMNS:
        if x_name in table.colnames and y_name in table.colnames:
            return (_pixels(table[x_name], x_name) - offset,
                    _pixels(table[y_name], y_name) - offset)
    for name in table.colnames:
        if isinstance(table[name], SkyCoord):
            return _from_sky(table[name], wcs)
    for lon, lat in SKY_COLUMNS:
        if lon in table.colnames and lat in table.colnames:
            return _from_sky(_sky(table[lon], table[lat]), wcs)
    msg = ('catalog has no position columns (x_centroid and y_centroid, or '
           f'others that are known); it has {table.colnames}')
    raise ValueError(msg)


def _named_positions(table, columns, wcs):
    """Return positions from the columns that the user named."""
    if len(columns) != 2:
        msg = f'columns must be two names, got {columns!r}'
        raise ValueError(msg)
    for name in columns:
        if name not in table.colnames:
            msg = (f'columns: catalog has no column {name!r}; it has '
                   f'{table.colnames}')
            raise ValueError(msg)
    first, second = (table[name] for name in columns)
    unit = getattr(first, 'unit', None)
    angle = unit is not None and unit.is_equivalent(u.deg)
    if angle or tuple(columns) in SKY_COLUMNS:
        return _from_sky(_sky(first, second), wcs)
    offset = int(all(name.endswith('_IMAGE') for name in columns))
    return (_pixels(first, columns[0]) - offset,
            _pixels(second, columns[1]) - offset)


def _degrees(column):
    """Return an angle column as degrees; masked entries become NaN."""
    unit = getattr(column, 'unit', None) or u.deg
    if not unit.is_equivalent(u.deg):
        msg = f'catalog: sky positions must be angles, got {unit}'
        raise ValueError(msg)
    return plain_values(column) * unit.to(u.deg)


def _sky(lon, lat):
    """Return ICRS coordinates of two columns (degrees by default)."""
    return SkyCoord(_degrees(lon), _degrees(lat), unit='deg')


def _from_sky(sky, wcs):
    """Project sky coordinates to 0-indexed pixels."""
    if wcs is None:
        msg = ('wcs: the catalog has sky positions only, and the image has '
               'no celestial WCS; give wcs')
        raise ValueError(msg)
    x, y = wcs.world_to_pixel(sky)
    return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


def catalog_labels(table):
    """
    Return the segment labels of a catalog, or None.

    Parameters
    ----------
    table : `~astropy.table.Table`

    Returns
    -------
    labels : int64 `~numpy.ndarray` of shape (n,) or None
        From the column ``label`` or SExtractor's ``NUMBER``.
    """
    for name in LABEL_COLUMNS:
        if name in table.colnames:
            values = np.ma.getdata(np.ma.filled(table[name], 0))
            if np.asarray(values).dtype.kind in 'iu':
                return np.asarray(values, dtype=np.int64)
    return None
