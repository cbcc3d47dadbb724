# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Galaxies of the COSMOS samples: HST images, or fits to them."""

from functools import cached_property
from pathlib import Path

import numpy as np
from astropy.table import Table, vstack

from blendhunter.simulation.populations.columns import parameter_table
from blendhunter.simulation.populations.parametric import ParametricPopulation

__all__ = ['COSMOSPopulation']

CATALOGS = ('catalog.fits', 'real_galaxy_catalog_25.2.fits',
            'real_galaxy_catalog_23.5.fits')
REMEDY = ('the command galsim_download_cosmos -s 25.2 (or -s 23.5; 4 GB) '
          'fetches the whole sample; give the directory it unpacks')
FIT_COLUMNS = ('sersicfit', 'bulgefit', 'use_bulgefit', 'viable_sersic')
# a galaxy of a given magnitude is drawn among so many of the nearest
N_NEAREST = 8
MAX_LISTED = 3


class COSMOSPopulation:
    """
    Galaxies of a ``galsim.RealGalaxyCatalog``, turned and mirrored.

    Real galaxies are HST images, deconvolved by their PSF. The noise in
    them is not whitened: convolved with a ground-based PSF and scaled to
    a CFIS exposure its RMS is 0.1 to 0.4 counts per pixel for the sample
    to magnitude 26, under 3 % of the sky noise of 14.5.

    ``directory`` holds a catalog (``catalog.fits``, or the one that
    galsim_download_cosmos unpacks) and the image files it names.
    ``images`` are 'real', or 'parametric' for the Sersic and bulge + disc
    fits to them, of the catalog's companion ``*_fits.fits``.
    """

    def __init__(self, directory, *, images='real', bright=19.0, faint=25.2):
        self.directory = Path(directory)
        self.images = images
        self.bright = bright
        self.faint = faint

    def __getstate__(self):
        """Leave open files behind: a worker opens its own."""
        return {key: value for key, value in self.__dict__.items()
                if key not in ('_table', '_catalog')}

    def check(self):
        """Check that the directory holds what is needed."""
        if self.images not in ('real', 'parametric'):
            msg = ("images must be 'real' or 'parametric', got "
                   f'{self.images!r}')
            raise ValueError(msg)
        if not len(self._table):
            msg = (f'no galaxy of magnitude {self.bright} to {self.faint} '
                   f'in {str(self.directory)!r}')
            raise ValueError(msg)
        if self.images == 'parametric':
            self._check_fits()
            return
        named = {str(name).strip() for end in ('GAL', 'PSF')
                 for name in self._table[f'{end}_FILENAME']}
        missing = sorted(name for name in named
                         if not (self.directory / name).is_file())
        if missing:
            msg = (f'{len(missing)} image files that {self._file} names are '
                   f'missing from {str(self.directory)!r} '
                   f'({", ".join(missing[:MAX_LISTED])}); {REMEDY}')
            raise FileNotFoundError(msg)

    def _check_fits(self):
        """Check that the fits are there."""
        path = self.directory / self._file.replace('.fits', '_fits.fits')
        columns = Table.read(path).colnames if path.is_file() else ()
        if not set(FIT_COLUMNS) <= set(columns):
            msg = (f"images='parametric' needs {str(path)!r} with the columns "
                   f'{FIT_COLUMNS}; {REMEDY}')
            raise FileNotFoundError(msg)

    @cached_property
    def _file(self):
        """Name of the catalog."""
        for name in CATALOGS:
            if (self.directory / name).is_file():
                return name
        msg = (f'no {CATALOGS[0]} in {str(self.directory)!r}, which must '
               f'hold a galsim.RealGalaxyCatalog; {REMEDY}')
        raise FileNotFoundError(msg)

    @cached_property
    def _table(self):
        """Usable rows of the catalog, from bright to faint."""
        table = Table.read(self.directory / self._file)
        table['row'] = np.arange(len(table))
        magnitude = np.asarray(table['MAG'], dtype=float)
        table = table[(magnitude > self.bright) & (magnitude < self.faint)]
        table.sort('MAG')
        return table

    @cached_property
    def _catalog(self):
        """The catalog as GalSim reads it."""
        import galsim

        if self.images == 'real':
            return galsim.RealGalaxyCatalog(self._file,
                                            dir=str(self.directory))
        return galsim.COSMOSCatalog(self._file, dir=str(self.directory),
                                    use_real=False, exclusion_level='none')

    def draw(self, n, rng, *, magnitude=None):
        """
        Draw galaxies of the catalog; see `ParametricPopulation.draw`.

        For each ``magnitude`` that is given it is a galaxy with about that
        one, scaled to it; off the catalog's limits it is a parametric
        galaxy, of ``index`` -1.
        """
        known = np.asarray(self._table['MAG'], dtype=float)
        if magnitude is None:
            nearest = rng.integers(0, len(known), n)
            magnitude = known[nearest]
            inside = np.ones(n, dtype=bool)
        else:
            first = np.searchsorted(known, magnitude) - N_NEAREST // 2
            first = first.clip(0, max(len(known) - N_NEAREST, 0))
            nearest = first + rng.integers(0, min(N_NEAREST, len(known)), n)
            inside = (magnitude > self.bright) & (magnitude < self.faint)
        galaxies = parameter_table(
            magnitude, index=np.asarray(self._table['row'])[nearest],
            position_angle=rng.uniform(0, 360, n),
            mirror=rng.random(n) < 0.5)
        if inside.all():
            return galaxies
        others = ParametricPopulation().draw(
            n - inside.sum(), rng, magnitude=magnitude[~inside])
        order = np.argsort(np.argsort(~inside, kind='stable'))
        return vstack([galaxies[inside], others],
                      metadata_conflicts='silent')[order]

    def render(self, row):
        """Return the profile; see `ParametricPopulation.render`."""
        import galsim

        index = int(row['index'])
        if index < 0:
            return ParametricPopulation().render(row)
        if self.images == 'real':
            galaxy = galsim.RealGalaxy(self._catalog, index=index, flux=1.0)
        else:
            galaxy = self._catalog.makeGalaxy(
                index, gal_type='parametric').withFlux(1.0)
        if row['mirror']:
            galaxy = galaxy.transform(-1, 0, 0, 1)
        return galaxy.rotate(float(row['position_angle']) * galsim.degrees)
