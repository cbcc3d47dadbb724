"""Whole simulated images with their truth."""

import numpy as np

from blendhunter._utils.chunks import begin_run
from blendhunter.simulation.populations.stars import STAR_FRACTION
from blendhunter.simulation.psf import get_psf
from blendhunter.simulation.rendering import (
    Exposure,
    check_shape,
    render_field,
)
from blendhunter.simulation.sky import DENSITY, FAINT_LIMIT, Sky
from blendhunter.simulation.surveys import get_survey

__all__ = ['simulate_field']

# where the field lies: in COSMOS
CENTRE = (150.1, 2.2)


def simulate_field(shape, *, survey='cfis', density=DENSITY, clustering=0.0,
                   magnitudes=(18.0, FAINT_LIMIT), noise=None,
                   noise_correlation=0.0, psf=None, seeing_factor=1.0,
                   psf_variation=0.0, star_fraction=STAR_FRACTION,
                   star_magnitudes=(17.0, 25.0), spikes=0.0, wings=0.0,
                   saturation=None, gain=None, artefacts=None,
                   population=None, companions=0.0, rng=None, n_jobs=1,
                   work_dir=None, progress=None):
    """
    Simulate a survey image with known truth.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) in pixels.
    survey : str or Survey, optional
        See `~blendhunter.simulation.get_survey`.
    density : float, optional
        Galaxies per square arcminute to magnitude 26.5; other limits
        follow the fitted number counts.
    clustering : float, optional
        Fraction of the galaxies that stand in clumps of about ten,
        within 30 arcsec, the density falling as the distance to the
        power of -0.8.
    magnitudes : tuple of float, optional
        Bright and faint limit of the galaxies (F814W).
    noise : float, optional
        RMS noise per pixel in counts; by default the survey's.
    noise_correlation : float, optional
        Width of the smoothing that correlates the noise, in px.
    psf : `galsim.GSObject`, path-like or object with ``draw``, optional
        By default `~blendhunter.simulation.PaperPSF` with the survey's
        seeing; a path is that of a FITS image of a PSF.
    seeing_factor : float, optional
        Multiplies the seeing.
    psf_variation : float, optional
        RMS of the relative change of the PSF's size, and of each
        component of its shear, in the corners of the field.
    star_fraction : float, optional
        Stars per galaxy.
    star_magnitudes : tuple of float, optional
        Bright and faint limit of the stars.
    spikes : float, optional
        Fraction of the light of bright stars in four diffraction spikes.
    wings : float, optional
        Fraction of their light in wide wings.
    saturation : float, optional
        Counts above which pixels are cut off and masked.
    gain : float, optional
        Electrons per count. With it the sources add photon noise, which
        counts in their ``snr``; without it the noise is the same
        everywhere.
    artefacts : `~blendhunter.simulation.Artefacts`, optional
        Bad pixels, cosmic rays, trails, residual sky.
    population : object with ``draw`` and ``render``, optional
        Of the galaxies; by default
        `~blendhunter.simulation.StructuredPopulation`.
    companions : float, optional
        Further galaxies, as a fraction of the sources, thrown 1.5 to
        13 px from others, so that blends are common in a training field.
    rng : None, int, SeedSequence or Generator, optional
        The same seed gives the same pixels for any ``n_jobs``.
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    work_dir : path-like, optional
        Keeps the finished parts: the same call continues a run that was
        killed. Delete it when the result is safe.
    progress : callable, optional
        Called with the number of sources after each part.

    Returns
    -------
    image : `~astropy.nddata.CCDData`
        In adu, with a tangential WCS, the noise of the sky (without the
        photons of the sources) as its uncertainty, and a mask where there
        are pixels known to be bad.
    truth : `~astropy.table.Table`
        ``x``, ``y`` (px), ``ra``, ``dec`` (degree); ``magnitude``,
        ``flux`` (adu), ``half_light_radius`` (arcsec),
        ``sersic_index``, ``axis_ratio``, ``position_angle`` (degree),
        ``bulge_fraction``, ``knot_fraction``, ``n_knots``, ``is_star``,
        ``index`` (row of the catalogue of real galaxies, -1 for others);
        ``snr`` (matched filter, of the source alone), ``blendedness``
        (`~blendhunter.truth.blendedness`), ``neighbour_separation`` (px,
        to the nearest source), ``group_id`` and ``group_snr``
        (`~blendhunter.truth.group_sources`). The arguments stand in its
        meta.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; the message names it.
    """
    survey = get_survey(survey)
    shape = check_shape(shape)
    sky = Sky(density, tuple(magnitudes), clustering, star_fraction,
              tuple(star_magnitudes), companions, population)
    exposure = Exposure(
        survey, get_psf(psf, survey),
        survey.noise if noise is None else float(noise), noise_correlation,
        seeing_factor, psf_variation, spikes, saturation, artefacts,
        wings, gain)
    seeds, provenance, store = begin_run(
        'field', {'shape': shape, 'sky': sky, 'exposure': exposure}, rng,
        work_dir)
    pixels, mask, truth = render_field(shape, sky, exposure, seeds,
                                       n_jobs=n_jobs, store=store,
                                       progress=progress)
    wcs = _tangential_wcs(shape, survey)
    truth['ra'], truth['dec'] = wcs.pixel_to_world_values(truth['x'],
                                                          truth['y'])
    truth.meta['blendhunter.simulation'] = json_text(provenance)
    return _as_ccd(pixels, mask, wcs, exposure.noise), truth


def json_text(value):
    """Return plain values as a string, which every table format keeps."""
    import json

    return json.dumps(value, separators=(',', ':'))


def _as_ccd(pixels, mask, wcs, noise):
    """Return the image with its noise, WCS and mask."""
    from astropy.nddata import CCDData, StdDevUncertainty

    uncertainty = StdDevUncertainty(
        np.full(pixels.shape, noise, dtype=np.float32))
    return CCDData(pixels, unit='adu', wcs=wcs, uncertainty=uncertainty,
                   mask=mask if mask.any() else None)


def _tangential_wcs(shape, survey):
    """Return a TAN projection with the survey's pixel scale."""
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
    wcs.wcs.cdelt = [-survey.pixel_scale / 3600, survey.pixel_scale / 3600]
    wcs.wcs.crval = list(CENTRE)
    wcs.wcs.cunit = ['deg', 'deg']
    wcs.wcs.set()
    return wcs
