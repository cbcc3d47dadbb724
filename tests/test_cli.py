# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The command line: every verb, exit statuses, one-line errors."""

import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable, Table
from numpy.testing import assert_array_equal
from regions import Regions

from blendhunter import DetectedImage
from blendhunter.cli import main
from blendhunter.dataset import read_dataset
from blendhunter.network.weights import read_metadata
from blendhunter.plotting import plot_result


@pytest.fixture
def image(field, tmp_path):
    path = tmp_path / 'image.fits'
    fits.PrimaryHDU(np.array(field[0])).writeto(path)
    return str(path)


def lines(capsys):
    out, err = capsys.readouterr()
    return out.splitlines(), err.splitlines()


@pytest.mark.parametrize('verb', [
    [], ['demo'], ['detect'], ['classify'], ['simulate'], ['train'],
    ['benchmark'], ['calibrate'], ['adapt'], ['simulate', 'stamps'],
    *(['benchmark', what] for what in (
        'paper', 'field', 'inject', 'singles', 'compare', 'stamps',
        'detectors', 'image', 'speed', 'memory'))])
def test_help(verb, capsys):
    with pytest.raises(SystemExit) as error:
        main([*verb, '--help'])
    assert error.value.code == 0
    assert 'usage: blendhunter' in capsys.readouterr().out


def test_help_shows_an_example(capsys):
    with pytest.raises(SystemExit):
        main(['classify', '--help'])
    assert 'example:\n  blendhunter classify' in capsys.readouterr().out


@pytest.mark.parametrize('argv', [
    [], ['clasify', 'a.fits'], ['detect'], ['detect', 'a.fits', '--nsigma'],
    ['classify', 'a', '-o', 'b', '--region', 'disc'],
    ['simulate', 'stamps', '0', '-o', 'a.h5']])
def test_wrong_usage_is_status_2(argv, capsys):
    with pytest.raises(SystemExit) as error:
        main(argv)
    assert error.value.code == 2
    assert 'Traceback' not in capsys.readouterr().err


def test_detect(image, tmp_path, capsys):
    out = tmp_path / 'a.ecsv'
    assert main(['detect', image, '-o', str(out), '--segmentation',
                 str(tmp_path / 'seg.fits'), '--n-sigma', '2']) == 0
    catalog = QTable.read(out)
    assert lines(capsys)[0] == [f'{len(catalog)} sources written to {out}']
    assert fits.getdata(tmp_path / 'seg.fits').max() == len(catalog)


def test_classify_with_everything(image, random_weights, tmp_path, capsys):
    main(['detect', image, '-o', str(tmp_path / 'cat.fits'),
          '--segmentation', str(tmp_path / 'seg.fits')])
    weight = np.full((300, 320), 1.0, dtype='f4')
    weight[:40] = 0
    fits.PrimaryHDU(weight).writeto(tmp_path / 'w.fits')
    fits.PrimaryHDU((weight == 0).astype('u1')).writeto(tmp_path / 'm.fits')
    out = tmp_path / 'out.parquet'
    capsys.readouterr()
    status = main([
        'classify', image, '--catalog', str(tmp_path / 'cat.fits'),
        '--segmentation', str(tmp_path / 'seg.fits'), '--mask',
        str(tmp_path / 'm.fits'), '--weight', str(tmp_path / 'w.fits'),
        '--weights', str(random_weights), '--threshold', '0.1', '--prior',
        '0.2', '--plot', str(tmp_path / 'p.png'), '--ds9',
        str(tmp_path / 'd.reg'), '-o', str(out), '--batch-size', '32'])
    printed, errors = lines(capsys)
    assert status == 0, errors
    result = Table.read(out)
    assert result.meta['BHPRIOR'] == 0.2
    assert result.meta['BHNOISE'] == 'map'
    assert printed[0].startswith(f'{len(result)} sources, ')
    assert figure_shape(tmp_path / 'p.png')[1] == 1100
    assert np.isnan(result['blend_prob']).any()  # below row 40
    circles = Regions.read(tmp_path / 'd.reg', format='ds9')
    assert len(circles) == len(result)
    for circle, row in zip(circles, result, strict=True):
        # the file counts pixels from one, to two digits
        assert circle.center.x == pytest.approx(row['x_centroid'], abs=0.006)
        assert circle.center.y == pytest.approx(row['y_centroid'], abs=0.006)
        assert circle.radius == 8
        assert float(circle.meta['text']) == pytest.approx(
            row['blend_prob'], abs=0.0051, nan_ok=True)
        color = circle.visual.get('facecolor', circle.visual.get('color'))
        assert color == ('red' if row['is_blend'] else 'cyan')
    assert 0 < np.sum(result['is_blend']) < len(result)


def figure_shape(path):
    """Height and width of a picture, in pixels."""
    from matplotlib.image import imread

    return imread(path, format='png').shape[:2]


def test_picture_of_a_result(field, identifier):
    """What is circled, and which stamps the strips show."""
    detected = DetectedImage.from_image(field[0])
    result = identifier.set_params(threshold=0.0).classify(detected)
    flags = np.array(result['blend_flags'])
    flags[:3] |= 64
    result['blend_flags'] = flags
    result['is_blend'] = np.arange(len(result)) % 2 == 0
    figure = plot_result(detected, result, title='a title')
    assert figure.get_suptitle() == 'a title'
    main_axes, *strip = figure.axes
    usual, strange = main_axes.collections[:2]
    flagged = np.asarray(result['is_blend'])
    assert_array_equal(strange.get_offsets(), np.column_stack(
        [detected.x, detected.y])[flagged & ((flags & 64) > 0)])
    assert_array_equal(usual.get_offsets(), np.column_stack(
        [detected.x, detected.y])[flagged & ((flags & 64) == 0)])
    p = np.asarray(result['blend_prob'])
    known = np.sort(p[np.isfinite(p) & ((flags & 64) == 0)])
    titles = [axes.get_title() for axes in strip]
    # of fewer than 44 sources the lower strip shows the brightest ten
    assert len(known) < 44
    usable = np.flatnonzero(np.isfinite(p) & ((flags & 64) == 0))
    snr = np.asarray(result['snr'])[usable]
    bright = np.sort(p[usable[np.argsort(-snr)[:10]]])
    assert titles == [f'{value:.3f}' for value in
                      [*known[::-1][:10], *bright]]
    best = np.flatnonzero(p == known[-1])[0]
    assert_array_equal(strip[0].images[0].get_array(), np.arcsinh(
        detected.stamps([best], 'stamp').data[0] / 2))


@pytest.mark.parametrize('region', ['segment', 'stamp'])
def test_classify_without_catalog(image, random_weights, tmp_path, region):
    out = tmp_path / 'a.ecsv'
    assert main(['classify', image, '-o', str(out), '--weights',
                 str(random_weights), '--region', region,
                 '--batch-size', '32', '--n-views', '2']) == 0
    meta = QTable.read(out).meta
    assert meta['BHREGION'] == region
    assert meta['BHVIEWS'] == 2


def bad(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(('change', 'message'), [
    (['gone.fits'], 'image: no such file'),
    (['IMAGE', '--ext', '7'], 'ext 7 not found'),
    (['IMAGE', '--noise', '-3'], 'noise must be positive'),
    (['IMAGE', '--noise', 'gone.fits'], 'noise: no such file'),
    (['IMAGE', '--mask', 'gone.fits'], 'mask: no such file'),
    (['IMAGE', '--catalog', 'gone.ecsv'], 'catalog: no such file'),
    (['IMAGE', '--weights', 'gone.h5'], 'weights must be one of'),
    (['IMAGE', '--threshold', '3'], 'threshold must be between 0 and 1'),
    (['IMAGE', '--n-sigma', '-1'], 'n_sigma must be positive'),
    (['IMAGE', '-o', 'no/such/a.ecsv'], 'output: directory'),
    (['IMAGE', '-o', 'a.xls'], "unknown extension '.xls'"),
    (['IMAGE', '--plot', 'no/a.png'], 'plot: directory'),
    (['IMAGE', '--plot', 'a.xyz'], "plot: unknown extension '.xyz'")])
def test_errors_are_one_line(image, random_weights, tmp_path, capsys,
                             monkeypatch, change, message):
    monkeypatch.chdir(tmp_path)
    argv = [image if word == 'IMAGE' else word for word in change]
    argv = ['classify', '-o', str(tmp_path / 'out.ecsv'), '--weights',
            str(random_weights), *argv]
    before = sorted(tmp_path.iterdir())
    assert main(argv) == 1
    printed, errors = lines(capsys)
    assert printed == []
    assert len(errors) == 1
    assert errors[0].startswith('blendhunter: error: ')
    assert message in errors[0]
    assert sorted(tmp_path.iterdir()) == before


def test_segmentation_without_catalog(image, random_weights, tmp_path):
    main(['detect', image, '-o', str(tmp_path / 'c.ecsv'),
          '--segmentation', str(tmp_path / 's.fits')])
    assert main(['classify', image, '--segmentation',
                 str(tmp_path / 's.fits'), '-o', str(tmp_path / 'o.ecsv'),
                 '--plot', str(tmp_path / 'figure'), '--batch-size', '32',
                 '--weights', str(random_weights)]) == 0
    assert figure_shape(tmp_path / 'figure')[1] == 1100
    assert not np.any(QTable.read(tmp_path / 'o.ecsv')['blend_flags'] & 32)


def test_options_of_the_detection_count_for_a_foreign_catalog(
        image, field, random_weights, tmp_path):
    Table({'x': field[1], 'y': field[2]}).write(tmp_path / 'c.csv')
    results = []
    for i, extra in enumerate(([], ['--n-sigma', '8'])):
        out = tmp_path / f'{i}.ecsv'
        assert main(['classify', image, '--catalog',
                     str(tmp_path / 'c.csv'), '-o', str(out), '--weights',
                     str(random_weights), '--batch-size', '32', *extra]) == 0
        results.append(QTable.read(out)['blend_prob'])
    assert not np.allclose(*results, equal_nan=True)


def test_nothing_found_gives_an_empty_table(tmp_path, capsys):
    noise = np.random.default_rng(1).normal(size=(90, 90))
    fits.PrimaryHDU(noise).writeto(tmp_path / 'a.fits')
    out, segments = tmp_path / 'c.ecsv', tmp_path / 's.fits'
    assert main(['detect', str(tmp_path / 'a.fits'), '-o', str(out),
                 '--segmentation', str(segments), '--n-sigma', '40']) == 0
    assert len(QTable.read(out)) == 0
    assert not fits.getdata(segments).any()
    assert 'warning: no source was found above' in capsys.readouterr().err


def test_vector_columns_and_csv(image, tmp_path, capsys):
    QTable({'x': [5.0], 'y': [6.0], 'v': [[1, 2]]}).write(
        tmp_path / 'c.fits')
    assert main(['classify', image, '--catalog', str(tmp_path / 'c.fits'),
                 '-o', str(tmp_path / 'o.csv')]) == 1
    assert "column 'v' cannot be written to .csv" in capsys.readouterr().err


def test_demo_without_sources_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(['demo', '--size', '8']) == 1
    assert 'size: nothing was detected' in capsys.readouterr().err


def test_packaged_weights_are_not_recorded_into(capsys):
    assert main(['benchmark', 'stamps', '--record']) == 1
    assert 'record: the packaged weights' in capsys.readouterr().err


def test_stamps_are_measured_drawn_and_recorded(
        tmp_path, random_weights, capsys):
    weights, worst = tmp_path / 'w.h5', tmp_path / 'worst.png'
    weights.write_bytes(random_weights.read_bytes())
    command = ['benchmark', 'stamps', '--n', '20', '--detectors', 'sep',
               '--n-jobs', '1', '--weights', str(weights)]
    assert main([*command, '--record', '--n-views', '2']) == 1
    assert 'only scores with n_views=1' in capsys.readouterr().err
    assert main([*command, '--worst', str(worst), '--record', '-o',
                 str(tmp_path / 's.ecsv')]) == 0
    table = QTable.read(tmp_path / 's.ecsv')
    stored = read_metadata(weights)['results']['stamp']
    assert [row['method'] for row in stored] == list(table['method'])
    assert stored[0]['accuracy'] == table['accuracy'][0]
    # of stars there is no completeness
    assert stored[-1]['completeness'] is None
    # lines of 25 stamps at the most, and their labels
    assert figure_shape(worst)[0] < figure_shape(worst)[1]
    assert capsys.readouterr().out.count('network') == len(
        [name for name in table['method'] if 'network' in name])


def test_scalar_noise(image, random_weights, tmp_path):
    assert main(['classify', image, '--noise', '1.0', '-o',
                 str(tmp_path / 'o.ecsv'), '--batch-size', '32',
                 '--weights', str(random_weights)]) == 0
    meta = QTable.read(tmp_path / 'o.ecsv').meta
    assert meta['BHNOISE'] == 'scalar'


def test_debug_shows_the_traceback(capsys):
    assert main(['--debug', 'detect', 'gone.fits', '-o', 'a.ecsv']) == 1
    assert 'Traceback' in capsys.readouterr().err


def test_existing_output_is_refused_before_any_work(tmp_path, capsys):
    path = tmp_path / 'a.ecsv'
    path.write_text('precious')
    assert main(['classify', 'gone.fits', '-o', str(path)]) == 1
    assert 'exists; use --overwrite to replace it' in capsys.readouterr().err
    assert path.read_text() == 'precious'


def test_interrupt_leaves_nothing(image, random_weights, tmp_path, capsys,
                                  monkeypatch):
    from blendhunter.network.model import BlendModel

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(BlendModel, 'answer', interrupted)
    before = sorted(tmp_path.iterdir())
    assert main(['classify', image, '-o', str(tmp_path / 'a.ecsv'),
                 '--weights', str(random_weights)]) == 130
    assert 'interrupted' in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_simulate(tmp_path, capsys):
    stamps, field = str(tmp_path / 's.h5'), str(tmp_path / 'f.fits')
    assert main(['simulate', 'stamps', '12', '-o', stamps, '--seed', '1',
                 '--n-jobs', '1']) == 0
    assert main(['simulate', 'field', '150', '160', '-o', field, '--truth',
                 str(tmp_path / 't.ecsv'), '--seed', '1', '--n-jobs',
                 '1']) == 0
    assert fits.getdata(field).shape == (150, 160)
    assert len(lines(capsys)[0]) == 2


def test_simulate_with_every_option(tmp_path, capsys):
    import galsim

    psf = tmp_path / 'psf.fits'
    galsim.Gaussian(fwhm=0.6).drawImage(
        nx=33, ny=33, scale=0.187, method='no_pixel').write(str(psf))
    stamps = tmp_path / 's.h5'
    assert main([
        'simulate', 'stamps', '6', '-o', str(stamps), '--n-jobs', '1',
        '--survey', 'kids', '--kind', 'structured', '--star-fraction', '0.3',
        '--blend-fraction', '1', '--n-max-sources', '3', '--separation', '3',
        '9', '--magnitude-difference', '0', '2', '--seeing-range', '0.8',
        '1.4', '--centering', 'sep', '--psf', str(psf), '--noise', '2',
        '--noise-correlation', '0.5', '--cosmic-rays', '1', '--plot',
        str(tmp_path / 's.png')]) == 0
    data = read_dataset(stamps)
    assert data.truth['separation'].max() <= 9
    assert data.provenance['survey'] == 'kids'
    assert data.arrays['masks'].any()
    # 6 blends in one line
    assert figure_shape(tmp_path / 's.png')[0] < 150
    field = tmp_path / 'f.fits'
    assert main([
        'simulate', 'field', '90', '80', '-o', str(field), '--truth',
        str(tmp_path / 't.ecsv'), '--n-jobs', '1', '--survey', 'lsst-r',
        '--clustering', '0.5', '--psf-variation', '0.05', '--spikes', '0.02',
        '--saturation', '1e6', '--density', '40', '--seeing-factor', '1.2',
        '--residual-background', '0.1']) == 0
    assert fits.getdata(field).shape == (90, 80)
    assert 'blendedness' in QTable.read(tmp_path / 't.ecsv').colnames
    capsys.readouterr()
    for wrong, text in (
            (['--survey', 'lssst'], "survey must be one of ['cfht"),
            (['--blend-fraction', '2'], 'blend_fraction must be between 0'),
            (['--kind', 'realistic'], 'needs cosmos_dir'),
            (['--psf', str(tmp_path / 'no.fits')], 'psf: no such file')):
        assert main(['simulate', 'stamps', '3', '-o', str(
            tmp_path / 'x.h5'), *wrong]) == 1
        error = lines(capsys)[1]
        assert len(error) == 1
        assert text in error[0]
    assert not (tmp_path / 'x.h5').exists()


def test_benchmark_detectors(tmp_path, capsys):
    assert main(['benchmark', 'detectors', '--n', '20', '--sigmas', '5',
                 '--n-jobs', '1', '-o', str(tmp_path / 'd.ecsv')]) == 0
    printed = '\n'.join(lines(capsys)[0])
    assert 'oracle' in printed
    assert 'published' in printed
    assert len(QTable.read(tmp_path / 'd.ecsv')) == 3


def test_train_and_paper_protocol(tmp_path, capsys):
    work = tmp_path / 'work'
    assert main(['train', '--work-dir', str(work), '--n-pairs', '20',
                 '--n-fields', '0', '--n-steps', '1', '--n-jobs', '1', '-o',
                 str(tmp_path / 'w.h5')]) == 0
    assert (tmp_path / 'w.h5').is_file()
    stamps = str(tmp_path / 's.h5')
    main(['simulate', 'stamps', '30', '-o', stamps, '--n-jobs', '1'])
    assert main(['train', '--protocol', 'paper', '--data', stamps,
                 '--epochs', '1', '-o', str(tmp_path / 'p.h5')]) == 0
    assert main(['train', '--protocol', 'paper', '--data', stamps,
                 '--noise', '35', '--epochs', '1', '-o',
                 str(tmp_path / 'n.h5')]) == 0
    assert read_metadata(tmp_path / 'n.h5')['domain']['stamp'][
        'noise'] == 35
    assert main(['train', '--protocol', 'paper', '-o',
                 str(tmp_path / 'q.h5')]) == 1
    assert 'needs --data' in capsys.readouterr().err


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--data', 's.h5'], '--data is for --protocol paper, not for end-to'),
    (['--protocol', 'paper', '--data', 's.h5', '--importance'],
     '--importance is for --protocol end-to-end, not for paper'),
    (['--importance'], 'importance needs weights'),
    (['--weights', 'typo.h5'], 'typo.h5'),
    (['--backbone', 'default'], "backbone must be 'imagenet' or a file")])
def test_training_is_refused_before_it_simulates(
        tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(['train', '-o', 'w.h5', *arguments]) == 1
    error, = lines(capsys)[1]
    assert message in error
    assert not list(tmp_path.iterdir())


def test_small_demo(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(['demo', '--size', '350']) == 0
    printed = '\n'.join(lines(capsys)[0])
    for word in ('blend_prob', 'completeness', 'SEP merged flag', 'network'):
        assert word in printed
    assert len(QTable.read('blendhunter-demo.ecsv')) > 10
    assert figure_shape('blendhunter-demo.png')[1] == 1100


def test_module_and_version():
    result = subprocess.run(
        [sys.executable, '-m', 'blendhunter', '--version'],
        capture_output=True, text=True, check=True)
    assert result.stdout.startswith('blendhunter 0.')
