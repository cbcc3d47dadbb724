# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Killed simulations continue, and give what they would have given."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_array_equal

from blendhunter import simulate_field, simulate_stamps
from blendhunter._utils import resume
from blendhunter._utils.parallel import child_seed, integer_seed
from blendhunter._utils.resume import PartStore, begin_run, plain
from blendhunter.cli import main
from blendhunter.dataset import read_dataset
from blendhunter.exceptions import DataSetError
from blendhunter.simulation import SourceModel, simulate_detections


class KilledError(Exception):
    """Raised instead of a kill."""


def stop_after(n, monkeypatch, error=KilledError):
    """Let the store accept n parts."""
    save = PartStore.save
    saved = []

    def limited(self, key, arrays, truth=None):
        if len(saved) == n:
            raise error
        saved.append(key)
        save(self, key, arrays, truth)

    monkeypatch.setattr(PartStore, 'save', limited)


RUNS = {
    'stamps': lambda **options: simulate_stamps(
        510, rng=5, **options).to_dataset(),
    'sep': lambda **options: simulate_stamps(
        510, rng=5, centering='sep', **options).to_dataset(),
    'detections': lambda **options: simulate_detections(
        3, shape=(150, 150), rng=5, **options)}


@pytest.mark.parametrize('run', RUNS.values(), ids=RUNS)
def test_an_interrupted_run_gives_the_same_data(run, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(1, patch)
        with pytest.raises(KilledError):
            run(work_dir=tmp_path / 'parts')
    assert len(list((tmp_path / 'parts').glob('*.npz'))) == 1
    resumed = run(work_dir=tmp_path / 'parts')
    whole = run()
    assert set(resumed.arrays) == set(whole.arrays)
    for name, array in whole.arrays.items():
        assert array.tobytes() == resumed.arrays[name].tobytes()
    for name in whole.truth.colnames:
        assert whole.truth[name].dtype == resumed.truth[name].dtype
        assert (np.asarray(whole.truth[name]).tobytes()
                == np.asarray(resumed.truth[name]).tobytes())


def test_an_interrupted_field_gives_the_same_data(tmp_path, monkeypatch):
    options = {'shape': (700, 300), 'rng': 3,
               'sources': SourceModel(density=150)}
    with monkeypatch.context() as patch:
        stop_after(1, patch)
        with pytest.raises(KilledError):
            simulate_field(**options, work_dir=tmp_path / 'parts')
    image, truth = simulate_field(**options, work_dir=tmp_path / 'parts')
    again, expected = simulate_field(**options)
    assert_array_equal(image.data, again.data)
    assert_array_equal(truth['blendedness'], expected['blendedness'])


def test_without_a_seed_the_interrupted_one_is_taken(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(1, patch)
        with pytest.raises(KilledError):
            simulate_stamps(300, work_dir=tmp_path / 'parts')
    seed = json.loads((tmp_path / 'parts' / 'run.json').read_text())['seed']
    resumed = simulate_stamps(300, work_dir=tmp_path / 'parts')
    assert_array_equal(resumed.stamps, simulate_stamps(300, rng=seed).stamps)


def test_parts_of_another_run_are_refused(tmp_path):
    simulate_stamps(3, rng=1, work_dir=tmp_path / 'parts')
    with pytest.raises(DataSetError, match='other arguments, another'):
        simulate_stamps(3, rng=2, work_dir=tmp_path / 'parts')
    with pytest.raises(DataSetError, match='other arguments, another'):
        simulate_stamps(4, rng=1, work_dir=tmp_path / 'parts')


def test_a_damaged_part_is_named(tmp_path):
    simulate_stamps(3, rng=1, work_dir=tmp_path / 'parts')
    (tmp_path / 'parts' / '000000.npz').write_bytes(b'PK damaged')
    with pytest.raises(DataSetError, match='000000.npz.*cannot be read'):
        simulate_stamps(3, rng=1, work_dir=tmp_path / 'parts')
    (tmp_path / 'parts' / '000000.npz').write_bytes(b'')
    with pytest.raises(DataSetError, match='000000.npz.*cannot be read'):
        simulate_stamps(3, rng=1, work_dir=tmp_path / 'parts')


def test_what_decides_the_pixels_is_part_of_the_identity(tmp_path):
    """Parts of another survey, PSF or function are not mixed in."""
    from dataclasses import replace

    import galsim

    from blendhunter.simulation import get_survey

    work = tmp_path / 'parts'
    survey = get_survey('cfis')
    simulate_stamps(3, rng=1, work_dir=work)
    for other in ({'survey': replace(survey, zero_point=30.0)},
                  {'psf': galsim.Gaussian(fwhm=0.7)},
                  {'separation': lambda n, rng: rng.uniform(1, 2, n)}):
        with pytest.raises(DataSetError, match='other arguments'):
            simulate_stamps(3, rng=1, work_dir=work, **other)
    first, second = (
        plain(galsim.InterpolatedImage(galsim.Image(np.eye(5) + i),
                                       scale=0.2)) for i in (0, 1))
    assert first != second
    first, second = (plain(function) for function in (
        lambda n, _: np.full(n, 1.0), lambda n, _: np.full(n, 2.0)))
    assert first != second


def test_a_drawn_profile_is_still_the_same():
    """GalSim keeps what it computed while drawing in the object."""
    import galsim

    psf = galsim.Moffat(beta=3.5, fwhm=0.7).shear(g1=0.1, g2=0.02)
    before = plain(psf)
    psf.drawImage(nx=16, ny=16, scale=0.2)
    assert plain(psf) == before
    assert plain(galsim.Moffat(beta=3.5, fwhm=0.7)) != before


def test_a_run_without_parts_is_begun_anew(tmp_path):
    PartStore(tmp_path / 'parts').begin({'what': 'nothing'})
    made = simulate_stamps(3, rng=1, work_dir=tmp_path / 'parts')
    assert len(made) == 3


def test_parts_of_any_kind(tmp_path):
    """By number or name, with a table or without, computed once."""
    store = PartStore(tmp_path / 'run')
    store.begin({'what': 'a'})
    made = []

    def make():
        made.append(1)
        return {'x': np.arange(3), 'n': 5}

    for _ in range(2):
        arrays = store.arrays('step-1', make)
        assert_array_equal(arrays['x'], np.arange(3))
        assert arrays['n'] == 5
    assert len(made) == 1
    assert 'step-1' in store
    assert 0 not in store
    store.save(0, {}, Table({'y': [1.5, 2.5]}))
    arrays, truth = store.load(0)
    assert arrays == {}
    assert_array_equal(truth['y'], [1.5, 2.5])
    assert store.n_parts() == 2
    store.begin({'what': 'a'})
    with pytest.raises(DataSetError, match='other arguments, another'):
        store.begin({'what': 'b'})
    store.discard()
    assert not store.directory.exists()


def test_any_result_of_another_run_is_refused(tmp_path):
    """Not only parts: a folder, or a data set that a stage has written."""
    _, _, store = begin_run('paper', {'n': 1}, 3, tmp_path / 'work')
    # what a killed write leaves is no result
    (store.directory / '.000000-abc.npz').touch()
    begin_run('paper', {'n': 2}, 3, tmp_path / 'work')
    (store.directory / 'parametric.h5').touch()
    begin_run('paper', {'n': 2}, 3, tmp_path / 'work')
    for options in (('paper', {'n': 1}, 3), ('other', {'n': 2}, 3),
                    ('paper', {'n': 2}, 4)):
        with pytest.raises(DataSetError, match='other arguments, another'):
            begin_run(*options, tmp_path / 'work')
    seeds, provenance, _ = begin_run('paper', {'n': 2}, None,
                                     tmp_path / 'work')
    assert seeds.entropy == provenance['seed'] == 3


def test_the_store_of_an_output():
    assert PartStore.beside('runs/a.h5').directory == Path('runs/a.h5.parts')


def test_seeds():
    """An integer gives the numbers it gave as an element of a list."""
    draws = [np.random.default_rng(seed).integers(1 << 60) for seed in (
        [7, 3, 2], child_seed(7, 3, 2), child_seed(child_seed(7, 3), 2),
        child_seed(np.random.SeedSequence(7), 3, 2))]
    assert len(set(draws)) == 1
    assert integer_seed(7) == integer_seed(np.random.SeedSequence(7)) == 7
    assert integer_seed(2**40) < 2**32
    assert integer_seed(np.random.SeedSequence(7).spawn(1)[0]) != 7
    assert integer_seed(None) != integer_seed(None)


def test_the_same_sequence_gives_the_same_run(tmp_path, monkeypatch):
    seeds = np.random.SeedSequence(9)
    with monkeypatch.context() as patch:
        stop_after(1, patch)
        with pytest.raises(KilledError):
            simulate_stamps(500, rng=seeds, work_dir=tmp_path / 'parts')
    resumed = simulate_stamps(500, rng=seeds, work_dir=tmp_path / 'parts')
    assert_array_equal(resumed.stamps, simulate_stamps(500, rng=9).stamps)
    assert seeds.n_children_spawned == 0


def test_numbers_of_numpy(tmp_path):
    """They are seeds and arguments like any other."""
    from blendhunter.dataset import write_dataset

    made = simulate_stamps(np.int64(3), rng=np.int64(5),
                           noise=np.float32(5), n_max_sources=np.int64(3),
                           work_dir=tmp_path / 'parts')
    write_dataset(tmp_path / 'a.h5', made.to_dataset())
    assert read_dataset(tmp_path / 'a.h5').provenance['seed'] == 5
    image, _ = simulate_field((30, 30), rng=np.int64(5))
    assert image.shape == (30, 30)


def test_a_failure_between_image_and_truth(tmp_path, monkeypatch, capsys):
    from blendhunter.cli import simulate

    def full(*_, **__):
        raise OSError(28, 'No space left on device')

    command = ['simulate', 'field', '40', '40', '-o',
               str(tmp_path / 'f.fits'), '--truth', str(tmp_path / 't.ecsv'),
               '--n-jobs', '1', '--seed', '1']
    with monkeypatch.context() as patch:
        patch.setattr(simulate, 'write_table', full)
        assert main(command) == 1
    assert not (tmp_path / 'f.fits').exists()
    assert main(command) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ['f.fits', 't.ecsv']
    same = [*command[:5], str(tmp_path / 'x.fits'), '--truth',
            str(tmp_path / 'x.fits')]
    assert main(same) == 1
    assert 'is also given as output' in capsys.readouterr().err


def test_a_full_disk_leaves_whole_parts_only(tmp_path, monkeypatch, capsys):
    """The command says what to do, and the same command then finishes."""
    savez = np.savez
    written = []

    def full(path, **arrays):
        if written:
            path.write_bytes(b'half')
            raise OSError(28, 'No space left on device')
        written.append(path)
        savez(path, **arrays)

    command = ['simulate', 'stamps', '400', '-o', str(tmp_path / 'a.h5'),
               '--seed', '4', '--n-jobs', '1']
    with monkeypatch.context() as patch:
        patch.setattr(resume.np, 'savez', full)
        assert main(command) == 1
    error = capsys.readouterr().err
    assert 'No space left on device' in error
    assert 'the same command continues' in error
    parts = tmp_path / 'a.h5.parts'
    assert sorted(p.name for p in parts.iterdir()) == ['000000.npz',
                                                       'run.json']
    assert not (tmp_path / 'a.h5').exists()
    assert main(command) == 0
    assert not parts.exists()
    expected = simulate_stamps(400, rng=4).to_dataset()
    for name, array in read_dataset(tmp_path / 'a.h5').arrays.items():
        assert array.tobytes() == expected.arrays[name].tobytes()


def test_a_full_disk_at_the_very_end(tmp_path, monkeypatch, capsys):
    from blendhunter import dataset

    def full(path, data):  # noqa: ARG001
        raise OSError(28, 'No space left on device')

    command = ['simulate', 'stamps', '5', '-o', str(tmp_path / 'a.h5'),
               '--seed', '4', '--n-jobs', '1']
    with monkeypatch.context() as patch:
        patch.setattr(dataset, 'write_dataset', full)
        assert main(command) == 1
    assert 'the same command continues' in capsys.readouterr().err
    assert main(command) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ['a.h5']


@pytest.mark.skipif(os.name != 'posix', reason='needs SIGKILL')
def test_a_killed_command_continues(tmp_path):
    """Killed for good, in the middle, from outside."""
    output = tmp_path / 'a.h5'
    command = [sys.executable, '-m', 'blendhunter', 'simulate', 'stamps',
               '2000', '-o', str(output), '--seed', '4', '--n-jobs', '1']
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    parts = tmp_path / 'a.h5.parts'
    for _ in range(3000):
        if len(list(parts.glob('[0-9]*.npz'))) >= 2:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(list(parts.glob('[0-9]*.npz')))
    assert 2 <= done < 8
    assert not output.exists()
    store = PartStore(parts)
    resumed = simulate_stamps(2000, rng=4, work_dir=parts, n_jobs=-1)
    assert 7 in store
    # the first part was not made again, and the last one is new
    arrays, _ = store.load(0)
    assert_array_equal(resumed.centrals[:250], arrays['centrals'])
    whole = simulate_stamps(2000, rng=4, n_jobs=-1)
    assert resumed.stamps.tobytes() == whole.stamps.tobytes()


def test_plain_values():
    from blendhunter.simulation import Artifacts, ParametricPopulation

    assert plain((1, np.float32(2.5), None)) == [1, 2.5, None]
    assert plain(Path('a') / 'b') == 'a/b'
    assert plain(ParametricPopulation(bright=18)) == {
        'ParametricPopulation': {'bright': 18, 'faint': 25.2}}
    assert plain(Artifacts(residual_background=0.1))['Artifacts'][
        'residual_background'] == 0.1
    assert 'test_plain_values' in plain(test_plain_values)
    assert plain({'a': np.arange(3)})['a'].startswith('array (3,)')
    assert plain(partial(np.full, fill_value=1)) != plain(
        partial(np.full, fill_value=2))
