# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Architecture, preprocessing and weights files."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import BlendIdentifier, load_model
from blendhunter._utils.arrays import dihedral
from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import (
    build_backbone,
    build_head,
    build_network,
    resolve_precision,
)
from blendhunter.network.preprocessing import (
    preprocess_noise,
    preprocess_paper,
)
from blendhunter.network.priors import (
    correct_prior,
    fit_fraction,
    refit_fraction,
)
from blendhunter.network.weights import (
    read_metadata,
    read_weights,
    update_metadata,
    write_weights,
)
from blendhunter.training.warm_start import load_backbone

NAMES = [f'block{b}_conv{i}' for b, n in enumerate((2, 2, 3, 3, 3), 1)
         for i in range(1, n + 1)]


def test_thirteen_layers_named_as_in_keras_applications():
    import keras

    backbone = build_backbone()
    ours = {layer.name: [v.shape for v in layer.weights]
            for layer in backbone.layers if layer.weights}
    theirs = {layer.name: [v.shape for v in layer.weights]
              for layer in keras.applications.VGG16(
                  include_top=False, weights=None).layers if layer.weights}
    assert list(ours) == NAMES
    assert ours == theirs
    assert backbone.output_shape == (None, 2048)


@pytest.mark.parametrize('name', ['a.weights.h5', 'legacy.h5'])
def test_backbone_from_a_local_file(tmp_path, name):
    """Both of Keras's layouts, the old one as Keras distributes it."""
    import h5py

    source = build_backbone()
    path = tmp_path / name
    if name == 'a.weights.h5':
        source.save_weights(path)
    else:
        names = [layer.name for layer in source.layers if layer.weights]
        with h5py.File(path, 'w') as file:
            file.attrs['layer_names'] = [n.encode() for n in names]
            for layer in names:
                group = file.create_group(layer)
                parts = [f'{layer}_W_1:0', f'{layer}_b_1:0']
                group.attrs['weight_names'] = [n.encode() for n in parts]
                for part, array in zip(
                        parts, source.get_layer(layer).get_weights(),
                        strict=True):
                    group[part] = array
    network = build_network()
    load_backbone(network, path)
    for layer in NAMES:
        for a, b in zip(network.get_layer(layer).get_weights(),
                        source.get_layer(layer).get_weights(), strict=True):
            assert_array_equal(a, b)


def test_a_backbone_of_three_channels_in_five(tmp_path):
    """The additional channels keep half of their initial values."""
    source = build_backbone()
    source.save_weights(tmp_path / 'a.weights.h5')
    network = build_network(n_channels=5)
    before = network.get_layer(NAMES[0]).get_weights()[0]
    load_backbone(network, tmp_path / 'a.weights.h5')
    kernel = network.get_layer(NAMES[0]).get_weights()[0]
    assert_array_equal(kernel[:, :, :3],
                       source.get_layer(NAMES[0]).get_weights()[0])
    assert_array_equal(kernel[:, :, 3:], before[:, :, 3:] / 2)


def test_bad_backbones(tmp_path, monkeypatch):
    import keras

    network = build_network()
    with pytest.raises(WeightsError, match="backbone must be 'imagenet' or"):
        load_backbone(network, tmp_path / 'none.h5')
    (tmp_path / 'bad.h5').write_text('nothing')
    build_head().save_weights(tmp_path / 'other.weights.h5')
    for name in ('bad.h5', 'other.weights.h5'):
        with pytest.raises(WeightsError, match=f'{name}. has no convolutions'):
            load_backbone(network, tmp_path / name)

    def offline(**_):
        msg = 'URL fetch failure'
        raise OSError(msg)

    monkeypatch.setattr(keras.applications, 'VGG16', offline)
    with pytest.raises(WeightsError, match='could not be downloaded; down'):
        load_backbone(network, 'imagenet')


def test_fitted_fraction_is_that_of_the_training():
    """Odds right for a half, sampled at a fifth: it finds the half."""
    rng = np.random.default_rng(5)
    p = rng.uniform(0.02, 0.98, 200_000).astype('f4')
    labels = rng.random(len(p)) < p
    for fraction in (0.2, 0.5, 0.8):
        weights = np.where(labels, fraction, 1 - fraction)
        assert fit_fraction(p, labels, weights) == pytest.approx(0.5,
                                                                 abs=0.01)
    # blends trained with thrice their weight
    raw = correct_prior(p, 0.25, 0.5)
    fitted = fit_fraction(raw, labels, np.ones(len(p)))
    assert fitted == pytest.approx(0.75, abs=0.01)
    assert_allclose(np.mean(correct_prior(raw, fitted, 0.5)), 0.5, atol=0.01)
    # all are certain and right: the largest correction
    fitted = fit_fraction(np.array([0.0, 1.0]), np.array([False, True]),
                          np.ones(2))
    assert 0 < fitted < 1


def test_refitted_fraction_calibrates_a_survey():
    """However far the stored prior is from the survey's fraction."""
    rng = np.random.default_rng(6)
    right = rng.uniform(0.02, 0.98, 50_000)
    labels = rng.random(len(right)) < right
    fraction = labels.mean()
    # right probabilities, stored as if for 0.3, reported for a prior of 0.02
    reported = correct_prior(correct_prior(right, fraction, 0.3), 0.3, 0.02)
    refitted = refit_fraction(reported, labels, trained=0.3, wanted=0.02)
    assert refitted == pytest.approx(0.3, abs=0.01)
    # odds too low by a factor of two
    low = correct_prior(reported, 2 / 3, 0.5)
    refitted = refit_fraction(low, labels, trained=0.3, wanted=0.02)
    assert refitted / (1 - refitted) == pytest.approx(3 / 14, rel=0.05)
    corrected = correct_prior(correct_prior(low, 0.02, 0.3), refitted,
                              fraction)
    assert np.mean(corrected) == pytest.approx(fraction, abs=2e-3)


@pytest.mark.parametrize(('maker', 'flags', 'policy'), [
    ('GenuineIntel', 'avx512f avx512_bf16 amx_bf16', 'mixed_bfloat16'),
    ('GenuineIntel', 'avx512f avx512_bf16', 'float32'),
    ('AuthenticAMD', 'avx512f avx512_bf16', 'mixed_bfloat16'),
    ('AuthenticAMD', 'avx512f', 'float32')])
def test_precision_of_a_cpu(monkeypatch, tmp_path, maker, flags, policy):
    import blendhunter.network.architecture as module

    (tmp_path / 'cpuinfo').write_text(
        f'vendor_id\t: {maker}\nflags\t\t: fpu {flags} ht\n')
    monkeypatch.setattr(module, 'CPU_INFO', tmp_path / 'cpuinfo')
    monkeypatch.setattr(module, '_has_gpu', lambda: False)
    assert resolve_precision('auto') == policy
    monkeypatch.setattr(module, 'CPU_INFO', tmp_path / 'gone')
    assert resolve_precision('auto') == 'float32'


def test_precision(monkeypatch):
    import blendhunter.network.architecture as module

    assert resolve_precision('float32') == 'float32'
    assert resolve_precision('bfloat16') == 'mixed_bfloat16'
    monkeypatch.setattr(module, '_cpu_has_bfloat16', lambda: True)
    assert resolve_precision('auto') == 'mixed_bfloat16'
    monkeypatch.setattr(module, '_cpu_has_bfloat16', lambda: False)
    monkeypatch.setattr(module, '_has_gpu', lambda: False)
    assert resolve_precision('auto') == 'float32'
    with pytest.raises(ValueError, match="precision must be 'auto'"):
        resolve_precision('float16')


def test_noise_channels():
    stamps = np.zeros((2, 51, 51))
    stamps[0, 25, 25], stamps[0, 0, 0] = 30.0, 90.0
    regions = np.zeros(stamps.shape, bool)
    regions[:, 20:31, 20:31] = True
    x = preprocess_noise(stamps, regions, 3.0)
    assert x.shape == (2, 65, 65, 3)
    assert x.dtype == np.float32
    assert x[0, 32, 32, 0] == pytest.approx(np.arcsinh(5))
    assert x[0, 32, 32, 2] == pytest.approx(4)
    assert x[0, 7, 7, 2] == pytest.approx(12)  # the peak outside is greater
    assert x[0, 27:38, 27:38, 1].min() == 1
    assert x[0, 26, 30, 1] == -1
    for border in (x[:, :7], x[:, -7:], x[:, :, :7], x[:, :, -7:]):
        assert_array_equal(border, 0)
    assert_array_equal(x[1, :, :, 2], 0)


def test_noise_channels_do_not_depend_on_the_unit():
    stamps = np.random.default_rng(1).normal(size=(3, 51, 51))
    regions = np.ones(stamps.shape, bool)
    assert_allclose(preprocess_noise(stamps * 1e-12, regions, 1e-12),
                    preprocess_noise(stamps, regions, 1.0), rtol=1e-5,
                    atol=1e-6)


def test_paper_channels():
    stamps = np.random.default_rng(1).normal(size=(3, 51, 51))
    stamps[:, 25, 25] = -20
    x = preprocess_paper(stamps, None, 1.0)
    assert x.shape == (3, 65, 65, 3)
    assert_array_equal(x[..., 0], x[..., 2])
    assert_allclose(x * 255, np.round(x * 255), atol=1e-4)
    # the absolute value, and the brightest pixel
    assert_allclose(x[:, 32, 32], 1)
    gray = np.floor(np.abs(stamps) * 255 / 20) / 255
    assert_allclose(x[:, 7:58, 7:58, 0], gray, atol=1e-6)
    # a border of noise: abs(N(0, 1)), rounded down to 20 / 255
    border = x[:, :7] * 20
    assert np.sqrt(np.mean(border**2)) == pytest.approx(1, abs=0.1)


def test_weights_file_round_trip(large_weights):
    arrays, metadata = read_weights(large_weights)
    assert len(arrays) == 2 * (13 + 3)
    assert len(metadata['sha256']) == 64
    model = load_model(large_weights, precision='float32')
    for layer in NAMES:
        assert_array_equal(model.network.get_layer(layer).get_weights()[0],
                           arrays[f'{layer}/kernel'])
    assert large_weights.stat().st_size < 40e6


@pytest.mark.parametrize('offset', [3, 30, 400, 600, 100_000, -1, -90_000])
def test_any_changed_byte_is_found(random_weights, tmp_path, offset):
    content = bytearray(random_weights.read_bytes())
    content[offset] ^= 1
    path = tmp_path / 'changed.h5'
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r'changed\.h5'):
        load_model(path)


@pytest.mark.parametrize('n', [0, 100, 700, -1])
def test_truncated_weights(random_weights, tmp_path, n):
    path = tmp_path / 'cut.h5'
    path.write_bytes(random_weights.read_bytes()[:n])
    with pytest.raises(WeightsError, match=r'cut\.h5'):
        load_model(path)


def test_other_files_as_weights(tmp_path):
    path = tmp_path / 'notes.txt'
    path.write_text('hello')
    with pytest.raises(WeightsError, match='not a BlendHunter weights file'):
        load_model(path)


def test_metadata_can_be_updated(random_weights, tmp_path):
    path = tmp_path / 'copy.h5'
    path.write_bytes(random_weights.read_bytes())
    update_metadata(path, {'results': {'stamp': [{'accuracy': 0.5}]}})
    metadata = read_metadata(path)
    assert metadata['results']['stamp'][0]['accuracy'] == 0.5
    assert metadata['prior'] == {'segment': 0.07, 'stamp': 0.5}


def test_old_weights_files(large_weights, tmp_path):
    """Before version 0.1.0 the training history had another key."""
    arrays, metadata = read_weights(large_weights)
    history = [{'command': 'first', 'steps': 4, 'sha256': '0' * 64}]
    write_weights(tmp_path / 'old.h5', arrays,
                  {**metadata, 'lineage': history})
    for found in (read_metadata(tmp_path / 'old.h5'),
                  read_weights(tmp_path / 'old.h5')[1]):
        assert found['training_history'] == history
        assert 'lineage' not in found
    # the packaged weights are a mean over the last of four trainings
    packaged = load_model('default', precision='float32').metadata
    assert len(packaged['training_history']) == 4
    assert all(item['command'].startswith('blendhunter train')
               for item in packaged['training_history'])


def test_precisions_agree(large_weights):
    stamps = np.random.default_rng(3).normal(size=(40, 51, 51))
    stamps[:, 20:30, 20:30] += 5
    regions = np.ones(stamps.shape, bool)
    results = [load_model(large_weights, precision=p).predict(
        stamps, regions, 1.0, batch_size=40) for p in ('float32', 'bfloat16')]
    assert_allclose(results[0], results[1], atol=0.05)


@pytest.mark.parametrize('n_views', [2, 4, 8])
def test_log_odds_of_the_views_are_averaged(random_weights, n_views):
    """With all 8 orientations the result depends on none."""
    stamps, regions, noise = elongated_stamps(6)
    model = load_model(random_weights, precision='float32')

    def predict(turn, n_views):
        return model.predict(*(dihedral(part, turn) for part in (
            stamps, regions, noise)), batch_size=6, n_views=n_views)

    single = np.array([predict(turn, 1) for turn in range(8)])
    assert np.ptp(single, axis=0).max() > 1e-4
    assert single.min() > 0.1
    assert single.max() < 0.98
    odds = (single / (1 - single))[::8 // n_views].prod(axis=0)**(1 / n_views)
    assert_allclose(predict(0, n_views), odds / (1 + odds), rtol=1e-4)
    if n_views == 8:
        for turn in range(1, 8):
            assert_allclose(predict(turn, 8), predict(0, 8), rtol=1e-4)


def test_only_intermediate_probabilities_are_augmented(random_weights,
                                                        monkeypatch):
    """Others are evaluated once, and keep their probability."""
    stamps, regions, noise = elongated_stamps(20)
    model = load_model(random_weights, precision='float32')
    single = model.predict(stamps, regions, noise, batch_size=4)
    pooled = model.predict(stamps, regions, noise, batch_size=4, n_views=8)
    low, high = model.doubtful = np.quantile(single, [0.25, 0.75])
    evaluated = []
    monkeypatch.setattr(model.extended, 'predict_on_batch', lambda inputs: (
        evaluated.append(len(inputs)), model.extended(inputs))[1])
    mixed = model.predict(stamps, regions, noise, batch_size=4, n_views=8)
    augmented = (single > low) & (single < high)
    assert augmented.sum() == 10
    assert_allclose(mixed[augmented], pooled[augmented], rtol=1e-4)
    assert_allclose(mixed[~augmented], single[~augmented], rtol=1e-6)
    # 20 stamps and 7 more views of 10, in batches of 4
    assert sum(evaluated) == 20 + 72


def elongated_stamps(n):
    """Return stamps of a bar, their regions and uneven noise."""
    rng = np.random.default_rng(4)
    stamps = rng.normal(size=(n, 51, 51))
    stamps[:, 20:24, 22:40] += 5
    return (stamps, stamps > 2,
            np.exp(rng.normal(scale=0.5, size=stamps.shape)))


def test_packaged_weights_are_complete():
    model = load_model('default', precision='float32')
    assert model.regions == ('segment', 'stamp')
    for key in ('preprocessing', 'domain', 'trained_fraction', 'prior',
                'command', 'results', 'sha256'):
        assert model.metadata[key], key
    assert set(model.metadata['results']) == {'segment', 'stamp'}
    assert 0.03 < model.metadata['prior']['segment'] < 0.15


def test_package_data_is_small():
    from pathlib import Path

    import blendhunter

    data = Path(blendhunter.__file__).parent / 'data'
    assert sum(p.stat().st_size for p in data.iterdir()) < 40e6


def test_packaged_weights_on_fresh_stamps():
    """Accuracy 0.98 on 250 stamps has a standard error of 0.009."""
    from blendhunter import simulate_stamps

    made = simulate_stamps(250, noise=14.5, rng=77)
    p = BlendIdentifier().predict_stamps(made.stamps, noise=14.5)
    assert np.mean((p > 0.5) == made.truth['label']) > 0.95


def test_packaged_weights_on_a_fresh_field():
    """Unrecognized blends rank above single detections."""
    from blendhunter.benchmark.field import evaluate_survey, field_scores

    made = evaluate_survey('cfis', BlendIdentifier(), 1, shape=(600, 600),
                           regions=('segment',), rng=78)
    table = field_scores(made.truth)
    auc = dict(zip(table['method'], table['auc'], strict=True))
    assert auc['network'] > 0.8
    assert auc['network'] > auc['flag'] + 0.2


def test_the_data_format_is_that_of_the_package():
    """Whatever the user's keras.json says."""
    formats = {layer.name: layer.data_format
               for layer in build_backbone().layers
               if hasattr(layer, 'data_format')}
    assert set(formats.values()) == {'channels_last'}
    assert len(formats) == 13 + 5 + 1
    import keras

    before = keras.config.image_data_format()
    keras.config.set_image_data_format('channels_first')
    try:
        assert build_backbone().output_shape == (None, 2048)
    finally:
        keras.config.set_image_data_format(before)
