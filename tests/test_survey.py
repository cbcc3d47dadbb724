# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Many images: tables, manifest, resuming, lists, executors."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow.dataset
import pytest
from astropy.io import fits
from astropy.table import QTable, Table
from astropy.wcs import WCS
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import DetectionSettings, detect
from blendhunter.exceptions import BlendHunterError, BlendHunterWarning
from blendhunter.survey import (
    classify_images,
    process_executor,
    survey_status,
)
from blendhunter.survey.image_list import read_image_list
from blendhunter.survey.lock import lock_directory
from blendhunter.survey.scheduling import run_tasks
from blendhunter.tests.fixtures import make_image
from blendhunter.tests.survey_stub import StubIdentifier

STUB = StubIdentifier()


def header():
    """A celestial WCS."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crval, wcs.wcs.crpix = [150, 2], [100, 100]
    wcs.wcs.cdelt = [-5e-5, 5e-5]
    return wcs.to_header()


def write_image(path, seed=1, **options):
    data, _, _ = make_image((200, 220), n=12, seed=seed)
    fits.PrimaryHDU(data, **options).writeto(path, overwrite=True)
    return str(path)


@pytest.fixture
def images(tmp_path):
    """Three images; the second has a WCS, the third no source."""
    paths = [write_image(tmp_path / 'a.fits'),
             write_image(tmp_path / 'b.fits', 2, header=header()),
             str(tmp_path / 'c.fits')]
    noise = np.random.default_rng(3).uniform(0, 1, (200, 220))
    fits.PrimaryHDU(noise.astype('f4')).writeto(paths[2])
    return paths


def run(images, folder, **options):
    options.setdefault('identifier', STUB)
    return classify_images(images, folder, **options)


def test_tables_are_those_of_classify(images, tmp_path):
    manifest = run(images, tmp_path / 'out')
    assert manifest['name'].tolist() == ['a', 'b', 'c']
    assert set(manifest['status']) == {'done'}
    assert manifest['n_sources'].tolist()[2] == 0
    for name, path in zip('ab', images, strict=False):
        expected = STUB.classify(path)
        found = QTable.read(tmp_path / 'out' / f'{name}.parquet')
        assert set(found['image']) == {name}
        for column in expected.colnames:
            assert_array_equal(found[column], expected[column])
        assert found.meta['BHIMAGE'] == path
        assert found.meta['BHREGION'] == 'segment'
    row = manifest[0]
    assert row['n_sources'] == len(STUB.classify(images[0]))
    assert row['image_size'] == os.stat(images[0]).st_size
    assert row['image_mtime_ns'] == os.stat(images[0]).st_mtime_ns
    assert row['output'] == 'a.parquet'
    assert manifest.meta['n_sigma'] == 1.5
    assert len(manifest.meta['weights']) == 64
    written = Table.read(tmp_path / 'out' / '_manifest.ecsv')
    assert written.colnames == manifest.colnames
    assert written['n_sources'].tolist() == manifest['n_sources'].tolist()


def test_the_directory_is_one_data_set(images, tmp_path):
    manifest = run(images, tmp_path / 'out')
    data = pyarrow.dataset.dataset(tmp_path / 'out', format='parquet')
    assert len(data.files) == 3
    schemas = [pyarrow.dataset.dataset(file).schema for file in data.files]
    assert [str(schema.remove_metadata()) for schema in schemas] == [
        str(schemas[0].remove_metadata())] * 3
    table = data.to_table()
    assert table.num_rows == manifest['n_sources'].sum()
    columns = table.to_pydict()
    with_wcs = np.array(columns['image']) == 'b'
    ra = np.array(columns['ra'], dtype=float)
    assert np.isfinite(ra[with_wcs]).all()
    assert np.isnan(ra[~with_wcs]).all()
    assert str(table.schema.field('blend_prob').type) == 'float'


@pytest.mark.parametrize('kind', ['ecsv', 'fits'])
def test_other_formats(images, tmp_path, kind):
    run(images, tmp_path / 'out', format=kind)
    for name in 'abc':
        found = QTable.read(tmp_path / 'out' / f'{name}.{kind}')
        assert {'image', 'ra', 'dec', 'blend_prob'} <= set(found.colnames)


def test_catalog_with_sky_positions(tmp_path):
    path = write_image(tmp_path / 'b.fits', 2, header=header())
    found = detect(path)
    catalog = Table({'ALPHA_J2000': found['ra'].deg,
                     'DELTA_J2000': found['dec'].deg})
    catalog.write(tmp_path / 'cat.fits')
    run([{'image': path, 'catalog': str(tmp_path / 'cat.fits')}],
        tmp_path / 'out')
    result = QTable.read(tmp_path / 'out/b.parquet')
    assert_allclose(result['ra'].to_value('deg'), found['ra'].deg,
                    rtol=0, atol=1e-9)


def test_a_rerun_does_only_what_is_needed(images, tmp_path):
    out = tmp_path / 'out'
    run(images, out)
    times = {name: (out / f'{name}.parquet').stat().st_mtime_ns
             for name in 'abc'}

    def redone():
        new = {name: (out / f'{name}.parquet').stat().st_mtime_ns
               for name in times}
        names = [name for name in times if new[name] != times[name]]
        times.update(new)
        return names

    run(images, out)
    assert redone() == []
    (out / 'b.parquet').unlink()
    run(images, out)
    assert redone() == ['b']
    write_image(images[0], seed=9)
    manifest = run(images, out)
    assert redone() == ['a']
    assert manifest['n_sources'][0] == len(STUB.classify(images[0]))
    run([*images, write_image(tmp_path / 'd.fits', 4)], out)
    assert redone() == []
    assert survey_status(out)['status'].tolist() == ['done'] * 4
    run(images, out, overwrite=True)
    assert redone() == ['a', 'b', 'c']
    assert not (out / 'd.parquet').exists()
    assert len(survey_status(out)) == 3


@pytest.mark.parametrize(('options', 'message'), [
    ({'settings': DetectionSettings(n_sigma=2)},
     r'n_sigma: .* has a run with 1\.5, not 2'),
    ({'identifier': StubIdentifier(region='stamp')},
     "region: .* with 'segment', not 'stamp'"),
    ({'format': 'fits'}, "format: .* with 'parquet', not 'fits'"),
    ({'background': None}, "background: .* with 'auto', not None"),
    ({'tile_size': None}, 'tile_size: .* with 4096, not None')])
def test_other_settings_are_refused(images, tmp_path, options, message):
    run(images[:1], tmp_path / 'out')
    with pytest.raises(ValueError, match=message):
        run(images[:1], tmp_path / 'out', **options)


def test_other_weights_are_refused(images, tmp_path, monkeypatch):
    run(images[:1], tmp_path / 'out')
    monkeypatch.setattr('blendhunter.survey.running.read_metadata',
                        lambda _: {'sha256': 'abc'})
    with pytest.raises(ValueError, match="weights: .*, not 'abc'"):
        run(images[:1], tmp_path / 'out')


def test_batch_size_and_order_change_nothing(images, tmp_path):
    run(images, tmp_path / 'out')
    run(images[::-1], tmp_path / 'out',
        identifier=StubIdentifier(batch_size=8))


def test_workers_change_nothing(images, tmp_path):
    run(images, tmp_path / 'serial')
    with process_executor(2) as executor:
        run(images, tmp_path / 'two', executor=executor)
    with ThreadPoolExecutor(2) as executor:
        run(images[:2], tmp_path / 'threads', executor=executor)
    for folder, names in (('two', 'abc'), ('threads', 'ab')):
        for name in names:
            found, expected = (
                (tmp_path / where / f'{name}.parquet').read_bytes()
                for where in (folder, 'serial'))
            assert found == expected


def test_warnings_of_an_image(images, tmp_path):
    """Also where a worker is a thread, as on dask."""
    batch = [{'image': path, 'noise': 20.0} for path in images[:2]]
    manifests = [run(batch, tmp_path / 'here')]
    with ThreadPoolExecutor(1) as executor:
        manifests.append(run(batch, tmp_path / 'thread', executor=executor))
    for manifest in manifests:
        assert all('noise' in text for text in manifest['warnings'])
        assert (manifest['warnings'] == manifests[0]['warnings']).all()


def test_few_tasks_are_in_flight(monkeypatch):
    with ThreadPoolExecutor(2) as executor:
        known = []
        submit = executor.submit

        def counted(*args):
            future = submit(*args)
            known.append(future)
            assert sum(not future.done() for future in known) <= 4
            return future

        monkeypatch.setattr(executor, 'submit', counted)
        results = sorted(run_tasks(abs, range(-50, 0), executor))
    assert results == [(i, -i, 0) for i in range(-50, 0)]


def test_list_with_planes(tmp_path):
    folder = tmp_path / 'lists'
    folder.mkdir()
    write_image(folder / 'a.fits')
    bad = np.zeros((200, 220), dtype='u1')
    bad[:100] = 1
    fits.PrimaryHDU(bad).writeto(folder / 'mask.fits')
    fits.PrimaryHDU(np.full((200, 220), 0.25, 'f4')).writeto(
        folder / 'weight.fits')
    Table({'image': ['a.fits', 'a.fits', 'a.fits'],
           'name': ['masked', 'weighted', 'numbered'],
           'mask': ['mask.fits', '', ''],
           'weight': ['', 'weight.fits', ''], 'noise': ['', '', '2'],
           'catalog': ['', 'cat1.ecsv', 'cat2.ecsv']}).write(
               folder / 'list.csv')
    catalog = detect(str(folder / 'a.fits'))
    for i in (1, 2):
        catalog.write(folder / f'cat{i}.ecsv')
    manifest = run(folder / 'list.csv', tmp_path / 'out')
    assert manifest['name'].tolist() == ['masked', 'numbered', 'weighted']
    assert manifest['image'].tolist() == ['a.fits'] * 3
    masked, numbered, weighted = (
        QTable.read(tmp_path / f'out/{name}.parquet')
        for name in manifest['name'])
    assert masked['y_centroid'].min() > 99
    assert len(numbered) == len(weighted) == len(catalog)
    assert_array_equal(numbered['blend_prob'], weighted['blend_prob'])
    assert numbered.meta['BHNOISE'] == 'scalar'
    assert weighted.meta['BHNOISE'] == 'map'


@pytest.mark.parametrize(('images', 'message'), [
    ([], 'images must not be empty'),
    ([3], 'images: each must be a path or a dict, got int'),
    ([{'catalog': 'a'}], 'images: row 1 has no image'),
    ([{'image': 'a', 'masks': 'b'}], "row 1 has the unknown entry 'masks'"),
    ([{'image': 'a', 'noise': 1, 'weight': 'b'}], 'both weight and noise'),
    ([{'image': 'a', 'name': '../b'}], 'images: the name'),
    (['a.fits', './a.fits'], 'is given twice'),
    (['a.fits', 'a.fits[0]', {'image': 'a.fits', 'ext': 0}], 'is given twice'),
    (['x/a.fits', 'y/a.fits'], "written as 'a'; give them different names"),
    (['A.fits', 'a.fits.gz'], "written as 'a'")])
def test_bad_lists(images, message):
    with pytest.raises((TypeError, ValueError), match=message):
        read_image_list(images)


def test_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError, match='images: no such file'):
        read_image_list(tmp_path / 'none.csv')


def test_names():
    made = read_image_list([
        'a.fits', 'a.fits[SCI,1]', {'image': 'b.fits.fz', 'ext': 2},
        'f.x_r.fits.gz', '_hidden.fits'])
    assert [image.name for image in made] == [
        'a', 'a-SCI_1', 'b-2', 'f.x_r', 'x_hidden']


def test_tables_of_others_are_not_replaced(images, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'a.parquet').touch()
    with pytest.raises(FileExistsError, match='was not made by a run'):
        run(images, out)
    (out / 'a.parquet').unlink()
    run(images, out)
    (tmp_path / 'other').mkdir()
    other = write_image(tmp_path / 'other/a.fits', 5)
    with pytest.raises(ValueError, match='would replace the table of'):
        run([other], out)


@pytest.mark.parametrize(('options', 'message'), [
    ({'format': 'csv'}, 'format must be one of'),
    ({'background': np.zeros((2, 2))}, 'background must be'),
    ({'retries': -1}, 'retries must be'),
    ({'tile_size': 100}, 'tile_size must be at least 1536'),
    ({'identifier': StubIdentifier(threshold=3)},
     'threshold must be between')])
def test_arguments(images, tmp_path, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        run(images, tmp_path / 'out', **options)
    assert not (tmp_path / 'out').exists()


def test_number_of_workers():
    with pytest.raises(ValueError, match='workers must be a positive'):
        process_executor(0)


def test_bad_images_cost_one_line_each(images, tmp_path):
    fits.PrimaryHDU(np.full((200, 200), np.nan, 'f4')).writeto(
        tmp_path / 'nan.fits')
    whole = (tmp_path / 'a.fits').read_bytes()
    (tmp_path / 'cut.fits').write_bytes(whole[:len(whole) // 2])
    bad = [str(tmp_path / f'{name}.fits') for name in ('nan', 'cut', 'no')]
    with pytest.warns(BlendHunterWarning) as caught:
        manifest = run([bad[0], images[0], *bad[1:]], tmp_path / 'out')
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 3
    assert 'nan.fits: image has no usable pixel' in texts[0]
    assert 'truncated' in texts[1]
    assert 'no such file' in texts[2]
    status = dict(zip(manifest['name'], manifest['status'], strict=True))
    assert status == {'a': 'done', 'nan': 'failed', 'cut': 'failed',
                      'no': 'failed'}
    write_image(tmp_path / 'no.fits')
    (tmp_path / 'cut.fits').write_bytes(whole)
    with pytest.warns(BlendHunterWarning, match='nan.fits'):
        manifest = run([images[0], *bad], tmp_path / 'out')
    assert manifest['status'].tolist().count('failed') == 1


def test_second_run_is_refused(images, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    with lock_directory(out), pytest.raises(
            BlendHunterError, match='output_dir: another run uses'):
        run(images, out)
    run(images, out)


def test_status_of_no_run(tmp_path):
    with pytest.raises(BlendHunterError, match='has no run'):
        survey_status(tmp_path)


def test_only_small_records_are_left(images, tmp_path):
    run(images, tmp_path / 'out')
    names = {path.name for path in (tmp_path / 'out').iterdir()}
    assert names == {'.lock', '.run.json', '.manifest', '_manifest.ecsv',
                     'a.parquet', 'b.parquet', 'c.parquet'}
    record = json.loads((tmp_path / 'out/.manifest/a.json').read_text())
    assert record['status'] == 'done'


def test_missing_dask_names_the_extra(monkeypatch):
    import sys

    from blendhunter.survey import dask_executor

    monkeypatch.setitem(sys.modules, 'distributed', None)
    with pytest.raises(ImportError, match=r'blendhunter\[distributed\]'):
        dask_executor('tcp://localhost:1')


def test_missing_scheduler_file(tmp_path):
    pytest.importorskip('distributed',
                        reason='dask[distributed] is not installed')
    from blendhunter.survey import dask_executor

    with pytest.raises(ValueError, match='neither an address'):
        dask_executor(tmp_path / 'none.json')
    (tmp_path / 'cut.json').write_text('{"id": 3')
    with pytest.raises(BlendHunterError, match='no dask scheduler answers'):
        dask_executor(tmp_path / 'cut.json')
