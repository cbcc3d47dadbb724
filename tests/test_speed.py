# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Times and memory: what is measured, and what is written."""

import json

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from blendhunter import BlendIdentifier, detect
from blendhunter.benchmark import (
    evaluate_memory,
    evaluate_speed,
    evaluate_workers,
)
from blendhunter.benchmark.memory import _write
from blendhunter.benchmark.speed import memory_peak
from blendhunter.cli.main import main


def test_speed_of_any_preprocessing(field, random_weights):
    """The forward pass has the channels of the weights, not always 1."""
    image = field[0][:200]
    n = len(detect(image))
    for weights in (random_weights, 'default'):
        table = evaluate_speed(BlendIdentifier(weights, batch_size=32), image)
        rows = {row['step']: row for row in table}
        assert table.meta['sources'] == n
        for step, unit in (('classify', 'forward pass'),
                           ('detect', 'forward pass'),
                           ('sep.extract', 'forward pass'),
                           ('photutils deblend_sources', 'forward pass'),
                           ('extract_stamps', 'Cutout2D')):
            assert rows[step]['ratio'] == (rows[step]['seconds']
                                           / rows[unit]['seconds'])
            assert rows[unit]['ratio'] == 1
            assert rows[step]['stamps_per_second'] == (
                n / rows[step]['seconds'])
        # a classification has a forward pass in it
        assert rows['classify without screening']['ratio'] > 0.5
        assert rows['detect and classify']['seconds'] > (
            rows['sep.extract']['seconds'])
        assert np.isnan(rows['load the model']['ratio'])
        assert 0 < table.meta['memory_loaded'] <= table.meta['memory_peak']
        assert ('forward pass of the small network' in rows) == (
            weights == 'default')
        assert (table.meta['screened'] > 0) == (weights == 'default')


def test_json_of_a_speed_table(field, random_weights, tmp_path, capsys):
    image, output = tmp_path / 'a.fits', tmp_path / 'speed.json'
    fits.PrimaryHDU(np.array(field[0])[:120, :120]).writeto(image)
    command = ['benchmark', 'speed', str(image), '--weights',
               str(random_weights), '-o', str(output)]
    assert main(command) == 0
    assert 'sources, 0% of them screened' in capsys.readouterr().out
    made = json.loads(output.read_text())
    rows = {row['step']: row for row in made['rows']}
    assert rows['forward pass']['ratio'] == 1
    assert rows['load the model']['ratio'] is None
    assert made['meta']['BHCMD'].startswith('blendhunter benchmark speed')
    assert made['meta']['memory_peak'] > 0
    assert main(command) == 1
    assert 'exists' in capsys.readouterr().err


@pytest.mark.parametrize(('arguments', 'message'), [
    ([], 'exactly one of an image and --tiles'),
    (['a.fits', '--tiles', '3'], 'exactly one of an image and --tiles'),
    (['a.fits', '--workers', '3'], '--workers needs --tiles'),
    (['--tiles', '2', '--workers', '3'], 'n_tiles at least as large'),
    (['--tiles', '2', '--workers', '1'], 'workers must be at least 2')])
def test_wrong_arguments(arguments, message, capsys):
    assert main(['benchmark', 'speed', *arguments]) == 1
    assert message in capsys.readouterr().err


def test_images_of_any_size(tmp_path):
    piece = np.random.default_rng(1).normal(size=(1000, 1000)).astype('f4')
    for size in (700, 1000, 2300):
        _write(tmp_path / 'a.fits', piece, size, 3)
        data = fits.getdata(tmp_path / 'a.fits')
        assert data.shape == (size, size)
        assert np.std(data[-50:, -50:] - np.tile(piece, (3, 3))[
            :size, :size][-50:, -50:]) < 0.5
    assert not np.array_equal(data[:1000, :1000], data[1000:2000, :1000])


def test_memory_grows():
    before = memory_peak()
    held = np.ones(40 * 2**20 // 8 * 3)
    assert memory_peak() >= max(before, held.nbytes / 2**20)


@pytest.mark.slow
def test_memory_of_a_process_of_its_own(random_weights):
    table = evaluate_memory(
        BlendIdentifier(random_weights), [300], density=50)
    assert list(table['input']) == ['array', 'file']
    assert np.all(table['sources'] > 10)
    assert np.all(table['added'] < 1024)


@pytest.mark.slow
def test_two_workers_against_one(random_weights):
    table = evaluate_workers(BlendIdentifier(random_weights), 2, 2,
                             shape=(150, 150))
    assert isinstance(table, Table)
    assert list(table['workers']) == [1, 2]
    assert table['efficiency'][0] == 1
    assert table['efficiency'][1] == pytest.approx(
        table['seconds'][0] / table['seconds'][1] / 2)
