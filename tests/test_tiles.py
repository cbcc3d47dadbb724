# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Large images in tiles give what they give as a whole."""

from functools import partial

import numpy as np
import pytest
import sep
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import cKDTree

from blendhunter import BlendIdentifier, detect, simulate_field
from blendhunter.cli.main import main
from blendhunter.detection import DetectedImage, DetectionSettings
from blendhunter.detection.tiles import (
    HALO,
    MIN_TILE_SIZE,
    plan_tiles,
)
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.images import acceptance, fits_files
from blendhunter.simulation import SourceModel

SIZE = 1800
# cores of 512 px: seams at 512, 1024 and 1536
TILE = MIN_TILE_SIZE
# the detector whose results are the same to the bit, without its slow part
QUICK = {'method': 'photutils', 'deblend': False}
SETTINGS = DetectionSettings(**QUICK)


def sky(x, y):
    """The background of the image."""
    return 100 + 0.02 * x + 30 * np.sin(y / 400)


@pytest.fixture(scope='module')
def image():
    """An image with a sky that varies, and sources across every seam."""
    field, _ = simulate_field(
        (600, 600), rng=3, sources=SourceModel(density=110, companions=0.6))
    data = np.tile(np.asarray(field.data), (3, 3))
    rng = np.random.default_rng(1)
    data += rng.normal(0, 5, data.shape)
    y, x = np.mgrid[:SIZE, :SIZE]
    data += sky(x, y)
    # blends whose two parts lie on both sides of a seam
    for seam in (512, 1024, 1536):
        for along in range(60, SIZE - 50, 130):
            for dx, dy in ((-2.5, 0.3), (2.2, -0.4)):
                spot = 900 * np.exp(-0.5 * (
                    (x[along - 20:along + 20, seam - 20:seam + 20]
                     - seam - dx)**2
                    + (y[along - 20:along + 20, seam - 20:seam + 20]
                       - along - dy)**2) / 2.5)
                data[along - 20:along + 20, seam - 20:seam + 20] += spot
                data[seam - 20:seam + 20, along - 20:along + 20] += spot.T
    return data.astype(np.float32)


@pytest.fixture
def strip(image):
    """A part of the image, with seams along y alone: quicker."""
    return np.ascontiguousarray(image[:, :500])


def matched(tiled, whole, n_other=0):
    """Rows of both tables that are the same sources; few are not."""
    points = [np.column_stack([table[f'{axis}_centroid'] for axis in 'xy'])
              for table in (tiled, whole)]
    distance, rows = cKDTree(points[1]).query(points[0])
    same = distance < 1e-3
    assert len(np.unique(rows[same])) == same.sum()
    for table in (tiled, whole):
        assert len(table) - same.sum() <= n_other
    return np.flatnonzero(same), rows[same]


def test_cores_cover_the_image_once():
    tiles = plan_tiles((1300, 2100), TILE)
    count = np.zeros((1300, 2100), dtype=int)
    for tile in tiles:
        (y0, y1), (x0, x1) = tile.core
        count[y0:y1, x0:x1] += 1
        for part, edges, length in zip(tile.window, tile.core, tile.shape,
                                       strict=True):
            assert part.start == max(edges[0] - HALO, 0)
            assert part.start % 512 == 0
            assert part.stop == min(edges[1] + HALO, length)
    assert np.all(count == 1)
    x = np.array([-5.0, 511.49, 511.5, 1e5])
    inside = [tile.contains(x, np.full(4, 3.0)) for tile in tiles]
    assert_array_equal(np.sum(inside, axis=0), 1)


@pytest.mark.parametrize('method', ['sep', 'photutils'])
def test_detections_are_those_of_the_whole(image, method):
    # photutils takes longer: a part with seams along both axes
    image = image if method == 'sep' else image[:700, :1100]
    whole, segments = detect(image, method=method, return_segmentation=True)
    tiled, put_together = detect(image, method=method, tile_size=TILE,
                                 return_segmentation=True)
    assert tiled.colnames == whole.colnames
    assert tiled.meta == whole.meta
    # SEP's cleaning visits the sources in the order in which its scan of the
    # whole image ends them: of 2 656 here one or two differ
    here, there = matched(tiled, whole, 2 if method == 'sep' else 0)
    if method == 'sep':
        # it shares pixels between the parts of a split source by random
        # numbers, one sequence for each image
        alone = np.asarray(tiled['flag'][here]) & 1 == 0
        here, there = here[alone], there[alone]
    for name in ('flux', 'semimajor_axis', 'semiminor_axis', 'snr'):
        assert_allclose(tiled[name][here], whole[name][there], rtol=1e-4)
    assert_array_equal(tiled['flag'][here], whole['flag'][there])
    assert_array_equal(tiled['label'], np.arange(len(tiled)) + 1)
    # pixels of the same sources
    new = np.zeros(len(whole) + 1, dtype=int)
    new[np.asarray(whole['label'])[there]] = tiled['label'][here]
    both = (segments.data > 0) & (new[segments.data] > 0)
    assert np.mean(new[segments.data][both]
                   != put_together.data[both]) < 1e-4


def test_sep_differs_by_its_cleaning_alone(image, monkeypatch):
    monkeypatch.setattr(sep, 'extract', partial(sep.extract, clean=False))
    whole = detect(image)
    assert len(whole) > 2900
    matched(detect(image, tile_size=TILE), whole)


@pytest.mark.parametrize('region', ['segment', 'stamp'])
def test_stamps_are_those_of_the_whole(image, recorder, region):
    recorder.region = region
    whole = recorder.classify(image, settings=SETTINGS)
    shown = [recorder.shown(), np.concatenate(recorder.asked)]
    recorder.reset()
    tiled = recorder.classify(image, tile_size=TILE, settings=SETTINGS)
    here, there = matched(tiled, whole)
    here, there = (np.cumsum(known)[rows[known[rows]]] - 1 for known, rows in (
        (np.isfinite(tiled['blend_prob']), here),
        (np.isfinite(whole['blend_prob']), there)))
    again = [recorder.shown(), np.concatenate(recorder.asked)]
    assert len(here) == len(again[0]) == len(shown[0])
    assert_allclose(again[0][here], shown[0][there], atol=1e-3)
    assert_array_equal(again[1][here], shown[1][there])
    here, there = matched(tiled, whole)
    for name in ('blend_flags', 'n_neighbors'):
        assert_array_equal(tiled[name][here], whole[name][there])
    assert tiled.meta == whole.meta


def test_probabilities_are_those_of_the_whole(image):
    """Of the packaged network, in float32, for a part of the image."""
    part = image[:, :350]
    identifier = BlendIdentifier(precision='float32')
    whole = identifier.classify(part, settings=SETTINGS)
    tiled = identifier.classify(part, settings=SETTINGS, tile_size=TILE)
    here, there = matched(tiled, whole)
    difference = np.abs(np.asarray(tiled['blend_prob'])[here]
                        - np.asarray(whole['blend_prob'])[there])
    known = np.isfinite(difference)
    assert known.sum() > 400
    assert_array_equal(known, np.isfinite(whole['blend_prob'][there]))
    assert difference[known].max() < 1e-3
    assert np.mean(difference[known] < 1e-5) > 0.99


def test_catalogs_keep_their_rows(strip, recorder):
    catalog = detect(strip, **QUICK)
    whole = recorder.classify(strip, catalog)
    shown = recorder.shown()
    recorder.reset()
    tiled = recorder.classify(strip, catalog, tile_size=TILE)
    assert_allclose(tiled['x_centroid'], whole['x_centroid'])
    assert_array_equal(tiled['blend_flags'], whole['blend_flags'])
    # the stamps come in another order
    assert len(shown) == len(recorder.shown())
    assert_allclose(np.sort(recorder.shown().sum(axis=(1, 2))),
                    np.sort(shown.sum(axis=(1, 2))), atol=0.2)


@pytest.mark.parametrize('kind', ['plain', 'compressed', 'gzip', 'scaled',
                                  'cube'])
def test_files_are_read_by_section(strip, tmp_path, kind):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crval = [150.0, 2.0]
    wcs.wcs.cdelt = [-5e-5, 5e-5]
    header = wcs.to_header()
    header['BUNIT'] = 'adu'
    data = strip
    if kind == 'scaled':
        data = (10 * strip).astype(np.int32)
        header['BSCALE'] = 0.1
    if kind == 'cube':
        data = strip[None]
    path = tmp_path / ('a.fits.gz' if kind == 'gzip' else 'a.fits')
    hdu = (fits.CompImageHDU(data, header, quantize_level=0,
                             compression_type='GZIP_1')
           if kind == 'compressed' else fits.PrimaryHDU(data, header))
    hdu.writeto(path)
    if kind == 'gzip':
        with pytest.warns(BlendHunterWarning, match='whole file is read'):
            tiled = detect(path, tile_size=TILE, **QUICK)
    else:
        tiled = detect(path, tile_size=TILE, **QUICK)
    whole = detect(path, tile_size=None, **QUICK)
    here, there = matched(tiled, whole)
    assert tiled['flux'].unit == 'adu'
    for name in ('ra', 'dec'):
        assert_allclose(tiled[name][here], whole[name][there], rtol=0,
                        atol=1e-7)
    assert tiled.colnames == whole.colnames


def test_masks_noise_and_background_go_along(image):
    rng = np.random.default_rng(4)
    mask = rng.random(image.shape) < 1e-3
    mask[700:760, 100:1500] = True
    noise = np.full(image.shape, 16.0)
    noise[:, 900:] = 25.0
    y, x = np.mgrid[:SIZE, :SIZE]
    options = {'mask': mask, 'noise': noise, 'background': sky(x, y),
               **QUICK}
    whole = detect(image, **options)
    matched(detect(image, tile_size=TILE, **options), whole)
    with pytest.raises(ValueError, match='mask must have the shape of'):
        detect(image, mask=mask[:-1], tile_size=TILE)


def test_tiles_without_data(image):
    empty = np.where(np.arange(SIZE) < 1100, np.nan, image)
    # photutils fills meshes without data from all others of the image
    matched(detect(empty, tile_size=TILE), detect(empty, tile_size=None), 2)
    with pytest.raises(ValueError, match='image has no usable pixel'):
        detect(np.full((SIZE, SIZE), np.nan), tile_size=TILE)


def test_a_segment_wider_than_the_halo():
    rng = np.random.default_rng(5)
    data = rng.normal(size=(600, 2400)).astype(np.float32)
    data[300:306, 300:1300] += 20
    data[100:105, 2000:2005] += 30
    whole = detect(data, background=None, noise=1.0, deblend=False)
    tiled = detect(data, background=None, noise=1.0, deblend=False,
                   tile_size=TILE)
    here, there = matched(tiled, whole)
    assert_array_equal(tiled['n_pixels'][here], whole['n_pixels'][there])


def test_given_segments(strip, recorder):
    found = DetectedImage.from_image(strip)
    for catalog in (None, found.catalog, Table({
            'x': found.x, 'y': found.y})):
        recorder.reset()
        whole = recorder.classify(strip, catalog,
                                  segmentation=found.segmentation)
        shown = recorder.shown()
        recorder.reset()
        tiled = recorder.classify(strip, catalog, tile_size=TILE,
                                  segmentation=found.segmentation)
        assert len(recorder.shown()) == len(shown)
        if catalog is None:
            here, there = matched(tiled, whole)
            assert_array_equal(tiled['label'][here], whole['label'][there])


def test_bad_tile_sizes(image, recorder):
    for size in (0, -1, 100, np.nan):
        with pytest.raises(ValueError, match='tile_size must be at least'):
            detect(image, tile_size=size)
    catalog = Table({'x': [20.0], 'y': [30.0]})
    with pytest.raises(ValueError, match='return_segmentation needs a segm'):
        recorder.classify(image, catalog, tile_size=TILE,
                          return_segmentation=True)


def test_the_command_line(image, tmp_path, random_weights, monkeypatch):
    path = tmp_path / 'a.fits'
    fits.PrimaryHDU(image[:, :200]).writeto(path)
    options = ['--detector', 'photutils', '--no-deblend', '--overwrite']
    made, segments = [], []
    whole = fits_files.read_fits

    def read(path, ext):
        assert tile == 'none'
        return whole(path, ext)

    for module in (acceptance, fits_files):
        if hasattr(module, 'read_fits'):
            monkeypatch.setattr(module, 'read_fits', read)
    for tile in ('none', str(TILE)):
        common = [str(path), *options, '--tile-size', tile]
        assert main(['detect', *common, '-o', str(tmp_path / 'a.ecsv'),
                     '--segmentation', str(tmp_path / 's.fits')]) == 0
        segments.append(fits.getdata(tmp_path / 's.fits'))
        assert main(['classify', *common, '--weights', str(random_weights),
                     '-o', str(tmp_path / 'b.ecsv')]) == 0
        made.append([Table.read(tmp_path / name)
                     for name in ('a.ecsv', 'b.ecsv')])
    for whole_table, tiled in zip(*made, strict=True):
        here, there = matched(tiled, whole_table)
        assert len(here) > 200
    assert np.array_equal(segments[0] > 0, segments[1] > 0)


def test_a_bad_tile_size_on_the_command_line(tmp_path, capsys):
    fits.PrimaryHDU(np.ones((9, 9))).writeto(tmp_path / 'a.fits')
    command = ['detect', str(tmp_path / 'a.fits'), '-o',
               str(tmp_path / 'a.ecsv'), '--tile-size']
    assert main([*command, '100']) == 1
    assert 'tile_size must be at least 1536' in capsys.readouterr().err
    for size in ('0', 'all'):
        with pytest.raises(SystemExit):
            main([*command, size])
