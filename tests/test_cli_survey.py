# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Many images on the command line, and the status of a run."""

import sys

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable, Table
from test_survey import write_image
from test_survey_faults import same_tables

from blendhunter.cli import main
from blendhunter.survey import survey_status
from blendhunter.tests.survey_stub import StubIdentifier


@pytest.fixture(autouse=True)
def _stub(monkeypatch):
    """Classify without a network."""
    monkeypatch.setattr('blendhunter.identify.BlendIdentifier',
                        StubIdentifier)
    monkeypatch.setattr('blendhunter.cli.classify.quiet_backend',
                        lambda: None)


@pytest.fixture
def images(tmp_path):
    return [write_image(tmp_path / f'{name}.fits', i)
            for i, name in enumerate('abc')]


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / 'out')


def classify(*arguments):
    return main(['classify', *map(str, arguments)])


def lines(capsys):
    found = capsys.readouterr()
    return found.out.splitlines(), found.err.splitlines()


def test_images_to_a_directory(images, out, tmp_path, capsys):
    assert classify(*images, '--output-dir', out, '--n-sigma', 2) == 0
    printed, errors = lines(capsys)
    tables = [QTable.read(f'{out}/{name}.parquet') for name in 'abc']
    n = sum(map(len, tables))
    blends = sum(int(table['is_blend'].sum()) for table in tables)
    unknown = sum(int(np.isnan(table['blend_prob']).sum())
                  for table in tables)
    assert printed == [
        f'3 images, 0 failed; {n} sources, {blends} flagged as blends, '
        f'{unknown} not classified; written to {out}']
    assert errors == []
    assert survey_status(out).meta['n_sigma'] == 2
    # as many processes give the same
    other = tmp_path / 'two'
    assert classify('--output-dir', other, '--workers', 2, '--n-sigma', 2,
                    *images) == 0
    same_tables(tmp_path / 'out', other)


def test_failures_are_one_line_each(images, out, tmp_path, capsys):
    bad = tmp_path / 'nan.fits'
    fits.PrimaryHDU(np.full((99, 99), np.nan)).writeto(bad)
    batch = [images[0], str(bad), str(tmp_path / 'gone.fits')]
    assert classify(*batch, '--output-dir', out) == 1
    printed, errors = lines(capsys)
    assert len(errors) == 2
    assert errors[0].startswith(f'blendhunter: warning: {bad}: ')
    assert errors[1].startswith(f'blendhunter: warning: {batch[2]}: ')
    assert len(printed) == 1
    assert printed[0].startswith('3 images, 2 failed; ')
    assert main(['survey', 'status', out]) == 0
    printed, errors = lines(capsys)
    assert printed[0].startswith('3 images: 1 done, 2 failed, 0 open; ')
    assert [line.partition(': ')[2].partition(': ')[0]
            for line in printed[1:]] == [batch[2], str(bad)]
    assert errors == []
    # earlier failures of others do not count
    assert classify(images[0], '--output-dir', out) == 0
    assert lines(capsys)[0][0].startswith('1 images, 0 failed; ')


def test_list(images, tmp_path, capsys):
    folder = tmp_path / 'lists'
    folder.mkdir()
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(
        fits.getdata(images[0]), name='SCI')]).writeto(folder / 'm.fits')
    Table({'image': ['m.fits', images[1]], 'ext': ['SCI', ''],
           'noise': ['2', '']}).write(folder / 'list.csv')
    assert classify('--images', folder / 'list.csv', '--output-dir',
                    tmp_path / 'out', '--format', 'ecsv') == 0
    assert sorted(path.name for path in (tmp_path / 'out').glob('*.ecsv')
                  ) == ['_manifest.ecsv', 'b.ecsv', 'm-SCI.ecsv']
    assert QTable.read(tmp_path / 'out/m-SCI.ecsv').meta[
        'BHNOISE'] == 'scalar'
    assert lines(capsys)[0][0].startswith('2 images, 0 failed')


def test_extension_of_all(images, out, tmp_path):
    for name in ('d', 'e'):
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(
            fits.getdata(images[0]), name='SCI')]).writeto(
                tmp_path / f'{name}.fits')
    assert classify(tmp_path / 'd.fits', tmp_path / 'e.fits', '--ext', 'SCI',
                    '--output-dir', out) == 0
    assert survey_status(out)['name'].tolist() == ['d-SCI', 'e-SCI']


@pytest.mark.parametrize(('options', 'message'), [
    (['-o', 'x.ecsv'], 'output: several images have several tables; use '
     '--output-dir DIR instead of -o'),
    (['--output-dir', 'x', '--catalog', 'c.fits'],
     'catalog: --catalog is for one image with -o, not for --output-dir; '
     "use a list, --images LIST, with a column 'catalog'"),
    (['--output-dir', 'x', '--noise', '3'], "with a column 'noise'"),
    (['--output-dir', 'x', '--plot', 'x.png'],
     'plot: --plot is for one image with -o, not for --output-dir'),
    (['--output-dir', 'x', '--ds9', 'x.reg'], 'ds9: --ds9 is for one'),
    (['--output-dir', 'x', '--wcs', 'x.fits'], 'wcs: --wcs is for one'),
    (['--output-dir', 'x', '--columns', 'a', 'b'], 'columns: --columns is'),
    (['--output-dir', 'x', '--sky'], 'sky: --sky is for one image'),
    (['--output-dir', 'x', '--planes', 'auto'], 'planes: --planes is for'),
    (['--output-dir', 'x/y/z'], "output_dir: directory 'x/y' does not"),
    (['--output-dir', 'x', '--threshold', '2'], 'threshold must be between'),
    (['--output-dir', 'x', '--scheduler', 'none.json'],
     "'none.json' is neither an address (tcp://HOST:PORT) nor")])
def test_what_does_not_fit(images, options, message, capsys, tmp_path,
                           monkeypatch):
    monkeypatch.chdir(tmp_path)
    if '--scheduler' in options:
        pytest.importorskip('distributed',
                            reason='dask[distributed] is not installed')
    assert classify(*images, *options) == 1
    printed, errors = lines(capsys)
    assert printed == []
    assert len(errors) == 1
    assert message in errors[0]
    assert not (tmp_path / 'x').exists()


@pytest.mark.parametrize(('options', 'message'), [
    (['--workers', 2], 'workers: --workers needs --output-dir DIR'),
    (['--scheduler', 'a'], 'scheduler: --scheduler needs --output-dir'),
    (['--format', 'fits'], 'format: --format needs --output-dir')])
def test_options_of_many_with_one(images, options, message, capsys):
    assert classify(images[0], '-o', 'x.ecsv', *options) == 1
    assert message in lines(capsys)[1][0]


def test_extension_with_a_list(capsys, out):
    assert classify('--images', 'a.csv', '--ext', 1, '--output-dir',
                    out) == 1
    assert "give the list a column 'ext'" in lines(capsys)[1][0]


@pytest.mark.parametrize('options', [
    ['-o', 'x.ecsv'], ['--output-dir', 'x'], ['a.fits'], ['a.fits', 'b.fits'],
    ['a.fits', '--images', 'a.csv', '--output-dir', 'x'],
    ['a.fits', '-o', 'x.ecsv', '--output-dir', 'x'],
    ['a.fits', '--output-dir', 'x', '--workers', '0'],
    ['a.fits', '--output-dir', 'x', '--workers', '2', '--scheduler', 'b']])
def test_wrong_usage(options, capsys):
    with pytest.raises(SystemExit) as error:
        classify(*options)
    assert error.value.code == 2
    assert 'Traceback' not in capsys.readouterr().err


def test_other_setting_is_refused(images, out, capsys):
    assert classify(*images, '--output-dir', out) == 0
    capsys.readouterr()
    assert classify(*images, '--output-dir', out, '--n-sigma', 3) == 1
    printed, errors = lines(capsys)
    assert printed == []
    assert errors == [
        f'blendhunter: error: n_sigma: {out!r} has a run with 1.5, not '
        '3.0; choose another directory, or use --overwrite to start again']
    assert classify(*images, '--output-dir', out, '--n-sigma', 3,
                    '--overwrite') == 0


def test_one_image_as_before(images, tmp_path, capsys):
    path = tmp_path / 'one.ecsv'
    assert classify('-o', path, images[0]) == 0
    assert len(QTable.read(path)) > 0
    assert lines(capsys)[0][0].endswith(f'written to {path}')


def test_interrupted(images, out, tmp_path, capsys):
    stop = write_image(tmp_path / 'ctrlc.fits', 8)
    assert classify(images[0], stop, images[1], '--output-dir', out) == 130
    assert main(['survey', 'status', out]) == 0
    assert '3 images: 1 done, 0 failed, 2 open' in lines(capsys)[0][0]


def test_lost_table_is_open(images, out, tmp_path, capsys):
    assert classify(*images, '--output-dir', out) == 0
    (tmp_path / 'out/b.parquet').unlink()
    capsys.readouterr()
    assert main(['survey', 'status', out]) == 0
    assert '3 images: 2 done, 0 failed, 1 open' in lines(capsys)[0][0]


def test_status_of_no_run(tmp_path, capsys):
    assert main(['survey', 'status', str(tmp_path)]) == 1
    printed, errors = lines(capsys)
    assert printed == []
    assert errors == [f'blendhunter: error: output_dir: {str(tmp_path)!r} '
                      'has no run']


@pytest.mark.parametrize('verb', [['survey'], ['survey', 'status']])
def test_help(verb, capsys):
    with pytest.raises(SystemExit) as error:
        main([*verb, '--help'])
    assert error.value.code == 0
    assert 'example:\n  blendhunter survey status' in capsys.readouterr().out


def test_without_dask(images, out, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'distributed', None)
    assert classify(*images, '--output-dir', out, '--scheduler',
                    'tcp://localhost:1') == 1
    assert 'scheduler: dask is not installed' in lines(capsys)[1][0]
