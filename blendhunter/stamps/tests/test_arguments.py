# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What `extract_stamps` takes, and what it says of wrong arguments."""

import re

import numpy as np
import pytest
from astropy.io import fits
from astropy.nddata import NDData
from astropy.table import MaskedColumn, Table
from astropy.wcs import WCS
from numpy.testing import assert_array_equal

from blendhunter import extract_stamps
from blendhunter._utils.arrays import robust_sigma
from blendhunter.stamps import STAMP_SIZE, BlendFlag, extraction
from blendhunter.stamps.windows import noise_pattern

POSITIONS = [[12.0, 8.0], [20.0, 14.0]]


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(size=(24, 32))


def make_segmentation():
    segmentation = np.zeros((24, 32), dtype=np.int32)
    segmentation[7:10, 11:14] = 2
    segmentation[13:16, 19:22] = 3
    return segmentation


def whole(message):
    """Return a pattern that is the whole of a message."""
    return f'^{re.escape(message)}$'


@pytest.mark.parametrize('size', [0, 50, -3, 51.0, 5.5, '51', None])
def test_wrong_size(image, size):
    with pytest.raises(ValueError, match=whole(
            f'size must be a positive odd integer, got {size!r}')):
        extract_stamps(image, POSITIONS, size=size)


@pytest.mark.parametrize('size', [1, 3, np.int64(5)])
def test_size_of_stamps(image, size):
    stamps = extract_stamps(image, POSITIONS, size=size)
    assert stamps.data.shape == stamps.regions.shape == (2, size, size)
    assert stamps.data[0, size // 2, size // 2] == image[8, 12]


def test_stamps_are_51_px_wide_by_default(image):
    assert STAMP_SIZE == 51
    assert extract_stamps(image, POSITIONS).data.shape == (2, 51, 51)


@pytest.mark.parametrize(('positions', 'shape'), [
    ([1.0, 2.0], '(2,)'), ([[1, 2, 3]], '(1, 3)'), (7.0, '()'),
    ([[[1, 2]]], '(1, 1, 2)')])
def test_wrong_shape_of_positions(image, positions, shape):
    with pytest.raises(ValueError, match=whole(
            f'positions must have the shape (n, 2), got {shape}')):
        extract_stamps(image, positions)


@pytest.mark.parametrize(('positions', 'reason'), [
    ([['a', 'b']], "could not convert string to float: .*'a'.*"),
    ([[1j, 2]], 'values must be real numbers, got the dtype complex128')])
def test_positions_that_are_not_numbers(image, positions, reason):
    with pytest.raises(ValueError, match=(
            f'^positions must be numbers: {reason}$')):
        extract_stamps(image, positions)


@pytest.mark.parametrize(('labels', 'got'), [
    ([2], 'int64 of shape (1,)'), ([[2, 3]], 'int64 of shape (1, 2)'),
    ([2.0, 3.0], 'float64 of shape (2,)'), ([True, False], 'bool of shape '
                                            '(2,)')])
def test_wrong_labels(image, labels, got):
    with pytest.raises(ValueError, match=whole(
            f'labels must be 2 integers, one for each position, got {got}')):
        extract_stamps(image, POSITIONS, labels=labels,
                       segmentation=make_segmentation())


def test_wrong_number_of_labels_for_no_positions(image):
    options = {'segmentation': make_segmentation()}
    # an empty list has the type float
    assert len(extract_stamps(image, [], labels=[], **options)) == 0
    with pytest.raises(ValueError, match='^labels must be 0 integers'):
        extract_stamps(image, [], labels=[2.0], **options)


@pytest.mark.parametrize('dtype', ['i4', 'u1', 'i8'])
def test_labels_of_any_integer_type(image, dtype):
    stamps = extract_stamps(image, POSITIONS, size=9,
                            labels=np.array([3, 2], dtype=dtype),
                            segmentation=make_segmentation())
    assert stamps.flags.tolist() == [BlendFlag.NO_SEGMENT] * 2


def test_a_masked_label_is_no_label(image):
    """Its source gets a disc, even where the number is a label."""
    segmentation = make_segmentation()
    segmentation[segmentation == 2] = 1
    labels = MaskedColumn([1, 3], mask=[True, False])
    stamps = extract_stamps(image, POSITIONS, labels=labels, size=9,
                            segmentation=segmentation)
    assert stamps.flags.tolist() == [BlendFlag.NO_SEGMENT, 0]


class Catalog:
    """A catalog that is not a table, as photutils has them."""

    def to_table(self):
        return Table(np.array(POSITIONS), names=('x_centroid', 'y_centroid'))


def test_positions_of_catalogs(image):
    wanted = extract_stamps(image, POSITIONS).data
    for catalog in (Catalog(), Catalog().to_table()):
        assert_array_equal(extract_stamps(image, catalog).data, wanted)


def test_positions_from_the_sky(image):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crval, wcs.wcs.cdelt = (30.0, 10.0), (-1e-4, 1e-4)
    sky = wcs.pixel_to_world(*np.transpose(POSITIONS))
    catalog = Table({'ra': sky.ra, 'dec': sky.dec})
    assert_array_equal(extract_stamps(NDData(image, wcs=wcs), catalog).data,
                       extract_stamps(image, POSITIONS).data)
    with pytest.raises(ValueError, match='WCS'):
        extract_stamps(image, catalog)


def test_extension_of_a_file(image, tmp_path):
    path = tmp_path / 'image.fits'
    fits.HDUList([fits.PrimaryHDU(image), fits.ImageHDU(image + 1, name='B')]
                 ).writeto(path)
    for ext, added in ((0, 0), ('B', 1)):
        stamps = extract_stamps(path, POSITIONS, ext=ext, size=3)
        assert_array_equal(stamps.data[1], image[13:16, 19:22] + added)


def test_noise_is_estimated_from_the_usable_pixels(image):
    """Masked pixels would make it too small."""
    mask = np.zeros(image.shape, dtype=bool)
    mask[::2] = mask[1] = True
    stamps = extract_stamps(image, POSITIONS, mask=mask, size=3)
    sigma = robust_sigma(image[~mask][None])
    assert sigma > 0.8
    assert stamps.data[0, 1] == pytest.approx(
        sigma * noise_pattern([12], [8], 3)[0, 1], rel=1e-6)


def test_noise_is_estimated_for_neighbors(image):
    stamps = extract_stamps(image, POSITIONS, size=17,
                            segmentation=make_segmentation())
    # segment 3 is at the corner
    assert stamps.data[0, 14, 16] == pytest.approx(
        robust_sigma(image) * noise_pattern([12], [8], 17)[0, 14, 16],
        rel=1e-6)


def test_noise_is_not_estimated_in_vain(image, monkeypatch):
    def fail(data):
        raise RuntimeError(data.shape)

    monkeypatch.setattr(extraction, 'robust_sigma', fail)
    extract_stamps(image, POSITIONS)
    mask = np.zeros(image.shape, dtype=bool)
    mask[8, 12] = True
    stamps = extract_stamps(image, POSITIONS, mask=mask, noise=2.0, size=3,
                            segmentation=make_segmentation())
    assert stamps.data[0, 1, 1] == 2 * noise_pattern([12], [8], 1)[0, 0, 0]


def test_masked_positions_are_unknown(image):
    positions = np.ma.MaskedArray(POSITIONS, mask=[[0, 0], [1, 1]])
    flags = extract_stamps(image, positions, size=3).flags
    assert flags[0] == 0
    assert flags[1] & BlendFlag.OFF_IMAGE
