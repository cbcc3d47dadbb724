# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Files that hold VGG-16's convolutions, and files that do not."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from blendhunter.cli import main
from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import build_network
from blendhunter.training.convolution_files import (
    IMAGENET_FILE,
    check_convolutions,
    read_convolutions,
)
from blendhunter.training.warm_start import load_backbone

TOP = {'fc1': (25088, 4096), 'fc2': (4096, 4096),
       'predictions': (4096, 1000)}


def vgg(counts=(2, 2, 3, 3, 3), **changes):
    """Shapes of the kernels of a VGG network, by layer."""
    shapes, channels = {}, 3
    for block, (n, filters) in enumerate(zip(
            counts, (64, 128, 256, 512, 512), strict=True), 1):
        for i in range(1, n + 1):
            shapes[f'block{block}_conv{i}'] = (3, 3, channels, filters)
            channels = filters
    return {**shapes, **changes}


def write(path, kernels, layout='old'):
    """Write a file whose values, all zero, take no space."""
    names = {'old': ('kernel:0', 'bias:0'), 'model': ('kernel', 'bias'),
             'new': ('0', '1')}[layout]
    with h5py.File(path, 'w') as file:
        root = file.create_group('model_weights') if layout == 'model' \
            else file
        for number, (layer, shape) in enumerate(kernels.items()):
            if layout == 'new':
                end = f'_{number}' if number else ''
                group = file.create_group(f'layers/conv2d{end}/vars')
                group.attrs['name'] = layer
            else:
                group = root.create_group(layer)
                group.attrs['weight_names'] = [n.encode() for n in names]
            for name, size in zip(names, (shape, shape[-1:]), strict=True):
                group.create_dataset(name, size, dtype='f4')
        if layout == 'new':
            file.create_group('optimizer/vars').create_dataset('0', (3,))
        else:
            root.attrs['layer_names'] = [
                layer.encode() for layer in ('input_1', *kernels)]
            root.create_group('input_1').attrs['weight_names'] = []
    return path


@pytest.mark.parametrize('layout', ['old', 'model', 'new'])
def test_layouts_of_keras(tmp_path, layout):
    """Layers in their order: conv2d_2 comes before conv2d_10."""
    path = write(tmp_path / 'a.h5', vgg(), layout)
    assert path.stat().st_size < 100_000
    check_convolutions(path)
    layers = read_convolutions(path)
    assert {name: kernel.shape for name, (kernel, _) in layers.items()} \
        == vgg()


def test_shapes_in_order_count_and_not_names(tmp_path):
    renamed = {f'conv_{i}': shape
               for i, shape in enumerate(vgg().values())}
    check_convolutions(write(tmp_path / 'a.h5', renamed))


def test_known_names_in_any_order(tmp_path):
    path = write(tmp_path / 'a.h5', dict(reversed(vgg().items())))
    assert {name: kernel.shape for name, (kernel, _) in read_convolutions(
        path).items()} == vgg()


def test_other_biases(tmp_path):
    path = write(tmp_path / 'a.h5', vgg())
    with h5py.File(path, 'a') as file:
        del file['block2_conv1/bias:0']
        file['block2_conv1'].create_dataset('bias:0', (64,), dtype='f4')
    with pytest.raises(WeightsError, match=r'block2_conv1 has \(64,\) '
                       r'instead of \(128,\)$'):
        check_convolutions(path)
    with h5py.File(path, 'a') as file:
        file['block2_conv1'].attrs['weight_names'] = [b'kernel:0']
    with pytest.raises(WeightsError, match='block2_conv1 has nothing inst'):
        check_convolutions(path)


def test_attributes_that_are_no_names(tmp_path):
    path = write(tmp_path / 'a.h5', vgg())
    with h5py.File(path, 'a') as file:
        file.attrs['layer_names'] = 3
    with pytest.raises(WeightsError, match='damaged, or no HDF5 file'):
        check_convolutions(path)


@pytest.mark.parametrize('layout', ['old', 'model', 'new'])
@pytest.mark.parametrize(('kernels', 'message'), [
    ({**vgg(), **TOP}, 'it has the classifier layers fc1, fc2 and '
     rf'predictions, too; give the file without them \({IMAGENET_FILE}\)'),
    (vgg((2, 2, 4, 4, 4)), 'of another architecture, with block3_conv4, '
     'block4_conv4 and block5_conv4$'),
    ({**vgg((2, 2, 4, 4, 4)), **TOP}, 'architecture, with block3_conv4, .* '
     'and 2 more layers$'),
    (vgg((2, 2, 3, 3, 0)), 'architecture, without block5_conv1, '
     'block5_conv2 and block5_conv3$'),
    ({f'conv{i}_conv': (3, 3, 8, 8) for i in range(50)},
     'without block1_conv1, .* and 9 more layers; with conv0_conv, '
     'conv1_conv, conv2_conv, conv3_conv and 46 more layers$'),
    (vgg(block1_conv1=(3, 3, 1, 64)), 'block1_conv1 has '
     r'\(3, 3, 1, 64\) instead of \(3, 3, 3, 64\)$'),
    ({}, 'it has no layers as Keras writes them')])
def test_other_networks(tmp_path, layout, kernels, message):
    path = write(tmp_path / 'a.h5', kernels, layout)
    with pytest.raises(WeightsError, match=message) as caught:
        check_convolutions(path)
    text = str(caught.value)
    assert text.startswith(f"backbone: '{path}' has no convolutions of VGG-16")
    assert '\n' not in text


def test_damaged_files(tmp_path):
    path = write(tmp_path / 'a.h5', vgg())
    content = path.read_bytes()
    for size, message in ((len(content) // 2, 'the file is truncated'),
                          (20, 'damaged, or no HDF5 file'),
                          (0, 'damaged, or no HDF5 file')):
        path.write_bytes(content[:size])
        with pytest.raises(WeightsError, match=message):
            check_convolutions(path)
    write(path, vgg())
    with h5py.File(path, 'a') as file:
        file['block2_conv1/bias:0'][3] = np.nan
    with pytest.raises(WeightsError, match='block2_conv1 has values that'):
        read_convolutions(path)
    with h5py.File(path, 'a') as file:
        del file['block2_conv1/bias:0']
    with pytest.raises(WeightsError, match='damaged, or no HDF5 file'):
        check_convolutions(path)


@pytest.mark.parametrize('command', [
    ['benchmark', 'paper'], ['benchmark', 'paper', '--compare-blocks'],
    ['train']])
def test_commands_refuse_them_in_one_line(tmp_path, capsys, command):
    """Before anything is simulated, or written."""
    path = write(tmp_path / 'vgg16.h5', {**vgg(), **TOP})
    assert main([*command, '--backbone', str(path),
                 '-o', str(tmp_path / 'out.h5')]) == 1
    lines = capsys.readouterr().err.strip().split('\n')
    assert len(lines) == 1
    assert 'classifier layers fc1, fc2 and predictions' in lines[0]
    assert list(tmp_path.iterdir()) == [path]


def test_the_check_needs_no_keras(tmp_path):
    path = write(tmp_path / 'a.h5', vgg())
    code = ('import sys; from blendhunter.training.warm_start import '
            f'check_backbone; check_backbone({str(path)!r}); '
            'assert not {"keras", "tensorflow"} & set(sys.modules)')
    subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.slow
def test_the_file_of_keras(data_dir):
    """The first filters differ in color, as filters of photographs do."""
    path = data_dir / 'imagenet' / IMAGENET_FILE
    if not path.is_file():
        pytest.skip(f'no {path}')
    network = build_network()
    load_backbone(network, path)
    kernel = network.get_layer('block1_conv1').get_weights()[0]
    assert kernel.shape == (3, 3, 3, 64)
    assert np.ptp(kernel, axis=2).max() > 0.1


@pytest.mark.slow
def test_a_truncated_file_of_keras(data_dir, tmp_path):
    path = data_dir / 'imagenet' / IMAGENET_FILE
    if not path.is_file():
        pytest.skip(f'no {path}')
    cut = tmp_path / 'cut.h5'
    cut.write_bytes(path.read_bytes()[:30_000_000])
    with pytest.raises(WeightsError, match='the file is truncated'):
        check_convolutions(cut)
