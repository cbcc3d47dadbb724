# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What optics and camera do to a simulated image."""

import galsim
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from blendhunter import simulate_field, simulate_stamps
from blendhunter.cli import main
from blendhunter.simulation import (
    CameraPSF,
    Exposure,
    FieldRanges,
    LogUniform,
    SourceModel,
)
from blendhunter.simulation import stamps as stamps_module
from blendhunter.simulation.exposure import Camera
from blendhunter.simulation.field_ranges import CAMERA
from blendhunter.simulation.psf import VaryingPSF
from blendhunter.simulation.readout import expose
from blendhunter.simulation.surveys import get_survey

SCALE = 0.187
EMPTY = SourceModel(density=0, star_fraction=0)
SPARSE = SourceModel(density=5, star_fraction=0.2)


def asymmetry(psf, size=41):
    """Return A about the best center, as of the image of a star."""
    def about(center):
        image = psf.shift(*center).drawImage(nx=size, ny=size,
                                             scale=SCALE).array
        return np.abs(image - image[::-1, ::-1]).sum() / (2 * image.sum())

    return minimize(about, -np.array([psf.centroid.x, psf.centroid.y]),
                    method='Nelder-Mead',
                    options={'xatol': 1e-3, 'fatol': 1e-4}).fun


def draw(**options):
    return CameraPSF(0.65, **options).draw(np.random.default_rng(1))


def test_without_aberrations_it_is_symmetric_and_near_the_paper():
    psf = draw()
    assert psf.flux == pytest.approx(1)
    assert asymmetry(psf) < 3e-3
    # the diffraction of the optics adds to the seeing
    assert 0.65 < psf.calculateFWHM(scale=0.02, size=401) < 0.75


@pytest.mark.parametrize(('options', 'low', 'high'), [
    ({'coma': 0.1}, 0.03, 0.07), ({'coma': 0.2}, 0.08, 0.15),
    ({'trefoil': 0.1}, 0.03, 0.06), ({'astigmatism': 0.1}, 0.0, 0.01),
    ({'drift': 0.3}, 0.0, 2e-3)])
def test_aberrations_make_the_psf_asymmetric(options, low, high):
    assert low <= asymmetry(draw(**options)) <= high


@pytest.mark.parametrize('name', ['astigmatism', 'drift'])
def test_astigmatism_and_drift_make_it_elongated(name):
    def ellipticity(psf):
        return psf.drawImage(nx=101, ny=101, scale=0.05).FindAdaptiveMom(
            ).observed_shape.e

    assert ellipticity(draw(**{name: 0.3})) > ellipticity(draw()) + 0.01


def test_the_drawn_asymmetries_cover_those_of_stars():
    """KiDS stars: median 0.027, 5 per cent above 0.067; the aim is 0.12."""
    rng = np.random.default_rng(3)
    model = CameraPSF(0.65, **{name: CAMERA[name] for name in (
        'coma', 'trefoil', 'astigmatism', 'drift')})
    values = [asymmetry(model.draw(rng)) for _ in range(12)]
    assert min(values) < 0.02
    assert 0.02 < np.median(values) < 0.06
    assert max(values) > 0.06


def test_the_psf_differs_from_field_to_field_and_inside_one():
    rng = np.random.default_rng(4)
    model = CameraPSF(0.65, coma=0.15)
    one, other = (VaryingPSF(model, (300, 300), 0.0, rng) for _ in range(2))
    images = [psf.at(*place).drawImage(nx=21, ny=21, scale=SCALE).array
              for psf in (one, other) for place in ((10, 10), (290, 290))]
    for i, image in enumerate(images):
        for another in images[:i]:
            assert np.abs(image - another).sum() > 0.01
    assert_array_equal(one.at(10, 10).drawImage(nx=9, ny=9).array,
                       one.at(60, 60).drawImage(nx=9, ny=9).array)
    # positions off the field take the nearest part
    assert one.at(-20, 400) == one.at(0, 299)


def test_stamps_of_a_group_share_their_psf():
    for seeing in ((0.8, 1.2), (1.0, 1.0)):
        grouped, single = ([stamp / stamp.sum() for stamp in simulate_stamps(
            6, kind='stars', blend_fraction=0.0, noise=None,
            centering='exact', psf='camera', rng=5, seeing_range=seeing,
            group_size=size).stamps] for size in (3, 1))
        assert_allclose(grouped[0], grouped[2], atol=1e-5)
        assert np.abs(grouped[0] - grouped[3]).sum() > 0.01
        assert np.abs(single[0] - single[1]).sum() > 0.01


def test_groups_are_not_divided(monkeypatch):
    monkeypatch.setattr(stamps_module, 'CHUNK', 4)
    made = simulate_stamps(12, kind='stars', blend_fraction=0.0, noise=None,
                           centering='exact', psf='camera', rng=5,
                           group_size=3).stamps
    made /= made.sum(axis=(1, 2), keepdims=True)
    for row in range(0, 12, 3):
        assert_allclose(made[row], made[row + 2], atol=1e-5)


@pytest.mark.parametrize(('name', 'value'), [
    ('coma', 0.6), ('coma', -0.1), ('trefoil', np.nan),
    ('astigmatism', 2.0), ('drift', 1.5), ('coma', (0.1, 0.7))])
def test_aberrations_out_of_range(name, value):
    with pytest.raises(ValueError, match=f'{name} must be between 0 and'):
        CameraPSF(0.65, **{name: value})
    if np.ndim(value) == 0:
        with pytest.raises(ValueError, match=f'{name} must be between 0 and'):
            Exposure(**{name: value})
        value = (0.0, value) if value > 0 else (value, 0.0)
    with pytest.raises(ValueError, match=name):
        FieldRanges(**{name: value})


def test_a_given_psf_has_its_own_aberrations():
    with pytest.raises(ValueError, match='coma cannot be given together'):
        simulate_field((30, 30), sources=EMPTY, exposure=Exposure(
            psf=galsim.Gaussian(fwhm=0.7), coma=0.1))


def test_aberrations_on_the_command_line(tmp_path, capsys):
    path = tmp_path / 'field.fits'
    options = ['simulate', 'field', '80', '80', '-o', str(path), '--truth',
               str(tmp_path / 'truth.ecsv')]
    assert main([*options, '--coma', '0.7']) == 1
    assert 'coma must be between 0 and 0.5, got 0.7' in capsys.readouterr().err
    assert main([*options, '--coma', '0.1', '--resampling']) == 0
    assert path.is_file()
    other = ['simulate', 'stamps', '4', '--psf', 'camera', '-o',
             str(tmp_path / 'stamps.h5')]
    assert main(other) == 0


def test_bright_stars_are_wider():
    survey = get_survey('cfis')
    plain, fat = (Camera.of(survey, Exposure(brighter_fatter=value,
                                             saturation=1e5))
                  for value in (0.0, 0.05))
    psf = plain.psf.draw(np.random.default_rng(0))

    def width(camera, flux):
        return camera.star(psf, flux).calculateFWHM(scale=0.02, size=301)

    faint, bright = 1e3, 1e8
    assert width(fat, faint) == pytest.approx(width(plain, faint), rel=1e-3)
    assert width(fat, bright) == pytest.approx(1.05 * width(plain, bright),
                                               rel=5e-3)


def exposed(pixels, **options):
    exposure = Exposure(**{'noise': None} | options)
    camera = Camera.of(get_survey('cfis'), exposure)
    return expose(np.array(pixels, dtype=np.float32), camera,
                  np.random.default_rng(0))


def test_charge_bleeds_along_the_column():
    pixels = np.zeros((21, 5))
    pixels[10, 2] = 900.0
    clean, mask, _ = exposed(pixels, saturation=100.0)
    assert clean.sum() == 100
    assert mask.sum() == 1
    made, mask, _ = exposed(pixels, saturation=100.0, bleed=1.0)
    # all the charge stays on the image: 4 px up, 4 px down
    assert made.sum() == pytest.approx(900)
    assert_array_equal(np.flatnonzero(made[:, 2] == 100), np.arange(6, 15))
    assert_array_equal(mask, made >= 100)
    half, _, _ = exposed(pixels, saturation=100.0, bleed=0.5)
    assert half.sum() == pytest.approx(500)
    _, mask, _ = exposed(pixels, saturation=100.0, bleed=0.5,
                         mask_saturated=False)
    assert not mask.any()


def test_bleeding_ends_at_the_edge():
    pixels = np.zeros((6, 3))
    pixels[1, 1] = 1e6
    made, _, _ = exposed(pixels, saturation=100.0, bleed=1.0)
    assert_array_equal(made[:, 1], np.full(6, 100.0))


def test_resampling_moves_correlates_and_rings():
    image, _ = simulate_field((400, 400), rng=2, sources=EMPTY,
                              exposure=Exposure(resampling=True))
    noise = image.data[20:-20, 20:-20]
    assert noise.std() == pytest.approx(14.5, rel=0.05)
    assert abs(np.mean(noise[1:] * noise[:-1])) > 0.02 * 14.5**2
    pixels = np.zeros((31, 31))
    pixels[15, 15] = 1e4
    made, _, shift = exposed(pixels, resampling=True)
    assert 0 < np.abs(shift).max() < 0.5
    assert made.min() < -100
    y, x = np.mgrid[:31, :31]
    assert made.sum() == pytest.approx(1e4, rel=0.02)
    center = [np.sum(axis * made) / made.sum() - 15 for axis in (x, y)]
    assert_allclose(center, shift, atol=0.05)


@pytest.mark.parametrize('correlation', [0.0, 0.6, 1.0])
def test_resampling_keeps_the_noise_at_its_rms(correlation):
    # constant light up to the edge: nothing rings, nothing is lost
    made, _, _ = exposed(np.full((300, 300), 50.0), resampling=True,
                         noise=10.0, noise_correlation=correlation)
    assert made[3:-3, 3:-3].std() == pytest.approx(10, rel=0.04)
    made, _, _ = exposed(np.full((30, 30), 50.0), resampling=True)
    assert_allclose(made, 50, rtol=0.02)


def test_resampling_widens_the_mask():
    pixels = np.zeros((41, 41))
    pixels[20, 20] = 1e5
    made, mask, _ = exposed(pixels, resampling=True, saturation=1e4,
                            mask_saturated=True)
    assert mask.sum() == 49
    assert np.abs(made[mask]).max() > 100
    assert np.abs(made[~mask]).max() < 1


def test_positions_follow_the_resampling():
    plain, there = simulate_field((200, 200), rng=3, sources=SPARSE)
    moved, here = simulate_field((200, 200), rng=3, sources=SPARSE,
                                 exposure=Exposure(resampling=True))
    shift = np.array([here['x'] - there['x'], here['y'] - there['y']])
    assert np.ptp(shift, axis=1).max() < 1e-9
    assert 0 < np.abs(shift).max() < 0.5
    assert not np.array_equal(plain.data, moved.data)


def test_shares_of_fields():
    ranges = FieldRanges(saturation=1.0, mask_saturated=0.5, resampling=0.5)
    drawn = [ranges.draw(seed)[1] for seed in range(40)]
    for name in ('mask_saturated', 'resampling'):
        assert 8 < sum(getattr(item, name) for item in drawn) < 32


@pytest.mark.parametrize('name', ['coma', 'resampling', 'mask_saturated'])
def test_ranges_that_are_none(name):
    with pytest.raises(ValueError, match=f'{name} must be between .*got None'):
        FieldRanges(**{name: None})


@pytest.mark.parametrize(('model', 'options', 'message'), [
    (FieldRanges, {'bleed': 0.1}, r'bleed must be two limits, .*got 0\.1'),
    (FieldRanges, {'bleed': (0.1,)}, 'bleed must be two limits'),
    (FieldRanges, {'bleed': ('a', 'b')}, 'bleed must be between 0 and 1'),
    (FieldRanges, {'resampling': (0, 1)}, 'resampling must be between 0'),
    (CameraPSF, {'coma': (0.2, 0.1)}, 'coma must be two limits, the lower'),
    (CameraPSF, {'coma': (0.1, 0.2, 0.3)}, 'coma must be two limits'),
    (CameraPSF, {'coma': None}, 'coma must be between 0 and 0.5, got None'),
    (CameraPSF, {'seeing': (0.6, 0.7)}, 'seeing must be positive, got'),
    (Exposure, {'coma': None}, 'coma must be between 0 and 0.5, got None'),
    (Exposure, {'coma': True}, 'coma must be between 0 and 0.5, got True'),
    (Exposure, {'resampling': 0.5}, 'resampling must be True or False'),
    (Exposure, {'mask_saturated': None}, 'mask_saturated must be True or'),
    (LogUniform, {'low': 0, 'high': 0.1}, 'LogUniform must be positive'),
    (LogUniform, {'low': 2, 'high': 1}, 'LogUniform must be two limits')])
def test_one_line_for_each_value_that_cannot_be(model, options, message):
    if model is CameraPSF:
        options = {'seeing': 0.65, **options}
    with pytest.raises(ValueError, match=message):
        model(**options)


def test_help_has_no_markup(capsys):
    with pytest.raises(SystemExit):
        main(['simulate', 'field', '--help'])
    text = capsys.readouterr().out
    assert '`' not in text
    assert 'see CameraPSF' in text.replace('\n', ' ').replace('  ', '')
    assert 'leave saturated pixels without a mask' in ' '.join(text.split())


def test_ranges_of_a_camera():
    _, exposure, _ = FieldRanges(**CAMERA).draw(1)
    assert 0.01 <= exposure.coma <= 0.2
    assert isinstance(CAMERA['coma'], LogUniform)
    assert exposure.psf is None
