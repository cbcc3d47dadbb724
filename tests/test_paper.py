# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The paper's protocol and its reproduction, at a tiny scale."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import load_model
from blendhunter._utils.resume import PartStore
from blendhunter.benchmark.paper import (
    SCALES,
    Scale,
    estimate_time,
    reproduce_paper,
    stages,
    train_transfer,
    transfer,
)
from blendhunter.benchmark.paper import reproduction as run_module
from blendhunter.benchmark.paper.features import (
    build_frozen,
    cache_features,
    fit_head,
)
from blendhunter.benchmark.paper.paper_scores import (
    feature_table,
    parametric_scores,
    realistic_scores,
    separation_scores,
    summary_table,
)
from blendhunter.benchmark.paper.sets import noisy_stamps, stamps_of
from blendhunter.benchmark.paper.stages import (
    LEFT_OUT,
    Step,
    estimate_seconds,
    list_steps,
)
from blendhunter.cli import main
from blendhunter.dataset import DataSet
from blendhunter.exceptions import DataSetError, WeightsError
from blendhunter.plotting import paper_figures as plots
from blendhunter.tests.thin import thin_network

TINY = Scale('tiny', 60, (5.0, 35.0), 2, 20)
METHODS = {'network', 'packaged model', 'sep oracle', 'sep truth-free',
           'photutils oracle', 'photutils truth-free'}
FIGURES = ('figure2-features', 'figure3-separation', 'figure4-accuracy',
           'figure5-realistic', 'figure6-confusion')


def options(directory, weights):
    return {'directory': directory, 'scale': TINY, 'backbone': 'random',
            'weights': weights, 'precision': 'float32', 'epochs': 2}


@pytest.fixture(scope='module')
def made(tmp_path_factory, random_weights):
    directory = tmp_path_factory.mktemp('paper')
    with thin_network():
        summary = reproduce_paper(**options(directory, random_weights),
                                  command='a command')
    return directory, summary


def test_files(made):
    directory = made[0]
    for name in FIGURES:
        assert (directory / f'{name}.png').read_bytes()[:4] == b'\x89PNG'
        assert (directory / f'{name}.pdf').read_bytes()[:4] == b'%PDF'
    for table in ('figure2-features', 'figure3-separation',
                  'figure4-accuracy', 'figure56-realistic', 'summary'):
        found = Table.read(directory / f'{table}.ecsv')
        assert len(found) > 0
        assert found.meta['backbone'].startswith('random backbone (control)')
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
        # photutils on the first realization alone
        assert len(mine) == (2 if method.startswith('photutils') else 4)


def test_provenance(made):
    provenance = json.loads((made[0] / 'provenance.json').read_text())
    assert provenance['command'] == 'a command'
    assert provenance['seed'] == 0
    assert provenance['backbone'] == 'random'
    assert provenance['realistic_set'].startswith('structured galaxies')
    assert provenance['scale']['Scale']['n_stamps'] == 60
    assert set(provenance['seconds']) == {
        'simulation', 'features', 'heads', 'detectors', 'packaged model'}
    assert {'galsim', 'keras'} < set(provenance['versions'])


@pytest.mark.usefixtures('thin')
def test_a_finished_run_is_not_repeated(made, random_weights, monkeypatch):
    directory, summary = made

    def never(*_, **__):
        raise AssertionError

    for name in ('cache_features', 'fit_head', 'label_by_rules'):
        monkeypatch.setattr(stages, name, never)
    again = reproduce_paper(**options(directory, random_weights))
    assert_array_equal(again['network'], summary['network'])


@pytest.mark.usefixtures('thin')
def test_a_killed_run_continues(tmp_path, made, random_weights,
                                monkeypatch):
    """Byte-equal results, and nothing is computed twice."""
    fitted, computed, n_killed = [], [], 2

    def killed(*arguments, **keywords):
        if len(fitted) == n_killed:
            raise KeyboardInterrupt
        fitted.append(1)
        return fit_head(*arguments, **keywords)

    def spied(body, stamps, *arguments, store, **keywords):
        computed.append(len(stamps) if store.n_parts() == 0 else 0)
        return cache_features(body, stamps, *arguments, store=store,
                              **keywords)

    monkeypatch.setattr(stages, 'fit_head', killed)
    monkeypatch.setattr(stages, 'cache_features', spied)
    with pytest.raises(KeyboardInterrupt):
        reproduce_paper(**options(tmp_path, random_weights))
    # the realistic set, and three steps
    assert computed == [20, 60, 60, 60]
    work = tmp_path / 'work'
    finished = sorted(work.glob('training-*.npz'))
    assert len(finished) == 2
    times = [p.stat().st_mtime_ns for p in finished]
    # as if killed between the result and the removal of the features
    PartStore(work / 'features-sigma5-0').begin({'what': 'features'})
    computed.clear()
    n_killed = None
    summary = reproduce_paper(**options(tmp_path, random_weights))
    assert computed == [0, 0, 60]
    assert len(fitted) == 4
    assert not list(work.glob('features*'))
    assert [p.stat().st_mtime_ns for p in finished] == times
    for step in list_steps(TINY):
        first, second = (PartStore(path).load(f'training-{step.name}')[0]
                         for path in (made[0] / 'work', work))
        assert_allclose(first['test'], second['test'], atol=1e-4)
    for name in ('sep oracle', 'packaged model'):
        assert_array_equal(summary[name], made[1][name])


def test_bad_arguments(tmp_path, made, random_weights, capsys):
    with pytest.raises(ValueError, match="backbone='default', got 'pa"):
        reproduce_paper(tmp_path / 'a', preprocessing='paper')
    with pytest.raises(ValueError, match="scale must be one of.*'medium'"):
        reproduce_paper(tmp_path / 'a', scale='huge')
    with pytest.raises(ValueError, match="preprocessing must.*got 'gray'"):
        reproduce_paper(tmp_path / 'a', backbone='random',
                        preprocessing='gray')
    with pytest.raises(WeightsError, match='backbone must be .* or a file'):
        reproduce_paper(tmp_path / 'b', scale=TINY, backbone='vgg.h5')
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataSetError, match='other arguments, another'):
        reproduce_paper(**{**options(made[0], random_weights), 'rng': 5})
    assert main(['benchmark', 'paper', '-o', str(tmp_path / 'c'),
                 '--preprocessing', 'paper']) == 1
    error = capsys.readouterr().err.strip().split('\n')
    assert len(error) == 1
    assert "for backbone='default', got 'paper'" in error[0]


@pytest.mark.usefixtures('thin')
def test_estimated_time(monkeypatch):
    """From the speed of the backbone; features dominate."""
    now = iter([0.0, 0.01 * run_module.PROBE])
    monkeypatch.setattr(run_module, 'time',
                        SimpleNamespace(monotonic=lambda: next(now)))
    seconds = estimate_time(TINY, backbone='random')
    # 4 steps with 66 features, and twice the 20 of the realistic set
    assert seconds == pytest.approx(0.01 * (4 * 66 + 40), rel=0.5)
    assert seconds == estimate_seconds(TINY, per_feature=0.01, n_cores=1,
                                       kind='structured')


def test_the_command_prints_the_estimate(tmp_path, monkeypatch, capsys):
    import blendhunter.benchmark.paper as module

    called = []
    for name, result in (('estimate_time', 160.0),
                         ('reproduce_paper', Table({'score': [1.0]}))):
        monkeypatch.setattr(module, name, lambda _, result=result, **k: (
            called.append(k), result)[1])
    command = ['benchmark', 'paper', '-o', str(tmp_path / 'a'), '--seed',
               '3', '--backbone', 'random']
    assert main(command) == 0
    assert capsys.readouterr().out.startswith(
        '2 trainings on 4000 stamps: about 3 minutes;')
    assert called[0]['backbone'] == called[1]['backbone'] == 'random'
    assert called[1]['rng'] == 3
    assert called[1]['progress']


def test_noise_of_a_stamp_does_not_depend_on_the_others():
    clean = np.zeros((20, 51, 51), dtype='f4')
    data = DataSet({'centrals': clean, 'companions': clean},
                   Table({'label': np.zeros(20, int)}))
    whole = noisy_stamps(data, 5.0, rng=3)
    assert whole.std() == pytest.approx(5, rel=0.02)
    assert_array_equal(noisy_stamps(data, 5.0, rng=3, rows=slice(7, 9)),
                       whole[7:9])
    assert_array_equal(clean, 0)


def test_stamps_of_a_data_set():
    """With their noise, or with new noise over the clean ones."""
    rng = np.random.default_rng(1)
    clean = rng.normal(size=(2, 30, 51, 51)).astype('f4')
    truth = Table({'label': np.arange(30) % 2})
    arrays = {'centrals': clean[0], 'companions': clean[1]}
    noisy = DataSet({**arrays, 'stamps': clean[0] + 7}, truth,
                    {'noise': 14.5})
    stamps, labels, noise = stamps_of(noisy)
    assert_array_equal(stamps, noisy.arrays['stamps'])
    assert_array_equal(labels, truth['label'])
    assert noise == 14.5
    stamps, _, noise = stamps_of(noisy, 5.0, rng=2)
    assert noise == 5.0
    assert np.std(stamps - clean.sum(axis=0)) == pytest.approx(5, rel=0.02)
    assert np.any(stamps_of(noisy, 5.0, rng=3)[0] != stamps)
    with pytest.raises(ValueError, match='has no noisy stamps'):
        stamps_of(DataSet(arrays, truth))
    with pytest.raises(ValueError, match='has no noisy stamps'):
        stamps_of(DataSet({'stamps': clean[0]}, truth), 5.0)


@pytest.mark.usefixtures('thin')
@pytest.mark.parametrize('preprocessing', ['paper', 'noise', 'residuals'])
def test_paper_protocol(tmp_path, preprocessing):
    """Random features, too, tell stamps with a bright square."""
    rng = np.random.default_rng(1)
    stamps = rng.normal(size=(100, 51, 51)).astype('f4')
    labels = np.arange(100) % 2
    stamps[labels == 1, 10:30, 10:30] += 20
    path = train_transfer(stamps, labels, output=tmp_path / 'a.h5',
                          noise=1.0, preprocessing=preprocessing, epochs=20,
                          batch_size=10, precision='float32')
    model = load_model(path, precision='float32')
    assert model.regions == ('stamp',)
    assert model.metadata['preprocessing'] == preprocessing
    assert model.metadata['trained_fraction'] == {'stamp': 0.5}
    accuracy = model.metadata['results']['stamp']['accuracy']
    assert accuracy >= 0.9
    p = model.predict(stamps[90:], np.ones((10, 51, 51), bool))
    assert np.mean((p > 0.5) == labels[90:]) == accuracy
    assert (tmp_path / 'a.history.csv').is_file()
    assert not (tmp_path / 'a.work').exists()


@pytest.mark.usefixtures('thin')
def test_features_of_a_killed_run(tmp_path):
    """Byte-equal, with the augmentation of a run without a kill."""
    stamps = np.random.default_rng(1).normal(size=(300, 51, 51)).astype('f4')
    body = build_frozen('random', precision='float32')
    call = {'preprocessing': 'noise', 'n_augmented': 200, 'rng': 4}
    stores = [PartStore(tmp_path / name) for name in 'ab']
    for store in stores:
        store.begin({})
    whole = cache_features(body, stamps, 1.0, store=stores[0], **call)
    plain = cache_features(body, stamps, 1.0, preprocessing='noise',
                           store=SimpleNamespace(
                               arrays=lambda _, make: make()))
    changed = np.any(whole != plain, axis=1)
    assert np.mean(changed[:200]) > 0.95
    assert not changed[200:].any()

    store = stores[1]
    store.save(0, stores[0].load(0)[0])
    computed = []

    def predict(inputs):
        computed.append(len(inputs))
        return body.predict_on_batch(inputs)

    resumed = cache_features(
        SimpleNamespace(predict_on_batch=predict,
                        input_shape=body.input_shape), stamps, 1.0,
        store=store, **call)
    assert computed == [128, 44]
    assert resumed.tobytes() == whole.tobytes()


@pytest.mark.usefixtures('thin')
def test_paper_protocol_keeps_features_of_a_killed_run(tmp_path,
                                                       monkeypatch):
    stamps = np.random.default_rng(1).normal(size=(200, 51, 51)).astype('f4')
    call = {'stamps': stamps, 'labels': np.arange(200) % 2, 'epochs': 1,
            'output': tmp_path / 'a.h5', 'noise': 1.0,
            'precision': 'float32'}

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(transfer, 'fit_head', killed)
        with pytest.raises(KeyboardInterrupt):
            train_transfer(**call)
    kept = sorted((tmp_path / 'a.work').glob('*.npz'))
    assert len(kept) == 2
    with pytest.raises(DataSetError, match='other arguments, another'):
        train_transfer(**{**call, 'noise': 2.0})
    assert train_transfer(**call).is_file()
    assert not kept[0].exists()


def test_packaged_blocks_as_frozen_backbone(tmp_path):
    """Blocks that were trained on blends need few examples."""
    from blendhunter import simulate_stamps

    made = simulate_stamps(300, centering='exact', rng=4,
                           bright=20.0, faint=23.0)
    path = train_transfer(
        made.stamps, made.truth['label'], noise=14.5, epochs=12,
        output=tmp_path / 'a.h5', backbone='default', batch_size=30)
    results = load_model(path).metadata['results']['stamp']
    assert results['accuracy'] > 0.8
    with pytest.raises(ValueError, match="for backbone='default'"):
        train_transfer(made.stamps, made.truth['label'], noise=14.5,
                       output=tmp_path / 'c.h5', backbone='default',
                       preprocessing='paper')


def test_bad_arguments_of_the_protocol(tmp_path):
    with pytest.raises(ValueError, match='stamps must have at least 10'):
        train_transfer(np.zeros((3, 51, 51)), [0, 1, 0], noise=1.0,
                       output=tmp_path / 'b.h5')
    with pytest.raises(ValueError, match='labels must have one entry per'):
        train_transfer(np.zeros((30, 51, 51)), [0, 1], noise=1.0,
                       output=tmp_path / 'b.h5')
    assert not list(tmp_path.iterdir())


def test_scales():
    full = SCALES['full']
    assert (full.n_stamps, full.n_realizations) == (80_000, 10)
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
def labeled():
    """Ten blends at 4 and at 16 px, of which some are found."""
    truth = Table({'label': np.repeat([1, 0], 20),
                   'separation': np.r_[np.full(10, 4.0), np.full(10, 16.0),
                                       np.full(20, np.nan)]})
    label = np.r_[np.ones(4), np.zeros(6), np.ones(9), np.zeros(1),
                  np.zeros(18), np.ones(2)].astype(int)
    return label, truth


def test_scores_by_separation(labeled):
    label, truth = labeled
    other = label.copy()
    other[0] = LEFT_OUT
    table = separation_scores([
        (Step(5.0, 0), {'network': label}, truth),
        (Step(5.0, 1), {'network': other}, truth)])
    assert table['separation'].tolist() == [4.5, 16.5]
    assert table['n_stamps'].tolist() == [19, 20]
    assert table['accuracy'].tolist() == pytest.approx([7 / 19, 0.9])
    assert table['accuracy_std'][1] == pytest.approx(0, abs=1e-12)


def test_realistic_scores_are_balanced(labeled):
    label, truth = labeled
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


def test_summary_of_scores(labeled):
    label, truth = labeled
    tests = parametric_scores([
        (Step(14.0, 0), {'network': label}, truth),
        (Step(14.0, 1), {'network': truth['label']}, truth)])
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


def drawn_lines(axes):
    """Return x, y of each line with a label, by the label."""
    return {container.get_label(): container[0].get_data()
            for container in axes.containers}


def test_figure_of_accuracy():
    """Means over realizations, in per cent."""
    table = Table({'sigma': [5.0, 5, 35, 35] * 2,
                   'realization': [0, 1] * 4,
                   'method': ['network'] * 4 + ['sep oracle'] * 4,
                   'accuracy': [0.9, 1, 0.8, 0.9, 0.8, 0.8, 0.7, 0.9]})
    figure = plots.plot_accuracy(table, title='a title')
    lines = drawn_lines(figure.axes[0])
    assert set(lines) == {'BlendHunter', 'SEP'}
    assert_allclose(lines['BlendHunter'], [[5, 35], [95, 85]])
    assert_allclose(lines['SEP'], [[5, 35], [80, 80]])
    assert figure.get_suptitle() == 'a title'
    # the shaded gain
    (shade,) = [c for c in figure.axes[0].collections
                if hasattr(c, 'get_datalim') and c.get_paths()
                and c.get_alpha() == 0.15]
    low, high = shade.get_datalim(figure.axes[0].transData).intervaly
    assert (low, high) == pytest.approx((80, 95))


def test_figure_of_separation():
    """One panel for each noise level."""
    table = Table({'sigma': [5.0, 5, 35], 'method': ['network'] * 3,
                   'separation': [1.5, 4.5, 1.5],
                   'accuracy': [0.2, 0.7, 0.1], 'accuracy_std': [0.1] * 3})
    figure = plots.plot_separation(table)
    panels = [panel for panel in figure.axes if panel.containers]
    assert len(panels) == 2
    assert_allclose(drawn_lines(panels[0])['BlendHunter'],
                    [[1.5, 4.5], [20, 70]])
    assert_allclose(drawn_lines(panels[1])['BlendHunter'], [[1.5], [10]])


def test_figures_of_the_realistic_set(labeled):
    """Differences to SEP in points, and the fractions behind them."""
    label, truth = labeled
    table = realistic_scores([
        (5.0, 0, 'network', truth['label']), (35.0, 0, 'network', label),
        (np.nan, 0, 'sep oracle', label)], truth)
    lines = drawn_lines(plots.plot_realistic(table).axes[0])
    # SEP has 0.65 + 0.9, over two
    assert_allclose(lines['all blends'], [[5, 35], [22.5, 0]], atol=1e-9)
    assert_allclose(lines['close (< 10 px)'][1], [35, 0], atol=1e-9)
    figure = plots.plot_confusion(table)
    assert [panel.get_title() for panel in figure.axes] == [
        'all blends', 'close (< 10 px)', 'distant']
    lines = drawn_lines(figure.axes[1])
    assert_allclose(lines['true positives'], [[5, 35], [100, 40]])
    assert_allclose(lines['true negatives'], [[5, 35], [100, 90]])


def test_figure_of_features():
    """The stamp, and the maps with the largest variance."""
    rng = np.random.default_rng(1)
    stamp = rng.normal(size=(51, 51))
    maps = [rng.normal(size=(8, 8, 20)), rng.normal(size=(4, 4, 3))]
    maps[0][..., 7] *= 10
    table = feature_table(stamp, maps)
    assert [np.sum(table['block'] == i) for i in range(3)] == [1, 12, 3]
    assert table['map'][1] == 7
    figure = plots.plot_features(table)
    images = [panel.images[0].get_array() for panel in figure.axes]
    assert len(images) == 16
    assert_allclose(images[0], np.arcsinh(stamp), rtol=1e-5)
    assert_allclose(images[1], maps[0][..., 7], rtol=1e-5)
