# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Faults in mid-run: after each, a rerun completes the same tables."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from test_survey import run, write_image

import blendhunter
from blendhunter._utils.tables import write_table
from blendhunter.exceptions import BlendHunterError, BlendHunterWarning
from blendhunter.survey import (
    dask_executor,
    process_executor,
    survey_status,
)
from blendhunter.tests.survey_stub import StubIdentifier

SCRIPT = Path(__file__).with_name('survey_script.py')
ENVIRONMENT = {
    **os.environ, 'DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES': '0',
    'PYTHONPATH': str(Path(blendhunter.__file__).parent.parent)}


def start(*arguments, module=None):
    """Start a process in a group of its own, as a terminal does."""
    command = [SCRIPT] if module is None else ['-m', module]
    return subprocess.Popen(
        [sys.executable, *map(str, [*command, *arguments])],
        env=ENVIRONMENT, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'waited too long'
        time.sleep(0.1)


def group_is_empty(group):
    """Tell whether no process of a group lives any more."""
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            fields = (folder / 'stat').read_text().rpartition(')')[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != 'Z':
            return False
    return True


@pytest.fixture
def images(tmp_path):
    return [write_image(tmp_path / f'{name}.fits', i)
            for i, name in enumerate(('a', 'b', 'c', 'd'))]


def same_tables(first, second):
    """Compare the bytes of all tables of two runs."""
    names = sorted(path.name for path in first.glob('*.parquet'))
    assert names == sorted(path.name for path in second.glob('*.parquet'))
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


def no_remains(folder):
    """Check that nothing half-written is there."""
    assert {path.name for path in folder.glob('.*')} == {
        '.lock', '.run.json', '.manifest'}


def status_of(manifest):
    return dict(zip(manifest['name'], manifest['status'], strict=True))


def test_a_killed_worker_costs_nothing(images, tmp_path):
    once = write_image(tmp_path / 'once.fits', 8)
    with process_executor(2) as executor:
        manifest = run([images[0], once, *images[1:]], tmp_path / 'out',
                       executor=executor)
    assert set(manifest['status']) == {'done'}
    attempts = dict(zip(manifest['name'], manifest['attempts'], strict=True))
    assert attempts['once'] == 2
    run([images[0], once, *images[1:]], tmp_path / 'calm')
    same_tables(tmp_path / 'out', tmp_path / 'calm')
    no_remains(tmp_path / 'out')


def test_an_image_that_kills_its_workers(images, tmp_path):
    killer = write_image(tmp_path / 'kill.fits', 8)
    with process_executor(2) as executor, pytest.warns(
            BlendHunterWarning, match='its worker was killed twice'):
        manifest = run([images[0], killer, *images[1:]], tmp_path / 'out',
                       executor=executor)
    assert status_of(manifest) == {
        'a': 'done', 'b': 'done', 'c': 'done', 'd': 'done', 'kill': 'failed'}
    run(images, tmp_path / 'calm')
    same_tables(tmp_path / 'out', tmp_path / 'calm')


def test_an_executor_of_others_that_breaks(images, tmp_path, monkeypatch):
    with ThreadPoolExecutor(1) as executor:
        def broken(*_):
            raise BrokenProcessPool('gone')

        monkeypatch.setattr(executor, 'submit', broken)
        with pytest.raises(BlendHunterError, match='executor: it is lost .*'
                           'repeat the run to classify the others'):
            run(images, tmp_path / 'out', executor=executor)
    assert set(survey_status(tmp_path / 'out')['status']) == {'open'}
    manifest = run(images, tmp_path / 'out')
    assert set(manifest['status']) == {'done'}


def test_an_image_that_changes_meanwhile(tmp_path):
    images = [write_image(tmp_path / f'{name}.fits')
              for name in ('change', 'always')]
    with pytest.warns(BlendHunterWarning,
                      match='always.fits: its files changed'):
        manifest = run(images, tmp_path / 'out')
    assert status_of(manifest) == {'always': 'failed', 'change': 'done'}
    assert manifest['attempts'].tolist() == [2, 2]
    run(images[:1], tmp_path / 'calm')
    same_tables(tmp_path / 'out', tmp_path / 'calm')


def test_bad_tiles_that_are_mended(images, tmp_path):
    whole = Path(images[1]).read_bytes()
    Path(images[1]).write_bytes(whole[:len(whole) // 2])
    data = fits.getdata(images[2])
    fits.writeto(images[2], np.full_like(data, np.nan), overwrite=True)
    empty = str(tmp_path / 'empty.fits')
    fits.writeto(empty, np.random.default_rng(3).uniform(
        size=data.shape).astype('f4'))
    with pytest.warns(BlendHunterWarning) as caught:
        manifest = run([*images, empty], tmp_path / 'out')
    assert len(caught) == 2
    assert status_of(manifest) == {
        'a': 'done', 'b': 'failed', 'c': 'failed', 'd': 'done',
        'empty': 'done'}
    Path(images[1]).write_bytes(whole)
    fits.writeto(images[2], data, overwrite=True)
    run([*images, empty], tmp_path / 'out')
    run([*images, empty], tmp_path / 'calm')
    same_tables(tmp_path / 'out', tmp_path / 'calm')


def test_a_replaced_image_loses_its_old_table(images, tmp_path):
    run(images, tmp_path / 'out')
    Path(images[0]).write_bytes(b'SIMPLE')
    with pytest.warns(BlendHunterWarning, match='cannot read'):
        manifest = run(images, tmp_path / 'out')
    assert status_of(manifest)['a'] == 'failed'
    assert not (tmp_path / 'out/a.parquet').exists()


def test_ctrl_c_in_this_process(images, tmp_path):
    stop = write_image(tmp_path / 'ctrlc.fits', 8)
    batch = [images[0], stop, *images[1:]]
    with pytest.raises(KeyboardInterrupt):
        run(batch, tmp_path / 'out')
    assert status_of(survey_status(tmp_path / 'out')) == {
        'a': 'done', 'b': 'open', 'c': 'open', 'd': 'open', 'ctrlc': 'open'}
    assert (tmp_path / 'out/_manifest.ecsv').is_file()
    run(batch, tmp_path / 'out')
    run(batch, tmp_path / 'calm')
    same_tables(tmp_path / 'out', tmp_path / 'calm')


@pytest.mark.skipif(not Path('/proc').is_dir(), reason='needs /proc')
@pytest.mark.parametrize('how', [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_ends_its_workers(images, tmp_path, how):
    """By Ctrl-C in a terminal, or by SIGKILL of the main process alone."""
    slow = write_image(tmp_path / 'slow.fits', 8)
    out = tmp_path / 'out'
    process = start(out, 2, images[0], slow, *images[1:])
    wait_for(lambda: Path(f'{slow}.begun').exists() and len(
        list((out / '.manifest').glob('*.json'))) == len(images))
    if how == signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.kill()
    process.communicate(timeout=120)
    assert process.returncode == (130 if how == signal.SIGINT else -9)
    wait_for(lambda: group_is_empty(process.pid), 20)
    assert status_of(survey_status(out)) == {
        'a': 'done', 'b': 'done', 'c': 'done', 'd': 'done', 'slow': 'open'}
    # the lock is free, and finished images stay
    times = {path: path.stat().st_mtime_ns for path in out.glob('*.parquet')}
    run(images, out)
    assert times == {path: path.stat().st_mtime_ns
                     for path in out.glob('*.parquet')}
    run(images, tmp_path / 'calm')
    same_tables(out, tmp_path / 'calm')
    no_remains(out)


def test_a_second_run_of_another_process_is_refused(images, tmp_path):
    slow = write_image(tmp_path / 'slow.fits', 8)
    process = start(tmp_path / 'out', 0, slow)
    try:
        wait_for(lambda: Path(f'{slow}.begun').exists())
        with pytest.raises(BlendHunterError, match='another run uses'):
            run(images, tmp_path / 'out')
    finally:
        process.kill()
        process.communicate()
    run(images, tmp_path / 'out')


def test_full_disk(images, tmp_path, monkeypatch):
    def full(table, path, **options):
        if Path(path).name == 'b.parquet':
            raise OSError(28, 'No space left on device')
        write_table(table, path, **options)

    monkeypatch.setattr('blendhunter.survey.one_image.write_table', full)
    with pytest.warns(BlendHunterWarning, match='No space left on device'):
        manifest = run(images, tmp_path / 'out')
    assert status_of(manifest)['b'] == 'failed'
    monkeypatch.undo()
    manifest = run(images, tmp_path / 'out')
    assert set(manifest['status']) == {'done'}


def test_really_full_disk(images, tmp_path):
    """On a file system of 128 kB, where it can be mounted."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    mounted = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', str(disk)],
        capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip('a tmpfs cannot be mounted here')
    try:
        (disk / 'ballast').write_bytes(bytes(90_000))
        with pytest.warns(BlendHunterWarning, match='No space left'):
            manifest = run(images, disk / 'out')
        assert 'failed' in manifest['status']
        no_remains(disk / 'out')
        (disk / 'ballast').unlink()
        manifest = run(images, disk / 'out')
        assert set(manifest['status']) == {'done'}
        run(images, tmp_path / 'calm')
        same_tables(disk / 'out', tmp_path / 'calm')
    finally:
        subprocess.run(['umount', str(disk)], check=True)


def test_record_that_cannot_be_written(images, tmp_path, monkeypatch):
    def full(path, text):
        if Path(path).name == 'b.json':
            raise OSError(28, 'No space left on device')
        Path(path).write_text(text)

    monkeypatch.setattr('blendhunter.survey.manifest.write_text', full)
    with pytest.warns(BlendHunterWarning, match='No space left on device'):
        manifest = run(images, tmp_path / 'out')
    assert status_of(manifest)['b'] == 'failed'
    assert status_of(manifest)['c'] == 'done'


def test_workers_that_cannot_start(images, tmp_path, monkeypatch):
    monkeypatch.setattr('blendhunter.survey.executors.THREAD_VARIABLES', 3)
    monkeypatch.setattr('blendhunter.survey.executors._begin_worker', exit_)
    with process_executor(1) as executor, pytest.raises(
            BlendHunterError, match='executor: its processes cannot start'):
        run(images, tmp_path / 'out', executor=executor)


def exit_(*_):
    os._exit(1)


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and a worker in processes of their own."""
    pytest.importorskip('distributed',
                        reason='dask[distributed] is not installed')
    file = tmp_path / 'scheduler.json'
    processes = {}

    def launch(name):
        own = ['--port', 0] if name == 'scheduler' else ['--nthreads', 1]
        processes[name] = start(
            name.split()[0], '--scheduler-file', file, '--no-dashboard',
            '--host', '127.0.0.1', *own, module='dask')
        if name == 'scheduler':
            wait_for(file.exists)

    launch('scheduler')
    launch('worker')
    yield file, processes, launch
    for process in processes.values():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_killed_workers_of_dask(images, tmp_path, cluster):
    """Its nanny starts a worker anew; dask gives up after one kill here."""
    file, _, launch = cluster
    batch = [images[0], *(write_image(tmp_path / f'{name}.fits', 8)
                          for name in ('once', 'kill')), *images[1:]]
    launch('worker 2')
    with dask_executor(file) as executor, pytest.warns(
            BlendHunterWarning, match='kill.fits: its workers were killed'):
        manifest = run(batch, tmp_path / 'out', executor=executor)
    assert status_of(manifest) == {
        'a': 'done', 'b': 'done', 'c': 'done', 'd': 'done', 'once': 'done',
        'kill': 'failed'}
    run([path for path in batch if Path(path).stem != 'kill'],
        tmp_path / 'calm')
    same_tables(tmp_path / 'out', tmp_path / 'calm')
    no_remains(tmp_path / 'out')


def test_ctrl_c_with_dask(images, tmp_path, cluster):
    slow = write_image(tmp_path / 'slow.fits', 8)
    process = start(tmp_path / 'out', cluster[0], images[0], slow)
    wait_for(lambda: Path(f'{slow}.begun').exists() and list(
        (tmp_path / 'out/.manifest').glob('*.json')))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    assert status_of(survey_status(tmp_path / 'out')) == {
        'a': 'done', 'slow': 'open'}


def test_dask(images, tmp_path, cluster):
    file, processes, launch = cluster
    run(images, tmp_path / 'calm')
    process = start(tmp_path / 'out', file, *images)
    _, error = process.communicate(timeout=90)
    assert process.returncode == 0, error
    same_tables(tmp_path / 'out', tmp_path / 'calm')
    # the scheduler dies in mid-run
    slow = write_image(tmp_path / 'slow.fits', 8)
    process = start(tmp_path / 'lost', file, images[0], slow, *images[1:])
    wait_for(lambda: Path(f'{slow}.begun').exists())
    for name in ('scheduler', 'worker'):
        os.killpg(processes[name].pid, signal.SIGKILL)
        processes[name].communicate()
    _, error = process.communicate(timeout=90)
    assert error.splitlines()[-1] == (
        'BlendHunterError: executor: it is lost (its calls were canceled); '
        'finished images are kept; repeat the run to classify the '
        'others')
    file.unlink()
    launch('scheduler')
    launch('worker')
    process = start(tmp_path / 'lost', file, *images)
    _, error = process.communicate(timeout=90)
    assert process.returncode == 0, error
    same_tables(tmp_path / 'lost', tmp_path / 'calm')


def test_the_stub_depends_on_pixels(images):
    assert np.ptp(StubIdentifier().classify(images[0])['blend_prob']) > 0
