# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Data sets and tables: formats, atomic writing, bad files."""

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable, Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter._utils.files import (
    atomic_path,
    check_outputs,
    check_writable,
)
from blendhunter._utils.meta import META_KEYS, read_meta, record_meta
from blendhunter._utils.tables import check_table_columns, write_table
from blendhunter.dataset import DataSet, read_dataset, write_dataset
from blendhunter.exceptions import DataSetError

SHA = '0123456789abcdef' * 4


@pytest.fixture
def table():
    table = QTable({'x': [1.5, 2.5], 'flux': [3, 4] * u.Jy,
                    'blend_prob': np.array([0.5, np.nan], dtype='f4'),
                    'is_blend': [True, False]})
    table.meta.update({'BHSHA256': SHA,
                       'BHTHRESH': 0.5,
                       'BHREGION': 'segment'})
    return table


def read(path):
    suffix = path.suffix
    if path.name.endswith('.gz'):
        assert path.read_bytes()[:2] == b'\x1f\x8b'
        suffix = '.ecsv' if '.ecsv' in path.name else None
    if suffix == '.ecsv':
        return QTable.read(path, format='ascii.ecsv')
    if suffix == '.hdf5':
        return QTable.read(path, path='catalog')
    return QTable.read(path, format={'.csv': 'ascii.csv'}.get(suffix))


@pytest.mark.parametrize('suffix', ['.ecsv', '.fits', '.csv', '.parquet',
                                    '.hdf5', '.fits.gz', '.ecsv.gz'])
def test_every_format(table, tmp_path, suffix):
    path = tmp_path / f'out{suffix}'
    write_table(table, path)
    back = read(path)
    assert back.colnames == table.colnames
    assert_allclose(np.ma.filled(back['blend_prob'].astype(float), np.nan),
                    table['blend_prob'])
    if suffix != '.csv':
        assert back['is_blend'].dtype == bool
        assert back['flux'].unit == u.Jy
        assert {key: back.meta[key] for key in table.meta} == table.meta
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_existing_file_needs_overwrite(table, tmp_path):
    path = tmp_path / 'out.ecsv'
    path.write_text('old')
    with pytest.raises(FileExistsError, match='use overwrite'):
        write_table(table, path)
    assert path.read_text() == 'old'
    write_table(table, path, overwrite=True)
    assert len(Table.read(path)) == 2


def test_bad_paths(table, tmp_path):
    with pytest.raises(ValueError, match=r"unknown extension '.xlsx'"):
        write_table(table, tmp_path / 'a.xlsx')
    with pytest.raises(FileNotFoundError, match=r'directory .* does not ex'):
        write_table(table, tmp_path / 'no' / 'a.ecsv')
    with pytest.raises(IsADirectoryError, match='is a directory'):
        check_writable(tmp_path)


def test_directory_that_cannot_be_written(table, tmp_path, monkeypatch):
    # root may write everywhere, so the answer of the system is simulated
    monkeypatch.setattr('os.access', lambda *_: False)
    with pytest.raises(PermissionError, match=r'directory .* not writable'):
        write_table(table, tmp_path / 'a.ecsv')


@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError])
def test_interrupted_write_leaves_nothing(tmp_path, error):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    def write():
        with atomic_path(path) as temporary:
            temporary.write_text('half')
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_leaves_no_table(table, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(QTable, 'write', full)
    with pytest.raises(OSError, match='No space left'):
        write_table(table, tmp_path / 'a.ecsv')
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def dataset():
    return DataSet({'stamps': np.random.default_rng(1).normal(size=(3, 5, 5)),
                    'regions': np.ones((3, 5, 5), bool)},
                   Table({'label': [0, 1, 1]}), {'seed': 4, 'kind': 'test'})


def test_dataset_round_trip(dataset, tmp_path):
    write_dataset(tmp_path / 'a.h5', dataset)
    back = read_dataset(tmp_path / 'a.h5')
    for name, array in dataset.arrays.items():
        assert_array_equal(back.arrays[name], array)
    assert_array_equal(back.truth['label'], [0, 1, 1])
    assert back.provenance == dataset.provenance
    assert len(back) == 3


def test_bad_datasets(dataset, tmp_path):
    path = tmp_path / 'a.h5'
    with pytest.raises(FileNotFoundError, match='data set: no such file'):
        read_dataset(path)
    path.write_text('text')
    with pytest.raises(DataSetError, match=r'a\.h5. cannot be read'):
        read_dataset(path)
    write_dataset(path, dataset)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(DataSetError, match=r'a\.h5. cannot be read'):
        read_dataset(path)
    import h5py

    with h5py.File(path, 'w') as file:
        file['x'] = 1
    with pytest.raises(DataSetError, match='is not a .blendhunter data set'):
        read_dataset(path)
    with pytest.raises(ValueError, match='stamps has 3 entries but truth'):
        DataSet(dataset.arrays, Table({'label': [1]}))


def test_meta_of_older_versions_is_read():
    meta = {'BLENDHUNTER.DETECTION.1': '{"n_si', 'date': 'today',
            'BLENDHUNTER.DETECTION.2': 'gma":2}',
            'blendhunter.region': 'stamp'}
    assert read_meta(meta, 'detection') == '{"n_sigma":2}'
    assert read_meta(meta, 'region') == 'stamp'
    assert read_meta(meta, 'prior') is None
    record_meta(meta, region='segment')
    assert read_meta(meta, 'region') == 'segment'
    assert all(key.startswith('BH') and len(key) <= 8
               for key in META_KEYS.values())


@pytest.mark.parametrize('suffix', ['.fits', '.parquet', '.hdf5'])
def test_a_column_that_a_format_cannot_hold(suffix):
    """It is found before the work, and named."""
    table = Table({'x': [1.0, 2.0], 'known': np.array([True, None])})
    with pytest.raises(ValueError, match="catalog: column 'known' cannot be "
                                         rf'written to \{suffix}'):
        check_table_columns(table, f'out{suffix}')
    check_table_columns(table[['x']], f'out{suffix}')


def test_replacing_keeps_permissions_and_links(table, tmp_path):
    target = tmp_path / 'target.ecsv'
    target.write_text('old')
    target.chmod(0o640)
    link = tmp_path / 'link.ecsv'
    link.symlink_to(target)
    write_table(table, link, overwrite=True)
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert len(Table.read(target)) == 2


def test_outputs_never_destroy_inputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'image.fits').write_text('x')
    (tmp_path / 'cat.fits').write_text('x')
    (tmp_path / 'again.fits').symlink_to('image.fits')
    (tmp_path / 'sub').mkdir()
    inputs = {'image': 'image.fits', 'catalog': 'cat.fits', 'mask': None}
    for name in ('image.fits', './image.fits', 'sub/../image.fits',
                 tmp_path / 'image.fits', 'again.fits'):
        with pytest.raises(ValueError, match='output: .* is also given as im'):
            check_outputs({'output': name}, inputs)
    with pytest.raises(ValueError, match='plot: .*is also given as weights'):
        check_outputs({'plot': 'image.fits'}, {'weights': 'image.fits[WGT]'})
    with pytest.raises(ValueError, match='output: .*is also given as catalog'):
        check_outputs({'output': 'cat.fits'}, inputs)
    check_outputs({'output': 'cat.fits'}, inputs, replaceable=['catalog'])
    with pytest.raises(ValueError, match="ds9: 'x.reg' is also given as"):
        check_outputs({'output': 'sub/../x.reg', 'ds9': 'x.reg'}, inputs)
    check_outputs({'output': 'x', 'ds9': 'y', 'plot': None}, inputs)
