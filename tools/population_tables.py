# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The public tables that the galaxy population is fitted to."""

from pathlib import Path

import numpy as np
from astropy.table import Table, join

from blendhunter.simulation.populations.model import whole_radius

PIXEL_SCALE = 0.03  # arcsec, of the fits
# Stamp-selection weights reach 20 for the few largest galaxies: one of
# them would count for as much as all others of its magnitude
MAX_WEIGHT = 3.0
# mag / arcsec2 within the half-light radius: fainter fits are of the sky
MAX_SURFACE_BRIGHTNESS = 26.0


def read(directory, name):
    """Read a table as a dict of arrays without masks."""
    table = Table.read(Path(directory) / name)
    return {key: np.ma.filled(table[key].data, np.nan)
            if table[key].dtype.kind == 'f' else np.asarray(table[key])
            for key in table.colnames}


def read_counts(directory):
    """Positions and magnitudes of the complete COSMOS table."""
    return read(directory, 'great3_shera_catalog_23.5.fits.gz')


def read_fractions(directory):
    """Magnitudes and bulge fractions of the same, without failures."""
    table = join(
        Table.read(Path(directory) / 'great3_shera_catalog_23.5.fits.gz'),
        Table.read(Path(directory) / 'great3_real_galaxy_23.5_shapes.fits'),
        keys='IDENT')
    fraction = np.ma.filled(table['bulge_tot'].data, np.nan)
    good = fraction >= 0
    return np.asarray(table['F814W'])[good], np.asarray(fraction)[good]


def read_fits(directory):
    """
    Sizes and shapes of the 500 fitted galaxies.

    Kept are converged fits, without n > 5 at more than 1 arcsec (as in
    GalSim's COSMOSCatalog) and without too low a surface brightness. The
    bulge + disc fit is preferred where it converged, has a bulge of 0.1
    to 0.9 and is nearer to the image.
    """
    table = read(directory, 'real_galaxy_23.5_500_fits.fits')
    counts = read_counts(directory)
    weight = dict(zip(counts['IDENT'], counts['PS_WT'], strict=True))
    _, major, n, q = table['sersicfit'].T[:4]
    major = major * PIXEL_SCALE
    status, fraction = table['fit_status'], table['fit_dvc_btt']
    size = major * np.sqrt(q)
    surface = table['mag_auto'] + 2.5 * np.log10(2 * np.pi * size**2)
    good = (_converged(status[:, 4]) & (n > 0.11) & ((n <= 5) | (major < 1))
            & (surface < MAX_SURFACE_BRIGHTNESS))
    bulge = (_converged(status[:, 0]) & (fraction >= 0.1)
             & (fraction <= 0.9) & (table['fit_mad_b'] < table['fit_mad_s']))
    components = np.where(bulge[:, None], table['bulgefit'], 1.0)
    ratio = (components[:, 9] * np.sqrt(components[:, 11])
             / (components[:, 1] * np.sqrt(components[:, 3])))
    weight = np.array([weight[i] for i in table['IDENT']])
    result = {
        'magnitude': table['mag_auto'], 'weight': weight.clip(max=MAX_WEIGHT),
        'half_light_radius': size,
        'sersic_index': n.clip(0.3, 6.0), 'axis_ratio': q,
        'bulge_fraction': np.where(bulge, fraction, np.nan),
        'bulge_size_ratio': np.where(bulge, ratio, np.nan)}
    return {key: value[good] for key, value in result.items()}


def _converged(status):
    """Return which fits converged."""
    return (status >= 1) & (status <= 4)


def read_faint(directory):
    """Whole half-light radii, axis ratios, bulge fractions of CatSim."""
    table = read(directory, 'bliss_small_cat.fits')
    disc, bulge = (np.sqrt(table[f'a_{c}'] * table[f'b_{c}']) for c in 'db')
    flux = table['fluxnorm_bulge'] + table['fluxnorm_disk']
    fraction = table['fluxnorm_bulge'] / flux
    both = (fraction > 0) & (fraction < 1)
    size = np.where(fraction < 0.5, disc, bulge)
    size[both] = disc[both] * whole_radius(
        fraction[both], bulge[both] / disc[both])
    minor, major = (np.where(fraction < 0.5, table[f'{axis}_d'],
                             table[f'{axis}_b']) for axis in 'ba')
    return {'magnitude': table['i_ab'], 'half_light_radius': size,
            'axis_ratio': minor / major, 'bulge_fraction': fraction}
