# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What people really bring: every value here comes from a bug report."""

import warnings

import numpy as np
import pandas
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.nddata import (
    CCDData,
    Cutout2D,
    InverseVariance,
    NDData,
    StdDevUncertainty,
    VarianceUncertainty,
)
from astropy.table import MaskedColumn, QTable, Table
from astropy.utils.masked import Masked
from astropy.wcs import WCS
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import (
    DetectedImage,
    DetectionSettings,
    detect,
    extract_stamps,
)
from blendhunter.catalogs import as_table, catalog_positions, read_catalog
from blendhunter.detection import subtract_background
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images import accept_image, read_planes
from blendhunter.images.planes import read_beside

NOISE = 14.5


@pytest.fixture(scope='module')
def sky():
    """Gaussian sources on noise like CFIS's; not to be changed."""
    rng = np.random.default_rng(7)
    image = rng.normal(0, NOISE, (300, 300))
    y, x = np.mgrid[:300, :300]
    for cx, cy, flux in zip(*rng.uniform(5, 295, (2, 45)),
                            rng.uniform(100, 900, 45), strict=True):
        image += flux * np.exp(-((x - cx)**2 + (y - cy)**2) / 6.5)
    image.setflags(write=False)
    return image


@pytest.fixture(scope='module')
def band():
    """Mask of rows that are bad."""
    bad = np.zeros((300, 300), dtype=bool)
    bad[40:60] = True
    return bad


@pytest.fixture(scope='module')
def catalog(sky):
    return detect(sky)


def wcs_of(shape=(300, 300), **cards):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crpix, wcs.wcs.crval = [shape[1] / 2, shape[0] / 2], [150.0, 2.2]
    wcs.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
    header = wcs.to_header()
    header.update(cards)
    return wcs, header


# ------------------------------------------------------------- masks


@pytest.mark.parametrize('carry', [
    lambda a, m: np.ma.array(a, mask=m), lambda a, m: Masked(a, mask=m),
    lambda a, m: Masked(a * u.adu, mask=m),
    lambda a, m: NDData(a, mask=m),
    lambda a, m: NDData(np.ma.array(a, mask=m)),
    lambda a, m: NDData(Masked(a, mask=m)),
    lambda a, m: CCDData(a, unit='adu', mask=m)])
def test_a_masked_pixel_is_unknown_in_any_carrier(sky, band, carry):
    spoilt = np.where(band, 1e6, sky)
    expected = detect(sky, mask=band)
    found = detect(carry(spoilt, band))
    for name in ('x_centroid', 'y_centroid', 'n_pixels'):
        assert_array_equal(found[name], expected[name])


@pytest.mark.parametrize('carry', [
    lambda a: np.ma.array(a), lambda a: NDData(np.ma.array(a)),
    lambda a: NDData(a, mask=False), lambda a: Masked(a)])
def test_masked_arrays_without_a_masked_entry(sky, catalog, carry):
    assert accept_image(carry(sky)).mask is None
    assert_array_equal(detect(carry(sky))['x_centroid'],
                       catalog['x_centroid'])


@pytest.mark.parametrize('carry', [
    lambda n, m: np.where(m, np.nan, n), lambda n, m: np.where(m, 0, n),
    lambda n, m: np.ma.array(n, mask=m), lambda n, m: Masked(n, mask=m)])
def test_masked_noise_is_unknown(sky, band, carry):
    noise = np.where(band, 1e-3, NOISE)
    expected = detect(sky, mask=band, noise=NOISE)
    found = detect(sky, noise=carry(noise, band))
    assert_array_equal(found['x_centroid'], expected['x_centroid'])


@pytest.mark.parametrize('uncertainty', [
    lambda n: StdDevUncertainty(n), lambda n: VarianceUncertainty(n**2),
    lambda n: InverseVariance(np.nan_to_num(n**-2.0))])
def test_unknown_uncertainty(sky, band, uncertainty):
    """Not finite, or a weight of zero. (astropy drops a mask in there.)"""
    noise = np.where(band, np.nan, NOISE)
    image = accept_image(NDData(sky, uncertainty=uncertainty(noise)))
    assert_array_equal(image.mask, band)
    assert_allclose(image.noise, NOISE)


def test_masked_background_and_mask(sky, band):
    level = np.ma.array(np.where(band, 1e9, 0.0), mask=band)
    assert_array_equal(subtract_background(sky, background=level).mask, band)
    doubtful = np.ma.array(np.zeros_like(band), mask=band)
    assert_array_equal(accept_image(sky, mask=doubtful).mask, band)
    with pytest.raises(ValueError, match='background must be finite'):
        subtract_background(sky, background=np.where(band, np.nan, 0))
    with pytest.raises(ValueError, match='noise must be positive'):
        accept_image(sky, noise=np.ma.masked)


def test_masked_stamps_regions_and_positions(sky, identifier):
    stamps = np.stack([sky[:51, :51]] * 3)
    hidden = np.zeros(stamps.shape, dtype=bool)
    hidden[1, :10], hidden[2, :40] = True, True
    spoilt = np.where(hidden, 1e9, stamps)
    expected = identifier.predict_stamps(np.where(hidden, 0, stamps),
                                         noise=NOISE)
    for carried in (np.ma.array(spoilt, mask=hidden),
                    Masked(spoilt, mask=hidden),
                    np.where(hidden, np.nan, stamps)):
        p = identifier.predict_stamps(carried, noise=NOISE)
        assert_array_equal(p[:2], expected[:2])
        assert np.isnan(p[2])
    region = np.ones(stamps.shape, dtype=bool)
    inner = region & ~hidden
    first, second = (identifier.predict_stamps(
        stamps[:2], noise=NOISE, regions=regions[:2])
        for regions in (np.ma.array(region, mask=hidden), inner))
    assert_array_equal(first, second)
    positions = np.ma.array([[100.0, 100.0], [120.0, 99.0]],
                            mask=[[0, 0], [1, 0]])
    assert extract_stamps(sky, positions).flags[1] & 2


# ------------------------------------------------------------ labels


def test_labels_of_another_segmentation_are_not_believed(sky, identifier):
    catalog, segmentation = detect(sky, return_segmentation=True)
    rows = slice(12, 20)
    plain = Table({'x': catalog['x_centroid'][rows],
                   'y': catalog['y_centroid'][rows]})
    expected = identifier.classify(sky, plain, segmentation=segmentation)
    for name, labels in (('NUMBER', catalog['label'][rows] - 1),
                         ('label', np.arange(8) % 2)):
        table = Table({'X_IMAGE': plain['x'] + 1, 'Y_IMAGE': plain['y'] + 1,
                       name: labels})
        with pytest.warns(BlendHunterWarning, match='its labels do'):
            found = identifier.classify(sky, table,
                                        segmentation=segmentation)
        assert_array_equal(found['blend_prob'], expected['blend_prob'])
    # the right ones are used without a word
    plain['label'] = catalog['label'][rows]
    found = identifier.classify(sky, plain, segmentation=segmentation)
    assert_array_equal(found['blend_prob'], expected['blend_prob'])


def test_segments_of_photutils_are_kept(sky, identifier):
    from photutils.segmentation import SourceCatalog, SourceFinder

    finder = SourceFinder(n_pixels=5, progress_bar=False)
    segments = finder(sky, threshold=1.5 * NOISE)
    alone = identifier.classify(sky, SourceCatalog(sky, segments))
    assert len(alone) == segments.n_labels
    assert not np.any(alone['blend_flags'] & 32)
    measured = identifier.classify(sky, segments)
    given = identifier.classify(sky, segmentation=segments)
    assert_array_equal(measured['label'], segments.labels)
    assert_array_equal(measured['n_pixels'], segments.areas)
    assert_array_equal(given['blend_prob'], measured['blend_prob'])
    single = SourceCatalog(sky, segments)[3]
    assert_array_equal(DetectedImage.from_image(sky, single).stamps()
                       .regions.sum(), segments.areas[3])


def test_memory_follows_the_segments_not_their_labels(sky):
    import tracemalloc

    segmentation = np.zeros(sky.shape, dtype=np.int32)
    segmentation[100:110, 100:110] = 1_100_000_000
    segmentation[200:206, 200:206] = 7
    table = Table({'x': [102.0, 107.0, 203.0], 'y': [104.0, 104.0, 203.0],
                   'label': [1_100_000_000, 1_100_000_000, 7]})
    tracemalloc.start()
    detected = DetectedImage.from_image(sky, table,
                                        segmentation=segmentation)
    regions = detected.stamps().regions
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert regions.sum(axis=(1, 2)).tolist() == [50, 50, 36]
    assert peak < 50e6
    assert DetectedImage.from_image(sky, segmentation=segmentation).catalog[
        'label'].tolist() == [7, 1_100_000_000]


# --------------------------------------------------------- positions


@pytest.mark.parametrize(('x', 'y', 'origin'), [
    ('x_image', 'y_image', 1), ('X_IMAGE_DBL', 'Y_IMAGE_DBL', 1),
    ('XWIN_IMAGE', 'YWIN_IMAGE', 1), ('X_CENTROID', 'Y_CENTROID', 0),
    ('pixel_centroid_x', 'pixel_centroid_y', 1), ('X', 'Y', 0),
    ('XPSF_IMAGE', 'YPSF_IMAGE', 1)])
def test_pixel_names_in_any_case(x, y, origin):
    table = Table({'other': [1.0], y: [20.0], x: [10.0]})
    for columns in (None, (x, y)):
        found = catalog_positions(table, columns=columns)
        assert [v[0] for v in found] == [10 - origin, 20 - origin]
    assert catalog_positions(table, pixel_origin=1)[0][0] == 9
    assert catalog_positions(table, columns=(x, y), pixel_origin=0)[
        0][0] == 10


@pytest.mark.parametrize(('lon', 'lat', 'factor'), [
    ('RAJ2000', 'DECJ2000', 1), ('_RAJ2000', '_DEJ2000', 1),
    ('RA_ICRS', 'DE_ICRS', 1), ('ALPHAWIN_J2000', 'DELTAWIN_J2000', 1),
    ('world_centroid_alpha', 'world_centroid_delta', 1),
    ('coord_ra', 'coord_dec', np.pi / 180), ('Ra', 'Dec', 1)])
def test_sky_names_in_any_case(lon, lat, factor):
    wcs, _ = wcs_of()
    ra, dec = wcs.pixel_to_world_values([30.0, 250.0], [40.0, 10.0])
    table = Table({lon: ra * factor, lat: dec * factor})
    for columns in (None, (lon, lat)):
        x, y = catalog_positions(table, wcs=wcs, columns=columns)
        assert_allclose([x, y], [[30, 250], [40, 10]], atol=1e-6)
    named = Table({'a': ra, 'b': dec})
    assert_allclose(catalog_positions(named, wcs=wcs, columns=('a', 'b'),
                                      sky=True)[0], [30, 250], atol=1e-6)


@pytest.mark.parametrize('unit', ['pix', 'pixel', 'pixels', 'PIXEL', 'px'])
def test_units_of_pixels(unit):
    x = Table({'x': [1.0], 'y': [2.0]})
    with pytest.MonkeyPatch.context():
        x['x'].unit = u.Unit(unit, parse_strict='silent')
    assert catalog_positions(x)[0][0] == 1


def test_positions_that_cannot_be_those_of_the_image(sky, catalog):
    wcs, _ = wcs_of()
    n = len(catalog)
    degrees = Table({'a': np.full(n, 150.0) + np.arange(n) * 1e-4,
                     'b': np.full(n, 2.2)})
    with pytest.warns(BlendHunterWarning, match='within a few pixels, around '
                                                r'\(150, 2\)'):
        DetectedImage.from_image(sky, degrees, columns=('a', 'b'))
    far = Table({'x': catalog['x_centroid'] + 5000,
                 'y': catalog['y_centroid']})
    with pytest.warns(BlendHunterWarning, match=f'{n} of {n} positions are '
                                                'off the image'):
        DetectedImage.from_image(sky, far)
    ra, dec = wcs.pixel_to_world_values(catalog['x_centroid'],
                                        catalog['y_centroid'])
    both = Table({'X_IMAGE': catalog['x_centroid'] + 1, 'ALPHA_J2000': ra,
                  'Y_IMAGE': catalog['y_centroid'] + 1, 'DELTA_J2000': dec})
    DetectedImage.from_image(sky, both, wcs=wcs)
    both['X_IMAGE'] += 40
    with pytest.warns(BlendHunterWarning, match=r'median offset 40 px'):
        DetectedImage.from_image(sky, both, wcs=wcs)


@pytest.mark.parametrize(('column', 'match'), [
    (['abc', 'd'], "column 'x' must hold numbers"),
    ([[1.0, 2.0]] * 2, "column 'x' must hold one number per row"),
    ([{}, None], "column 'x' must hold numbers")])
def test_errors_name_the_column(column, match):
    with pytest.raises(ValueError, match=match):
        catalog_positions(Table({'x': column, 'y': [1.0, 2.0]}))


def test_declinations_out_of_range():
    wcs, _ = wcs_of()
    with pytest.raises(ValueError, match="column 'dec' must hold angles fr"):
        catalog_positions(Table({'ra': [10.0], 'dec': [150.0]}), wcs=wcs)


# ---------------------------------------------- catalogs that are tables


@pytest.mark.parametrize('make', [
    lambda x, y: pandas.DataFrame({'x': x, 'y': y}),
    lambda x, y: {'x': x, 'y': y}, lambda x, y: {'x': list(x), 'y': list(y)},
    lambda x, y: np.column_stack([x, y]),
    lambda x, y: np.column_stack([x, y]).tolist(),
    lambda x, y: np.rec.fromarrays([x, y], names='x,y'),
    lambda x, y: fits.BinTableHDU(Table({'X': x, 'Y': y})),
    lambda x, y: Masked(np.column_stack([x, y]))])
def test_tables_of_any_kind(make):
    x, y = np.array([10.5, 20.25]), np.array([3.0, 4.5])
    table = as_table(make(x, y))
    assert isinstance(table, QTable)
    assert_array_equal(catalog_positions(table), [x, y])


def test_missing_entries_of_a_dataframe():
    frame = pandas.DataFrame({'x': pandas.array([1, None], dtype='Int64'),
                              'y': [1.0, np.nan]})
    assert_array_equal(catalog_positions(as_table(frame)),
                       [[1, np.nan], [1, np.nan]])


def test_objects_of_sep(sky, identifier):
    import sep

    objects = sep.extract(sky.copy(), 1.5, err=NOISE)
    found = identifier.classify(sky, objects)
    assert len(found) == len(objects)
    assert_array_equal(found['x'], objects['x'])


@pytest.mark.parametrize(('text', 'name'), [
    ('\ufeffx,y\n1,2\n', 'bom.csv'), ('x;y\n1;2\n', 'semicolon.csv'),
    ('x\ty\n1\t2\n', 'tab.csv')])
def test_csv_of_spreadsheets(tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text, encoding='utf-8')
    assert [v[0] for v in catalog_positions(read_catalog(path))] == [1, 2]


def test_votable_under_another_name(tmp_path):
    Table({'x': [1.0], 'y': [2.0]}).write(tmp_path / 'a.dat',
                                          format='votable')
    assert read_catalog(tmp_path / 'a.dat')['x'][0] == 1


def ldac(path, n_chips):
    hdus = [fits.PrimaryHDU()]
    for i in range(n_chips):
        hdus.append(fits.BinTableHDU(Table({'FIELDPOS': [i]}),
                                     name='LDAC_IMHEAD'))
        hdus.append(fits.BinTableHDU(
            Table({'X_IMAGE': [10.0 + i], 'Y_IMAGE': [5.0]}),
            name='LDAC_OBJECTS'))
    fits.HDUList(hdus).writeto(path)


def test_ldac_of_several_chips(tmp_path):
    ldac(tmp_path / 'one.cat', 1)
    assert read_catalog(tmp_path / 'one.cat')['X_IMAGE'][0] == 10
    ldac(tmp_path / 'two.cat', 2)
    with pytest.raises(ValueError, match='catalogs of 2 chips; give'):
        read_catalog(tmp_path / 'two.cat')
    assert read_catalog(tmp_path / 'two.cat', chip=2)['X_IMAGE'][0] == 11
    with pytest.raises(ValueError, match='has 2 catalogs, got 3'):
        read_catalog(tmp_path / 'two.cat', chip=3)


def test_theli_ldac_with_fields_first(tmp_path):
    fits.HDUList([
        fits.PrimaryHDU(), fits.BinTableHDU(Table({'a': [1]}), name='FIELDS'),
        fits.BinTableHDU(Table({'Xpos': [7.0]}), name='OBJECTS')]).writeto(
            tmp_path / 'theli.cat')
    assert read_catalog(tmp_path / 'theli.cat')['Xpos'][0] == 7


def test_cutout_is_an_image(sky):
    wcs, _ = wcs_of()
    cutout = Cutout2D(sky, (150, 150), 100, wcs=wcs)
    image = accept_image(cutout)
    assert_array_equal(image.data, cutout.data)
    assert image.wcs.pixel_to_world(0, 0).separation(
        wcs.pixel_to_world(100, 100)) < 1e-6 * u.arcsec


# ------------------------------------------------------ areas and pixels


@pytest.mark.parametrize('method', ['sep', 'photutils'])
@pytest.mark.parametrize('value', [0.0, -99.0, 65535.0])
def test_areas_of_one_repeated_value(sky, method, value):
    empty = np.zeros(sky.shape, dtype=bool)
    empty[:, :100] = True
    image = np.where(empty, value, sky)
    expected = detect(sky, mask=empty, method=method)
    with pytest.warns(BlendHunterWarning, match='areas filled with one'):
        found = detect(image, method=method)
    assert_array_equal(found['x_centroid'], expected['x_centroid'])


def test_areas_of_one_value_beside_larger_masked_ones(sky):
    """Masked pixels are no value that repeats."""
    image = sky.copy()
    image[:, :70] = 0
    mask = np.zeros(sky.shape, dtype=bool)
    mask[:, 128:] = True
    with pytest.warns(BlendHunterWarning, match='areas filled with one'):
        found = subtract_background(image, mask=mask).mask
    assert_array_equal(found, mask | (np.arange(300) < 70))


@pytest.mark.filterwarnings('ignore:no source')
def test_few_counts_are_data():
    counts = np.random.default_rng(1).poisson(0.05, (300, 300))
    assert subtract_background(counts).mask is None
    # a noiseless simulation repeats zero, too
    assert subtract_background(np.pad(np.ones((20, 20)), 140),
                               noise=1.0).mask is None


@pytest.mark.parametrize('value', [1e21, 1e38, np.float64(1e300), 3e38])
def test_extreme_pixels_are_masked(sky, catalog, identifier, value):
    image = sky.copy()
    image[200, 100] = value
    for pixels in (image, image.astype(np.float32) if value < 3.4e38
                   else image):
        found = identifier.classify(pixels, catalog['x_centroid',
                                                    'y_centroid'])
        near = (np.abs(catalog['x_centroid'] - 100) < 20) & (
            np.abs(catalog['y_centroid'] - 200) < 20)
        assert np.all(found['blend_flags'][near] & 4)
    stamp = np.zeros((1, 51, 51))
    stamp[0, 25, 25] = value
    assert np.isfinite(identifier.predict_stamps(stamp, noise=1.0))[0]


@pytest.mark.parametrize('factor', [0.1, 10.0])
def test_noise_that_is_not_that_of_the_image(sky, factor):
    with pytest.warns(BlendHunterWarning, match='noise is .* times the sca'):
        detect(sky, noise=factor * NOISE)
    detect(sky, noise=1.5 * NOISE)


# ------------------------------------------------------------------ WCS


@pytest.mark.parametrize('cards', [
    {'CPDIS1': 'LOOKUP', 'DP1': 'EXTVER: 1'}, {'CDELT1': 0.0},
    {'CUNIT1': 'foo'}, {'CTYPE2': 'LINEAR'}])
def test_a_bad_wcs_does_not_matter_for_pixels(sky, catalog, tmp_path, cards):
    _, header = wcs_of(**cards)
    path = tmp_path / 'image.fits'
    fits.PrimaryHDU(np.array(sky), header).writeto(path)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='wcs: .*no ra and dec')
        found = detect(path)
    assert_array_equal(found['x_centroid'], catalog['x_centroid'])
    DetectedImage.from_image(path, catalog['x_centroid', 'y_centroid'])
    with pytest.raises(ValueError, match='^wcs: '):
        DetectedImage.from_image(path, Table({'ra': [150.0], 'dec': [2.2]}))


def test_a_cube_of_one_plane(sky, catalog, tmp_path):
    wcs, header = wcs_of()
    header.update({'CTYPE3': 'FREQ', 'CRVAL3': 1e9, 'CDELT3': 1e6,
                   'CRPIX3': 1.0, 'CUNIT3': 'Hz', 'WCSAXES': 3})
    path = tmp_path / 'cube.fits'
    fits.PrimaryHDU(np.array(sky)[None], header).writeto(path)
    found = detect(path)
    assert_array_equal(found['x_centroid'], catalog['x_centroid'])
    ra, dec = wcs.pixel_to_world_values(found['x_centroid'],
                                        found['y_centroid'])
    assert_allclose(found['ra'].to_value('deg'), ra)
    assert_allclose(found['dec'].to_value('deg'), dec)


def test_unknown_unit_of_an_image(sky, tmp_path):
    path = tmp_path / 'image.fits'
    fits.PrimaryHDU(np.array(sky), fits.Header({'BUNIT': 'maggies?'})).writeto(
        path)
    with pytest.warns(BlendHunterWarning, match="BUNIT 'maggies.' is not"):
        assert detect(path)['flux'].unit is None
    fits.setval(path, 'BUNIT', value='ADU')
    assert detect(path)['flux'].unit == u.adu


def test_planes_of_one_file(sky, tmp_path):
    path = tmp_path / 'mef.fits'
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.array(sky), name='SCI'),
                  fits.ImageHDU(np.full(sky.shape, 7.0), name='WGT')]
                 ).writeto(path)
    assert_array_equal(accept_image(f'{path}[WGT]').data, 7)
    assert_array_equal(accept_image(f'{path}[2]').data, 7)
    assert_array_equal(accept_image(f'{path}[SCI]', ext='SCI').data, sky)
    with pytest.raises(ValueError, match='are different extensions'):
        accept_image(f'{path}[SCI]', ext=2)
    with pytest.raises(ValueError, match="ext 'MSK' not found"):
        accept_image(f'{path}[MSK]')


# ------------------------------------------------- the pieces fit together


def test_pieces_fit_together(sky, catalog, identifier):
    stamps = extract_stamps(sky, catalog)
    positions = np.column_stack([catalog['x_centroid'],
                                 catalog['y_centroid']])
    assert_array_equal(stamps.data, extract_stamps(sky, positions).data)
    p = identifier.predict_stamps(stamps, noise=NOISE)
    assert_array_equal(p, identifier.predict_stamps(
        stamps.data, regions=stamps.regions, noise=NOISE))
    with pytest.raises(ValueError, match='labels must be'):
        extract_stamps(sky, positions, segmentation=np.zeros(
            sky.shape, int), labels=np.zeros((len(positions), 2), int))


def test_masked_labels_are_no_labels(sky):
    catalog, segmentation = detect(sky, return_segmentation=True)
    labels = MaskedColumn(catalog['label'], mask=np.arange(
        len(catalog)) == 2)
    table = Table({'x': catalog['x_centroid'], 'y': catalog['y_centroid'],
                   'label': labels})
    stamps = DetectedImage.from_image(
        sky, table, segmentation=segmentation).stamps()
    assert_array_equal(np.flatnonzero(stamps.flags & 32), [2])


# ------------------------------------------------------ planes of a file


def survey_file(path, sky, names, **planes):
    hdus = [fits.PrimaryHDU()]
    for name in names:
        data, header = planes.get(name, (np.array(sky), None))
        hdus.append(fits.ImageHDU(data, header, name=name))
    fits.HDUList(hdus).writeto(path)
    return path


@pytest.mark.parametrize(('names', 'power'), [
    (('IMAGE', 'MASK', 'VARIANCE'), 2), (('SCI', 'ERR', 'DQ'), 1),
    (('SCI', 'MSK', 'WGT'), -2), (('WHT', 'SCI'), -2)])
def test_planes_of_survey_files(sky, band, tmp_path, names, power):
    noise = np.full(sky.shape, NOISE**power)
    noise[:3] = 0  # unknown
    kinds = {'MASK': (band.astype('i4'), None), 'DQ': (band * 16, None),
             'MSK': (band.astype('i2'), None)}
    path = survey_file(tmp_path / 'a.fits', sky, names, **kinds, **{
        name: (noise, None) for name in ('VARIANCE', 'ERR', 'WGT', 'WHT')})
    image = read_planes(path)
    expected = band if len(names) > 2 else np.zeros_like(band)
    expected = expected.copy()
    expected[:3] = True
    assert_array_equal(image.mask, expected)
    assert_allclose(image.noise, NOISE)
    assert_array_equal(image.data[~expected], sky[~expected])
    assert_array_equal(detect(image)['x_centroid'], detect(
        sky, mask=expected, noise=NOISE)['x_centroid'])


def test_named_bits_of_a_mask(sky, band, tmp_path):
    plane = np.where(band, 1 << 1, 0) | (1 << 5)
    header = fits.Header({'HIERARCH MP_SAT': 1, 'HIERARCH MP_DETECTED': 5,
                          'HIERARCH MP_BAD': 0})
    path = survey_file(tmp_path / 'a.fits', sky, ('IMAGE', 'MASK'),
                       MASK=(plane, header))
    assert_array_equal(read_planes(path).mask, band)
    assert_array_equal(read_planes(path, mask_bits=['sat']).mask, band)
    assert_array_equal(read_planes(path, mask_bits=[1]).mask, band)
    assert read_planes(path, mask_bits=['BAD', 7]).mask is None
    with pytest.raises(ValueError, match='no usable pixel'):
        read_planes(path, mask_bits=['DETECTED'])
    with pytest.raises(ValueError, match="'SATURATED' is neither .*'SAT'"):
        read_planes(path, mask_bits=['SATURATED'])


def test_files_without_planes(sky, tmp_path):
    path = survey_file(tmp_path / 'a.fits', sky, ('SCI', 'B'))
    with pytest.raises(ValueError, match=r"no noise or mask .*\['B', 'SCI'"):
        read_planes(path)


def test_the_plane_of_the_image_itself_is_refused(sky, tmp_path):
    path = survey_file(tmp_path / 'a.fits', sky, ('SCI', 'WGT'),
                       WGT=(np.full(sky.shape, 3.0), None))
    for other in (path, f'{path}[SCI]', f'{path}[1]'):
        with pytest.raises(ValueError, match="weight: .* image itself; give "
                                             "another plane.*'WGT'"):
            read_beside(other, 'weight', path)
    assert_array_equal(read_beside(f'{path}[WGT]', 'weight', path), 3)
    with pytest.raises(ValueError, match='image itself'):
        read_beside(f'{path}[WGT]', 'weight', f'{path}[WGT]')
    bad = read_beside(f'{path}[WGT]', 'mask', path, bits=())
    assert bad.all()
    Table({'a': [1]}).write(tmp_path / 't.fits')
    with pytest.raises(ValueError, match='noise: .* has no image in'):
        read_beside(f'{tmp_path / "t.fits"}[1]', 'noise', path)


def test_a_damaged_card_does_not_matter_for_pixels(sky, catalog, tmp_path):
    path = tmp_path / 'image.fits'
    fits.PrimaryHDU(np.array(sky), wcs_of()[1]).writeto(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CTYPE1  = 'RA---TAN'",
                                     b"CTYPE1  = RA---TAN' "))
    found = detect(path)
    assert_array_equal(found['x_centroid'], catalog['x_centroid'])


def test_a_new_threshold_needs_no_new_run(sky, catalog, recorder, identifier):
    result = identifier.classify(sky, catalog)
    for threshold in (0.02, 0.1):
        again = identifier.apply_threshold(result, threshold)
        known = np.isfinite(result['blend_prob'])
        assert_array_equal(again['is_blend'][known],
                           result['blend_prob'][known] >= threshold)
        assert not again['is_blend'][~known].any()
        assert again.meta['BHTHRESH'] == threshold
    assert result.meta['BHTHRESH'] == 0.5
    with pytest.raises(ValueError, match='threshold must be between 0 and 1'):
        recorder.apply_threshold(result, 2)
    with pytest.raises(ValueError, match="result has no column 'blend_prob'"):
        recorder.apply_threshold(catalog, 0.5)


def test_the_segmentation_that_was_used(sky, recorder):
    result, segmentation = recorder.classify(sky, return_segmentation=True)
    singles = result['label'][~result['is_blend']]
    segmentation.keep_labels(singles)
    assert_array_equal(segmentation.labels, singles)


@pytest.mark.parametrize(('name', 'options'), [
    ('a.fits', {}), ('a.fits.gz', {}), ('a.ecsv', {}), ('a.parquet', {}),
    ('b.hdf5', {'path': 'data', 'serialize_meta': True})])
def test_a_result_can_be_saved_by_the_user(sky, recorder, tmp_path, name,
                                           options):
    """By `Table.write`; the meta comes back with the whole sha256."""
    recorder.weights = '/a/long/path/' * 12 + 'weights.h5'
    recorder.metadata = {'domain': {}, 'sha256': 64 * 'a'}
    result = recorder.classify(sky)
    result.write(tmp_path / name, **options)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ResourceWarning)
        read = Table.read(tmp_path / name)
    keys = [key for key in result.meta if key.startswith('BH')]
    assert {'BHSHA256', 'BHDETECT', 'BHPRIOR', 'BHVERS'} <= set(keys)
    for key in keys:
        assert read.meta[key] == result.meta[key]
    assert_array_equal(read['blend_prob'], result['blend_prob'])
    assert DetectionSettings.from_meta(read.meta) == DetectionSettings()
