# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Both detectors run one suite: the same table, the same meaning."""

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData
from astropy.table import QTable
from numpy.testing import assert_allclose, assert_array_equal
from photutils.segmentation import SegmentationImage

from blendhunter import detect
from blendhunter._utils.arrays import round_position
from blendhunter.detection import DetectionSettings
from blendhunter.exceptions import BlendHunterWarning, NoDetectionsWarning
from blendhunter.images import read_array

COLUMNS = ['label', 'x_centroid', 'y_centroid', 'flux', 'semimajor_axis',
           'semiminor_axis', 'orientation', 'n_pixels', 'flag', 'snr']


@pytest.fixture(params=['sep', 'photutils'])
def method(request):
    return request.param


def blob(shape, x, y, peak, a=2.0, b=2.0, theta=0.0):
    yy, xx = np.mgrid[:shape[0], :shape[1]]
    c, s = np.cos(theta), np.sin(theta)
    u_, v_ = c * (xx - x) + s * (yy - y), -s * (xx - x) + c * (yy - y)
    return peak * np.exp(-u_**2 / (2 * a**2) - v_**2 / (2 * b**2))


def test_table_and_segmentation(field, method):
    image, x, y = field
    catalog, segmentation = detect(image, method=method,
                                   return_segmentation=True)
    assert type(catalog) is QTable
    assert catalog.colnames == COLUMNS
    assert isinstance(segmentation, SegmentationImage)
    assert_array_equal(segmentation.labels, catalog['label'])
    assert_array_equal(segmentation.areas, catalog['n_pixels'])
    assert catalog['orientation'].unit == u.deg
    assert catalog['semimajor_axis'].unit == u.pix
    # centroids lie in their own segments
    labels = segmentation.data[round_position(catalog['y_centroid']),
                               round_position(catalog['x_centroid'])]
    assert np.mean(labels == catalog['label']) > 0.95
    # nearly every source is found where it was put
    distance = np.min(np.hypot(x[:, None] - catalog['x_centroid'],
                               y[:, None] - catalog['y_centroid']), axis=1)
    assert np.mean(distance < 1) > 0.85


def test_both_detectors_agree(field):
    sep, photutils = (detect(field[0], method=name)
                      for name in ('sep', 'photutils'))
    distance = np.hypot(sep['x_centroid'][:, None] - photutils['x_centroid'],
                        sep['y_centroid'][:, None] - photutils['y_centroid'])
    match = np.argmin(distance, axis=1)
    near = distance[np.arange(len(sep)), match] < 0.5
    assert near.mean() > 0.9
    ratio = sep['flux'][near] / photutils['flux'][match[near]]
    assert_allclose(np.median(ratio), 1, atol=0.03)


def test_shape_of_an_ellipse(method):
    image = blob((120, 120), 60, 55, 500, a=5, b=2, theta=np.deg2rad(30))
    image += np.random.default_rng(1).normal(size=image.shape)
    row = detect(image, method=method, noise=1.0, background=None)
    row = row[np.argmax(row['flux'])]
    assert_allclose([row['x_centroid'], row['y_centroid']], [60, 55],
                    atol=0.1)
    assert_allclose(row['orientation'].to_value('deg'), 30, atol=2)
    assert_allclose(row['semimajor_axis'].value, 5, rtol=0.12)
    assert_allclose(row['semiminor_axis'].value, 2, rtol=0.12)
    assert_allclose(row['flux'], 2 * np.pi * 10 * 500, rtol=0.02)


def test_threshold_means_the_same_for_every_form_of_noise(field, method):
    image = field[0]
    kinds = [1.0, np.ones(image.shape), None]
    first, second, third = (
        detect(image, method=method, noise=noise, return_segmentation=True)[1]
        for noise in kinds)
    assert_array_equal(first.data, second.data)
    # the estimate of the noise has an error of its own, of about 1 %
    assert np.mean((first.data > 0) != (third.data > 0)) < 0.003
    assert third.n_labels == pytest.approx(first.n_labels, abs=3)


@pytest.mark.parametrize('factor', [1e-12, 1e-30, 1e20])
def test_unit_of_the_image_does_not_matter(field, method, factor):
    image = field[0].astype(float)
    plain = detect(image, method=method)
    scaled = detect(image * factor, method=method)
    assert_array_equal(plain['n_pixels'], scaled['n_pixels'])
    assert_allclose(scaled['flux'], plain['flux'] * factor, rtol=1e-4)
    assert_allclose(scaled['snr'], plain['snr'], rtol=1e-4)


@pytest.mark.parametrize('make', [
    lambda a: a.astype('>f4'), lambda a: np.asfortranarray(a),
    lambda a: a.astype('f8'), lambda a: np.ma.MaskedArray(a),
    lambda a: a * u.adu, lambda a: CCDData(a, unit='adu')])
def test_kinds_of_images_give_the_same_sources(field, method, make):
    expected = detect(field[0], method=method)
    catalog = detect(make(field[0]), method=method)
    assert_allclose(catalog['x_centroid'], expected['x_centroid'])


def test_integer_image(field, method):
    image = np.round(field[0] * 20 + 1000).astype('>i4')
    assert len(detect(image, method=method)) == pytest.approx(
        len(detect(field[0], method=method)), abs=2)


def test_unit_of_the_flux(field, method):
    assert detect(field[0] * u.Jy, method=method)['flux'].unit == u.Jy


def test_masked_pixels_are_not_detected(field, method):
    image, x, y = field
    mask = np.zeros(image.shape, dtype=bool)
    mask[:, :160] = True
    catalog = detect(image, method=method, mask=mask)
    assert np.all(catalog['x_centroid'] > 159)
    nan = np.where(mask, np.nan, image)
    assert_array_equal(detect(nan, method=method)['n_pixels'],
                       catalog['n_pixels'])


def test_deblending_splits_and_flags(method):
    image = blob((100, 100), 45, 50, 100) + blob((100, 100), 53, 50, 80)
    image += np.random.default_rng(2).normal(size=image.shape)
    options = {'method': method, 'noise': 1.0, 'background': None,
               'n_pixels': 20}
    assert len(detect(image, deblend=False, **options)) == 1
    split = detect(image, **options)
    assert len(split) == 2
    assert np.all(split['flag'] & 1)
    assert not detect(image, deblend=False, **options)['flag'][0] & 1


def test_source_at_the_edge_is_flagged(method):
    image = blob((100, 100), 99, 50, 100)
    image += np.random.default_rng(2).normal(size=image.shape)
    catalog = detect(image, method=method, noise=1.0, background=None,
                     n_pixels=10)
    assert catalog['flag'][0] & 2


def test_background_options(field, method):
    image = field[0]
    base = detect(image, method=method)
    slope = image + np.linspace(0, 5, image.shape[1])
    assert len(detect(slope, method=method)) == pytest.approx(len(base),
                                                              abs=8)
    given = detect(image + 500, method=method, background=500, noise=1.0)
    none = detect(image, method=method, background=None, noise=1.0)
    # adding 500 and taking it off again leaves rounding errors of float32
    assert len(given) == pytest.approx(len(none), abs=1)
    array = detect(image + 500, method=method, noise=1.0,
                   background=np.full(image.shape, 500.0))
    assert_array_equal(array['n_pixels'], given['n_pixels'])


def test_image_smaller_than_the_mesh(method):
    image = blob((40, 45), 20, 21, 100) + 1000
    image += np.random.default_rng(2).normal(size=image.shape)
    catalog = detect(image, method=method)
    assert_allclose(catalog['x_centroid'][np.argmax(catalog['flux'])], 20,
                    atol=0.3)


def test_nothing_found(method):
    image = np.random.default_rng(3).normal(size=(80, 80))
    with pytest.warns(NoDetectionsWarning, match='no source was found above'):
        catalog, segmentation = detect(image, method=method, n_sigma=50,
                                       return_segmentation=True)
    assert len(catalog) == 0
    assert catalog.colnames == COLUMNS
    assert segmentation is None


@pytest.mark.filterwarnings('ignore::blendhunter.exceptions.'
                            'NoDetectionsWarning')
def test_constant_image(method):
    assert len(detect(np.full((100, 100), 7.0), method=method)) == 0


def test_settings_stand_in_the_meta(field, method):
    catalog = detect(field[0], method=method, n_sigma=2.0, deblend=False)
    settings = DetectionSettings.from_meta(catalog.meta)
    assert (settings.method, settings.n_sigma, settings.deblend) == (
        method, 2.0, False)
    for meta in ({'BHDETECT': 'nonsense'}, {}):
        assert DetectionSettings.from_meta(meta) is None


def test_numpy_scalars_as_settings(field):
    catalog = detect(field[0], n_pixels=np.int64(6), n_sigma=np.float32(2))
    assert DetectionSettings.from_meta(catalog.meta).n_pixels == 6


def test_the_image_is_not_changed(field, method):
    image = field[0].copy()
    detect(image, method=method)
    assert_array_equal(image, field[0])


def test_process_wide_limits_of_sep_are_restored(field):
    import sep

    before = sep.get_extract_pixstack(), sep.get_sub_object_limit()
    detect(field[0])
    assert (sep.get_extract_pixstack(), sep.get_sub_object_limit()) == before


@pytest.mark.filterwarnings('ignore:noise is')
def test_large_segment_does_not_overflow():
    """One source over 490 000 px, more than SEP's default stack."""
    image = blob((700, 700), 350, 350, 1e5, a=400, b=400)
    image += np.random.default_rng(2).normal(size=image.shape)
    catalog = detect(image, noise=1.0, background=None, deblend=False)
    assert catalog['n_pixels'].max() > 480_000


@pytest.mark.parametrize(('options', 'match'), [
    ({'method': 'sextractor'}, "method must be one of .*'sep'"),
    ({'n_sigma': 0}, 'n_sigma must be positive'),
    ({'n_pixels': 0}, 'n_pixels must be at least 1'),
    ({'n_levels': 0}, 'n_levels must be at least 1'),
    ({'contrast': 2}, 'contrast must be between 0 and 1'),
    ({'background': 'none'}, "background must be 'auto'"),
    ({'background': np.zeros(3)}, 'background must be a number or have'),
    ({'background': np.nan}, 'background must be finite')])
def test_bad_settings(field, options, match):
    with pytest.raises(ValueError, match=match):
        detect(field[0], **options)


def test_kids_image(data_dir, method):
    path = data_dir / 'kids/r.fits'
    # photutils takes ten times as long: a quarter of the image
    part = 2600 if method == 'sep' else 1300
    catalog = detect(read_array(path, 'image')[:part, :part], method=method)
    assert 2700 < len(catalog) * (2600 / part)**2 < 3600
    assert np.median(catalog['snr']) > 5


def test_ntt_image_with_its_weight_map(data_dir):
    weight = read_array(data_dir / 'ntt/weight.fits', 'weight').astype(float)
    noise = np.where(weight > 0, weight, np.nan) ** -0.5
    # its weights are relative: one everywhere
    with pytest.warns(BlendHunterWarning, match='noise is 0.016 times'):
        catalog = detect(data_dir / 'ntt/image.fits', noise=noise)
    assert len(catalog) > 100
