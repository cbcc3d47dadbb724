# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""`DetectedImage`: one pipeline for training, inference and benchmarks."""

import dataclasses

import numpy as np
import pytest
from astropy import units as u
from astropy.nddata import CCDData, NDData
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import (
    DetectedImage,
    DetectionSettings,
    detect,
    extract_stamps,
)
from blendhunter.detection import subtract_background
from blendhunter.simulation import FieldRanges, simulate_detections
from blendhunter.simulation.fields import draw_field


@pytest.mark.parametrize('method', ['sep', 'photutils'])
def test_training_stamps_are_those_that_classify_cuts(method, recorder):
    """To the bit, with saturated (masked) pixels and drawn thresholds."""
    shape, ranges = (320, 300), FieldRanges(saturation=1.0)
    made = simulate_detections(1, shape=shape, ranges=ranges, rng=10,
                               detectors=method, keep_unclear=True)
    seeds = np.random.SeedSequence(10).spawn(1)[0]
    image, _, n_sigma, _ = draw_field(shape, 'cfis', ranges, seeds)
    assert image.mask.any()
    result = recorder.classify(
        NDData(image.data, mask=image.mask),
        settings=DetectionSettings(method=method, n_sigma=n_sigma))
    # the others are masked or cut off, and not shown
    answered = np.isfinite(result['blend_prob'])
    assert len(made) == len(result)
    stamps, regions = (np.concatenate(parts) for parts in (
        recorder.stamps, recorder.asked))
    assert len(stamps) == answered.sum() > 20
    assert stamps.dtype == made.arrays['stamps'].dtype == np.float32
    assert stamps.tobytes() == made.arrays['stamps'][answered].tobytes()
    assert_array_equal(regions, made.arrays['regions'][answered])


def test_classify_takes_a_detected_image(field, identifier):
    detected = DetectedImage.from_image(field[0])
    catalog = detect(field[0])
    first = identifier.classify(detected)
    second = identifier.classify(field[0], catalog)
    assert_array_equal(first['blend_prob'], second['blend_prob'])
    assert first.colnames == second.colnames
    assert first.meta == second.meta
    # it is not changed, and can be classified again
    assert 'blend_prob' not in detected.catalog.colnames
    again = identifier.classify(detected)
    assert_array_equal(again['blend_prob'], first['blend_prob'])


@pytest.mark.parametrize('option', ['catalog', 'mask', 'noise', 'settings',
                                    'segmentation', 'wcs', 'ext', 'columns'])
def test_a_detected_image_has_its_own(field, identifier, option):
    detected = DetectedImage.from_image(field[0])
    with pytest.raises(ValueError, match=f'{option} cannot be given, because'):
        identifier.classify(detected, **{option: 1})


def test_settings_of_classify(field, identifier):
    settings = DetectionSettings(n_sigma=4.0)
    found = identifier.classify(field[0], settings=settings)
    assert len(found) == len(detect(field[0], n_sigma=4.0))
    # a catalog's own settings take precedence
    catalog = detect(field[0])
    own = identifier.classify(field[0], catalog, settings=settings)
    plain = identifier.classify(field[0], catalog)
    assert_array_equal(own['blend_prob'], plain['blend_prob'])
    with pytest.raises(ValueError, match='settings and detector cannot'):
        identifier.classify(field[0], settings=settings, detector='sep')
    assert_array_equal(
        identifier.classify(field[0], detector='photutils')['x_centroid'],
        detect(field[0], method='photutils')['x_centroid'])


def test_what_it_holds(field):
    mask = np.zeros(field[0].shape, dtype=bool)
    mask[50:60] = True
    image = CCDData(field[0] * 1e-12, unit='adu', mask=mask)
    detected = DetectedImage.from_image(image, noise=1e-12, background=None)
    assert_array_equal(detected.mask, mask)
    assert detected.unit == u.adu
    assert detected.wcs is None
    assert detected.noise == 1e-12
    assert_allclose(detected.pixels[~mask], image.data[~mask], rtol=1e-6)
    assert np.all(detected.pixels[mask] == 0)
    assert len(detected) == len(detected.catalog) == len(detected.x)
    assert_array_equal(detected.x, detected.catalog['x_centroid'])
    assert detected.settings == DetectionSettings()
    assert f'{len(detected)} sources' in repr(detected)
    with pytest.raises(dataclasses.FrozenInstanceError):
        detected.settings = None


def test_stamps_are_over_their_noise(field):
    noise = np.full(field[0].shape, 2.0)
    noise[:, 160:] = 4.0
    detected = DetectedImage.from_image(field[0], noise=noise,
                                        background=None)
    positions = np.column_stack([detected.x, detected.y])
    expected = extract_stamps(field[0] / noise, positions).data
    stamps = detected.stamps(region='stamp')
    assert_allclose(stamps.data, expected, rtol=1e-6)
    assert_array_equal(stamps.regions.all(axis=(1, 2)),
                       stamps.flags & 1 == 0)
    rows = [4, 2]
    for region in ('segment', 'stamp'):
        some = detected.stamps(rows, region)
        every = detected.stamps(region=region)
        assert_array_equal(some.data, every.data[rows])
        assert_array_equal(some.regions, every.regions[rows])
        selected = detected.select(rows).stamps(region=region)
        assert_array_equal(selected.data, some.data)
        assert_array_equal(selected.regions, some.regions)
    with pytest.raises(ValueError, match="region must be 'segment' or"):
        detected.stamps(region='disc')


def test_regions_are_the_segments(field):
    detected = DetectedImage.from_image(field[0])
    stamps = detected.stamps()
    whole = stamps.flags & 1 == 0
    _, inverse = np.unique(detected.segmentation, return_inverse=True)
    area = np.bincount(inverse.ravel())[1:]
    assert whole.sum() > 20
    assert_array_equal(stamps.regions.sum(axis=(1, 2))[whole], area[whole])


def test_catalog_without_segments_is_detected_once(field, monkeypatch):
    from blendhunter.detection import detected_image

    calls = []
    find = detected_image.find_sources

    def counted(*args):
        calls.append(args)
        return find(*args)

    monkeypatch.setattr(detected_image, 'find_sources', counted)
    detected = DetectedImage.from_image(
        field[0], Table({'x': field[1], 'y': field[2]}))
    detected.stamps(region='stamp')
    assert not calls  # the whole stamp needs no segments
    detected.stamps()
    detected.stamps([1])
    assert detected.segmentation.max() > 0
    assert len(calls) == 1


def test_background_subtraction_takes_any_image(field):
    plain = subtract_background(field[0])
    for image in (CCDData(field[0], unit='adu'), field[0].tolist()):
        other = subtract_background(image)
        assert_array_equal(other.data * other.scale,
                           plain.data * plain.scale)
    assert subtract_background(field[0] * u.Jy).unit == u.Jy
    detected = DetectedImage.from_background_subtracted(plain)
    assert_array_equal(detected.x, detect(field[0])['x_centroid'])
