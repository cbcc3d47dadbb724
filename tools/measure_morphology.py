# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Morphology of real and of simulated galaxies, seen from the ground.

Simulated galaxies are observed as the real ones were: with the PSF, the
noise and the size of the image of one of the real HST galaxies, of its
magnitude. Both are then deconvolved and seen with the paper's PSF by the
same code (`galsim.RealGalaxy`), so that noise, correlated by both PSFs,
and the ends of the HST images are the same in both.
"""

import warnings

import numpy as np
from scipy.ndimage import label, shift
from scipy.optimize import minimize

from blendhunter.simulation import PaperPSF, get_survey
from blendhunter.simulation.populations.columns import rows_of
from blendhunter.simulation.psf import convolve

#: Bins of magnitude (F814W).
BINS = ((19.0, 22.0), (22.0, 23.5), (23.5, 25.2))
#: What is measured: the asymmetry sum(abs(I - I turned)) / (2 sum(I)), and
#: statmorph's.
STATISTICS = ('asymmetry', 'A', 'C', 'Gini', 'M20')
SIZE = 81
HST_SCALE = 0.03
# half-light radius of the PSF of ACS in arcsec
PSF_SIZE = 0.06
# galaxies of a magnitude among which those of a size are looked for
N_CANDIDATES = 25
# of the widths of HST images of simulated galaxies, in px of 0.03 arcsec
WIDTHS = (22, 420)
# what belongs to a galaxy: above so many times the noise of a CFIS
# exposure, or a tenth of its brightest pixel
N_SIGMA, PEAK_SHARE = 1.5, 0.1


class HSTGalaxies:
    """The real galaxies of a directory, and how HST saw them."""

    def __init__(self, directory):
        import galsim
        from astropy.table import Table

        self.catalog = galsim.RealGalaxyCatalog('catalog.fits',
                                                dir=str(directory))
        table = Table.read(f'{directory}/catalog.fits')
        fits = Table.read(f'{directory}/catalog_fits.fits')
        self.magnitude = np.asarray(table['MAG'], dtype=float)
        size = HST_SCALE * np.asarray(fits['flux_radius'], dtype=float)
        self.size = np.sqrt((size**2 - PSF_SIZE**2).clip(min=0.05**2))
        self.survey = get_survey('cfis')

    def within(self, limits):
        """Return the rows of the galaxies between two magnitudes."""
        return np.flatnonzero((self.magnitude > limits[0])
                              & (self.magnitude <= limits[1]))

    def real(self, index, angle):
        """Return one of the galaxies, turned by an angle in degrees."""
        import galsim

        galaxy = galsim.RealGalaxy(self.catalog, index=int(index))
        return galaxy.withFlux(1.0).rotate(angle * galsim.degrees)

    def observe(self, profile, size, index, seed):
        """
        Return a simulated galaxy as HST saw one of the real galaxies.

        ``size`` is its half-light radius in arcsec, which gives the size
        of its image.
        """
        import galsim

        index = int(index)
        real = self.catalog.getGalImage(index)
        ratio = real.array.shape[0] * HST_SCALE / self.size[index]
        width = int(np.clip(ratio * size / HST_SCALE, *WIDTHS)) // 2 * 2
        psf = self.catalog.getPSF(index)
        image = galsim.Convolve(
            profile.withFlux(float(real.array.sum())), psf).drawImage(
                nx=width, ny=width, scale=HST_SCALE, method='no_pixel')
        noise, scale, variance = self.catalog.getNoiseProperties(index)
        image.addNoise(self.catalog.getNoise(
            index, rng=galsim.BaseDeviate(int(seed))))
        return galsim.RealGalaxy((
            image, self.catalog.getPSFImage(index), noise, scale,
            variance)).withFlux(1.0)

    def from_ground(self, galaxy, magnitude, rng):
        """Return pixels (counts) with the paper's PSF, without noise."""
        psf = PaperPSF(self.survey.seeing).draw(rng)
        return convolve(galaxy, psf).withFlux(
            self.survey.counts(magnitude)).drawImage(
                nx=SIZE, ny=SIZE, scale=self.survey.pixel_scale,
                offset=rng.uniform(-0.5, 0.5, 2), dtype=float).array


def asymmetry(image, radius=np.inf):
    """
    Return sum abs(I - I turned by 180 degrees) / (2 sum I).

    About the center for which it is smallest, within a radius in px.
    """
    y, x = np.indices(image.shape)
    weight = image.clip(min=0.2 * image.max()) - 0.2 * image.max()
    middle = (len(image) - 1) / 2
    inside = np.hypot(x - middle, y - middle) < radius
    total = 2 * image[inside].sum()
    start = [middle - (weight * axis).sum() / weight.sum()
             for axis in (y, x)]

    def value(move):
        moved = shift(image, move, order=3)
        return np.abs(moved - moved[::-1, ::-1])[inside].sum() / total

    return minimize(value, start, method='Nelder-Mead', options={
        'xatol': 0.01, 'fatol': 1e-4, 'initial_simplex': np.array(
            [start, start + np.array([0.4, 0]),
             start + np.array([0, 0.4])])}).fun


def measure(image, sigma):
    """Return the `STATISTICS` of an image; NaN where statmorph fails."""
    import statmorph

    level = min(N_SIGMA * sigma, PEAK_SHARE * image.max())
    labels = label(image > level)[0]
    peak = np.unravel_index(image.argmax(), image.shape)
    segment = (labels == labels[peak]).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            found = statmorph.SourceMorphology(
                image, segment, label=1, weightmap=np.full(image.shape,
                                                           sigma))
            values = [found.asymmetry, found.concentration, found.gini,
                      found.m20]
        except (ValueError, IndexError, AssertionError):
            values = [np.nan] * 4
    values = np.array([asymmetry(image), *values], dtype=float)
    values[values <= -99] = np.nan
    return values


def measure_real(hst, limits, *, n_views=4, rng=0):
    """
    Measure the real galaxies of a bin, each turned ``n_views`` times.

    Returns their rows, images and statistics (one line for each view).
    """
    rng = np.random.default_rng(rng)
    index = np.repeat(hst.within(limits), n_views)
    images = [hst.from_ground(hst.real(i, rng.uniform(0, 360)),
                              hst.magnitude[i], rng) for i in index]
    return index, np.array(images), np.array(
        [measure(image, hst.survey.noise) for image in images])


def draw_like(hst, population, index, rng, *, same_size=True):
    """
    Draw simulated galaxies of the magnitudes of real ones.

    With ``same_size`` they are those, among `N_CANDIDATES`, whose
    half-light radius is nearest to that of the real one.
    """
    many = N_CANDIDATES if same_size else 1
    table = population.draw(many * len(index), rng,
                            magnitude=np.repeat(hst.magnitude[index], many))
    size = np.asarray(table['half_light_radius']).reshape(-1, many)
    best = np.abs(np.log(size / hst.size[index][:, None])).argmin(axis=1)
    return table[many * np.arange(len(index)) + best]


def measure_model(hst, population, limits, n, *, noise=True, same_size=True,
                  rng=0):
    """
    Measure ``n`` simulated galaxies like the real ones of a bin.

    Returns the drawn table, the images and the statistics. Without noise
    they are measured as the simulation makes them.
    """
    rng = np.random.default_rng(rng)
    index = np.resize(hst.within(limits), n)
    table = draw_like(hst, population, index, rng, same_size=same_size)
    images = []
    for row, i in zip(rows_of(table), index, strict=True):
        galaxy = population.render(row)
        if noise:
            galaxy = hst.observe(galaxy, row['half_light_radius'], i,
                                 row['seed'])
        images.append(hst.from_ground(galaxy, row['magnitude'], rng))
    return table, np.array(images), np.array(
        [measure(image, hst.survey.noise) for image in images])
