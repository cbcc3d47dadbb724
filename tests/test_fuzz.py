# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Hundreds of damaged inputs of each kind, from fixed seeds."""

import warnings

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from astropy.utils.exceptions import AstropyWarning
from astropy.utils.masked import Masked

from blendhunter import DetectedImage
from blendhunter.catalogs import catalog_positions, read_catalog
from blendhunter.dataset import DataSet, read_dataset, write_dataset
from blendhunter.exceptions import (
    BlendHunterWarning,
    DataSetError,
    WeightsError,
)
from blendhunter.images import accept_image
from blendhunter.network.weights import read_weights

N_CASES = 150
# a user must be able to tell from the message what is wrong
ARGUMENTS = ('image', 'mask', 'noise', 'background', 'catalog', 'columns',
             'segmentation', 'labels', 'wcs', 'stamps', 'regions')


@pytest.fixture(scope='module')
def small_image():
    rng = np.random.default_rng(3)
    image = rng.normal(0, 1, (90, 100))
    y, x = np.mgrid[:90, :100]
    for cx, cy in rng.uniform(10, 80, (12, 2)):
        image += 30 * np.exp(-((x - cx)**2 + (y - cy)**2) / 6)
    return image


def attempt(function, *args, errors=(TypeError, ValueError), **options):
    """Return a result and no error, or none and the error's message."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', BlendHunterWarning)
        try:
            return function(*args, **options), None
        except errors as error:
            return None, str(error)


def choose(rng, *options):
    return options[rng.integers(len(options))]


def box(rng, shape):
    y, x = rng.integers(0, shape[0]), rng.integers(0, shape[1])
    height, width = rng.integers(1, shape[0]), rng.integers(1, shape[1])
    return slice(y, y + height), slice(x, x + width)


def damage_image(image, rng):
    """Return the image with several faults, and options for it."""
    image = image.copy()
    for _ in range(rng.integers(1, 4)):
        value = choose(rng, np.nan, np.inf, -np.inf, 0.0, 1e9, 3e38, -1e25,
                       1e300, 65535.0, 1e-320)
        image[box(rng, image.shape)] = value
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        image = image * choose(rng, 1.0, 1e-12, 1e12, 1e-30)
        image = image.astype(choose(rng, 'f8', 'f4', '>f8', 'i4', 'u2',
                                    'f2', '>i2', 'bool'))
    hidden = np.zeros(image.shape, dtype=bool)
    hidden[box(rng, image.shape)] = True
    image = choose(rng, lambda a: a, lambda a: np.ma.array(a, mask=hidden),
                   lambda a: Masked(a, mask=hidden), np.asfortranarray,
                   lambda a: a[::-1, ::2], lambda a: a[:rng.integers(1, 60)],
                   lambda a: a.tolist())(image)
    noise = np.full(np.shape(image), choose(rng, 1.0, 1e-12, 1e5))
    noise[box(rng, noise.shape)] = choose(rng, 0.0, np.nan, -1.0, 1e-30)
    options = {'noise': choose(rng, None, 1.0, noise, 0.0, np.nan, 'one',
                               noise[:3], np.ma.array(noise, mask=noise <= 0)),
               'background': choose(rng, 'auto', None, 0.0, np.inf, 'no',
                                    np.zeros(np.shape(image)))}
    return image, options


def test_images(small_image, recorder):
    rng = np.random.default_rng(17)
    outcomes = {'classified': 0, 'refused': 0}
    for case in range(N_CASES):
        image, options = damage_image(small_image, rng)
        recorder.reset()
        result, error = attempt(recorder.classify, image, **options)
        outcomes['refused' if error else 'classified'] += 1
        if error:
            assert error.startswith(ARGUMENTS), (case, error)
            continue
        assert np.all(np.isfinite(recorder.shown())), case
        unknown = np.isnan(result['blend_prob'])
        assert not np.any(result['is_blend'][unknown]), case
        assert np.all(result['blend_flags'][unknown] & (2 | 8) > 0), case
    assert min(outcomes.values()) > N_CASES // 6, outcomes


def damage_column(values, rng):
    """Return a column with a fault of one kind."""
    n = len(values)
    rows = rng.integers(0, n, 3)
    kind = rng.integers(10)
    if kind < 4:
        values[rows] = choose(rng, np.nan, np.inf, 1e300, -1e9)
    if kind == 4:
        return MaskedColumn(values, mask=np.isin(np.arange(n), rows))
    if kind == 5:
        return Masked(values, mask=np.isin(np.arange(n), rows))
    if kind == 6:
        return np.array([choose(rng, '1.5', 'abc', '', None, {})
                         for _ in range(n)], dtype=object)
    if kind == 7:
        return np.stack([values, values], axis=1)
    if kind == 8:
        return values.astype(choose(rng, 'U8', 'i4', 'c16', '>f4', bool))
    return values


def test_catalogs(small_image, recorder):
    rng = np.random.default_rng(18)
    outcomes = {'classified': 0, 'refused': 0}
    for case in range(N_CASES):
        n = rng.integers(5, 15)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            columns = {name: damage_column(rng.uniform(0, 90, n), rng)
                       for name in choose(rng, ('x', 'y'), ('ra', 'dec'),
                                          ('X_IMAGE', 'Y_IMAGE', 'NUMBER'),
                                          ('x', 'y', 'label'), ('a', 'b'))}
            table = Table(columns)
        recorder.reset()
        result, error = attempt(recorder.classify, small_image, table)
        outcomes['refused' if error else 'classified'] += 1
        if error:
            assert error.startswith(ARGUMENTS), (case, error)
            continue
        assert len(result) == n
        assert np.all(np.isfinite(recorder.shown())), case
    assert min(outcomes.values()) > N_CASES // 6, outcomes


def flip_bytes(content, rng):
    """Return a file with some bytes changed, or cut off."""
    content = bytearray(content)
    if rng.random() < 0.3:
        return bytes(content[:rng.integers(0, len(content))])
    # headers, where structure is, are hit more often than data
    reach = choose(rng, 3000, len(content), len(content))
    for place in rng.integers(0, min(reach, len(content)),
                              rng.integers(1, 12)):
        content[place] = rng.integers(256)
    return bytes(content)


def test_fits_images_and_tables(small_image, tmp_path):
    fits.PrimaryHDU(small_image.astype('f4')).writeto(tmp_path / 'i.fits')
    Table({'x': np.arange(9.0), 'y': np.arange(9.0)}).write(
        tmp_path / 't.fits')
    rng = np.random.default_rng(19)
    path = tmp_path / 'damaged.fits'
    for name, read in (('i.fits', accept_image), ('t.fits', lambda file: (
            catalog_positions(read_catalog(file))))):
        content = (tmp_path / name).read_bytes()
        for _ in range(N_CASES // 2):
            path.write_bytes(flip_bytes(content, rng))
            with warnings.catch_warnings():
                warnings.simplefilter('ignore', AstropyWarning)
                _, error = attempt(read, path, errors=(
                    OSError, ValueError, TypeError))
            if error:
                assert error.startswith(ARGUMENTS)
                assert '\n' not in error


def test_weights(random_weights, tmp_path):
    content = random_weights.read_bytes()
    rng = np.random.default_rng(20)
    path = tmp_path / 'damaged.h5'
    for _ in range(6):  # 31 MB each
        path.write_bytes(flip_bytes(content, rng))
        with pytest.raises(WeightsError, match=r'damaged\.h5'):
            read_weights(path)


def test_data_sets(tmp_path):
    rng = np.random.default_rng(21)
    made = DataSet({'stamps': rng.normal(size=(4, 51, 51)).astype('f4'),
                    'regions': rng.random((4, 51, 51)) < 0.5},
                   Table({'label': [0, 1, 0, 1], 'x': np.arange(4.0)}),
                   {'role': 'stamps'})
    write_dataset(tmp_path / 'good.h5', made)
    content = (tmp_path / 'good.h5').read_bytes()
    path = tmp_path / 'damaged.h5'
    refused = 0
    for _ in range(N_CASES):
        path.write_bytes(flip_bytes(content, rng))
        read, error = attempt(read_dataset, path, errors=DataSetError)
        if error:
            assert 'damaged.h5' in error
            refused += 1
        else:
            assert np.all(np.isfinite(read.arrays['stamps']))
    assert refused > N_CASES // 3


def test_segmentations(small_image, recorder):
    rng = np.random.default_rng(22)
    whole = DetectedImage.from_image(small_image).segmentation
    for case in range(N_CASES):
        segmentation = whole.copy().astype(choose(rng, 'i4', '>i8', 'u2',
                                                  'f4', bool))
        segmentation[box(rng, whole.shape)] = choose(rng, 0, 1, 7, 30000)
        segmentation = choose(
            rng, lambda a: a, lambda a: a[:50], lambda a: -a.astype('i4'),
            lambda a: np.ma.array(a, mask=a == 3))(segmentation)
        recorder.reset()
        _, error = attempt(recorder.classify, small_image,
                           segmentation=segmentation)
        if error:
            assert error.startswith('segmentation'), (case, error)
        else:
            assert np.all(np.isfinite(recorder.shown())), case
