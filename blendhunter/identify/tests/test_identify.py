# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""`BlendIdentifier` on every input: columns, flags, meta, errors."""

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.table import MaskedColumn, QTable, Table
from astropy.wcs import WCS
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import (
    BlendIdentifier,
    decode_blend_flags,
    detect,
    extract_stamps,
)
from blendhunter.catalogs import as_table
from blendhunter.exceptions import (
    BlendHunterWarning,
    NoDetectionsWarning,
    WeightsError,
)
from blendhunter.network.priors import correct_prior
from blendhunter.stamps import BlendFlag

NEW = ['blend_prob', 'is_blend', 'blend_flags', 'n_neighbors']
# bfloat16 in batches of another size may round differently
CLOSE = {'rtol': 0.02, 'atol': 2e-3}


@pytest.fixture(scope='module')
def catalog(field):
    return detect(field[0])


@pytest.fixture(scope='module')
def result(field, catalog, random_weights):
    return BlendIdentifier(random_weights, batch_size=32).classify(
        field[0], catalog)


def test_columns_and_types(result, catalog):
    assert result.colnames == [*catalog.colnames, *NEW]
    assert type(result) is QTable
    assert [result[name].dtype for name in NEW] == ['f4', '?', 'i4', 'i2']
    assert len(result) == len(catalog)
    assert_array_equal(result['label'], catalog['label'])
    p = result['blend_prob']
    good = np.isfinite(p)
    assert np.all((p[good] >= 0) & (p[good] <= 1))
    assert_array_equal(result['is_blend'], np.where(good, p >= 0.5, False))


def test_probabilities_differ_between_sources(result):
    assert np.ptp(result['blend_prob'][np.isfinite(result['blend_prob'])]) > 0


def test_inputs_are_not_changed(field, catalog, identifier):
    image, before = field[0].copy(), catalog.copy()
    identifier.classify(image, catalog)
    assert_array_equal(image, field[0])
    assert catalog.colnames == before.colnames
    assert catalog.meta == before.meta


def test_meta_is_flat_and_plain(result):
    for key in ('BHVERS', 'BHWGHTS', 'BHSHA256', 'BHTHRESH', 'BHREGION',
                'BHPRIOR', 'BHNOISE'):
        value = result.meta[key]
        assert isinstance(value, (str, float))
    assert result.meta['BHVIEWS'] == 1
    assert result.meta['BHREGION'] == 'segment'
    assert result.meta['BHNOISE'] == 'estimated'
    assert result.meta['BHPRIOR'] == 0.07


@pytest.mark.parametrize('make', [
    lambda a: a.astype('>f4'), lambda a: a.astype('f8'),
    lambda a: np.asfortranarray(a), lambda a: np.ma.MaskedArray(a),
    lambda a: a * u.adu, lambda a: CCDData(a, unit='adu'),
    lambda a: fits.ImageHDU(a)])
def test_every_kind_of_image(field, catalog, result, identifier, make):
    other = identifier.classify(make(field[0]), catalog)
    assert_allclose(other['blend_prob'], result['blend_prob'], **CLOSE)


def test_unit_of_the_image_does_not_matter(field, identifier, result,
                                           catalog):
    other = identifier.classify(field[0].astype(float) * 1e-12, catalog)
    assert_allclose(other['blend_prob'], result['blend_prob'], **CLOSE)


@pytest.mark.parametrize('make', [
    lambda t: Table(t), lambda t: Table(t, masked=True),
    lambda t: t['x_centroid', 'y_centroid'],
    lambda t: t[['y_centroid', 'x_centroid', 'flux']]])
def test_class_of_the_table_is_kept(field, catalog, identifier, make):
    table = make(catalog)
    out = identifier.classify(field[0], table)
    assert type(out) is type(table)
    assert out.colnames == [*table.colnames, *NEW]


def test_one_based_positions_give_the_same(field, catalog, identifier):
    table = Table({'X_IMAGE': catalog['x_centroid'] + 1,
                   'Y_IMAGE': catalog['y_centroid'] + 1})
    other = identifier.classify(field[0], table)
    plain = identifier.classify(field[0], Table(
        {'x': catalog['x_centroid'], 'y': catalog['y_centroid']}))
    assert_array_equal(other['blend_prob'], plain['blend_prob'])


def test_source_catalog_of_photutils(field, identifier):
    from photutils.segmentation import SourceCatalog

    table, segmentation = detect(field[0], return_segmentation=True)
    source = SourceCatalog(field[0], segmentation)
    out = identifier.classify(field[0], source, segmentation=segmentation)
    assert type(out) is QTable
    assert len(out) == len(table)
    assert np.all(out['blend_flags'] & BlendFlag.NO_SEGMENT == 0)


def test_catalog_file_and_no_catalog(field, catalog, result, identifier,
                                     tmp_path):
    catalog.write(tmp_path / 'a.ecsv')
    for source in (tmp_path / 'a.ecsv', str(tmp_path / 'a.ecsv'), None):
        out = identifier.classify(field[0], source)
        assert_allclose(out['blend_prob'], result['blend_prob'], **CLOSE)


def test_settings_survive_fits(field, identifier, tmp_path):
    """A catalog that was a FITS file is detected anew as it was."""
    from blendhunter._utils.tables import write_table

    catalog = detect(field[0], n_sigma=3.0, deblend=False)
    write_table(catalog, tmp_path / 'a.fits')
    read = Table.read(tmp_path / 'a.fits')
    first = identifier.classify(field[0], catalog)
    second = identifier.classify(field[0], read)
    assert_allclose(second['blend_prob'], first['blend_prob'], **CLOSE)
    assert not np.any(second['blend_flags'] & BlendFlag.NO_SEGMENT)


def test_given_segmentation_equals_the_detected_one(field, catalog, result,
                                                    identifier):
    _, segmentation = detect(field[0], return_segmentation=True)
    for form in (segmentation, segmentation.data,
                 segmentation.data.astype('>i8')):
        out = identifier.classify(field[0], catalog, segmentation=form)
        assert_array_equal(out['blend_prob'], result['blend_prob'])


def test_segmentation_without_catalog_is_measured(field, identifier):
    """Each given segment is a row, with its own label."""
    _, segmentation = detect(field[0], return_segmentation=True)
    data = segmentation.data
    turned = np.where(data > 0, data.max() + 1 - data, 0)
    first = identifier.classify(field[0], segmentation=data)
    assert_array_equal(first['label'], segmentation.labels)
    assert_array_equal(first['n_pixels'], segmentation.areas)
    second = identifier.classify(field[0], segmentation=turned)
    assert_allclose(second['blend_prob'][::-1], first['blend_prob'], **CLOSE)
    assert_array_equal(identifier.classify(field[0], segmentation)[
        'blend_prob'], first['blend_prob'])


def test_a_subset_gives_the_same_probabilities(field, catalog, result,
                                               identifier):
    rows = [7, 3, 20]
    out = identifier.classify(field[0], catalog[rows])
    assert_allclose(out['blend_prob'], result['blend_prob'][rows], **CLOSE)
    assert_array_equal(out['label'], catalog['label'][rows])


def test_labels_of_another_detection_are_not_trusted(field, identifier):
    """Detected with a mask, classified without: the labels moved."""
    mask = np.zeros(field[0].shape, dtype=bool)
    mask[:100] = True
    catalog = detect(field[0], mask=mask)
    with pytest.warns(BlendHunterWarning, match='its labels do not'):
        out = identifier.classify(field[0], catalog)
    plain = identifier.classify(
        field[0], catalog['x_centroid', 'y_centroid'])
    assert_array_equal(out['blend_prob'], plain['blend_prob'])


def test_sextractor_catalog(data_dir, identifier):
    """Its 1-based positions give what the same 0-based ones give."""
    folder = data_dir / 'sextractor_catalog'
    catalog = as_table(folder / 'image.cat')
    out = identifier.classify(folder / 'image.fits', folder / 'image.cat')
    equal = Table({'x': catalog['XWIN_IMAGE'].value - 1,
                   'y': catalog['YWIN_IMAGE'].value - 1})
    plain = identifier.classify(folder / 'image.fits', equal)
    assert_array_equal(out['blend_prob'], plain['blend_prob'])
    assert np.isfinite(out['blend_prob']).mean() > 0.7
    shifted = equal.copy()
    shifted['x'] += 1
    other = identifier.classify(folder / 'image.fits', shifted)
    assert not np.array_equal(other['blend_prob'], plain['blend_prob'])


def test_sky_catalog_through_the_wcs_of_the_image(
        field, catalog, identifier, tmp_path):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crpix, wcs.wcs.crval = [160, 150], [130, -1]
    wcs.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
    sky = wcs.pixel_to_world(catalog['x_centroid'], catalog['y_centroid'])
    path = tmp_path / 'image.fits'
    fits.PrimaryHDU(np.array(field[0]), wcs.to_header()).writeto(path)
    plain = identifier.classify(
        field[0], catalog['x_centroid', 'y_centroid'])
    for image, given in ((path, None), (field[0], wcs)):
        out = identifier.classify(image, QTable({'sky': sky}), wcs=given)
        assert_allclose(out['blend_prob'], plain['blend_prob'], **CLOSE)
    with pytest.raises(ValueError, match='wcs: the catalog has only sky pos'):
        identifier.classify(field[0], QTable({'sky': sky}))


def test_region_changes_the_answer(field, catalog, result, random_weights):
    stamp = BlendIdentifier(random_weights, region='stamp').classify(
        field[0], catalog)
    assert not np.allclose(stamp['blend_prob'], result['blend_prob'])
    assert stamp.meta['BHPRIOR'] == 0.5


def test_every_flag(field, identifier):
    image = field[0].copy()
    image[100:112, 100:112] = np.nan
    mask = np.zeros(image.shape, dtype=bool)
    mask[200:250, 20:60] = True
    brightest = np.unravel_index(
        np.argmax(np.where(mask, -np.inf, np.nan_to_num(image))), image.shape)
    image[brightest] = 1e9
    table = Table({
        'x': [5, 160, -40, np.nan, 106, 40, brightest[1]],
        'y': [160, 5, 20, 20, 106, 225, brightest[0]]})
    flags = identifier.classify(image, table, mask=mask)['blend_flags']
    assert flags[0] & BlendFlag.EDGE
    assert flags[1] & BlendFlag.EDGE
    assert flags[2] & BlendFlag.OFF_IMAGE
    assert flags[3] & BlendFlag.OFF_IMAGE
    assert flags[4] & BlendFlag.MASKED
    assert flags[5] & BlendFlag.UNUSABLE
    assert flags[6] & BlendFlag.OUT_OF_DOMAIN


def test_empty_sky_has_no_signal_and_no_segment(identifier):
    image = np.random.default_rng(1).normal(size=(150, 150))
    image[20:30, 20:30] += 50
    out = identifier.classify(image, Table({'x': [90.0], 'y': [90.0]}),
                              noise=1.0, background=None)
    expected = BlendFlag.NO_SIGNAL | BlendFlag.NO_SEGMENT
    assert out['blend_flags'][0] == expected
    assert np.isfinite(out['blend_prob'][0])


def test_lost_sources_keep_their_rows(field, identifier):
    x = MaskedColumn([50.0, 60.0, 70.0, 1e6, np.nan],
                     mask=[0, 1, 0, 0, 0])
    table = Table({'x': x, 'y': [50.0, 60.0, 70.0, 1.0, 2.0]})
    out = identifier.classify(field[0], table)
    assert len(out) == 5
    assert_array_equal(np.isnan(out['blend_prob']), [0, 1, 0, 1, 1])
    assert not out['is_blend'][[1, 3, 4]].any()


@pytest.mark.parametrize('region', ['segment', 'stamp'])
def test_rows_without_an_answer_are_not_shown(recorder, region):
    recorder.region = region
    image = np.random.default_rng(1).normal(size=(150, 150))
    image[70:75, 70:75] += 50
    image[90:95, 100:105] += 50
    mask = np.zeros(image.shape, dtype=bool)
    mask[75:, 80:] = True
    # good, not finite, far off, off but with pixels, masked, good
    table = Table({'x': [72.0, np.nan, 500, -3, 102, 71.0],
                   'y': [72.0, 60, 60, 20, 92, 73.0]})
    result = recorder.classify(image, table, mask=mask, noise=1.0,
                               background=None)
    assert len(recorder.shown()) == 2
    assert np.isfinite(result['blend_prob']).tolist() == [
        True, False, False, False, False, True]
    flags = [decode_blend_flags(value) for value in result['blend_flags']]
    off = ['edge', 'off_image', 'unusable',
           *(['no_segment'] if region == 'segment' else [])]
    assert flags[1:4] == [off] * 3
    assert 'unusable' in flags[4]
    recorder.reset()
    # a survey's catalog on a cutout
    rng = np.random.default_rng(2)
    many = Table({'x': rng.uniform(200, 1e5, 20_000),
                  'y': rng.uniform(200, 1e5, 20_000)})
    many[::10_000] = (72.0, 72.0)
    with pytest.warns(BlendHunterWarning, match='are off the image'):
        result = recorder.classify(image, many, noise=1.0, background=None)
    assert [len(stamps) for stamps in recorder.stamps] == [2]
    assert np.sum(np.isfinite(result['blend_prob'])) == 2


def test_neighbors(identifier):
    image = np.random.default_rng(1).normal(size=(200, 200))
    table = Table({'x': [100, 125, 126, 100, np.nan],
                   'y': [100, 100, 100, 75, 100]})
    out = identifier.classify(image, table, noise=1.0)
    # 25 px is inside the stamp of 51 px, 26 px is not; (25, 25) is
    assert out['n_neighbors'].tolist() == [2, 3, 1, 2, 0]


def test_empty_catalog(field, catalog, identifier):
    with pytest.warns(NoDetectionsWarning, match='no sources'):
        out = identifier.classify(field[0], catalog[:0])
    assert len(out) == 0
    assert out.colnames == [*catalog.colnames, *NEW]
    assert [out[name].dtype for name in NEW] == ['f4', '?', 'i4', 'i2']


def test_existing_columns(field, result, identifier):
    with pytest.raises(ValueError, match=r"already has the .*'blend_prob'"):
        identifier.classify(field[0], result)
    again = identifier.classify(field[0], result, overwrite=True)
    assert again.colnames == result.colnames
    assert_array_equal(again['blend_prob'], result['blend_prob'])


def test_explicit_noise_and_mask(field, catalog, identifier):
    scalar = identifier.classify(field[0], catalog, noise=1.0)
    array = identifier.classify(field[0], catalog,
                                noise=np.ones(field[0].shape))
    assert_allclose(scalar['blend_prob'], array['blend_prob'], **CLOSE)
    assert scalar.meta['BHNOISE'] == 'scalar'
    assert array.meta['BHNOISE'] == 'map'


def test_views_do_not_depend_on_the_batches(field, catalog, random_weights):
    """Sources are taken a few batches at a time, and so are the views."""
    assert len(catalog) > 8
    once, several, whole = (BlendIdentifier(
        random_weights, batch_size=size, n_views=n_views).classify(
            field[0], catalog)['blend_prob']
        for size, n_views in ((2, 1), (2, 2), (64, 2)))
    assert_allclose(several, whole, **CLOSE)
    assert np.nanmax(np.abs(several - once)) > 1e-4


@pytest.mark.parametrize(('settings', 'match'), [
    ({'region': 'disc'}, 'region must be one of'),
    ({'threshold': 2}, 'threshold must be between 0 and 1'),
    ({'prior': 0}, 'prior must be between'),
    ({'batch_size': 0}, 'batch_size must be positive'),
    ({'n_views': 3}, 'n_views must be one of'),
    ({'precision': 'half'}, "precision must be 'auto'")])
def test_bad_settings(field, catalog, random_weights, settings, match):
    identifier = BlendIdentifier(random_weights, **settings)
    with pytest.raises(ValueError, match=match):
        identifier.classify(field[0], catalog)


def test_constructor_only_stores():
    identifier = BlendIdentifier('nowhere.h5', region='nonsense')
    assert "region='nonsense'" in repr(identifier)


def test_parameters_as_in_scikit_learn():
    from sklearn.base import clone

    identifier = BlendIdentifier('mine.h5', threshold=0.3, n_views=2)
    copy = clone(identifier)
    assert copy is not identifier
    assert copy.get_params() == identifier.get_params() == {
        'weights': 'mine.h5', 'region': 'segment', 'threshold': 0.3,
        'prior': None, 'batch_size': 256, 'precision': 'auto', 'n_views': 2,
        'screen': 'auto', 'companions': False}
    assert copy.set_params(region='stamp', prior=0.1) is copy
    assert (copy.region, copy.prior, copy.threshold) == ('stamp', 0.1, 0.3)
    assert identifier.region == 'segment'
    with pytest.raises(ValueError, match="'regions' is not a parameter"):
        copy.set_params(regions='stamp')


def test_parameters_are_those_of_the_constructor():
    import inspect

    names = list(inspect.signature(BlendIdentifier).parameters)
    assert list(BlendIdentifier().get_params()) == names


def test_weights_are_read_again_only_if_they_change(field, catalog,
                                                    random_weights, tmp_path,
                                                    monkeypatch):
    import shutil

    from blendhunter.network import weights as module

    path = tmp_path / 'mine.h5'
    shutil.copy(random_weights, path)
    read = []
    original = module._read_payload
    monkeypatch.setattr(module, '_read_payload', lambda file: (
        read.append(file), original(file))[1])
    identifier = BlendIdentifier(path, batch_size=32)
    for _ in range(2):
        identifier.classify(field[0], catalog[:3])
    assert read == [path]
    module.update_metadata(path, {'prior': {'segment': 0.2, 'stamp': 0.5}})
    read.clear()
    out = identifier.classify(field[0], catalog[:3])
    assert read == [path]
    assert out.meta['BHPRIOR'] == 0.2


def test_unknown_weights(field, catalog):
    with pytest.raises(WeightsError, match="weights must be one of.*'gone'"):
        BlendIdentifier('gone').classify(field[0], catalog)


def test_predict_stamps(field, catalog, result, identifier):
    positions = np.column_stack([catalog['x_centroid'],
                                 catalog['y_centroid']])
    _, segmentation = detect(field[0], return_segmentation=True)
    stamps = extract_stamps(field[0], positions, noise=1.0,
                            segmentation=segmentation,
                            labels=catalog['label'])
    p = identifier.predict_stamps(stamps.data, regions=stamps.regions,
                                  noise=1.0)
    assert p.dtype == np.float32
    good = np.isfinite(result['blend_prob'])
    assert np.corrcoef(p[good], result['blend_prob'][good])[0, 1] > 0.9
    whole = identifier.predict_stamps(stamps.data)
    assert whole.shape == p.shape
    assert len(identifier.predict_stamps(stamps.data[:0])) == 0


def test_predict_stamps_forms_of_noise(identifier):
    stamps = np.random.default_rng(2).normal(size=(5, 51, 51))
    results = [identifier.predict_stamps(stamps, noise=noise) for noise in (
        1.0, np.ones(5), np.ones((5, 51, 51)))]
    assert_array_equal(results[0], results[1])
    assert_array_equal(results[0], results[2])
    small = identifier.predict_stamps(stamps * 1e-40, noise=1e-40)
    assert_allclose(small, results[0], **CLOSE)


@pytest.mark.parametrize(('stamps', 'options', 'kind', 'match'), [
    (np.zeros((2, 65, 65)), {}, ValueError, r'shape \(n, 51, 51\)'),
    (np.zeros((51, 51)), {}, ValueError, r'shape \(n, 51, 51\)'),
    (np.zeros((2, 51, 51), complex), {}, TypeError, 'real numbers'),
    (np.zeros((2, 51, 51)), {'regions': np.ones((51, 51), bool)},
     ValueError, 'regions must have the shape of stamps'),
    (np.zeros((2, 51, 51)), {'noise': np.ones(3)}, ValueError,
     'noise must be a number'),
    (np.zeros((2, 51, 51)), {'noise': -1.0}, ValueError, 'noise must be pos')])
def test_bad_stamps(identifier, stamps, options, kind, match):
    with pytest.raises(kind, match=match):
        identifier.predict_stamps(stamps, **options)


def test_prior_correction():
    p = np.array([0.0, 0.4, 0.5, 1.0])
    assert_allclose(correct_prior(p, 0.4, 0.4), p)
    # at the trained fraction the odds are those of the prior
    assert_allclose(correct_prior(p, 0.4, 0.07)[1], 0.07, rtol=1e-5)
    assert_array_equal(correct_prior(p, 0.4, 0.07)[[0, 3]], [0, 1])


def test_prior_moves_the_probabilities(field, catalog, random_weights):
    low, high = (BlendIdentifier(random_weights, prior=prior).classify(
        field[0], catalog)['blend_prob'] for prior in (0.01, 0.3))
    good = np.isfinite(low)
    assert np.all(low[good] <= high[good])
    assert np.median(low[good]) < np.median(high[good])
