# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""A PSF with the aberrations of a camera, from GalSim's optics."""

from dataclasses import fields

import numpy as np

from blendhunter.simulation.parameters import (
    LogUniform,
    check_limits,
    check_value,
    described,
    draw_within,
    parameter,
)
from blendhunter.simulation.psf import PaperPSF, accuracy

__all__ = ['ABERRATIONS', 'OPTICS', 'WAVES', 'CameraPSF']

# the diffraction limit of the optics, over the seeing. It sets the size
# of the spot that the aberrations make: 0.1 waves of coma, or of trefoil,
# then give an asymmetry of 0.05 (measured)
DIFFRACTION = 0.25
OBSCURATION = 0.3
PADDING = 2.0
# the PSF is drawn once, on pixels of so many times the seeing: an image
# is faster in Fourier space than three profiles, and differs from them by
# 1.4e-3 (root of the summed squares, over that of the PSF)
STEP, SIZE = 0.15, 181
# by this fraction (RMS) the aberrations change towards the end of each axis
# of a field; 0.7 in a corner
CHANGE = 0.5
# width of a drift's track over its length
TRACK = 0.05
LIMITS = 'float, tuple or `LogUniform`'
#: The condition that aberrations must meet.
WAVES = 'be between 0 and 0.5'
#: Aberrations, and their terms in `galsim.OpticalPSF`.
ABERRATIONS = {'coma': ('coma1', 'coma2'),
               'trefoil': ('trefoil1', 'trefoil2'),
               'astigmatism': ('astig1', 'astig2')}
#: What ``psf='camera'`` draws from. The asymmetry of its stars (10, 50, 90,
#: 95, 100 per cent) is 0.016, 0.043, 0.081, 0.095, 0.127; that of bright stars
#: of KiDS, four bands, is 0.016, 0.027, 0.056, 0.067 (the first four).
#: ``tools/measure_asymmetry.py`` measures both.
OPTICS = {'coma': LogUniform(0.01, 0.2), 'trefoil': LogUniform(0.01, 0.15),
          'astigmatism': (0.0, 0.1), 'drift': (0.0, 0.3)}


@described
class CameraPSF:
    """
    The PSF of the paper with the aberrations of a camera.

    The atmosphere and the ellipticity are those of
    `~blendhunter.simulation.PaperPSF`. The optics are a
    `galsim.OpticalPSF` whose diffraction limit is a quarter of the seeing.
    The directions of the aberrations and of the drift are random. Each
    value is a number or two limits (a tuple, or a
    `~blendhunter.simulation.LogUniform`). Each field and each group of
    stamps draws its value between the limits.
    """

    seeing: float = parameter(
        0.65, 'full width at half maximum in arcsec, without the optics',
        'be positive')
    coma: object = parameter(0.0, 'RMS of the wavefront in waves', WAVES,
                             type=LIMITS)
    trefoil: object = parameter(0.0, 'RMS of the wavefront in waves', WAVES,
                                type=LIMITS)
    astigmatism: object = parameter(
        0.0, 'RMS of the wavefront in waves; the defocus is as large',
        WAVES, type=LIMITS)
    drift: object = parameter(
        0.0, 'length of the tracking error over the seeing',
        'be between 0 and 1', type=LIMITS)

    # the stamps of one group share a PSF
    shared = True

    def __post_init__(self):
        for item in fields(self):
            value = getattr(self, item.name)
            ranged = item.type is object and hasattr(value, '__iter__')
            (check_limits if ranged else check_value)(
                item.name, value, item.metadata['condition'])

    def draw(self, rng, *, seeing_factor=1.0):
        """
        Draw a PSF.

        Parameters
        ----------
        rng : `~numpy.random.Generator`
            Random numbers.
        seeing_factor : float, optional
            Factor by which the seeing is multiplied.

        Returns
        -------
        psf : `galsim.GSObject`
            Of unit flux, in arcsec.
        """
        return self.draw_grid(rng, 1, seeing_factor=seeing_factor)[0][0]

    def draw_grid(self, rng, n_nodes, *, seeing_factor=1.0):
        """
        Draw the PSFs on a grid of positions in a field.

        Direction and size of the aberrations change linearly over the
        field.

        Parameters
        ----------
        rng : `~numpy.random.Generator`
            Random numbers.
        n_nodes : int
            Number of positions along each axis.
        seeing_factor : float, optional
            Factor by which the seeing is multiplied.

        Returns
        -------
        psfs : list of list
            Rows of `galsim.GSObject`, from the first corner of the field.
        """
        import galsim

        atmosphere = PaperPSF(self.seeing).draw(rng)
        values = {name: draw_within(_limits(getattr(self, name)), rng)
                  for name in (*ABERRATIONS, 'drift')}
        if values['drift']:
            length = values['drift'] * self.seeing
            track = galsim.Box(
                length, TRACK * length, gsparams=accuracy()).rotate(
                rng.uniform(0, 180) * galsim.degrees)
            atmosphere = galsim.Convolve(atmosphere, track)
        waves = np.array([values[name] for name in ABERRATIONS])
        vectors = waves[:, None] * _directions(rng, len(waves))
        slopes = CHANGE * waves[:, None] * rng.normal(
            0, np.sqrt(0.5), (2, len(waves), 2)).clip(-2, 2)
        place = np.linspace(-1, 1, n_nodes) if n_nodes > 1 else [0.0]
        return [[self._behind(atmosphere, vectors + u * slopes[0]
                              + v * slopes[1], seeing_factor)
                 for u in place] for v in place]

    def _behind(self, atmosphere, vectors, seeing_factor):
        """Return the PSF of optics with aberrations (3, 2) in waves."""
        import galsim

        terms = {term: value for names, vector in zip(
            ABERRATIONS.values(), vectors, strict=True)
            for term, value in zip(names, vector.tolist(), strict=True)}
        optics = galsim.OpticalPSF(
            lam_over_diam=DIFFRACTION * self.seeing,
            obscuration=OBSCURATION, oversampling=1.0, pad_factor=PADDING,
            defocus=float(np.hypot(*vectors[-1])), gsparams=accuracy(),
            **terms)
        image = galsim.Convolve(atmosphere, optics).drawImage(
            nx=SIZE, ny=SIZE, scale=STEP * self.seeing, method='no_pixel')
        return galsim.InterpolatedImage(
            image, k_interpolant='linear', flux=1.0,
            gsparams=accuracy()).dilate(seeing_factor)


def _limits(value):
    """Return two limits of a number or of two of them."""
    return value if hasattr(value, '__iter__') else (value, value)


def _directions(rng, n):
    """Return n random unit vectors."""
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
