# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The PSF that a user chooses: of the paper, of a camera, or another."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blendhunter.images.fits_files import open_fits
from blendhunter.simulation.camera_psf import OPTICS, CameraPSF
from blendhunter.simulation.parameters import check_value
from blendhunter.simulation.psf import PaperPSF, accuracy

__all__ = ['FixedPSF', 'get_psf']


@dataclass(frozen=True)
class FixedPSF:
    """One `galsim.GSObject` of unit flux, in arcsec, for all stamps."""

    profile: object

    def draw(self, rng, *, seeing_factor=1.0):  # noqa: ARG002
        """Return the profile, dilated; see `PaperPSF.draw`."""
        return self.profile.dilate(seeing_factor)


def get_psf(psf, survey):
    """Return the PSF model of a ``psf`` argument, by default the paper's."""
    if psf is None:
        return PaperPSF(survey.seeing)
    if isinstance(psf, str) and psf == 'camera':
        return CameraPSF(survey.seeing, **OPTICS)
    if isinstance(psf, (str, Path)):
        psf = _read_image(psf, survey.pixel_scale)
    if hasattr(psf, 'drawImage'):
        return FixedPSF(psf.withFlux(1.0).withGSParams(accuracy()))
    if hasattr(psf, 'draw'):
        return psf
    msg = ("psf must be None, 'camera', a galsim object, a FITS file or an "
           f'object with a draw method, got {type(psf).__name__}')
    raise TypeError(msg)


def _read_image(path, pixel_scale):
    """
    Read a PSF from the first image of a FITS file.

    Its centroid becomes the center, so that it should have no background.
    ``pixel_scale`` (arcsec) is used if the header has no ``PIXSCALE``.
    """
    import galsim

    with open_fits(path, 'psf') as hdus:
        hdu = next((h for h in hdus if h.data is not None
                    and h.data.ndim == 2), None)
        if hdu is None:
            msg = f'psf: {str(path)!r} has no 2-D image'
            raise ValueError(msg)
        pixels = np.array(hdu.data, dtype=np.float64)
        scale = hdu.header.get('PIXSCALE', pixel_scale)
    check_value(f'psf: PIXSCALE of {str(path)!r}', scale, 'be positive')
    if not np.all(np.isfinite(pixels)) or pixels.sum() <= 0:
        msg = f'psf: the pixels of {str(path)!r} are not a usable PSF'
        raise ValueError(msg)
    psf = galsim.InterpolatedImage(galsim.Image(pixels), scale=scale,
                                   flux=1.0)
    # the middle of an even number of pixels lies between two of them
    return psf.shift(-psf.centroid)
