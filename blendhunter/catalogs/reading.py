# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Read catalogs of all accepted forms as astropy tables."""

import warnings
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.table import QTable, Table

from blendhunter._utils.masked import split_masked

__all__ = ['as_table', 'read_catalog']

FORMATS = {'.fits': 'fits', '.fit': 'fits', '.ecsv': 'ascii.ecsv',
           '.csv': 'ascii.csv', '.parquet': 'parquet', '.hdf5': 'hdf5',
           '.h5': 'hdf5', '.xml': 'votable', '.vot': 'votable',
           '.votable': 'votable'}


def as_table(catalog, *, chip=None):
    """
    Return a copy of a catalog as an astropy table.

    Parameters
    ----------
    catalog : table-like or path
        A Table; a photutils ``SourceCatalog``; a pandas DataFrame; a
        structured array, for example from ``sep.extract``; a dict of
        columns; a FITS table HDU; an array of shape (n, 2) with x and y;
        or the path of a file. The file may have any format that
        `~astropy.table.Table.read` accepts, or be a catalog of SExtractor
        (ASCII or FITS_LDAC).
    chip : int, optional
        Number of the catalog in a FITS_LDAC file with several catalogs.
        The first one is 1.

    Returns
    -------
    table : `~astropy.table.Table`
        A copy. A table keeps its class; other forms become a
        `~astropy.table.QTable`.

    Raises
    ------
    TypeError, ValueError, OSError
        If the catalog cannot be used or read.
    """
    from astropy.io import fits

    if isinstance(catalog, Table):
        return catalog.copy()
    if isinstance(catalog, (str, Path)):
        return read_catalog(catalog, chip=chip)
    if isinstance(catalog, (fits.BinTableHDU, fits.TableHDU)):
        return _as_qtable(Table.read(catalog))
    if hasattr(catalog, 'to_table'):
        return QTable(catalog.to_table())
    if hasattr(catalog, 'itertuples'):  # a pandas DataFrame
        return QTable(Table.from_pandas(catalog))
    if isinstance(catalog, dict):
        return QTable({str(name): np.asanyarray(values)
                       for name, values in catalog.items()})
    if isinstance(catalog, np.ndarray) and catalog.dtype.names:
        return QTable(catalog)
    values, _, _ = split_masked(catalog) if isinstance(
        catalog, (np.ndarray, list, tuple)) else (None, None, None)
    if values is not None and values.ndim == 2 and values.shape[1] == 2 and (
            values.dtype.kind in 'fiu'):
        x, y = np.asanyarray(catalog).T
        return QTable({'x': x, 'y': y})
    msg = ('catalog must be a Table, a SourceCatalog, a DataFrame, a '
           'structured array, a dict of columns, an array of shape (n, 2) '
           f'or a path, got {type(catalog).__name__}')
    raise TypeError(msg)


def _as_qtable(table):
    """Return a QTable; units that astropy does not know stay as text."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', u.UnitsWarning)
        return QTable(table)


def read_catalog(path, *, chip=None):
    """
    Read a catalog file.

    Parameters
    ----------
    path : str or path-like
        A file in a format that `~astropy.table.Table.read` accepts, or a
        catalog of SExtractor (ASCII or FITS_LDAC).
    chip : int, optional
        Number of the catalog in a FITS_LDAC file with several catalogs.
        The first one is 1.

    Returns
    -------
    table : `~astropy.table.QTable`
        The catalog.

    Raises
    ------
    FileNotFoundError, OSError
        If the file does not exist or cannot be read as a table.
    ValueError
        If ``chip`` must be given, or is not in the file.
    """
    path = Path(path)
    if not path.is_file():
        msg = f'catalog: no such file: {str(path)!r}'
        raise FileNotFoundError(msg)
    try:
        with warnings.catch_warnings():
            # units that astropy does not know stay as text, and its notes
            # on odd files say nothing that an error does not
            warnings.simplefilter('ignore')
            return _read(path, chip)
    except _ChipError as error:
        raise ValueError(str(error)) from None
    except Exception as error:
        reason = str(error).strip().splitlines() or [repr(error)]
        msg = f'catalog: cannot read {str(path)!r}: {reason[0]}'
        raise OSError(msg) from error


class _ChipError(Exception):
    """A FITS_LDAC file has several catalogs, or not the one named."""


def _read(path, chip):
    """Read a table by what the file holds, or by its extension."""
    with path.open('rb') as file:
        start = file.read(2048)
    if start.startswith((b'SIMPLE  =', b'\x1f\x8b')) and (
            start.startswith(b'SIMPLE') or '.fit' in path.name.lower()):
        return _read_fits(path, chip)
    if b'<VOTABLE' in start.upper():
        return QTable.read(path, format='votable')
    name = FORMATS.get(path.suffix.lower())
    if name == 'ascii.csv':
        return _read_csv(path)
    if name is not None:
        return QTable.read(path, format=name)
    first = start.decode(errors='replace').split('\n')[0]
    if first.startswith('#') and first.split()[1:2] == ['1']:
        return QTable.read(path, format='ascii.sextractor')
    return QTable.read(path, format='ascii')


def _read_csv(path):
    """Read CSV with a byte-order mark, or semicolons, as spreadsheets do."""
    text = path.read_text(encoding='utf-8-sig', errors='replace')
    lines = [line for line in text.splitlines() if not line.startswith('#')]
    first = lines[0] if lines else ''
    delimiter = max(',;\t', key=first.count)
    return QTable.read(text, format='ascii.csv', delimiter=delimiter)


def _read_fits(path, chip):
    """Read a FITS table; of FITS_LDAC the objects of one chip."""
    from astropy.io import fits

    # opened here, so that it is closed whatever fails
    with path.open('rb') as file, fits.open(file) as hdus:
        tables = [hdu for hdu in hdus
                  if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU))]
        found = [hdu for hdu in tables
                 if hdu.name in ('LDAC_OBJECTS', 'OBJECTS')] or [
                     hdu for hdu in tables
                     if hdu.name not in ('LDAC_IMHEAD', 'FIELDS')][:1]
        if not found:
            msg = 'it contains no table'
            raise OSError(msg)
        if chip is None and len(found) > 1:
            msg = (f'chip: {str(path)!r} has the catalogs of {len(found)} '
                   'chips; give the number of one, from 1')
            raise _ChipError(msg)
        if chip is not None and not 1 <= chip <= len(found):
            msg = (f'chip: {str(path)!r} has {len(found)} catalogs, '
                   f'got {chip!r}')
            raise _ChipError(msg)
        return QTable.read(found[(chip or 1) - 1])
