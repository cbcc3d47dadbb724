# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulated stamps: truth, statistics, options, reproducibility."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import simulate_stamps
from blendhunter.simulation import Artifacts, get_survey
from blendhunter.training.simulated_sets import simulate_training_pairs
from blendhunter.truth import blendedness


@pytest.fixture(scope='module')
def made():
    return simulate_stamps(400, rng=4)


def test_shapes_and_truth(made):
    assert made.stamps.shape == (400, 51, 51)
    assert made.stamps.dtype == np.float32
    assert made.truth['label'].sum() == 200
    blended = made.truth['label'] == 1
    assert_array_equal(made.truth['n_sources'], 1 + blended)
    assert np.all(made.companions[~blended] == 0)
    assert np.all(np.isnan(made.truth['separation'][~blended]))
    assert np.all(made.truth['blendedness'][~blended] == 0)
    assert np.all((made.truth['blendedness'] >= -1e-6)
                  & (made.truth['blendedness'] <= 1))
    assert np.all(made.truth['flux_ratio'][blended] > 0)


def test_noise_is_what_was_asked_for(made):
    noise = made.stamps - made.centrals - made.companions
    assert noise.std() == pytest.approx(14.5, rel=0.01)
    # drawn once
    assert made.stamps is made.stamps
    named = simulate_stamps(5, noise='survey', rng=4)
    assert_array_equal(named.stamps,
                       simulate_stamps(5, noise=14.5, rng=4).stamps)
    clean = simulate_stamps(5, noise=None, rng=4)
    assert_array_equal(clean.stamps, clean.centrals + clean.companions)
    assert (made.with_noise(5.0, rng=0) - made.centrals
            - made.companions).std() == pytest.approx(5, rel=0.01)


def test_fluxes_and_centers(made):
    """The flux is in the pixels, the source at its position."""
    steps = np.arange(51)
    total = made.centrals.sum(axis=(1, 2))
    flux = np.asarray(made.truth['flux'])
    assert np.median(total / flux) == pytest.approx(1, abs=0.03)
    for axis, name in ((1, 'x'), (2, 'y')):
        center = (made.centrals.sum(axis=axis) * steps).sum(axis=1) / total
        assert_allclose(np.median(np.abs(center - made.truth[name])), 0,
                        atol=0.03)


def test_pipeline_centering(made):
    offset = np.asarray(made.truth['x']) - 25
    # variance of U(-0.5, 0.5) + N(0, 0.3)
    assert offset.std() == pytest.approx(np.sqrt(1 / 12 + 0.09), rel=0.15)
    exact = simulate_stamps(10, centering='exact', rng=1)
    assert_array_equal(exact.truth['x'], 25)


def test_companions_fill_the_stamp(made):
    x = np.asarray(made.truth['x_2'])[made.truth['label'] == 1]
    assert x.min() < 5
    assert x.max() > 45
    assert x.mean() == pytest.approx(25, abs=4)


def test_same_pixels_for_any_number_of_processes():
    options = {'n': 600, 'kind': 'structured', 'rng': 8}
    serial = simulate_stamps(**options)
    parallel = simulate_stamps(n_jobs=2, **options)
    assert_array_equal(serial.stamps, parallel.stamps)
    assert_array_equal(serial.truth['separation'],
                       parallel.truth['separation'])


def test_seeds():
    first, second = simulate_stamps(4, rng=0), simulate_stamps(4, rng=1)
    assert not np.array_equal(first.stamps, second.stamps)
    again = simulate_stamps(4, rng=np.random.SeedSequence(0))
    assert_array_equal(first.stamps, again.stamps)
    with pytest.raises(TypeError, match='rng must be None'):
        simulate_stamps(4, rng='seed')


def test_any_sequence_is_used_many_times():
    seeds = np.random.SeedSequence(3)
    assert_array_equal(simulate_stamps(3, rng=seeds).stamps,
                       simulate_stamps(3, rng=seeds).stamps)


def test_progress_counts_the_stamps(monkeypatch):
    """In whole parts, and only if it is asked for."""
    seen = []

    class Bar:
        def __init__(self, *, total, disable, **options):  # noqa: ARG002
            seen.append((total, disable))
            self.update = seen.append

        def __enter__(self):
            return self

        def __exit__(self, *error):
            seen.append('closed')

    monkeypatch.setattr('tqdm.auto.tqdm', Bar)
    simulate_stamps(300, noise=None, rng=1, progress=True)
    assert seen == [(300, None), 250, 50, 'closed']
    seen.clear()
    simulate_stamps(3, noise=None, rng=1)
    assert seen[0] == (3, True)


def test_number_of_processes():
    with pytest.raises(ValueError, match='n_jobs must be'):
        simulate_stamps(3, n_jobs=0)


def test_several_sources():
    made = simulate_stamps(60, n_max_sources=4, blend_fraction=1, rng=2)
    assert set(made.truth['n_sources']) == {2, 3, 4}
    assert np.all(made.truth['label'] == 1)


def test_structured_galaxies_are_not_symmetric():
    def asymmetry(kind):
        made = simulate_stamps(60, kind=kind, noise=None, blend_fraction=0,
                               centering='exact', bright=20, faint=22, rng=3)
        turned = made.centrals[:, ::-1, ::-1]
        return np.median(np.abs(made.centrals - turned).sum(axis=(1, 2))
                         / made.centrals.sum(axis=(1, 2)))

    assert asymmetry('structured') > 3 * asymmetry('parametric')


@pytest.mark.parametrize('centering', ['pipeline', 'sep'])
def test_no_stamps(centering):
    made = simulate_stamps(0, rng=1, centering=centering,
                           artifacts=Artifacts(residual_background=0.1))
    assert made.stamps.shape == made.masks.shape == (0, 51, 51)
    assert {'label', 'separation', 'snr', 'group'} <= set(
        made.truth.colnames)


@pytest.mark.parametrize(('options', 'match'), [
    ({'n': -1}, 'n must not be negative, got -1'),
    ({'blend_fraction': 1.5}, 'blend_fraction must be between 0 and 1'),
    ({'star_fraction': -0.1}, 'star_fraction must be between 0 and 1'),
    ({'n_max_sources': 1}, 'n_max_sources must be 2 to 5'),
    ({'n_max_sources': 2.5}, 'n_max_sources must be 2 to 5'),
    ({'noise': np.inf}, 'noise must be positive'),
    ({'centering': 'left'}, "centering must be one of.*'pipeline'"),
    ({'noise': -3.0}, 'noise must be positive'),
    ({'group_size': 0}, 'group_size must be at least 1'),
    ({'separation': (5, 3)}, 'separation must be two limits'),
    ({'separation': (3, 60)}, 'separation must be two limits'),
    ({'separation': lambda n, _: np.full(n, 60.0), 'rng': 1},
     'lies off the stamp'),
    ({'separation': lambda n, rng: rng.uniform(size=n + 1), 'rng': 1},
     'must return an array of shape'),
    ({'seeing_range': (0, 1)}, 'seeing_range must be two limits'),
    ({'bright': 26}, 'bright must be below faint, got 26 and 25.2'),
    ({'survey': 'lsts'}, "survey must be one of.*'cfis'.*'lsst'"),
    ({'survey': 'lsst-k'}, "'lsst' has the bands.*'i'"),
    ({'kind': 'spiral'}, "kind must be one of.*'parametric'"),
    ({'kind': 'realistic'}, 'needs cosmos_dir')])
def test_bad_arguments(options, match):
    with pytest.raises(ValueError, match=match):
        simulate_stamps(**{'n': 3, **options})


def test_chosen_separations_and_magnitudes():
    made = simulate_stamps(80, blend_fraction=1, separation=(3, 6),
                           magnitude_difference=lambda n, rng: rng.uniform(
                               0.5, 1, n), rng=3)
    truth = made.truth
    assert truth['separation'].min() >= 3
    assert truth['separation'].max() <= 6
    assert_allclose(truth['magnitude_difference'],
                    truth['magnitude_2'] - truth['magnitude'])
    assert truth['magnitude_difference'].min() >= 0.5
    assert truth['magnitude_difference'].max() <= 1
    assert_allclose(truth['flux_ratio'],
                    10**(-0.4 * truth['magnitude_difference']))


def test_separations_that_only_the_corners_allow():
    made = simulate_stamps(250, blend_fraction=1, separation=(34.5, 35.0),
                           centering='exact', noise=None, rng=1)
    assert made.truth['separation'].min() >= 34.5


def test_companions_stay_in_stamps_cut_by_sep():
    truth = simulate_stamps(500, blend_fraction=1, centering='sep', rng=1,
                            bright=20, faint=23).truth
    for name in ('x_2', 'y_2'):
        assert np.all((truth[name] > -0.51) & (truth[name] < 50.51))


def test_stars_as_central_sources_and_companions():
    made = simulate_stamps(200, star_fraction=0.5, rng=3)
    truth = made.truth
    # binomial errors of 0.035 and 0.05
    assert np.mean(truth['is_star']) == pytest.approx(0.5, abs=0.14)
    blended = truth['label'] == 1
    assert np.mean(truth['is_star_2'][blended]) == pytest.approx(0.5,
                                                                 abs=0.2)
    assert not np.any(truth['is_star_2'][~blended])
    # a star is as wide as the PSF: its peak is higher than a galaxy's
    peak = made.centrals.max(axis=(1, 2)) / truth['flux']
    star = np.asarray(truth['is_star'])
    assert np.median(peak[star]) > 1.3 * np.median(peak[~star])
    alone = simulate_stamps(5, kind='stars', blend_fraction=0, rng=1)
    assert alone.truth['is_star'].all()


def test_seeing_is_drawn_for_each_stamp_or_group():
    each = simulate_stamps(6, seeing_range=(0.8, 1.5), rng=1).truth
    assert len(set(each['seeing_factor'])) == 6
    shared = simulate_stamps(6, seeing_range=(0.8, 1.5), group_size=3,
                             rng=1).truth
    assert len(set(shared['seeing_factor'][:3])) == 1
    assert len(set(shared['seeing_factor'])) == 2
    assert_array_equal(shared['group'], [0, 0, 0, 1, 1, 1])


def test_blendedness_and_snr_are_those_of_the_pixels(made):
    total = made.centrals + made.companions
    assert_allclose(made.truth['blendedness'],
                    blendedness(made.centrals, total), rtol=1e-6)
    power = np.sqrt((total.astype(float)**2).sum(axis=(1, 2)))
    assert_allclose(made.truth['total_snr'], power / 14.5, rtol=1e-6)


def test_sep_centering():
    """The stamp is cut where SEP finds the source in the noisy stamp."""
    from blendhunter import detect

    made = simulate_stamps(60, centering='sep', blend_fraction=0.5, rng=5,
                           bright=20, faint=24)
    truth = made.truth
    assert truth['detected'].mean() > 0.95
    for i in np.flatnonzero(truth['detected'])[:12]:
        catalog = detect(made.stamps[i], noise=14.5, background=None)
        offset = np.hypot(catalog['x_centroid'] - 25,
                          catalog['y_centroid'] - 25)
        # half a pixel per axis, and a filter that meets another edge
        assert offset.min() < 0.85
    # the pixels moved with the truth
    single = np.flatnonzero(truth['label'] == 0)
    steps = np.arange(51)
    for axis, name in ((1, 'x'), (2, 'y')):
        center = (made.centrals[single].sum(axis=axis) * steps).sum(axis=1)
        assert_allclose(center / made.centrals[single].sum(axis=(1, 2)),
                        truth[name][single], atol=0.3)


def test_sep_centering_on_blends_lies_between_the_sources():
    made = simulate_stamps(60, centering='sep', blend_fraction=1, rng=5,
                           separation=(2, 3), bright=20, faint=22,
                           magnitude_difference=(0, 0.1))
    # the central source is left behind, towards the companion's other
    # side, by about half the separation
    along = ((made.truth['x'] - 25) * (made.truth['x_2'] - made.truth['x'])
             + (made.truth['y'] - 25)
             * (made.truth['y_2'] - made.truth['y'])) / (
                 made.truth['separation'])
    assert np.mean(along) == pytest.approx(-1.2, abs=0.3)


def test_correlated_noise():
    made = simulate_stamps(40, noise=10.0, noise_correlation=0.5, rng=2)
    noise = made.stamps - made.centrals - made.companions
    assert noise.std() == pytest.approx(10, rel=0.03)
    neighbors = np.mean(noise[:, :, 1:] * noise[:, :, :-1]) / 100
    # a kernel that is cut off at 4 sigma and sampled: not exp(-1)
    assert neighbors == pytest.approx(0.25, abs=0.04)


def test_artifacts_are_masked_and_filled():
    artifacts = Artifacts(bad_pixels=0.02, bad_columns=0.2, cosmic_rays=0.5,
                          trails=0.1, residual_background=0.1)
    made = simulate_stamps(60, artifacts=artifacts, rng=2)
    assert made.masks.dtype == bool
    assert 0.02 < made.masks.mean() < 0.15
    noise = made.stamps - made.centrals - made.companions
    # what is masked holds noise and nothing else
    assert made.stamps[made.masks].std() == pytest.approx(14.5, rel=0.1)
    assert noise[~made.masks].std() < 1.2 * 14.5
    first, second = (made.with_noise(5.0, rng=i) for i in (1, 2))
    assert not np.any(first[made.masks] == second[made.masks])
    dataset = made.to_dataset()
    assert set(dataset.arrays) == {'centrals', 'companions', 'stamps',
                                   'masks'}


def test_any_psf(tmp_path):
    import galsim
    from astropy.io import fits

    narrow = galsim.Gaussian(fwhm=0.4)
    options = {'kind': 'stars', 'blend_fraction': 0, 'noise': None,
               'centering': 'exact', 'bright': 20, 'faint': 21, 'rng': 3}
    direct = simulate_stamps(3, psf=narrow, **options)
    pixels = narrow.drawImage(nx=65, ny=65, scale=0.05,
                              method='no_pixel').array
    header = fits.Header({'PIXSCALE': 0.05})
    fits.writeto(tmp_path / 'psf.fits', pixels, header)
    by_image = simulate_stamps(3, psf=tmp_path / 'psf.fits', **options)
    assert_allclose(by_image.centrals / direct.centrals.max(),
                    direct.centrals / direct.centrals.max(), atol=2e-3)
    paper = simulate_stamps(3, **options)
    # an even number of pixels has no central one
    even = np.zeros((64, 64), dtype=np.float32)
    even[:-1, :-1] = narrow.drawImage(nx=63, ny=63, scale=0.05,
                                      method='no_pixel').array
    fits.writeto(tmp_path / 'even.fits', even, header)
    shifted = simulate_stamps(3, psf=tmp_path / 'even.fits', **options)
    assert_allclose(shifted.centrals, by_image.centrals,
                    atol=2e-3 * direct.centrals.max())
    assert np.all(direct.centrals.max(axis=(1, 2))
                  > 1.5 * paper.centrals.max(axis=(1, 2)))
    with pytest.raises(TypeError, match='psf must be None'):
        simulate_stamps(3, psf=0.65)
    with pytest.raises(FileNotFoundError, match='psf: no such file'):
        simulate_stamps(3, psf=tmp_path / 'none.fits')
    (tmp_path / 'text.fits').write_text('no FITS file')
    with pytest.raises(OSError, match='psf: cannot read .*text.fits'):
        simulate_stamps(3, psf=tmp_path / 'text.fits')
    for scale in (0.0, 'small'):
        header['PIXSCALE'] = scale
        fits.writeto(tmp_path / 'psf.fits', pixels, header, overwrite=True)
        with pytest.raises(ValueError, match='psf: PIXSCALE of .*psf.fits.* '
                           'must be positive, got'):
            simulate_stamps(3, psf=tmp_path / 'psf.fits')


@pytest.mark.parametrize('survey', ['kids', 'lsst', 'hsc-r', 'des',
                                    'euclid_vis', 'cfhtls'])
def test_other_surveys(survey):
    made = simulate_stamps(4, survey=survey, rng=1)
    assert made.provenance['survey'].startswith(survey)
    values = get_survey(survey)
    # the survey's own zero point and noise
    assert_allclose(made.truth['flux'],
                    10**(0.4 * (values.zero_point - made.truth['magnitude'])))
    noise = made.stamps - made.centrals - made.companions
    # 10 404 pixels: an error of 0.7 %
    assert noise.std() == pytest.approx(values.noise, rel=0.03)


def test_pairs_for_training():
    pairs = simulate_training_pairs(8, rng=1)
    assert set(pairs.arrays) == {'centrals', 'companions'}
    assert np.all(pairs.truth['label'] == 1)
    # a group has one PSF
    assert pairs.truth['group'].tolist() == [0] * 6 + [1] * 2
    assert [part['kind'] for part in pairs.provenance['parts']] == [
        'structured', 'parametric']
    assert pairs.provenance['centering'] == 'training'
    assert pairs.provenance['role'] == 'pairs'
