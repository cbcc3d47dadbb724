# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The command line with planes, closed streams, other Keras settings."""

import argparse
import os
import pickle
import subprocess
import sys
import types

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable, Table
from numpy.testing import assert_array_equal

from blendhunter import detect, simulate_field
from blendhunter._utils.progress import progress_bar
from blendhunter.cli import main
from blendhunter.cli.main import build_parser
from blendhunter.detection import DetectedImage
from blendhunter.plotting import plot_contact_sheet, plot_result
from blendhunter.stamps import extract_stamps


def parsers(parser=None, verb=()):
    """Yield the words and the parser of every verb and sub-verb."""
    parser = parser or build_parser()
    yield verb, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from parsers(sub, (*verb, name))


VERBS = [verb for verb, _ in parsers()]


@pytest.fixture(scope='module')
def sky():
    """A simulated field with a WCS, and its array."""
    image = simulate_field((300, 300), rng=5)[0]
    return image, np.array(image.data)


@pytest.fixture
def image(sky, tmp_path):
    path = tmp_path / 'image.fits'
    fits.PrimaryHDU(sky[1], sky[0].wcs.to_header()).writeto(path)
    return path


@pytest.fixture
def planes(sky, tmp_path):
    """A file with image, mask and weight, as DES has it, and its mask."""
    mask = np.zeros(sky[1].shape, dtype='i4')
    mask[:100] = 4
    mask[150:] = 2
    path = tmp_path / 'planes.fits'
    header = sky[0].wcs.to_header()
    header['MP_SAT'], header['HIERARCH MP_DETECTED'] = 2, 1
    fits.HDUList([
        fits.PrimaryHDU(), fits.ImageHDU(sky[1], sky[0].wcs.to_header(),
                                         name='SCI'),
        fits.ImageHDU(mask, header, name='MSK'),
        fits.ImageHDU(np.full(sky[1].shape, 14.5**-2, 'f4'), name='WGT'),
    ]).writeto(path)
    return path


def error_of(capsys):
    """Return the only line on stderr."""
    line, = capsys.readouterr().err.splitlines()
    return line


# --- help and usage ---------------------------------------------------------


@pytest.mark.parametrize('verb', VERBS, ids=' '.join)
def test_help_of_every_verb(verb, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '80')
    with pytest.raises(SystemExit) as error:
        main([*verb, '--help'])
    assert error.value.code == 0
    text, errors = capsys.readouterr()
    assert errors == ''
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert ' '.join(['  blendhunter', *verb]) in text.partition(
        'example:\n')[2]
    parser = dict(parsers())[verb]
    assert parser.description
    assert [action.dest for action in parser._actions if not action.help
            and not isinstance(action, argparse._SubParsersAction)] == []


@pytest.mark.parametrize('verb', VERBS, ids=' '.join)
def test_usage_error_of_every_verb(verb, capsys):
    with pytest.raises(SystemExit) as error:
        main([*verb, '--no-option-of-this-name', '1'])
    assert error.value.code == 2
    text = capsys.readouterr().err
    assert 'Traceback' not in text
    assert text.startswith('usage: blendhunter')


# --- planes -----------------------------------------------------------------


def found(tmp_path, *argv):
    """Return the catalog that detect writes."""
    path = tmp_path / 'found.ecsv'
    assert main(['detect', *map(str, argv), '-o', str(path),
                 '--overwrite']) == 0
    return QTable.read(path)


def test_planes_of_one_file(planes, sky, tmp_path):
    """FILE[EXT] names a plane of the image's file; bits are picked."""
    noise = np.full(sky[1].shape, np.float32(14.5**-2)) ** -0.5
    below, above = (np.zeros(sky[1].shape, dtype=bool) for _ in range(2))
    below[:100] = True
    above[150:] = True
    expected = {
        'all': detect(sky[1], mask=below | above, noise=noise),
        'saturated': detect(sky[1], mask=below, noise=noise)}
    assert len(expected['all']) < len(expected['saturated'])
    weight = ['--weight', f'{planes}[WGT]']
    for argv, wanted in (
            ([f'{planes}[SCI]', '--mask', f'{planes}[MSK]', '--mask-bits',
              '1', '2', *weight], 'all'),
            ([planes, '--mask', f'{planes}[MSK]', '--mask-bits', 'SAT',
              *weight], 'saturated'),
            # of named bits DETECTED is no defect
            ([planes, '--mask', f'{planes}[MSK]', *weight], 'saturated'),
            ([planes, '--planes', 'auto'], 'saturated'),
            ([planes, '--planes', 'auto', '--mask-bits', '2', 'detected'],
             'all')):
        table = found(tmp_path, *argv)
        assert_array_equal(table['x_centroid'],
                           expected[wanted]['x_centroid'])
        assert_array_equal(table['n_pixels'], expected[wanted]['n_pixels'])


@pytest.mark.parametrize('name', ['weight', 'noise', 'mask', 'segmentation'])
def test_the_plane_of_the_image_itself_is_refused(planes, tmp_path, capsys,
                                                  name):
    assert main(['classify', str(planes), f'--{name}', str(planes), '-o',
                 str(tmp_path / 'a.ecsv')]) == 1
    text = error_of(capsys)
    assert text.startswith(f'blendhunter: error: {name}: ')
    assert 'plane of the image itself' in text
    assert 'WGT' in text


@pytest.mark.parametrize(('argv', 'message'), [
    (['--planes', 'auto', '--weight', 'w.fits'],
     '--weight cannot be given together'),
    (['--mask-bits', '3'], 'mask_bits: --mask-bits needs --mask'),
    (['--planes', 'auto', '--mask-bits', 'SATT'],
     "mask_bits: 'SATT' is neither")])
def test_planes_that_contradict(planes, tmp_path, capsys, argv, message):
    assert main(['detect', str(planes), *argv, '-o',
                 str(tmp_path / 'a.ecsv')]) == 1
    assert message in error_of(capsys)


def test_the_segmentation_has_the_wcs_of_the_image(image, sky, tmp_path):
    from astropy.wcs import WCS

    found(tmp_path, image, '--segmentation', tmp_path / 's.fits')
    wcs = WCS(fits.getheader(tmp_path / 's.fits'))
    sky_wcs = sky[0].wcs
    assert_array_equal(wcs.pixel_to_world_values([3, 200], [5, 9]),
                       sky_wcs.pixel_to_world_values([3, 200], [5, 9]))
    # without a WCS there is none, and one that cannot be used is no error
    fits.PrimaryHDU(sky[1]).writeto(tmp_path / 'plain.fits')
    found(tmp_path, tmp_path / 'plain.fits', '--segmentation',
          tmp_path / 't.fits')
    assert 'CTYPE1' not in fits.getheader(tmp_path / 't.fits')


# --- positions --------------------------------------------------------------


def classified(image, tmp_path, weights, *argv):
    """Return what classify writes."""
    path = tmp_path / 'classified.ecsv'
    assert main(['classify', str(image), *map(str, argv), '-o', str(path),
                 '--overwrite', '--weights', str(weights), '--batch-size',
                 '32']) == 0
    return np.asarray(QTable.read(path)['blend_prob'])


def test_what_positions_mean(image, sky, tmp_path, random_weights):
    catalog = detect(sky[0])
    x, y = (np.asarray(catalog[name]) for name in ('x_centroid',
                                                   'y_centroid'))
    lon, lat = sky[0].wcs.pixel_to_world_values(x, y)
    Table({'x': x, 'y': y, 'col_a': x + 1, 'col_b': y + 1, 'lon': lon,
           'lat': lat}).write(tmp_path / 'c.csv')
    own = ('--catalog', tmp_path / 'c.csv')
    expected = classified(image, tmp_path, random_weights, *own)
    assert np.isfinite(expected).sum() > 20
    for argv in (['--columns', 'col_a', 'col_b', '--pixel-origin', '1'],
                 ['--columns', 'lon', 'lat', '--sky']):
        assert_array_equal(expected, classified(
            image, tmp_path, random_weights, *own, *argv))
    fits.PrimaryHDU(sky[1]).writeto(tmp_path / 'plain.fits')
    assert_array_equal(expected, classified(
        tmp_path / 'plain.fits', tmp_path, random_weights, *own,
        '--columns', 'lon', 'lat', '--sky', '--wcs', f'{image}[0]'))


def test_one_chip_of_several(image, sky, tmp_path, random_weights, capsys):
    catalog = detect(sky[0])
    objects = [fits.BinTableHDU(Table({
        'X_IMAGE': catalog['x_centroid'][:n] + 1,
        'Y_IMAGE': catalog['y_centroid'][:n] + 1}), name='LDAC_OBJECTS')
        for n in (7, 12)]
    fits.HDUList([fits.PrimaryHDU(), *objects]).writeto(
        tmp_path / 'ldac.cat')
    own = ('--catalog', tmp_path / 'ldac.cat')
    for chip, n in ((1, 7), (2, 12)):
        assert len(classified(image, tmp_path, random_weights, *own,
                              '--chip', chip)) == n
    capsys.readouterr()
    assert main(['classify', str(image), *map(str, own), '-o',
                 str(tmp_path / 'x.ecsv')]) == 1
    assert 'chip: ' in error_of(capsys)


# --- outputs ----------------------------------------------------------------


def test_the_format_is_checked_before_the_network_runs(
        image, tmp_path, random_weights, capsys, monkeypatch):
    from blendhunter.cli import classify
    from blendhunter.network.model import BlendModel

    def never(*_, **__):
        pytest.fail('the network ran')

    Table({'x': [20.0, 30.0], 'y': [20.0, 30.0],
           'good': np.array([True, None])}).write(tmp_path / 'c.ecsv')
    monkeypatch.setattr(BlendModel, 'answer', never)
    command = ['classify', str(image), '--weights', str(random_weights),
               '-o', str(tmp_path / 'o.fits')]
    assert main([*command, '--catalog', str(tmp_path / 'c.ecsv')]) == 1
    assert "column 'good' cannot be written to .fits" in error_of(capsys)

    def refused(table, path):  # noqa: ARG001
        msg = f'checked {len(table)}'
        raise ValueError(msg)

    # of sources that are detected here, too
    monkeypatch.setattr(classify, 'check_table_columns', refused)
    assert main(command) == 1
    assert 'checked ' in error_of(capsys)


@pytest.mark.parametrize('argv', [
    ['detect', 'IMAGE', '-o', 'IMAGE'],
    ['detect', 'IMAGE', '-o', 'c.ecsv', '--segmentation', 'IMAGE'],
    ['detect', 'IMAGE[0]', '-o', 'sub/../IMAGE'],
    ['detect', 'IMAGE', '-o', 'c.fits', '--segmentation', 'c.fits'],
    ['classify', 'IMAGE', '-o', 'IMAGE'],
    ['classify', 'other.fits', '-o', 'IMAGE', '--mask', 'IMAGE[0]'],
    ['classify', 'other.fits', '-o', 'IMAGE', '--segmentation', 'IMAGE'],
    ['classify', 'IMAGE', '-o', 'x.ecsv', '--ds9', 'IMAGE'],
    ['classify', 'IMAGE', '-o', 'x.ecsv', '--ds9', 'x.ecsv'],
    ['classify', 'other.fits', '-o', 'x.ecsv', '--plot', 'PNG',
     '--catalog', 'c.csv', '--weights', 'PNG'],
    ['classify', 'other.fits', '-o', 'w.h5', '--weights', 'w.h5'],
    ['simulate', 'field', '30', '30', '-o', 'IMAGE', '--truth', 'IMAGE'],
    ['simulate', 'stamps', '3', '-o', 'w.h5', '--psf', 'w.h5'],
    ['train', '-o', 'pairs.h5'],
    ['train', '-o', 'w.h5', '--weights', 'w.h5'],
    ['train', '-o', 'w.h5', '--protocol', 'paper', '--data', './w.h5'],
    ['calibrate', 'w.h5', '--detections', 'IMAGE', '-o', 'IMAGE'],
    ['benchmark', 'image', 'IMAGE', '-o', 'IMAGE'],
    ['benchmark', 'stamps', '--weights', 'w.h5', '-o', 'w.h5'],
    ['benchmark', 'stamps', '--weights', 'PNG', '--worst', 'PNG'],
    ['benchmark', 'speed', 'IMAGE', '-o', 'IMAGE'],
    ['benchmark', 'compare', 'sub/detections.ecsv', '--truth', 'IMAGE',
     '-o', 'sub'],
    ['benchmark', 'compare', 'IMAGE', '--truth', 'sub/detections.ecsv',
     '-o', 'sub'],
    ['demo', '-o', 'x.ecsv', '--plot', 'x.ecsv']], ids=' '.join)
def test_no_output_destroys_an_input(argv, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'sub').mkdir()
    names = ('image.fits', 'other.fits', 'p.png', 'w.h5', 'c.csv',
             'pairs.h5', 'sub/detections.ecsv')
    for name in names:
        (tmp_path / name).write_text('precious')
    argv = [word.replace('IMAGE', 'image.fits').replace('PNG', 'p.png')
            for word in argv]
    if argv[1] not in ('compare', 'paper'):
        argv.append('--overwrite')
    before = sorted(tmp_path.rglob('*'))
    assert main(argv) == 1
    text = error_of(capsys)
    assert 'would replace this input' in text or 'is also given' in text
    assert sorted(tmp_path.rglob('*')) == before
    assert {(tmp_path / name).read_text() for name in names} == {'precious'}


def test_the_result_may_replace_its_catalog(image, sky, tmp_path,
                                            random_weights):
    path = tmp_path / 'c.ecsv'
    detect(sky[0]).write(path)
    assert main(['classify', str(image), '--catalog', str(path), '-o',
                 str(path), '--weights', str(random_weights), '--batch-size',
                 '32', '--overwrite']) == 0
    assert 'blend_prob' in QTable.read(path).colnames


def test_a_foreign_directory_of_parts_is_kept(tmp_path, capsys):
    """A directory of that name, and files in it, that we did not make."""
    parts = tmp_path / 's.h5.parts'
    parts.mkdir()
    (parts / 'thesis.txt').write_text('precious')
    command = ['simulate', 'stamps', '3', '-o', str(tmp_path / 's.h5'),
               '--n-jobs', '1']
    for name in ('thesis.txt', 'data.npz', 'run.json', '.hidden'):
        (parts / 'thesis.txt').rename(parts / name)
        assert main(command) == 1
        assert 'was not made by blendhunter' in error_of(capsys)
        assert [p.name for p in parts.iterdir()] == [name]
        (parts / name).rename(parts / 'thesis.txt')
    assert (parts / 'thesis.txt').read_text() == 'precious'
    # an empty one may be used
    (parts / 'thesis.txt').unlink()
    assert main(command) == 0
    assert not parts.exists()


def test_a_file_put_beside_the_parts_is_kept(tmp_path):
    from blendhunter._utils.resume import PartStore

    store = PartStore(tmp_path / 'parts')
    store.begin({'what': 'a'})
    store.save(0, {'x': np.arange(3)})
    (store.directory / '.000001-abc.npz').touch()
    (store.directory / 'notes.txt').write_text('mine')
    store.discard()
    assert [p.name for p in store.directory.iterdir()] == ['notes.txt']


def test_a_compressed_field(tmp_path):
    path = tmp_path / 'f.fits.gz'
    assert main(['simulate', 'field', '40', '50', '-o', str(path), '--truth',
                 str(tmp_path / 't.ecsv.gz'), '--n-jobs', '1']) == 0
    assert path.read_bytes()[:2] == b'\x1f\x8b'
    assert fits.getdata(path).shape == (40, 50)


# --- errors -----------------------------------------------------------------


def test_hints_name_the_option(image, sky, tmp_path, capsys, random_weights):
    path = tmp_path / 'c.ecsv'
    table = detect(sky[0])
    table['blend_prob'] = 0.5
    table.write(path)
    assert main(['detect', str(image), '-o', str(path)]) == 1
    assert error_of(capsys).endswith(
        f"'{path}' exists; use --overwrite to replace it")
    assert main(['classify', str(image), '--catalog', str(path), '-o',
                 str(tmp_path / 'o.ecsv'), '--weights',
                 str(random_weights)]) == 1
    assert 'use --overwrite to replace them' in error_of(capsys)
    Table({'a': [1.0], 'b': [2.0]}).write(tmp_path / 'n.ecsv')
    assert main(['classify', str(image), '--catalog',
                 str(tmp_path / 'n.ecsv'), '-o',
                 str(tmp_path / 'o.ecsv')]) == 1
    assert 'columns with --columns' in error_of(capsys)
    (tmp_path / 'd').mkdir()
    (tmp_path / 'd' / 'scores.ecsv').touch()
    assert main(['benchmark', 'field', '-o', str(tmp_path / 'd')]) == 1
    assert 'use --overwrite' in error_of(capsys)


def test_a_full_disk_is_one_line(image, tmp_path, capsys, monkeypatch):
    from astropy.table import Table as AstropyTable

    from blendhunter import dataset

    def full(*_, **__):
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(AstropyTable, 'write', full)
        for name in ('a.ecsv', 'a.fits', 'a.hdf5', 'a.parquet'):
            assert main(['detect', str(image), '-o',
                         str(tmp_path / name)]) == 1
            assert 'No space left on device' in error_of(capsys)
    monkeypatch.setattr(dataset, '_write', full)
    assert main(['simulate', 'stamps', '3', '-o', str(tmp_path / 's.h5'),
                 '--n-jobs', '1']) == 1
    errors = capsys.readouterr().err.splitlines()
    assert 'the same command continues' in errors[0]
    assert 'No space left on device' in errors[1]
    assert len(errors) == 2
    assert {p.name for p in tmp_path.iterdir()} == {'image.fits',
                                                    's.h5.parts'}


@pytest.mark.parametrize('damage', ['card', 'cut', 'wcs'])
def test_notes_of_astropy_are_no_extra_lines(image, tmp_path, capsys,
                                             damage):
    content = image.read_bytes()
    if damage == 'card':
        content = content.replace(b"RADESYS = 'ICRS'", b'RADESYS = ICRS  ')
    elif damage == 'cut':
        content = content[:-30000]
    else:
        content = content.replace(b'CDELT1  = -5.194', b'CDELT1  =  0.000'
                                  ).replace(b'444E-05', b'000E-05')
    image.write_bytes(content)
    status = main(['detect', str(image), '-o', str(tmp_path / 'o.ecsv')])
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) <= 1
    assert all(line.startswith('blendhunter: ') for line in errors)
    assert status == (damage == 'cut')


def test_errors_of_many_lines_and_of_none(image, tmp_path, capsys,
                                          monkeypatch):
    from blendhunter import detection

    for error, text in ((ValueError('\n\nfirst\nsecond'), 'first'),
                        (RuntimeError(), 'RuntimeError')):
        def broken(*_, error=error, **__):
            raise error

        monkeypatch.setattr(detection, 'detect', broken)
        assert main(['detect', str(image), '-o',
                     str(tmp_path / 'o.ecsv')]) == 1
        assert error_of(capsys) == f'blendhunter: error: {text}'


# --- the user's process -----------------------------------------------------


def run(command, **environment):
    """Run a line of the shell, with blendhunter as $BH."""
    return subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False,
        env={**os.environ, 'BH': f'{sys.executable} -m blendhunter',
             **environment})


def test_closed_streams(image, tmp_path, random_weights):
    """They kill no verb, and nothing is written into other files."""
    commands = (
        f'detect {image} -o {tmp_path}/d.ecsv',
        f'classify {image} -o {tmp_path}/c.ecsv --weights {random_weights} '
        f'--batch-size 32 --plot {tmp_path}/p.png',
        f'simulate stamps 8 -o {tmp_path}/s.h5 --n-jobs 2',
        f'benchmark image {tmp_path}/c.ecsv -o {tmp_path}/i.ecsv')
    before = image.read_bytes()
    # one process for all four
    code = ('import sys; from blendhunter.cli import main; '
            'print(*[main(line.split()) for line in sys.argv[1:]])')
    made = run(f'{sys.executable} -c "{code}" '
               + ' '.join(f'"{command}"' for command in commands) + ' 2>&-')
    assert made.stdout.splitlines()[-1] == '0 0 0 0', made.stdout
    for name in ('d.ecsv', 'c.ecsv', 's.h5'):
        assert f'{tmp_path}/{name}' in made.stdout
    assert (tmp_path / 'p.png').is_file()
    made = run(f'$BH {commands[0]} --overwrite <&- >&- 2>&-')
    assert made.returncode == 0
    assert len(QTable.read(tmp_path / 'd.ecsv')) > 40
    assert image.read_bytes() == before
    assert run('$BH detect gone.fits -o a.ecsv 2>&-').returncode == 1


def test_channels_first_in_the_users_keras(image, tmp_path, random_weights):
    """The settings of another project do not matter."""
    (tmp_path / 'keras').mkdir()
    (tmp_path / 'keras' / 'keras.json').write_text(
        '{"image_data_format": "channels_first", "backend": "tensorflow", '
        '"floatx": "float64"}')
    expected = classified(image, tmp_path, random_weights)
    command = (f'$BH classify {image} --weights {random_weights} '
               f'--batch-size 32 -o {tmp_path}/o.ecsv')
    made = run(command, KERAS_HOME=str(tmp_path / 'keras'))
    assert made.returncode == 0, made.stderr
    assert_array_equal(QTable.read(tmp_path / 'o.ecsv')['blend_prob'],
                       expected)


def test_a_backend_that_is_not_there(image, tmp_path, random_weights):
    """The error says who chose it: one line, from Python and the shell."""
    (tmp_path / 'keras.json').write_text('{"backend": "nonsense"}')
    command = (f'$BH classify {image} --weights {random_weights} '
               f'-o {tmp_path}/o.ecsv')
    home = str(tmp_path)
    for environment, text in (
            ({'KERAS_BACKEND': 'nonsense'}, 'the variable KERAS_BACKEND'),
            ({'KERAS_BACKEND': '', 'KERAS_HOME': home},
             repr(f'{home}/keras.json'))):
        made = run(command, **environment)
        line, = made.stderr.splitlines()
        assert made.returncode == 1
        assert line.startswith('blendhunter: error: Keras cannot load its '
                               f"backend 'nonsense', which {text} chose: ")
    code = ('from blendhunter import load_model\ntry:\n    load_model()\n'
            'except ImportError as error:\n    print(error)')
    made = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True,
        check=True, env={**os.environ, 'KERAS_BACKEND': 'nonsense'})
    assert made.stdout.startswith('Keras cannot load its backend')


# --- notebooks and figures --------------------------------------------------


def test_progress_bars_show_in_a_notebook(monkeypatch):
    assert progress_bar(total=3, description='a').disable
    shell = types.SimpleNamespace(kernel=None, config={})
    monkeypatch.setitem(sys.modules, 'IPython', types.SimpleNamespace(
        get_ipython=lambda: shell))
    with progress_bar(total=3, description='a') as bar:
        assert not bar.disable
    assert progress_bar(total=3, description='a', enabled=False).disable
    # IPython in a terminal has no kernel
    del shell.kernel
    assert progress_bar(total=3, description='a').disable


def test_figures_show_in_a_notebook(sky):
    stamps = extract_stamps(sky[1], [[50, 60], [90, 80]])
    figure = plot_contact_sheet(stamps)
    png = figure._repr_png_()
    assert png.startswith(b'\x89PNG')
    assert pickle.loads(pickle.dumps(figure))._repr_png_() == png


def test_stamps_of_any_kind_are_drawn(sky):
    rng = np.random.default_rng(2)
    stack = rng.normal(0, 7.0, (60, 21, 21))
    shown = [[image.get_array() for axes in plot_contact_sheet(stamps).axes
              for image in axes.images] for stamps in (
                  stack, {'a': stack}, stack.tolist())]
    assert_array_equal(shown[0], shown[1])
    assert_array_equal(shown[0], shown[2])
    # the noise is estimated
    scale = stack[0, 0, 0] / np.sinh(shown[0][0][0, 0]) / 2
    assert scale == pytest.approx(7, rel=0.1)
    stamps = extract_stamps(sky[1], [[50, 60], [90, 80]])
    assert_array_equal(
        plot_contact_sheet(stamps, noise=2.0).axes[1].images[0].get_array(),
        np.arcsinh(stamps.data[1] / 4))
    for wrong, text in ((stack[0], r'\(n, m, m\), got \(21, 21\)'),
                        ({}, 'must not be empty')):
        with pytest.raises(ValueError, match=text):
            plot_contact_sheet(wrong)


def test_the_lower_strip_shows_bright_sources(sky):
    """The least likely ones of the brightest quarter."""
    detected = DetectedImage.from_image(sky[0])
    result = detected.catalog.copy()
    n = len(result)
    assert n > 44
    result['blend_prob'] = np.arange(n) / n
    result['is_blend'] = np.zeros(n, dtype=bool)
    result['blend_flags'] = np.zeros(n, dtype=np.int32)
    peak = detected.image.data[np.round(detected.y).astype(int),
                               np.round(detected.x).astype(int)]

    def shown():
        return [axes.get_title() for axes in plot_result(
            detected, result).axes[11:]]

    # of any other catalog the pixels decide
    for brightness in (np.asarray(result['snr']), peak):
        rows = np.sort(np.argsort(-brightness)[:n // 4])[:10]
        assert shown() == [f'{row / n:.3f}' for row in rows]
        if 'snr' in result.colnames:
            del result['snr']
    assert max(rows) > 10


def test_the_demo_prints_the_likeliest_blends(capsys):
    from blendhunter.cli import demo

    n = 30
    result = QTable({name: np.arange(n, dtype=float)
                     for name in ('label', 'x_centroid', 'y_centroid',
                                  'flux', 'n_pixels', 'blend_flags')})
    result['blend_prob'] = np.linspace(0, 0.99, n)[::-1].astype('f4')
    result['blend_prob'][:3] = np.nan
    result['is_blend'] = result['blend_prob'] > 0.5
    result['flag'] = np.zeros(n, dtype=int)
    result['truth_label'] = np.arange(n) % 2
    demo._print(result)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == 'the 8 most likely blends:'
    labels = [float(line.split()[0]) for line in printed[3:11]]
    assert labels == list(range(3, 11))
