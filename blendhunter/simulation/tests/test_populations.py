# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Populations of galaxies and stars, surveys and PSFs."""

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import simulate_field, simulate_stamps
from blendhunter._utils.simulated_noise import add_noise, draw_noise
from blendhunter.simulation import (
    Artifacts,
    PaperPSF,
    SourceModel,
    available_surveys,
    get_survey,
)
from blendhunter.simulation.populations.columns import rows_of
from blendhunter.simulation.populations.cosmos import COSMOSPopulation
from blendhunter.simulation.populations.kinds import (
    KINDS,
    MixedPopulation,
    get_population,
)
from blendhunter.simulation.populations.parametric import (
    KnottyPopulation,
    ParametricPopulation,
    StarPopulation,
)


@pytest.fixture(scope='module')
def cosmos_dir(tmp_path_factory):
    """A sample of six galaxies in GalSim's formats, made here."""
    import galsim
    from astropy.io import fits

    path = tmp_path_factory.mktemp('cosmos')
    psf = galsim.Gaussian(fwhm=0.1)
    rng = np.random.default_rng(1)
    images, psfs, fits_rows = [], [], []
    magnitudes = np.linspace(20, 25, 6)
    for magnitude in magnitudes:
        flux = 10**(0.4 * (25.94 - magnitude))
        galaxy = galsim.Exponential(half_light_radius=0.3, flux=flux).shear(
            q=0.5, beta=30 * galsim.degrees)
        image = galsim.Convolve(galaxy, psf).drawImage(nx=81, ny=81,
                                                       scale=0.03).array
        images.append(image + rng.normal(0, 1e-3, image.shape))
        psfs.append(psf.drawImage(nx=41, ny=41, scale=0.03,
                                  method='no_pixel').array)
        fits_rows.append((flux, 0.3))
    for name, stack in (('galaxies', images), ('psfs', psfs)):
        fits.HDUList([fits.PrimaryHDU(), *(
            fits.ImageHDU(np.asarray(array, dtype=np.float32))
            for array in stack)]).writeto(path / f'{name}.fits')
    n = len(magnitudes)
    Table({'IDENT': np.arange(n), 'MAG': magnitudes,
           'BAND': np.full(n, 'F814W'), 'WEIGHT': np.ones(n),
           'GAL_FILENAME': np.full(n, 'galaxies.fits'),
           'PSF_FILENAME': np.full(n, 'psfs.fits'),
           'GAL_HDU': np.arange(1, n + 1), 'PSF_HDU': np.arange(1, n + 1),
           'PIXEL_SCALE': np.full(n, 0.03), 'NOISE_MEAN': np.zeros(n),
           'NOISE_VARIANCE': np.full(n, 1e-6)}).write(path / 'catalog.fits')
    sersic = np.zeros((n, 8))
    sersic[:, 1:4] = [10, 1, 0.5]
    Table({'IDENT': np.arange(n), 'mag_auto': magnitudes,
           'flux_radius': np.full(n, 10.0), 'zphot': np.full(n, 0.5),
           'sersicfit': sersic, 'bulgefit': np.zeros((n, 16)),
           'fit_status': np.ones((n, 5), dtype=int),
           'fit_mad_s': np.zeros(n), 'fit_mad_b': np.ones(n),
           'fit_dvc_btt': np.zeros(n),
           'use_bulgefit': np.zeros(n, dtype=int),
           'viable_sersic': np.ones(n, dtype=int),
           'hlr': np.full((n, 3), 0.3), 'flux': np.ones((n, 4))}).write(
        path / 'catalog_fits.fits')
    return path


@pytest.mark.parametrize('kind', KINDS)
def test_every_population_has_the_same_interface(kind, cosmos_dir):
    population = get_population(kind, cosmos_dir=cosmos_dir)
    rng = np.random.default_rng(2)
    table = population.draw(5, rng)
    stars = StarPopulation().draw(3, rng)
    assert table.colnames == stars.colnames
    assert len(population.draw(0, rng)) == 0
    given = population.draw(3, rng, magnitude=np.array([21.0, 23.0, 26.0]))
    assert_array_equal(given['magnitude'], [21, 23, 26])
    for row in rows_of(table):
        assert population.render(row).flux == pytest.approx(1, rel=0.05)
    again = get_population(kind, cosmos_dir=cosmos_dir).draw(
        5, np.random.default_rng(2))
    assert_array_equal(again['magnitude'], table['magnitude'])


def test_own_population():
    class Round(ParametricPopulation):
        def draw(self, n, rng, *, magnitude=None):
            table = super().draw(n, rng, magnitude=magnitude)
            table['axis_ratio'] = 1.0
            return table

    made = simulate_stamps(4, kind=Round(), rng=1)
    assert_array_equal(made.truth['axis_ratio'], 1)
    assert 'Round' in str(made.provenance['kind'])


def test_population_of_another_kind():
    """Two methods and a magnitude are enough."""
    class Discs:
        sizes = np.array([0.2, 0.4])

        def __init__(self):
            self.options = {'note': np.arange(3)}

        def draw(self, n, rng, *, magnitude=None):
            if magnitude is None:
                magnitude = rng.uniform(20, 24, n)
            return Table({'magnitude': magnitude,
                          'size': rng.choice(self.sizes, n),
                          'kind': np.full(n, 'disc')})

        def render(self, row):
            import galsim

            return galsim.Exponential(half_light_radius=row['size'])

    made = simulate_stamps(20, kind=Discs(), rng=1, star_fraction=0.2)
    assert set(made.truth['size']) == {0.2, 0.4}
    assert not made.truth['is_star'].all()
    _, truth = simulate_field((120, 120), sources=SourceModel(kind=Discs()),
                              rng=2)
    assert set(truth['size'][~truth['is_star']]) == {0.2, 0.4}


def test_profiles_have_the_half_light_radius_of_their_row():
    """Of the whole galaxy, bulge and disc together."""
    import galsim

    population = ParametricPopulation()
    table = population.draw(60, np.random.default_rng(4))
    table['axis_ratio'] = table['bulge_axis_ratio'] = 1.0
    kept = (table['half_light_radius'] > 0.15) & ~(
        table['sersic_index'] > 3)
    for row in rows_of(table[kept])[:12]:
        image = galsim.Convolve(
            population.render(row), galsim.Gaussian(fwhm=0.02)).drawImage(
                scale=0.02, nx=801, ny=801, method='no_pixel')
        measured = image.calculateHLR(flux=1.0)
        assert measured == pytest.approx(row['half_light_radius'], rel=0.08)


def test_galaxies_with_knots_have_bars_and_twists():
    table = KnottyPopulation(faint=24).draw(
        400, np.random.default_rng(1))
    share = np.mean(table['knot_fraction'] > 0)
    assert 0.5 < share < 0.85
    assert 0.05 < np.mean(table['bar_fraction'] > 0) < 0.35
    assert np.all(table['n_knots'][table['knot_fraction'] > 0] >= 3)
    twist = table['bulge_angle'] - table['position_angle']
    assert twist.std() == pytest.approx(25, rel=0.2)


def test_stars_replace_a_fraction_of_the_galaxies():
    mixed = MixedPopulation(ParametricPopulation(), 0.3)
    table = mixed.draw(1000, np.random.default_rng(1))
    assert np.mean(table['is_star']) == pytest.approx(0.3, abs=0.06)
    with pytest.raises(ValueError, match='star_fraction must be between 0'):
        MixedPopulation(ParametricPopulation(), 1.2)


def test_star_counts_rise_slowly():
    m = StarPopulation(bright=18, faint=24).draw(
        20_000, np.random.default_rng(1))['magnitude']
    ratio = np.sum((m > 21) & (m < 22)) / np.sum((m > 20) & (m < 21))
    assert np.log10(ratio) == pytest.approx(0.15, abs=0.04)
    assert m.min() >= 18
    assert m.max() <= 24


def test_real_images_are_deconvolved(cosmos_dir):
    """Seen with the paper's PSF, the image is that of the model."""
    import galsim

    population = COSMOSPopulation(cosmos_dir)
    row = rows_of(population.draw(1, np.random.default_rng(1)))[0]
    psf = PaperPSF(0.65).draw(np.random.default_rng(2))
    real = galsim.Convolve(population.render(row), psf).drawImage(
        nx=51, ny=51, scale=0.187).array
    model = galsim.Exponential(half_light_radius=0.3).shear(
        q=0.5, beta=30 * galsim.degrees)
    if row['mirror']:
        model = model.transform(-1, 0, 0, 1)
    model = model.rotate(row['position_angle'] * galsim.degrees)
    expected = galsim.Convolve(model, psf).drawImage(nx=51, ny=51,
                                                     scale=0.187).array
    assert np.abs(real / real.sum() - expected / expected.sum()).max() < (
        0.03 * expected.max() / expected.sum())


def test_noise_of_real_images_is_negligible(data_dir):
    """Under 3 % of the sky noise of 14.5 counts, in every galaxy."""
    import galsim

    population = COSMOSPopulation(data_dir / 'real_galaxies', faint=26.0)
    psf = PaperPSF(0.65).draw(np.random.default_rng(2))
    survey = get_survey('cfis')
    rows = rows_of(population.draw(6, np.random.default_rng(1)))
    noise = []
    for row in rows:
        galaxy = galsim.Convolve(population.render(row), psf).withFlux(
            survey.counts(row['magnitude']))
        noise.append(np.sqrt(galaxy.noise.getVariance()))
    assert 0 < max(noise) < 0.03 * survey.noise


def test_real_stamps(data_dir):
    made = simulate_stamps(20, kind='realistic', noise=None, rng=2,
                           star_fraction=0.2,
                           cosmos_dir=data_dir / 'real_galaxies')
    assert np.all(np.isfinite(made.centrals))
    total = made.centrals.sum(axis=(1, 2)) / made.truth['flux']
    assert np.median(total) == pytest.approx(1, abs=0.15)
    # the truth says which galaxy of the catalog each is
    catalog = Table.read(data_dir / 'real_galaxies/catalog.fits')
    for end in ('', '_2'):
        part = made.truth[~made.truth[f'is_star{end}']
                          & np.isfinite(made.truth[f'magnitude{end}'])]
        rows = np.asarray(part[f'index{end}'], dtype=int)
        assert_allclose(catalog['MAG'][rows], part[f'magnitude{end}'],
                        rtol=1e-6)
    assert np.all(made.truth['index'][made.truth['is_star']] == -1)


def test_directory_without_catalog(tmp_path):
    with pytest.raises(FileNotFoundError,
                       match='no catalog.fits.*galsim_download_cosmos -s'):
        get_population('realistic', cosmos_dir=tmp_path)


def test_directory_with_missing_images(tmp_path, cosmos_dir):
    (tmp_path / 'catalog.fits').write_bytes(
        (cosmos_dir / 'catalog.fits').read_bytes())
    (tmp_path / 'psfs.fits').write_bytes(
        (cosmos_dir / 'psfs.fits').read_bytes())
    with pytest.raises(FileNotFoundError, match=(
            '1 image files that catalog.fits names are missing.*'
            'galaxies.fits.*galsim_download_cosmos')):
        simulate_stamps(2, kind='realistic', cosmos_dir=tmp_path)
    with pytest.raises(FileNotFoundError, match='catalog_fits.fits.*sersic'):
        get_population('cosmos', cosmos_dir=tmp_path)


def test_directory_without_galaxies_in_the_limits(cosmos_dir):
    with pytest.raises(ValueError, match='no galaxy of magnitude 26'):
        get_population('realistic', cosmos_dir=cosmos_dir, bright=26,
                       faint=27)


def test_unknown_images(cosmos_dir):
    with pytest.raises(ValueError, match="images must be 'real' or"):
        COSMOSPopulation(cosmos_dir, images='drawn').check()


def test_population_is_the_same_in_a_worker(cosmos_dir):
    options = {'n': 260, 'kind': 'realistic', 'cosmos_dir': cosmos_dir,
               'rng': 3, 'noise': None}
    assert_array_equal(simulate_stamps(**options).centrals,
                       simulate_stamps(n_jobs=2, **options).centrals)


def test_surveys():
    names = available_surveys()
    assert {'cfis', 'kids', 'lsst', 'hsc', 'des', 'cfhtls',
            'euclid_vis'} <= set(names)
    for name in names:
        survey = get_survey(name)
        assert survey.noise > 0
        # between the shallowest and the deepest of them
        assert 21 < survey.depth(5) < 30
        assert get_survey(survey) is survey


def test_names_of_surveys_in_any_case():
    assert get_survey('CFIS') is get_survey('cfis')
    assert get_survey('LSST-r').name == 'lsst-r'


def test_paper_counts_of_a_cfis_exposure():
    survey = get_survey('cfis')
    expected = 10**(0.4 * 3.94) * 300 * 3.6**2 / (2.4**2 * (1 - 0.33**2))
    assert survey.counts(22.0) == pytest.approx(expected)
    assert (survey.pixel_scale, survey.seeing, survey.noise) == (
        0.187, 0.65, 14.5)


def test_kids_depth_is_the_published_one():
    """25.02 at 5 sigma in an aperture of 2 arcsec."""
    survey = get_survey('kids')
    pixels = np.pi / survey.pixel_scale**2
    assert survey.counts(25.02) == pytest.approx(
        5 * survey.noise * np.sqrt(pixels))


def test_depth_is_that_of_a_rendered_star():
    made = simulate_stamps(4, kind='stars', blend_fraction=0, rng=1,
                           centering='exact', bright=26.68, faint=26.70)
    # a Gaussian has no wings: the real SNR is lower by some 13 %
    gaussian = 5 * 10**(0.4 * (get_survey('cfis').depth(5) - 26.69))
    assert np.mean(made.truth['snr']) / gaussian == pytest.approx(0.87,
                                                                  abs=0.03)


def test_paper_psf_has_the_seeing_of_the_survey():
    rng = np.random.default_rng(1)
    model = PaperPSF(get_survey('cfis').seeing)
    fine = {'scale': 0.02, 'size': 401}
    widths = [model.draw(rng).calculateFWHM(**fine) for _ in range(12)]
    assert np.mean(widths) == pytest.approx(0.65, rel=0.02)
    assert np.std(widths) < 0.02
    wide = model.draw(rng, seeing_factor=1.5).calculateFWHM(**fine)
    assert wide == pytest.approx(1.5 * 0.65, rel=0.03)


def test_noise_is_white_or_correlated():
    rng = np.random.default_rng(1)
    assert_allclose([draw_noise((400, 400), rng, correlation=c).std()
                     for c in (0, 0.3, 0.7, 2.0)], 1, rtol=0.03)
    noise = draw_noise((3, 300, 300), rng, correlation=1.0)
    # exp(-d^2 / 4) of neighbors
    assert np.mean(noise[..., 1:] * noise[..., :-1]) == pytest.approx(
        np.exp(-0.25), abs=0.03)
    # opposite edges, too
    assert np.mean(noise[..., 0] * noise[..., -1]) == pytest.approx(
        0, abs=0.15)
    # images of a stack are independent
    assert np.mean(noise[0] * noise[1]) == pytest.approx(0, abs=0.05)


def test_noise_is_added_to_clean_stamps():
    """Of one RMS, or of one for each stamp; the stamps stay as they are."""
    clean = np.full((2, 200, 200), 3.0, dtype=np.float32)
    sigma = np.array([2.0, 5.0])[:, None, None]
    noisy = add_noise(clean, sigma, np.random.default_rng(1),
                      correlation=0.5)
    assert noisy.dtype == np.float32
    assert np.all(clean == 3)
    assert_allclose(noisy.mean(axis=(1, 2)), 3, atol=0.1)
    assert_allclose(noisy.std(axis=(1, 2)), [2, 5], rtol=0.03)
    unit = draw_noise(clean.shape, np.random.default_rng(1), correlation=0.5)
    assert_array_equal(noisy, clean + np.float32(sigma) * unit)
    assert_array_equal(add_noise(clean, 0.0, np.random.default_rng(1)),
                       clean)


@pytest.mark.parametrize('name', ['bad_pixels', 'bad_columns', 'cosmic_rays',
                                  'trails', 'residual_background'])
def test_artifacts_apart(name):
    rate = {'bad_pixels': 0.02, 'bad_columns': 1.0, 'cosmic_rays': 2.0,
            'trails': 1.0, 'residual_background': 0.1}[name]
    rng = np.random.default_rng(3)
    drawn = [Artifacts(**{name: rate}).draw((51, 51), 10.0, rng)
             for _ in range(60)]
    extra, mask = (np.array(part) for part in zip(*drawn, strict=True))
    assert np.any(extra != 0)
    assert mask.any() == (name != 'residual_background')
    if name == 'cosmic_rays':
        # two hits a stamp, of 10 to 2000 times the noise of 10, uniform in
        # the logarithm: the mean of 120 is known to 13 %
        assert extra.sum() / (120 * 10) == pytest.approx(
            1990 / np.log(200), rel=0.4)
        assert np.all(extra[mask] > 0)
        assert np.all(extra[~mask] == 0)
    if name == 'trails':
        assert np.mean(mask.any(axis=(1, 2))) == pytest.approx(
            1 - np.exp(-1), abs=0.2)
        # masked are the pixels above the noise of a trail
        assert np.all(extra[mask] > 10)
    if name == 'bad_pixels':
        assert mask.mean() == pytest.approx(0.02, rel=0.1)
    if name == 'bad_columns':
        assert mask.all(axis=1).mean() == pytest.approx(1 / 51, rel=0.4)
    if name == 'residual_background':
        assert extra[:, 0, 0].std() == pytest.approx(1.0, rel=0.35)
    unknown = Artifacts(**{name: rate}, masked=0.0).draw((51, 51), 10.0, rng)
    assert unknown[1].any() == name.startswith('bad')


@pytest.mark.parametrize(('options', 'match'), [
    ({'cosmic_rays': -1}, 'cosmic_rays must not be negative'),
    ({'bad_pixels': 2}, 'bad_pixels must be between 0 and 1'),
    ({'masked': 1.5}, 'masked must be between 0 and 1'),
    ({'residual_background': float('nan')},
     'residual_background must not be negative')])
def test_bad_artifacts(options, match):
    with pytest.raises(ValueError, match=match):
        Artifacts(**options)
