# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Positions of further sources, an auxiliary loss of the training."""

import csv

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import load_model, train
from blendhunter.dataset import DataSet
from blendhunter.network.architecture import build_network
from blendhunter.network.loading import set_network
from blendhunter.network.locators import (
    LOCATORS,
    add_locators,
    target_maps,
)
from blendhunter.network.weights import read_weights, write_weights
from blendhunter.training.batches import (
    MixedBatches,
    locator_loss,
    mark_positions,
)
from blendhunter.training.samplers import DetectionSampler, PairSampler
from blendhunter.training.warm_start import widen_kernel
from blendhunter.truth import BLEND

pytestmark = pytest.mark.usefixtures('thin')
N = 40


def test_marks():
    marks = np.zeros((4, 51, 51), dtype=bool)
    mark_positions(marks, [0, 0, 1, 2, 3], [
        (3.4, 10.6, 99), (50.4, 0, 0), (-1, 5, 0), (np.nan, 5, 0),
        (25, 51, 0)])
    assert {tuple(map(int, at)) for at in np.argwhere(marks)} == {
        (0, 11, 3), (0, 0, 50)}


def test_maps_cover_the_cells_of_the_network():
    """A source is in the cell that its pixel is pooled into."""
    marks = np.zeros((2, 51, 51), dtype=bool)
    marks[0, 22, 30] = True  # 29 and 37 in the padded stamp
    fine, coarse = target_maps(marks)
    assert fine.shape == (2, 16, 16, 1)
    assert coarse.shape == (2, 8, 8, 1)
    assert {tuple(map(int, at)) for at in np.argwhere(fine[0, ..., 0])} == {
        (7, 9)}
    assert {tuple(map(int, at)) for at in np.argwhere(
        coarse[0, ..., 0])} == {(3, 4)}
    assert not fine[1].any()
    # at a cell's edge, the neighbors are marked, too
    marks[0] = False
    marks[0, 21, 29] = True  # 28 and 36
    assert target_maps(marks)[0][0].sum() == 4


def test_maps_fit_the_layers():
    network = build_network(n_channels=5)
    model = add_locators(network)
    maps = target_maps(np.zeros((2, 51, 51), dtype=bool))
    outputs = model(np.zeros((2, 65, 65, 5), dtype=np.float32))
    assert len(outputs) == 1 + len(LOCATORS)
    for output, truth in zip(outputs[1:], maps, strict=True):
        assert output.shape == truth.shape
    # the layers are the same, so the network learns what the model does
    assert model.get_layer('block3_conv3') is network.get_layer(
        'block3_conv3')


def test_locator_loss_is_the_cross_entropy():
    rng = np.random.default_rng(1)
    truth = (rng.random((3, 4, 4, 1)) < 0.3).astype('f4')
    odds = rng.normal(size=truth.shape).astype('f4')
    p = 1 / (1 + np.exp(-odds))
    expected = -np.sum(np.where(truth > 0, np.log(p), np.log(1 - p)),
                       axis=(1, 2, 3))
    assert_allclose(locator_loss(truth, odds), expected, rtol=1e-4)


def point_sources(n, positions, flux):
    stamps = np.zeros((n, 51, 51), dtype=np.float32)
    x, y = positions[:, :2].astype(int).T
    stamps[np.arange(n), y, x] = flux
    return stamps


def test_pairs_mark_all_sources_but_the_brightest():
    rng = np.random.default_rng(2)
    center = np.column_stack([np.full((N, 2), 25.0), np.full(N, 600.0)])
    others = np.column_stack([rng.integers(3, 48, (N, 2)), np.where(
        np.arange(N) % 2, 300.0, 900.0)])
    options = {'positions': center, 'companion_positions': others,
               'sigma_range': (1.0, 1.0), 'residual_background': 0.0,
               'close_share': 0.9}
    images = (point_sources(N, center, 600.0),
              point_sources(N, others, others[:, 2]))
    z, _, label, _, marks = PairSampler(*images, **options, more=()).draw(
        300, rng)
    assert not marks[label == 0].any()
    blended = z[label > 0], marks[label > 0]
    assert_array_equal(blended[1].sum(axis=(1, 2)), 1)
    for stamp, mark in zip(*blended, strict=True):
        # also where the stamp was moved
        assert stamp[mark] > 200
        if (stamp > 200).sum() == 2:
            assert stamp[mark] < stamp.max()
    z, _, label, _, marks = PairSampler(*images, **options, more=(1.0,)).draw(
        300, rng)
    assert np.mean(marks[label > 0].sum(axis=(1, 2)) == 2) > 0.9
    assert np.all(z[marks] > 200)


def test_detections_mark_the_second_source():
    stamps = np.zeros((N, 51, 51), dtype='f2')
    labels = np.where(np.arange(N) % 2, BLEND, 1 - BLEND)
    positions = np.column_stack([np.full(N, 28.2), np.arange(N) + 5.0])
    positions[labels != BLEND] = np.nan
    sampler = DetectionSampler(stamps, stamps == 0, labels,
                               positions=positions)
    _, _, label, _, marks = sampler.draw(50, np.random.default_rng(1))
    assert_array_equal(marks.sum(axis=(1, 2)), label)
    assert set(np.nonzero(marks)[2]) == {28}


def test_marks_turn_with_their_stamps():
    """The marked pixel is the bright one in every orientation."""
    positions = np.column_stack([np.full(N, 28.0), np.full(N, 20.0)])
    stamps = point_sources(N, positions, 1000.0)
    sampler = DetectionSampler(stamps.astype('f2'), stamps >= 0,
                               np.arange(N) % 2, positions=positions,
                               blend_fraction=0.9, extra_noise=0.0)
    batch = MixedBatches([(sampler, 64)], rng=1)(0)
    bright = batch.inputs[:, 7:58, 7:58, 0] > 5
    bright &= batch.labels[..., None] == BLEND
    expected = target_maps(bright)
    # unless a blank edge or a patch covers the source
    seen = bright.any(axis=(1, 2))
    assert seen.sum() > 50
    assert len({tuple(np.argwhere(b)[0]) for b in bright[seen]}) == 8
    for made, wanted in zip(batch.maps, expected, strict=True):
        assert_array_equal(made[seen], wanted[seen])
    assert_array_equal(batch.map_weights, batch.sample_weights)


def test_further_channels_start_small():
    network = build_network(n_channels=5)
    layer = network.get_layer('block1_conv1')
    initial = layer.get_weights()[0]
    kernel = np.ones((3, 3, 3, initial.shape[-1]), dtype='f4')
    wide = widen_kernel(kernel, layer)
    assert_array_equal(wide[:, :, :3], 1)
    assert_array_equal(wide[:, :, 3:], initial[:, :, 3:] / 2)
    assert widen_kernel(wide, layer) is wide


def noise_detections():
    """Noise, labeled as detections are."""
    rng = np.random.default_rng(3)
    regions = np.zeros((N, 51, 51), dtype=bool)
    regions[:, 20:30, 20:30] = True
    return DataSet(
        {'stamps': rng.normal(size=regions.shape).astype('f2'),
         'regions': regions},
        Table({'truth_label': np.arange(N) % 2, 'field': np.arange(N) // 10,
               'x_2': np.full(N, 22.0), 'y_2': np.full(N, 24.0)}))


def test_weights_of_three_channels_are_fine_tuned(
        thin_weights, tmp_path):
    """They stay as they were where the learning rate is tiny."""
    path = train(detections=noise_detections(), output=tmp_path / 'a.h5',
                 n_steps=3, weights=thin_weights, batch_size=8,
                 learning_rate=1e-9, precision='float32')
    model = load_model(path)
    assert model.metadata['preprocessing'] == 'residuals'
    assert model.network.input_shape == (None, 65, 65, 5)
    before, after = (read_weights(file)[0] for file in (thin_weights,
                                                        path))
    # the locators are kept
    assert set(after) - set(before) == {
        f'{name}_cells/{part}' for name in LOCATORS
        for part in ('kernel', 'bias')}
    assert_allclose(after['block1_conv1/kernel'][:, :, :3],
                    before['block1_conv1/kernel'], atol=1e-3)
    assert_allclose(after['dense1/kernel'], before['dense1/kernel'],
                    atol=1e-3)
    assert 0.05 < after['block1_conv1/kernel'][:, :, 3:].std() < 0.2
    # the auxiliary losses are part of the total
    with (tmp_path / 'a.history.csv').open() as file:
        row, = csv.DictReader(file)
    maps = [float(row[f'block{b}_conv3_locator_loss']) for b in (3, 4)]
    assert min(maps) > 0
    assert float(row['loss']) == pytest.approx(
        float(row['head_loss']) + 0.05 * sum(maps), rel=1e-3)


def test_weights_that_do_not_fit_are_refused(thin_weights, tmp_path):
    from blendhunter.exceptions import WeightsError

    arrays, metadata = read_weights(thin_weights)
    with pytest.raises(WeightsError, match="layer 'block1_conv1'"):
        set_network(build_network(n_channels=5), arrays)
    # the paper's gray is not what the first channels are
    metadata.pop('sha256')
    path = tmp_path / 'paper.h5'
    write_weights(path, arrays, {**metadata, 'preprocessing': 'paper'})
    with pytest.raises(WeightsError, match=r"paper\.h5' has the prepro"):
        train(detections=noise_detections(), output=tmp_path / 'a.h5',
              weights=path)
