# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Every accepted image gives the same pixels; bad ones a clear error."""

import warnings

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import (
    CCDData,
    InverseVariance,
    NDData,
    StdDevUncertainty,
    UnknownUncertainty,
    VarianceUncertainty,
)
from astropy.utils.exceptions import AstropyUserWarning
from numpy.testing import assert_array_equal

from blendhunter import detect
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images import accept_image, accept_segmentation
from blendhunter.images.fits_files import open_fits

PIXELS = np.arange(30.0, dtype=np.float32).reshape(5, 6)


def write(path, hdu):
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    return path


@pytest.mark.parametrize('make', [
    lambda a: a, lambda a: a.astype('>f4'), lambda a: a.astype('i2'),
    lambda a: a.astype('u8'), lambda a: a.astype('f2'),
    lambda a: np.asfortranarray(a), lambda a: a.tolist(),
    lambda a: np.ma.MaskedArray(a), lambda a: a * u.adu,
    lambda a: NDData(a), lambda a: CCDData(a, unit='adu'),
    lambda a: fits.ImageHDU(a), lambda a: fits.PrimaryHDU(a),
    lambda a: fits.CompImageHDU(a),
    lambda a: fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(a)])])
def test_accepted_kinds(make):
    data = accept_image(make(PIXELS)).data
    assert data.dtype.isnative
    assert_array_equal(data, PIXELS)


def test_paths_and_extensions(tmp_path):
    path = write(tmp_path / 'a.fits', fits.ImageHDU(PIXELS, name='SCI'))
    for ext in (None, 1, 'SCI'):
        assert_array_equal(accept_image(str(path), ext=ext).data, PIXELS)
    with pytest.raises(ValueError, match=r"ext 'ERR' not found"):
        accept_image(path, ext='ERR')
    with pytest.raises(ValueError, match='has no image'):
        accept_image(path, ext=0)


def test_memory_map_is_not_loaded_or_changed(tmp_path):
    np.save(tmp_path / 'a.npy', PIXELS)
    mapped = np.load(tmp_path / 'a.npy', mmap_mode='r')
    assert np.shares_memory(accept_image(mapped).data, mapped)


def test_mask_of_every_origin():
    mask = PIXELS > 20
    nan = np.where(mask, np.nan, PIXELS)
    for image in (accept_image(np.ma.MaskedArray(PIXELS, mask)),
                  accept_image(NDData(PIXELS, mask=mask)),
                  accept_image(PIXELS, mask=mask), accept_image(nan)):
        assert_array_equal(image.mask, mask)
        assert np.all(image.data[mask] == 0)


@pytest.mark.parametrize(('uncertainty', 'sigma'), [
    (StdDevUncertainty(np.full((5, 6), 2.0)), 2.0),
    (VarianceUncertainty(np.full((5, 6), 4.0)), 2.0),
    (InverseVariance(np.full((5, 6), 0.25)), 2.0)])
def test_uncertainty_becomes_noise(uncertainty, sigma):
    image = accept_image(CCDData(PIXELS, unit='adu', uncertainty=uncertainty))
    np.testing.assert_allclose(image.noise, sigma)
    assert image.unit == u.adu


def test_unknown_uncertainty_is_left_out_with_a_warning():
    data = NDData(PIXELS, uncertainty=UnknownUncertainty(PIXELS))
    with pytest.warns(BlendHunterWarning, match="type 'unknown'"):
        assert accept_image(data).noise is None


def test_explicit_argument_wins_with_a_warning():
    data = NDData(PIXELS, mask=PIXELS > 20)
    with pytest.warns(BlendHunterWarning, match='mask was given, and image'):
        image = accept_image(data, mask=PIXELS > 10)
    assert_array_equal(image.mask, PIXELS > 10)


def test_noise_map_without_knowledge_masks():
    noise = np.ones((5, 6))
    noise[0, :3] = [0, np.nan, -1]
    image = accept_image(PIXELS, noise=noise)
    assert_array_equal(image.mask[0], [True, True, True, False, False,
                                       False])
    assert np.all(image.noise > 0)


def test_noise_units():
    assert accept_image(PIXELS * u.Jy, noise=3000 * u.mJy).noise == 3.0
    with pytest.raises(ValueError, match='noise has the unit Jy'):
        accept_image(PIXELS, noise=3 * u.Jy)


@pytest.mark.parametrize(('image', 'kind', 'match'), [
    (np.zeros((3, 4, 5)), ValueError, 'image must be 2-D, got 3-D'),
    (np.zeros(4), ValueError, 'image must be 2-D, got 1-D'),
    (np.zeros((4, 4), complex), TypeError, 'image must be real'),
    (np.full((4, 4), 'a'), TypeError, 'image must be numeric'),
    (np.full((9, 9), np.nan), ValueError, 'image has no usable pixel'),
    (np.zeros((0, 9)), ValueError, 'image is empty'),
    (12, TypeError, 'image must be a 2-D array'),
    ({'a': 1}, TypeError, 'image must be a 2-D array'),
    (fits.HDUList([fits.PrimaryHDU()]), ValueError, 'has no 2-D image')])
def test_bad_images(image, kind, match):
    with pytest.raises(kind, match=match):
        detect(image)


@pytest.mark.parametrize(('noise', 'match'), [
    (0.0, 'noise must be positive'), (-1.0, 'noise must be positive'),
    (np.nan, 'noise must be positive'), (np.ones(3), 'noise must be a num'),
    (np.zeros((5, 6)), 'noise has no positive')])
def test_bad_noise(noise, match):
    with pytest.raises(ValueError, match=match):
        accept_image(PIXELS, noise=noise)


def test_mask_of_another_shape():
    with pytest.raises(ValueError, match=r'mask must have the shape.*\(6, 5'):
        accept_image(PIXELS, mask=np.zeros((6, 5), bool))


def test_text_file_given_as_fits(tmp_path):
    path = tmp_path / 'notes.fits'
    path.write_text('this is no image\n')
    with pytest.raises(OSError, match=r'image: cannot read .*notes\.fits'):
        detect(path)


def test_truncated_fits(tmp_path):
    path = write(tmp_path / 'a.fits', fits.ImageHDU(np.zeros((200, 200))))
    path.write_bytes(path.read_bytes()[:-60_000])
    with pytest.raises(OSError, match=r'image: cannot read .*a\.fits'):
        detect(path)


def test_missing_file():
    with pytest.raises(FileNotFoundError, match='image: no such file'):
        detect('nowhere.fits')


@pytest.mark.parametrize(('segmentation', 'kind', 'match'), [
    (np.zeros((5, 6)), TypeError, 'segmentation must hold integer'),
    (np.zeros((6, 5), int), ValueError, 'segmentation must have the shape'),
    (np.full((5, 6), -1), ValueError, 'labels of 0 or more')])
def test_bad_segmentation(segmentation, kind, match):
    with pytest.raises(kind, match=match):
        accept_segmentation(segmentation, (5, 6))


def test_warnings_of_other_threads_do_not_become_errors(tmp_path):
    """The filter of an open file holds for all threads of the process."""
    path = tmp_path / 'image.fits'
    fits.PrimaryHDU(np.zeros((4, 4), dtype='f4')).writeto(path)
    with open_fits(path, 'image'):
        warnings.warn('tile.fits: the file is truncated',
                      AstropyUserWarning, stacklevel=1)
