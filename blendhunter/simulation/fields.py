"""Whole simulated images with their truth."""

import json
from dataclasses import replace

import numpy as np

from blendhunter._utils.meta import record_meta
from blendhunter._utils.parallel import seed_sequence
from blendhunter._utils.resume import begin_run
from blendhunter.simulation.exposure import Camera, Exposure
from blendhunter.simulation.rendering import render_field
from blendhunter.simulation.source_model import SourceModel
from blendhunter.simulation.surveys import get_survey

__all__ = ['check_shape', 'draw_field', 'simulate_field']

# where the field lies: in COSMOS
CENTER = (150.1, 2.2)


def simulate_field(shape, *, survey='cfis', sources=None, exposure=None,
                   rng=None, n_jobs=1, work_dir=None, progress=False):
    """
    Simulate a survey image with known truth.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) in pixels.
    survey : str or Survey, optional
        See `~blendhunter.simulation.get_survey`.
    sources : `~blendhunter.simulation.SourceModel`, optional
        What is in the field.
    exposure : `~blendhunter.simulation.Exposure`, optional
        PSF, noise, saturation and artifacts.
    rng, n_jobs, work_dir, progress : optional
        As in `~blendhunter.simulate_stamps`.

    Returns
    -------
    image : `~astropy.nddata.CCDData`
        In adu, with a tangential WCS, the noise of the sky (without the
        photons of the sources) as its uncertainty, and a mask if there
        are pixels known to be bad.
    truth : `~astropy.table.Table`
        ``x``, ``y`` (px), ``ra``, ``dec`` (degree); ``magnitude``,
        ``flux`` (adu), ``half_light_radius`` (arcsec),
        ``sersic_index``, ``axis_ratio``, ``position_angle`` (degree),
        ``bulge_fraction``, ``knot_fraction``, ``n_knots``, ``is_star``,
        ``index`` (row of the catalog of real galaxies, -1 for others);
        ``snr`` (matched filter, of the source alone), ``blendedness``
        (`~blendhunter.truth.blendedness`), ``neighbor_separation`` (px,
        to the nearest source), ``group_id`` and ``group_snr``
        (sources whose light runs together). Its meta holds the arguments.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; the message names it.
    """
    survey = get_survey(survey)
    shape = check_shape(shape)
    exposure = Exposure() if exposure is None else exposure
    camera = Camera.of(survey, exposure)
    sources = SourceModel() if sources is None else sources
    depth = camera.depth()
    sources = replace(sources, **{
        name: depth for name in ('faint', 'star_faint')
        if getattr(sources, name) is None})
    seeds, provenance, store = begin_run(
        'field', {'shape': shape, 'sources': sources, 'camera': camera}, rng,
        work_dir)
    pixels, mask, truth = render_field(shape, sources, camera, seeds,
                                       n_jobs=n_jobs, store=store,
                                       progress=progress)
    wcs = _tangential_wcs(shape, survey)
    truth['ra'], truth['dec'] = wcs.pixel_to_world_values(truth['x'],
                                                          truth['y'])
    record_meta(truth.meta, simulation=json.dumps(
        provenance, separators=(',', ':')))
    noise = None if exposure.noise is None else camera.noise
    return _as_ccd(pixels, mask, wcs, noise), truth


def draw_field(shape, survey, ranges, rng, *, kind='structured',
               cosmos_dir=None, artifacts=None, n_jobs=1):
    """
    Draw the values of a field within ranges, and simulate it.

    Returns image, truth, ``n_sigma`` and a dict of the values in physical
    units: noise and saturation in counts, ``seeing`` in px; infinite
    without saturation or photon noise (``gain``).
    """
    survey = get_survey(survey)
    draw, seeds = seed_sequence(rng).spawn(2)
    sources, exposure, n_sigma = ranges.draw(
        draw, survey, kind=kind, cosmos_dir=cosmos_dir, artifacts=artifacts)
    image, truth = simulate_field(shape, survey=survey, sources=sources,
                                  exposure=exposure, rng=seeds,
                                  n_jobs=n_jobs)
    drawn = {**vars(sources), **vars(exposure), 'n_sigma': n_sigma}
    values = {name: np.inf if drawn[name] is None else drawn[name]
              for name in vars(ranges)}
    values['seeing'] = (survey.seeing * exposure.seeing_factor
                        / survey.pixel_scale)
    return image, truth, n_sigma, values


def check_shape(shape):
    """Return the shape of a field as two integers, or raise ValueError."""
    shape = tuple(int(length) for length in shape)
    if len(shape) != 2 or min(shape) < 1:
        msg = f'shape must be two positive integers, got {shape!r}'
        raise ValueError(msg)
    return shape


def _as_ccd(pixels, mask, wcs, noise):
    """Return the image with its noise, WCS and mask."""
    from astropy.nddata import CCDData, StdDevUncertainty

    uncertainty = None if noise is None else StdDevUncertainty(
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
    wcs.wcs.crval = list(CENTER)
    wcs.wcs.cunit = ['deg', 'deg']
    wcs.wcs.set()
    return wcs
