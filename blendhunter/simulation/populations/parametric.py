"""Smooth galaxies: Sersic profiles, and bulges in discs."""

import numpy as np

from blendhunter.simulation.populations.columns import parameter_table
from blendhunter.simulation.populations.model import (
    component_radii,
    draw_magnitudes,
    draw_parameters,
)

__all__ = ['ParametricPopulation']

# GalSim tabulates each index once: keep them few
INDEX_STEP = 0.25


class ParametricPopulation:
    """
    Sersic galaxies and bulge + disc galaxies, as in the COSMOS fits.

    Magnitude, half-light radius, Sersic index, axis ratio and bulge
    fraction follow a joint distribution that is fitted to COSMOS.

    Parameters
    ----------
    bright, faint : float, optional
        Magnitude limits (F814W).
    """

    def __init__(self, *, bright=19.0, faint=25.2):
        self.bright = bright
        self.faint = faint

    def draw(self, n, rng, *, magnitude=None):
        """
        Draw the parameters of galaxies.

        Parameters
        ----------
        n : int
        rng : `~numpy.random.Generator`
        magnitude : float `~numpy.ndarray` of shape (n,), optional
            By default drawn from the number counts, within the limits.

        Returns
        -------
        galaxies : `~astropy.table.Table`
            ``magnitude`` (F814W), ``half_light_radius`` (arcsec),
            ``sersic_index``, ``axis_ratio``, ``position_angle`` (degree),
            ``bulge_fraction`` (NaN: one Sersic profile), and what
            `render` needs.
        """
        if magnitude is None:
            magnitude = draw_magnitudes(n, rng, bright=self.bright,
                                        faint=self.faint)
        model = draw_parameters(magnitude, rng)
        index = np.round(model['sersic_index'] / INDEX_STEP) * INDEX_STEP
        angle = rng.uniform(0, 180, n)
        disc, bulge = component_radii(*(model[key] for key in (
            'half_light_radius', 'bulge_fraction', 'bulge_size_ratio')))
        return parameter_table(
            magnitude, half_light_radius=model['half_light_radius'],
            sersic_index=index, axis_ratio=model['axis_ratio'],
            position_angle=angle, bulge_fraction=model['bulge_fraction'],
            disc_radius=disc, bulge_radius=bulge,
            # a bulge is rounder than its disc, and aligned with it
            bulge_axis_ratio=0.5 * (1 + model['axis_ratio']),
            bulge_angle=angle, seed=rng.integers(1, 2**31 - 1, n))

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

        bulge = row['bulge_fraction']
        if np.isnan(bulge):
            galaxy = galsim.Sersic(
                row['sersic_index'],
                half_light_radius=row['half_light_radius'])
            return galaxy.shear(_shear(row, ''))
        disc = self._disc(row).shear(_shear(row, ''))
        if bulge == 0:
            return disc
        core = galsim.DeVaucouleurs(half_light_radius=row['bulge_radius'])
        return (1 - bulge) * disc + bulge * core.shear(_shear(row, 'bulge_'))

    def _disc(self, row):
        """Return the disc seen face-on, of unit flux."""
        import galsim

        return galsim.Exponential(half_light_radius=row['disc_radius'])


def _shear(row, part):
    """Return the shear that gives a part its axis ratio and angle."""
    import galsim

    angle = row['bulge_angle' if part else 'position_angle']
    return galsim.Shear(q=row[f'{part}axis_ratio'],
                        beta=angle * galsim.degrees)
