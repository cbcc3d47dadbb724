# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The script that renews the stored results, without the long commands."""

import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / 'tools'
WRITE = '{python} -c "open(\'%s\', \'a\').write(\'%s\')"'


@pytest.fixture
def renewal(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    for name in ('renew_results', 'stored_results'):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module('renew_results')


@pytest.fixture
def stored(renewal, monkeypatch):
    """Three short results in place of the long ones."""
    from stored_results import Result

    results = (
        Result('one', (WRITE % ('one.rst', '[full|small]'),), 1,
               (('one.rst', 'first'),)),
        Result('two', (WRITE % ('two.txt', 'two') + ' {kids}',), 1,
               (('two.txt', 'first'),)),
        Result('tables', (WRITE % ('t.rst', 't'),), 1, (('t.rst', 'last'),),
               after=('one', 'two')))
    monkeypatch.setattr(renewal, 'RESULTS', results)
    return results


def run(renewal, tmp_path, *arguments):
    return renewal.main(['--work-dir', str(tmp_path / 'work'), '--output',
                         str(tmp_path / 'out'), *arguments])


def test_list_names_commands_and_minutes(renewal, capsys):
    assert renewal.main(['--list', '--only', 'singles-kids', 'domain']) == 0
    assert capsys.readouterr().out.splitlines() == [
        'singles-kids: about 1 minutes',
        '  blendhunter benchmark singles KIDS --overwrite -o singles-kids',
        'domain: about 8 minutes',
        '  blendhunter benchmark domain --n 8 --overwrite -o domain.ecsv']


def test_list_of_a_trial_has_small_numbers(renewal, capsys):
    renewal.main(['--list', '--scale', 'small', '--only', 'domain'])
    assert '--n 1 ' in capsys.readouterr().out


def test_unknown_name_is_refused(renewal, capsys):
    with pytest.raises(SystemExit):
        renewal.main(['--only', 'nothing'])
    assert "invalid choice: 'nothing'" in capsys.readouterr().err


def test_missing_data_are_told(renewal, tmp_path, capsys):
    assert run(renewal, tmp_path, '--dry-run', '--only', 'singles-kids',
               'paper-blocks', 'tables-trust') == 0
    assert capsys.readouterr().out.splitlines() == [
        'singles-kids: skipped, needs --kids (the KiDS r-band image)',
        'paper-blocks: skipped, needs --cosmos-dir (a directory of real '
        'galaxies), --backbone (VGG-16 weights of ImageNet (Keras))',
        'tables-trust: skipped, needs the results fit, calibration, domain, '
        'companions']


@pytest.mark.usefixtures('stored')
def test_dry_run_writes_nothing(renewal, tmp_path, capsys):
    run(renewal, tmp_path, '--dry-run', '--kids', 'r.fits')
    assert capsys.readouterr().out.splitlines() == [
        'one: to do', 'two: to do', 'tables: to do']
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures('stored')
def test_finished_results_are_not_made_again(renewal, tmp_path, capsys):
    assert run(renewal, tmp_path, '--kids', 'r.fits') == 0
    assert run(renewal, tmp_path, '--kids', 'r.fits') == 0
    assert 'tables: finished' in capsys.readouterr().out
    # each command appends to its file
    assert (tmp_path / 'out' / 'first' / 'one.rst').read_text() == 'full'
    assert (tmp_path / 'out' / 'last' / 't.rst').is_file()
    # another size makes it again
    run(renewal, tmp_path, '--scale', 'small', '--only', 'one')
    assert (tmp_path / 'out' / 'first' / 'one.rst').read_text(
        ) == 'fullsmall'


@pytest.mark.usefixtures('stored')
def test_tables_need_no_data_of_finished_results(renewal, tmp_path):
    run(renewal, tmp_path, '--kids', 'r.fits', '--only', 'one', 'two')
    assert not (tmp_path / 'out' / 'last').exists()
    assert run(renewal, tmp_path, '--only', 'tables') == 0
    assert (tmp_path / 'out' / 'last' / 't.rst').is_file()


def test_failure_is_told_and_does_not_stop_the_others(
        stored, renewal, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(renewal, 'RESULTS', (
        replace(stored[0], commands=('{python} -c "exit(3)"',)),
        *stored[1:]))
    assert run(renewal, tmp_path, '--kids', 'r.fits') == 1
    told = capsys.readouterr().out
    assert 'one: failed, exit status 3' in told
    assert 'tables: skipped, needs the results one' in told
    assert (tmp_path / 'out' / 'first' / 'two.txt').is_file()
    monkeypatch.setattr(renewal, 'RESULTS', (
        replace(renewal.RESULTS[0], status=(3,), products=()),))
    assert run(renewal, tmp_path, '--only', 'one') == 0


@pytest.mark.parametrize(('old', 'new', 'reason'), [
    ('packaged\nformer', 'packaged', 'lacks the rows of other weights '
     '(former)'),
    ('packaged 0.9', 'packaged not measured', "has 'not measured'")])
def test_richer_tables_are_kept(renewal, tmp_path, capsys, old, new, reason):
    from stored_results import Result

    stored = tmp_path / 'out' / 'model' / 'fields.rst'
    stored.parent.mkdir(parents=True)
    stored.write_text(old)
    (tmp_path / 'fields.rst').write_text(new)
    result = Result('fields', (), 1, (('fields.rst', 'model'),))
    renewal.copy(result, tmp_path, tmp_path / 'out')
    assert stored.read_text() == old
    assert reason in capsys.readouterr().out
    renewal.copy(result, tmp_path, tmp_path / 'out', force=True)
    assert stored.read_text() == new


def test_every_product_is_a_stored_result(renewal):
    # what is stored but has no command is named in the readme
    from stored_results import RESULTS

    made = {Path(folder, Path(file).name).as_posix()
            for result in RESULTS for file, folder in result.products}
    stored = {path.relative_to(renewal.STORED).as_posix()
              for path in renewal.STORED.rglob('*')
              if path.is_file() and path.parent != renewal.STORED}
    readme = (renewal.STORED / 'README.rst').read_text()
    assert all(f'``{name}``' in readme for name in stored - made)


@pytest.mark.usefixtures('stored')
def test_records_hold_the_commands(renewal, tmp_path):
    run(renewal, tmp_path, '--only', 'one')
    commands = json.loads((tmp_path / 'work' / 'one.done').read_text())
    assert commands[0][0] == sys.executable
