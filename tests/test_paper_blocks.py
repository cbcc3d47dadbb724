# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The comparison of blocks, and features that several runs share."""

import json

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose

import blendhunter.benchmark.paper as paper
from blendhunter._utils.resume import PartStore
from blendhunter.benchmark.paper import (
    Scale,
    blocks,
    compare_blocks,
    features,
    reproduce_paper,
    stages,
)
from blendhunter.benchmark.paper.features import (
    build_frozen,
    cache_features,
    features_key,
    network_inputs,
)
from blendhunter.benchmark.paper.paper_report import name_backbone
from blendhunter.cli import main
from blendhunter.exceptions import DataSetError, WeightsError
from blendhunter.network.architecture import build_backbone, build_head
from blendhunter.network.loading import load_model
from blendhunter.tests.fixtures import save_random
from blendhunter.tests.thin import thin_network
from blendhunter.training.convolution_files import IMAGENET_FILE

TINY = Scale('tiny', 40, (5.0,), 1, 12)
KINDS = ['random', 'frozen', 'fine-tuned', 'own']


@pytest.fixture(scope='module', autouse=True)
def narrow(tmp_path_factory):
    """Narrow networks; random blocks stand for the package's own."""
    own = tmp_path_factory.mktemp('own') / 'own.h5'
    with thin_network() as patch:
        save_random(own, 'VGG-16', preprocessing='residuals')
        patch.setattr(features, 'load_model',
                      lambda _, **options: load_model(own, **options))
        yield


@pytest.fixture(scope='module')
def backbone(tmp_path_factory):
    """A file of blocks that stands for ImageNet's."""
    import keras

    keras.utils.set_random_seed(8)
    path = tmp_path_factory.mktemp('backbone') / 'vgg.weights.h5'
    build_backbone().save_weights(path)
    return path.rename(path.with_name('vgg.h5'))


@pytest.fixture
def computed(monkeypatch):
    """The numbers of stamps whose features are computed."""
    found = []

    def spied(body, stamps, *arguments, store, **keywords):
        found.append(len(stamps) if store.n_parts() == 0 else 0)
        return cache_features(body, stamps, *arguments, store=store,
                              **keywords)

    monkeypatch.setattr(stages, 'cache_features', spied)
    return found


def options(directory, backbone):
    return {'directory': directory, 'backbone': backbone, 'scale': TINY,
            'precision': 'float32', 'epochs': 2, 'tuning_epochs': 1}


@pytest.fixture(scope='module')
def made(tmp_path_factory, backbone):
    directory = tmp_path_factory.mktemp('blocks')
    table = compare_blocks(
        **options(directory / 'a', backbone), command='a command',
        features_dir=directory / 'features')
    return directory, table


def test_table(made):
    directory, table = made
    assert list(table['blocks']) == 2 * [
        'random backbone (control)', 'vgg.h5, frozen', 'vgg.h5, fine-tuned',
        "this package's own blocks, trained on blends"]
    assert list(table['set']) == 4 * ['parametric'] + 4 * ['structured']
    assert set(table['preprocessing'][:3]) == {'noise'}
    assert table['preprocessing'][3] == 'residuals'
    assert np.all((table['accuracy'] >= 0) & (table['accuracy'] <= 1))
    assert np.all(table['accuracy_error'] > 0)
    written = Table.read(directory / 'a/blocks.ecsv')
    assert_allclose(written['accuracy'], table['accuracy'])
    text = (directory / 'a/blocks.rst').read_text()
    assert 'vgg.h5, fine-tuned' in text
    assert 'nan' not in text
    about = json.loads((directory / 'a/provenance.json').read_text())
    assert about['command'] == 'a command'
    assert about['tuning']['epochs'] == {'sigma5-0': 1}
    assert list(about['tuning']['seconds']) == KINDS


def test_heads_are_those_of_the_reproduction(made, tmp_path, computed,
                                             random_weights):
    """The same stamps, noise and heads, and features of another run."""
    directory = made[0]
    n_kept = len(list((directory / 'features').iterdir()))
    # two sets of three kinds of blocks
    assert n_kept == 6
    reproduce_paper(
        tmp_path, scale=TINY, backbone='random', precision='float32',
        epochs=2, weights=random_weights,
        features_dir=directory / 'features')
    assert computed == [0, 0]
    first, second = (
        PartStore(path).load('training-sigma5-0')[0] for path in (
            directory / 'a/work/random', tmp_path / 'work'))
    for name in ('test', 'realistic'):
        assert_allclose(first[name], second[name], atol=1e-5)


def test_features_of_other_stamps_or_blocks_have_another_key():
    stamps = np.random.default_rng(1).normal(size=(3, 51, 51)).astype('f4')
    body = build_frozen('random', precision='float32')
    call = {'preprocessing': 'noise', 'n_augmented': 1, 'rng': 4}
    key = features_key(body, stamps, 1.0, **call)
    assert key == features_key(body, stamps.copy(), 1.0, **call)
    others = [features_key(build_frozen(
        'random', precision=precision, rng=rng), stamps, 1.0, **call)
        for precision, rng in (('float32', 1), ('bfloat16', 0))]
    others += [features_key(body, stamps, 2.0, **call),
               features_key(body, stamps + 1, 1.0, **call)]
    others += [features_key(body, stamps, 1.0, **{**call, **change})
               for change in ({'rng': 5}, {'n_augmented': 2},
                              {'preprocessing': 'paper'})]
    assert len({key, *others}) == 8


def test_tuning_takes_the_stamps_that_the_heads_get(tmp_path):
    """Their features are those of the cache."""
    stamps = np.random.default_rng(1).normal(size=(140, 51, 51)).astype('f4')
    body = build_frozen('random', precision='float32')
    call = {'preprocessing': 'noise', 'n_augmented': 135, 'rng': 4}
    store = PartStore(tmp_path / 'a')
    store.begin({})
    cached = cache_features(body, stamps, 1.0, store=store, **call)
    inputs = network_inputs(stamps, 1.0, **call)
    assert_allclose(body.predict(inputs, verbose=0), cached, rtol=1e-3,
                    atol=1e-3)


def test_fine_tuning_changes_all_layers_and_keeps_the_best():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(60, 65, 65, 3)).astype('f4')
    labels = (np.arange(60) % 2).astype('f4')
    inputs[labels == 1, 20:40, 20:40] += 3
    body = build_frozen('random', precision='float32')
    before = body.get_weights()
    epochs = blocks.fine_tune(body, build_head(), inputs, labels,
                              (slice(0, 40), slice(40, 60)), epochs=2)
    assert epochs == 2
    for old, new in zip(before, body.get_weights(), strict=True):
        assert np.any(old != new)


def test_a_killed_comparison_with_more_epochs(tmp_path, made, backbone,
                                              computed, monkeypatch):
    """Features of the other run are taken; tuning begins again."""
    features = made[0] / 'features'
    call = {**options(tmp_path / 'b', backbone), 'epochs': 3,
            'features_dir': features}
    train_step = stages.train_step

    def killed(setup, *arguments):
        if setup.store.directory.name == 'fine-tuned':
            raise KeyboardInterrupt
        train_step(setup, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(stages, 'train_step', killed)
        with pytest.raises(KeyboardInterrupt):
            compare_blocks(**call)
    # random and frozen blocks were ready, tuned ones half so
    assert computed == [0, 0, 0, 0, 0, 12]
    work = tmp_path / 'b/work'
    assert (work / 'fine-tuned/features-realistic').is_dir()
    computed.clear()
    compare_blocks(**call)
    assert computed == [0, 12, 40, 0, 0]
    assert len(list(features.iterdir())) == 6
    assert not list(work.rglob('features*'))
    computed.clear()
    compare_blocks(**call)
    assert computed == []


def test_bad_arguments(tmp_path, made, backbone, capsys):
    for name in ('default', 'random'):
        with pytest.raises(ValueError, match=f"or a file, got '{name}'"):
            compare_blocks(tmp_path / 'a', backbone=name)
    with pytest.raises(ValueError, match="preprocessing must .*'residuals'"):
        compare_blocks(tmp_path / 'a', backbone=backbone,
                       preprocessing='residuals')
    for name in ('epochs', 'tuning_epochs'):
        with pytest.raises(ValueError, match=f'{name} must be positive'):
            compare_blocks(tmp_path / 'a', backbone=backbone, **{name: 0})
    with pytest.raises(WeightsError, match='backbone must be .* or a file'):
        compare_blocks(tmp_path / 'a', backbone='vgg.h5')
    assert main(['benchmark', 'paper', '--compare-blocks', '-o',
                 str(tmp_path / 'a')]) == 1
    error, = capsys.readouterr().err.strip().split('\n')
    assert "backbone must be 'imagenet' or a file" in error
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataSetError, match='other arguments, another'):
        compare_blocks(**options(made[0] / 'a', backbone), rng=5)


def test_the_command(tmp_path, monkeypatch, capsys):
    called = []
    monkeypatch.setattr(paper, 'compare_blocks', lambda _, **k: (
        called.append(k), Table({'accuracy': [1.0]}))[1])
    assert main(['benchmark', 'paper', '--compare-blocks', '--backbone',
                 'a.h5', '--features-dir', 'kept', '--epochs', '7', '-o',
                 str(tmp_path / 'a')]) == 0
    assert 'accuracy' in capsys.readouterr().out
    assert called[0]['backbone'] == 'a.h5'
    assert called[0]['features_dir'] == 'kept'
    assert called[0]['epochs'] == 7


def test_names_of_backbones():
    """A file is named without its folder; Keras's is ImageNet's."""
    assert name_backbone(f'../data/{IMAGENET_FILE}') == 'ImageNet backbone'
    assert name_backbone('../data/mine.h5') == 'mine.h5'
    assert name_backbone('random') == 'random backbone (control)'
