# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Positions are found in every accepted catalog."""

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, QTable, Table
from astropy.wcs import WCS
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter.catalogs import as_table, catalog_labels, catalog_positions

X, Y = np.array([3.25, 40.0, 17.5]), np.array([5.0, 6.75, 80.0])


@pytest.fixture
def wcs():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crpix, wcs.wcs.crval = [50, 50], [150, 2]
    wcs.wcs.cdelt = [-5e-5, 5e-5]
    return wcs


@pytest.mark.parametrize(('names', 'offset'), [
    (('x_centroid', 'y_centroid'), 0), (('xcentroid', 'ycentroid'), 0),
    (('x', 'y'), 0), (('XWIN_IMAGE', 'YWIN_IMAGE'), 1),
    (('X_IMAGE', 'Y_IMAGE'), 1)])
def test_pixel_columns(names, offset):
    table = Table([X + offset, Y + offset], names=names)
    for columns in (None, names):
        x, y = catalog_positions(table, columns=columns)
        assert_allclose(x, X)
        assert_allclose(y, Y)


def test_order_of_preference():
    table = Table({'X_IMAGE': X, 'Y_IMAGE': Y, 'x_centroid': X + 7,
                   'y_centroid': Y})
    assert_allclose(catalog_positions(table)[0], X + 7)


def test_named_columns():
    table = Table({'a': X, 'b': Y, 'x': Y, 'y': X})
    assert_allclose(catalog_positions(table, columns=('a', 'b'))[0], X)
    with pytest.raises(ValueError, match=r"has no column 'c'; it has \['a'"):
        catalog_positions(table, columns=('a', 'c'))


def test_any_image_column_of_sextractor_is_one_based():
    table = Table({'XPSF_IMAGE': X + 1, 'YPSF_IMAGE': Y + 1})
    x, _ = catalog_positions(table, columns=('XPSF_IMAGE', 'YPSF_IMAGE'))
    assert_allclose(x, X)


def test_sky_positions(wcs):
    sky = wcs.pixel_to_world(X, Y)
    for table in (Table({'coord': sky}),
                  Table({'ra': sky.ra.deg, 'dec': sky.dec.deg}),
                  QTable({'ALPHA_J2000': sky.ra, 'DELTA_J2000': sky.dec}),
                  QTable({'ra': sky.ra.to(u.rad), 'dec': sky.dec.to(u.rad)})):
        x, y = catalog_positions(table, wcs=wcs)
        assert_allclose(x, X, atol=1e-5)
        assert_allclose(y, Y, atol=1e-5)
        with pytest.raises(ValueError, match='wcs: the catalog has only sky'):
            catalog_positions(table)
    named = QTable({'l': sky.ra, 'b': sky.dec})
    x, _ = catalog_positions(named, wcs=wcs, columns=('l', 'b'))
    assert_allclose(x, X, atol=1e-5)


def test_other_frames(wcs):
    sky = wcs.pixel_to_world(X, Y).transform_to('galactic')
    assert isinstance(sky, SkyCoord)
    x, _ = catalog_positions(Table({'position': sky}), wcs=wcs)
    assert_allclose(x, X, atol=1e-4)


def test_quantities_and_masks():
    quantity = QTable({'x': X * u.pix, 'y': Y * u.pix})
    assert_allclose(catalog_positions(quantity)[0], X)
    masked = Table({'x': MaskedColumn(X, mask=[0, 1, 0]), 'y': Y})
    assert_array_equal(np.isnan(catalog_positions(masked)[0]), [0, 1, 0])
    both = QTable(Table({'x': MaskedColumn(X, mask=[0, 1, 0], unit='pix'),
                         'y': Y}))
    assert_array_equal(np.isnan(catalog_positions(both)[0]), [0, 1, 0])
    with pytest.raises(ValueError, match="'x' must be in pixels, got m"):
        catalog_positions(QTable({'x': X * u.m, 'y': Y}))


def test_no_positions_lists_the_columns():
    with pytest.raises(ValueError, match=r"it has \['flux', 'mag'\]"):
        catalog_positions(Table({'flux': X, 'mag': Y}))


def test_labels():
    assert catalog_labels(Table({'x': X})) is None
    assert catalog_labels(Table({'NUMBER': [1, 2]})).tolist() == [1, 2]
    assert catalog_labels(Table({'label': [4, 2]})).tolist() == [4, 2]
    assert catalog_labels(Table({'label': ['a', 'b']})) is None


@pytest.mark.parametrize('suffix', ['.ecsv', '.fits', '.csv', '.parquet',
                                    '.hdf5', '.xml', '.dat'])
def test_files(tmp_path, suffix):
    path = tmp_path / f'catalog{suffix}'
    formats = {'.csv': 'ascii.csv', '.dat': 'ascii', '.xml': 'votable'}
    options = {'path': 'catalog'} if suffix == '.hdf5' else {}
    Table({'x': X, 'y': Y}).write(path, format=formats.get(suffix),
                                  **options)
    table = as_table(path)
    assert isinstance(table, QTable)
    assert_allclose(catalog_positions(table)[0], X)


def test_ldac_file(tmp_path):
    from astropy.io import fits

    header = fits.BinTableHDU(Table({'Field Header Card': ['a', 'b']}),
                              name='LDAC_IMHEAD')
    objects = fits.BinTableHDU(Table({'X_IMAGE': X, 'Y_IMAGE': Y}),
                               name='LDAC_OBJECTS')
    for name in ('a.fits', 'a.cat', 'a.ldac'):
        fits.HDUList([fits.PrimaryHDU(), header, objects]).writeto(
            tmp_path / name)
        x, _ = catalog_positions(as_table(tmp_path / name))
        assert_allclose(x, X - 1)


def test_sextractor_file(data_dir):
    table = as_table(data_dir / 'sextractor_catalog/image.cat')
    assert 'X_IMAGE' in table.colnames
    assert len(table) > 50


def test_input_is_copied():
    table = Table({'x': X})
    as_table(table)['x'][0] = 99
    assert table['x'][0] == X[0]


def test_bad_catalogs(tmp_path):
    with pytest.raises(TypeError, match='catalog must be a Table'):
        as_table([1, 2])
    with pytest.raises(FileNotFoundError, match='catalog: no such file'):
        as_table(tmp_path / 'none.ecsv')
    for suffix in ('.ecsv', '.fits', '.parquet'):
        path = tmp_path / f'bad{suffix}'
        path.write_text('?')
        with pytest.raises(OSError, match=f'catalog: cannot read .*{suffix}'):
            as_table(path)
