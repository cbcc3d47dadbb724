"""The reproduction of the paper, at a scale that proves its workings."""

import json

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter.benchmark.paper import (
    SCALES,
    Scale,
    count_work,
    reproduce_paper,
    stages,
)
from blendhunter.benchmark.paper import run as run_module
from blendhunter.benchmark.paper.plan import (
    Step,
    estimate_seconds,
    list_steps,
)
from blendhunter.benchmark.paper.scores import (
    realistic_scores,
    separation_scores,
    summary_table,
    test_scores,
)
from blendhunter.benchmark.paper.stages import LEFT_OUT
from blendhunter.cli import main
from blendhunter.exceptions import DataSetError, WeightsError

TINY = Scale('tiny', 60, (5.0, 35.0), 2, 20)
METHODS = {'network', 'packaged model', 'sep oracle', 'sep truth-free',
           'photutils oracle', 'photutils truth-free'}


def options(directory, weights):
    return {'directory': directory, 'scale': TINY, 'backbone': 'random',
            'weights': weights, 'precision': 'float32', 'epochs': 2}


@pytest.fixture(scope='module')
def made(tmp_path_factory, random_weights):
    directory = tmp_path_factory.mktemp('paper')
    seen, said = [], []
    summary = reproduce_paper(
        **options(directory, random_weights), announce=said.append,
        progress=seen.append, command='a command')
    return directory, summary, seen, said


def test_files(made):
    directory = made[0]
    names = {p.name for p in directory.iterdir()}
    for figure in ('figure2-features', 'figure3-separation',
                   'figure4-accuracy', 'figure5-realistic',
                   'figure6-confusion'):
        assert {f'{figure}.png', f'{figure}.pdf'} <= names
        assert (directory / f'{figure}.png').stat().st_size > 8000
    for table in ('figure2-features', 'figure3-separation',
                  'figure4-accuracy', 'figure56-realistic', 'summary'):
        assert len(Table.read(directory / f'{table}.ecsv')) > 0
    assert 'photutils oracle' in (directory / 'summary.rst').read_text()
    # cached features are gone
    assert not list((directory / 'work').glob('features*'))


def test_summary(made):
    summary = made[1]
    assert set(summary.colnames) > METHODS
    assert {'authors BlendHunter', 'authors SEP'} < set(summary.colnames)
    assert set(summary['set']) == {'parametric', 'structured'}
    row = summary[(summary['sigma'] == 5) & (summary['score'] == 'accuracy')]
    assert row['authors SEP'][0] == pytest.approx(94.4)
    assert np.all(row['sep oracle'] > 70)


def test_every_step_is_scored(made):
    tests = Table.read(made[0] / 'figure4-accuracy.ecsv')
    for method in METHODS:
        mine = tests[tests['method'] == method]
        # photutils on the first realisation alone
        assert len(mine) == (2 if method.startswith('photutils') else 4)


def test_progress_provenance_and_forecast(made):
    directory, _, seen, said = made
    assert sum(seen) == count_work(TINY)
    assert len(said) == 1
    assert '4 trainings on 60 stamps' in said[0]
    provenance = json.loads((directory / 'provenance.json').read_text())
    assert provenance['command'] == 'a command'
    assert provenance['backbone'].startswith('random backbone (control)')
    assert provenance['realistic_set'].startswith('structured galaxies')
    assert set(provenance['seconds']) == {
        'simulation', 'features', 'heads', 'detectors', 'packaged model'}
    assert 'galsim' in provenance['versions']


def test_a_finished_run_is_not_repeated(made, random_weights, monkeypatch):
    directory, summary, _, _ = made

    def never(*_, **__):
        raise AssertionError

    for name in ('cache_features', 'fit_head', 'label_by_rules'):
        monkeypatch.setattr(stages, name, never)
    monkeypatch.setattr(run_module, 'cache_features', never)
    again = reproduce_paper(**options(directory, random_weights))
    assert_array_equal(again['network'], summary['network'])


def test_a_killed_run_continues(tmp_path, made, random_weights,
                                monkeypatch):
    fit_head = stages.fit_head
    done = []

    def killed(*arguments, **keywords):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return fit_head(*arguments, **keywords)

    with monkeypatch.context() as patch:
        patch.setattr(stages, 'fit_head', killed)
        with pytest.raises(KeyboardInterrupt):
            reproduce_paper(**options(tmp_path, random_weights))
    work = tmp_path / 'work'
    finished = sorted(work.glob('training-*.npz'))
    assert len(finished) == 2
    times = [p.stat().st_mtime_ns for p in finished]
    # the features of the third are there, and are not computed again
    assert (work / 'features-sigma5-1' / 'features.txt').read_text() == '60'
    # killed between the result and the removal of the features
    (work / 'features-sigma5-0').mkdir()
    computed = []
    cache_features = stages.cache_features

    def spied(body, *arguments, **keywords):
        class Spy:
            def predict_on_batch(self, inputs):
                computed.append(len(inputs))
                return body.predict_on_batch(inputs)
        return cache_features(Spy(), *arguments, **keywords)

    monkeypatch.setattr(stages, 'cache_features', spied)
    summary = reproduce_paper(**options(tmp_path, random_weights))
    # one step had its features, one had not
    assert computed == [60]
    assert not list(work.glob('features*'))
    for name in ('sep oracle', 'packaged model'):
        assert_array_equal(summary[name], made[1][name])
    assert_allclose(summary['network'], made[1]['network'], atol=20)
    assert [p.stat().st_mtime_ns for p in finished] == times
    assert len(list(work.glob('training-*.npz'))) == 4


def test_bad_arguments(tmp_path, made, random_weights, capsys):
    with pytest.raises(ValueError, match="backbone='default', got 'pa"):
        reproduce_paper(tmp_path / 'a', preprocessing='paper')
    with pytest.raises(ValueError, match="scale must be one of.*'medium'"):
        reproduce_paper(tmp_path / 'a', scale='huge')
    with pytest.raises(ValueError, match="preprocessing must.*got 'grey'"):
        reproduce_paper(tmp_path / 'a', backbone='random',
                        preprocessing='grey')
    with pytest.raises(WeightsError, match='no such file'):
        reproduce_paper(tmp_path / 'b', scale=TINY, backbone='vgg.h5')
    with pytest.raises(DataSetError, match='belongs to another'):
        reproduce_paper(**{**options(made[0], random_weights), 'seed': 5})
    assert main(['benchmark', 'paper', '-o', str(tmp_path / 'c'),
                 '--preprocessing', 'paper']) == 1
    error = capsys.readouterr().err.strip().split('\n')
    assert len(error) == 1
    assert "for backbone='default', got 'paper'" in error[0]


def test_scales():
    full = SCALES['full']
    assert (full.n_stamps, full.n_realisations) == (80_000, 10)
    steps = list_steps(full)
    assert len(steps) == 70
    assert len({step.name for step in steps}) == 70
    assert SCALES['medium'].n_stamps == 20_000
    times = [estimate_seconds(SCALES[name], per_feature=0.01,
                              kind='realistic', n_cores=2) / 60
             for name in ('small', 'medium', 'full')]
    # 10 ms per feature: 10 and 90 minutes are the limits
    assert times[0] < 10 < times[1] < 90 < times[2]


@pytest.fixture
def labelled():
    """Ten blends at 4 and at 16 px, of which some are found."""
    truth = Table({'label': np.repeat([1, 0], 20),
                   'separation': np.r_[np.full(10, 4.0), np.full(10, 16.0),
                                       np.full(20, np.nan)]})
    label = np.r_[np.ones(4), np.zeros(6), np.ones(9), np.zeros(1),
                  np.zeros(18), np.ones(2)].astype(int)
    return label, truth


def test_scores_by_separation(labelled):
    label, truth = labelled
    other = label.copy()
    other[0] = LEFT_OUT
    table = separation_scores([
        (Step(5.0, 0), {'network': label}, truth),
        (Step(5.0, 1), {'network': other}, truth)])
    assert table['separation'].tolist() == [4.5, 16.5]
    assert table['n_stamps'].tolist() == [19, 20]
    assert table['accuracy'].tolist() == pytest.approx([7 / 19, 0.9])
    assert table['accuracy_std'][1] == pytest.approx(0, abs=1e-12)


def test_realistic_scores_are_balanced(labelled):
    label, truth = labelled
    table = realistic_scores([(5.0, 0, 'network', label)], truth)
    rows = {row['subset']: row for row in table}
    assert rows['close']['accuracy'] == pytest.approx((0.4 + 0.9) / 2)
    assert rows['distant']['accuracy'] == pytest.approx((0.9 + 0.9) / 2)
    assert rows['all']['true_positives'] == pytest.approx(13 / 20)
    assert rows['all']['true_negatives'] == pytest.approx(0.9)
    # an isolated stamp in which nothing is found is none
    label[20] = -1
    table = realistic_scores([(5.0, 0, 'sep oracle', label)], truth)
    assert table['true_negatives'][0] == pytest.approx(17 / 20)


def test_summary_of_scores(labelled):
    label, truth = labelled
    tests = test_scores([(Step(14.0, 0), {'network': label}, truth),
                         (Step(14.0, 1), {'network': truth['label']},
                          truth)])
    realistic = realistic_scores([(14.0, 0, 'network', label),
                                  (np.nan, 0, 'sep oracle', label)], truth)
    summary = summary_table(tests, realistic)
    row = summary[(summary['set'] == 'parametric')
                  & (summary['score'] == 'accuracy')][0]
    assert row['network'] == pytest.approx(100 * (31 / 40 + 1) / 2)
    assert row['authors BlendHunter'] == pytest.approx(91.5)
    row = summary[summary['score'] == 'accuracy, close'][0]
    assert row['network'] == row['sep oracle'] == pytest.approx(65)
    assert row['authors SEP'] == pytest.approx(69.8)


@pytest.mark.slow
def test_small_scale_beats_sep_on_close_blends(tmp_path):
    """Some 25 close blends at each noise: an error of 10 points."""
    summary = reproduce_paper(tmp_path, scale='small', n_jobs=-1)
    close = summary[summary['score'] == 'close']
    assert np.all(close['packaged model'] > close['sep oracle'] + 5)
