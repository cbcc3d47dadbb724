"""Galaxy populations: draw their parameters, render their profiles."""

from pathlib import Path

import numpy as np
from astropy.table import Table

__all__ = ['ParametricPopulation', 'RealPopulation',
           'StructuredPopulation', 'draw_magnitudes', 'get_population']

# Number counts and sizes as in SCIENCE: F814W counts rise by 0.35 dex per
# magnitude; the half-light radius is log-normal around 0.32 arcsec at
# 23.5, falls by 0.09 dex per magnitude, and faster at the bright end
COUNT_SLOPE = 0.35
SIZE_AT_23_5 = 0.32
SIZE_SLOPE = 0.09
BRIGHT_SIZE_SLOPE = 0.15
BRIGHT_END = 20.0
SIZE_SCATTER = 0.18
SIZE_LIMITS = (0.06, 6.0)
INDEX_STEP = 0.25
# fainter galaxies have knots that no ground-based image could show
KNOT_LIMIT = 24.75
MAX_KNOTS = 24


def draw_magnitudes(n, rng, *, bright, faint, slope=COUNT_SLOPE):
    """
    Draw magnitudes from power-law number counts.

    Parameters
    ----------
    n : int
    rng : `~numpy.random.Generator`
    bright, faint : float
        Magnitude limits.
    slope : float, optional
        d log10(N) / dm.

    Returns
    -------
    magnitude : float `~numpy.ndarray` of shape (n,)
    """
    low, high = 10 ** (slope * (np.array([bright, faint]) - faint))
    return faint + np.log10(rng.uniform(low, high, n)) / slope


class ParametricPopulation:
    """
    Sersic galaxies and bulge + disc galaxies.

    Half the galaxies are single Sersic profiles, the others a de
    Vaucouleurs bulge in an exponential disc, as in the COSMOS fits that
    the paper draws from.

    Parameters
    ----------
    bright, faint : float, optional
        Magnitude limits (F814W).
    """

    knot_share = 0.0

    def __init__(self, *, bright=19.0, faint=25.2):
        self.bright = bright
        self.faint = faint

    def draw(self, n, rng):
        """
        Draw the parameters of galaxies.

        Parameters
        ----------
        n : int
        rng : `~numpy.random.Generator`

        Returns
        -------
        galaxies : `~astropy.table.Table`
            ``magnitude``, ``half_light_radius`` (arcsec),
            ``sersic_index``, ``axis_ratio``, ``position_angle`` (degree),
            ``bulge_fraction`` (NaN: a single Sersic profile),
            ``knot_fraction``, ``n_knots``, ``seed``.
        """
        magnitude = draw_magnitudes(n, rng, bright=self.bright,
                                    faint=self.faint)
        log_size = (np.log10(SIZE_AT_23_5)
                    - SIZE_SLOPE * (magnitude - 23.5)
                    + (BRIGHT_SIZE_SLOPE - SIZE_SLOPE)
                    * np.maximum(BRIGHT_END - magnitude, 0)
                    + rng.normal(0, SIZE_SCATTER, n))
        index = np.exp(rng.normal(np.log(1.2), 0.5, n)).clip(0.5, 4.0)
        knots = (rng.random(n) < self.knot_share) & (magnitude < KNOT_LIMIT)
        return Table({
            'magnitude': magnitude,
            'half_light_radius': (10**log_size).clip(*SIZE_LIMITS),
            # GalSim tabulates each index once: keep them few
            'sersic_index': np.round(index / INDEX_STEP) * INDEX_STEP,
            'axis_ratio': rng.beta(2.8, 1.6, n).clip(0.15, 0.98),
            'position_angle': rng.uniform(0, 180, n),
            'bulge_fraction': np.where(rng.random(n) < 0.5,
                                       rng.beta(0.8, 2.2, n), np.nan),
            'knot_fraction': np.where(knots, rng.uniform(0.03, 0.35, n), 0),
            'n_knots': np.where(knots, rng.integers(3, MAX_KNOTS, n), 0),
            'seed': rng.integers(1, 2**31 - 1, n)})

    def render(self, row):
        """
        Return the profile of one galaxy.

        Parameters
        ----------
        row : mapping
            A row of the table that `draw` returns.

        Returns
        -------
        galaxy : `galsim.GSObject`
            Of unit flux, in arcsec, before the PSF.
        """
        import galsim

        size = float(row['half_light_radius'])
        bulge = float(row['bulge_fraction'])
        angle = float(row['position_angle']) * galsim.degrees
        shear = galsim.Shear(q=float(row['axis_ratio']), beta=angle)
        if np.isnan(bulge):
            return galsim.Sersic(float(row['sersic_index']),
                                 half_light_radius=size).shear(shear)
        disc = galsim.Exponential(half_light_radius=size)
        knots = float(row['knot_fraction'])
        if knots:
            disc = (1 - knots) * disc + knots * galsim.RandomKnots(
                int(row['n_knots']), half_light_radius=size,
                rng=galsim.BaseDeviate(int(row['seed'])))
        disc = disc.shear(shear)
        if bulge < 0.02:
            return disc
        core = galsim.DeVaucouleurs(half_light_radius=0.5 * size)
        return (1 - bulge) * disc + bulge * core


class StructuredPopulation(ParametricPopulation):
    """
    The same with star-forming knots in most of the discs.

    3 to 35 % of a disc's light is in up to 24 point-like knots, so that
    isolated galaxies are neither smooth nor symmetric.
    """

    knot_share = 0.8

    def draw(self, n, rng):
        """Draw parameters; see `ParametricPopulation.draw`."""
        galaxies = super().draw(n, rng)
        smooth = np.isnan(galaxies['bulge_fraction'])
        disc = smooth & (galaxies['knot_fraction'] > 0)
        # a knotty galaxy is a disc, with or without a bulge
        galaxies['bulge_fraction'][disc] = 0.0
        return galaxies


class RealPopulation:
    """
    Real HST galaxies in GalSim's RealGalaxyCatalog format.

    Parameters
    ----------
    directory : path-like
        Holds ``catalog.fits`` and the image files it names.
    magnitudes : tuple of float, optional
        Limits (F814W).

    Raises
    ------
    FileNotFoundError
        If there is no catalogue in the directory.
    """

    def __init__(self, directory, *, magnitudes=(19.0, 25.2)):
        self.directory = Path(directory)
        self.magnitudes = magnitudes
        self._catalog = None
        if not (self.directory / 'catalog.fits').is_file():
            msg = (f'no catalog.fits in {str(directory)!r}; it must hold a '
                   'galsim.RealGalaxyCatalog, for instance one fetched by '
                   'the command galsim_download_cosmos')
            raise FileNotFoundError(msg)

    def draw(self, n, rng):
        """
        Draw galaxies of the catalogue, each turned and mirrored.

        Returns
        -------
        galaxies : `~astropy.table.Table`
            ``index``, ``magnitude``, ``position_angle`` (degree),
            ``mirror``, and NaN where a parameter is unknown.
        """
        catalog = Table.read(self.directory / 'catalog.fits')
        usable = np.flatnonzero((catalog['MAG'] > self.magnitudes[0])
                                & (catalog['MAG'] < self.magnitudes[1]))
        index = rng.choice(usable, n)
        unknown = np.full(n, np.nan)
        return Table({
            'index': index,
            'magnitude': np.asarray(catalog['MAG'], dtype=float)[index],
            'position_angle': rng.uniform(0, 360, n),
            'mirror': rng.random(n) < 0.5,
            'half_light_radius': unknown, 'sersic_index': unknown,
            'axis_ratio': unknown})

    def render(self, row):
        """Return the deconvolved profile of unit flux."""
        import galsim

        if self._catalog is None:
            self._catalog = galsim.RealGalaxyCatalog(
                'catalog.fits', dir=str(self.directory))
        galaxy = galsim.RealGalaxy(self._catalog, index=int(row['index']),
                                   flux=1.0)
        if row['mirror']:
            galaxy = galaxy.transform(-1, 0, 0, 1)
        return galaxy.rotate(float(row['position_angle']) * galsim.degrees)


def get_population(kind, *, cosmos_dir=None, bright=19.0, faint=25.2):
    """
    Return the population of a kind of stamps.

    Parameters
    ----------
    kind : {'parametric', 'structured', 'realistic'}
    cosmos_dir : path-like, optional
        Needed for 'realistic'.
    bright, faint : float, optional
        Magnitude limits.

    Returns
    -------
    population : object with ``draw`` and ``render``

    Raises
    ------
    ValueError
        If ``kind`` is unknown or 'realistic' lacks its directory.
    """
    if kind == 'parametric':
        return ParametricPopulation(bright=bright, faint=faint)
    if kind == 'structured':
        return StructuredPopulation(bright=bright, faint=faint)
    if kind == 'realistic':
        if cosmos_dir is None:
            msg = ("kind='realistic' needs cosmos_dir, a directory with a "
                   'galsim.RealGalaxyCatalog (galsim_download_cosmos)')
            raise ValueError(msg)
        return RealPopulation(cosmos_dir, magnitudes=(bright, faint))
    msg = ("kind must be 'parametric', 'structured' or 'realistic', "
           f'got {kind!r}')
    raise ValueError(msg)
