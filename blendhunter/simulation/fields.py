# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulate whole images with known truth."""

import json
from dataclasses import replace

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import SOURCES, describe_columns
from blendhunter._utils.meta import record_meta
from blendhunter._utils.parallel import map_chunks, seed_sequence
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.resume import begin_run
from blendhunter.simulation.exposure import Camera, Exposure
from blendhunter.simulation.populations.columns import (
    INTERNAL,
    rows_of,
    simplify,
)
from blendhunter.simulation.psf import VaryingPSF, convolve
from blendhunter.simulation.readout import expose
from blendhunter.simulation.source_model import SourceModel
from blendhunter.simulation.surveys import get_survey
from blendhunter.truth.overlap import group_sources, neighbor_separation

__all__ = ['check_shape', 'draw_field', 'render_field', 'simulate_field']

# where the field lies: in COSMOS
CENTER = (150.1, 2.2)
CHUNK = 200
# structure of sources with less flux over the noise per pixel would not
# show, and cost more time than all else
STRUCTURE_LIMIT = 200.0


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
        The sources of the field.
    exposure : `~blendhunter.simulation.Exposure`, optional
        PSF, noise, saturation and artifacts.
    rng, n_jobs, work_dir, progress : optional
        See `~blendhunter.simulate_stamps`.

    Returns
    -------
    image : `~astropy.nddata.CCDData`
        The image in adu, with a tangential WCS. Its uncertainty is the
        noise of the sky, without the photon noise of the sources. It has a
        mask if some pixels are known to be bad.
    truth : `~astropy.table.Table`
        One row per source:

        - ``x``, ``y`` (px) and ``ra``, ``dec`` (deg);
        - ``magnitude``, ``flux`` (adu), ``half_light_radius`` (arcsec),
          ``sersic_index``, ``axis_ratio``, ``position_angle`` (deg),
          ``bulge_fraction``, ``knot_fraction`` and ``n_knots``;
        - ``is_star``, and ``index`` (row in the catalog of real galaxies,
          -1 for other sources);
        - ``snr`` (matched filter, of the source alone);
        - ``blendedness`` (`~blendhunter.truth.blendedness`) and
          ``neighbor_separation``, the distance to the nearest source (px);
        - ``group_id`` and ``group_snr`` of sources whose light overlaps.

        The meta records the arguments.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; the message names it.
    """
    from astropy.nddata import CCDData, StdDevUncertainty

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
    describe_columns(truth, SOURCES)
    record_meta(truth.meta, simulation=json.dumps(
        provenance, separators=(',', ':')))
    noise = None if exposure.noise is None else StdDevUncertainty(
        np.full(shape, camera.noise, dtype=np.float32))
    return CCDData(pixels, unit='adu', wcs=wcs, uncertainty=noise,
                   mask=mask if mask.any() else None), truth


def draw_field(shape, survey, ranges, rng, *, kind='structured',
               cosmos_dir=None, artifacts=None, n_jobs=1):
    """
    Draw the values of a field within ranges, and simulate it.

    Returns image, truth, ``n_sigma`` and a dict of the values in physical
    units, infinite without saturation or photon noise (``gain``).
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


def render_field(shape, sources, camera, seeds, *, n_jobs=1, store=None,
                 progress=False):
    """
    Draw and render the sources of a field, and add the noise.

    Returns the pixels (float32), the mask and the truth.
    """
    source_seed, noise_seed, psf_seed = seeds.spawn(3)
    truth = sources.draw(shape, camera.survey,
                         np.random.default_rng(source_seed))
    smooth = np.asarray(truth['flux']) < STRUCTURE_LIMIT * camera.noise
    simplify(truth, smooth)
    rng = np.random.default_rng(psf_seed)
    psf = VaryingPSF(camera.psf, shape, camera.exposure.psf_variation, rng,
                     seeing_factor=camera.exposure.seeing_factor)
    tasks = [(sources.population, truth[i:i + CHUNK], psf, camera, shape)
             for i in range(0, len(truth), CHUNK)]
    pixels = np.zeros(shape, dtype=np.float32)
    parts = []
    with progress_bar(total=len(truth), description='sources',
                      enabled=progress) as bar:
        for arrays, _ in map_chunks(
                _render_sources, tasks, n_jobs=n_jobs, advance=bar.update,
                sizes=[len(task[1]) for task in tasks], store=store):
            for box, stamp in _unpack(arrays):
                pixels[box] += stamp
            parts.append(arrays)
    _describe(truth, pixels, parts, camera)
    pixels, mask, shift = expose(pixels, camera,
                                 np.random.default_rng(noise_seed))
    for axis, step in zip('xy', shift, strict=True):
        truth[axis] += step
    return pixels, mask, truth


def _render_sources(population, sources, psf, camera, shape):
    """Render the sources of a chunk on images of their own."""
    boxes, stamps, energy = [], [], []
    for row in rows_of(sources):
        local = psf.at(row['x'], row['y'])
        profile = (camera.star(local, row['flux']) if row['is_star'] else
                   convolve(population.render(row), local))
        width = camera.width(row['flux'])
        cx, cy = round(row['x']), round(row['y'])
        image = profile.withFlux(row['flux']).drawImage(
            nx=width, ny=width, scale=camera.survey.pixel_scale,
            offset=(row['x'] - cx, row['y'] - cy), dtype=np.float32).array
        x0, y0 = cx - width // 2, cy - width // 2
        left, bottom = max(-x0, 0), max(-y0, 0)
        right = max(min(width, shape[1] - x0), left)
        top = max(min(width, shape[0] - y0), bottom)
        boxes.append((y0 + bottom, y0 + top, x0 + left, x0 + right))
        stamps.append(image[bottom:top, left:right].ravel())
        energy.append(np.sum(image**2, dtype=float))
    return {'boxes': np.array(boxes, dtype=np.int64).reshape(-1, 4),
            'pixels': np.concatenate([np.zeros(0, np.float32), *stamps]),
            'energy': np.array(energy)}, Table()


def _unpack(arrays):
    """Yield the box and the pixels of each source of a chunk."""
    start = 0
    for y0, y1, x0, x1 in arrays['boxes'].tolist():
        end = start + (y1 - y0) * (x1 - x0)
        yield ((slice(y0, y1), slice(x0, x1)),
               arrays['pixels'][start:end].reshape(y1 - y0, x1 - x0))
        start = end


def _describe(truth, total, parts, camera):
    """Add what the noiseless images of field and sources tell."""
    energy = np.concatenate([[], *(part['energy'] for part in parts)])
    sums = [(np.sum(stamp * (total[box] - stamp), dtype=float),
             np.sum(stamp**2, dtype=float),
             np.sum(stamp**2 / camera.variance(total[box]), dtype=float))
            for part in parts for box, stamp in _unpack(part)]
    overlap, on_image, weighted = np.reshape(sums, (-1, 3)).T
    truth.remove_columns(INTERNAL)
    # the mean inverse variance, for the light off the image, too
    inverse = np.divide(weighted, on_image, where=on_image > 0,
                        out=np.full(len(energy), camera.noise**-2.0))
    truth['snr'] = np.sqrt(energy * inverse)
    truth['blendedness'] = 1 - energy / (energy + overlap)
    x, y = (np.asarray(truth[axis]) for axis in 'xy')
    truth['neighbor_separation'] = neighbor_separation(x, y)
    truth['group_id'], truth['group_snr'] = group_sources(
        total, camera.noise, x, y)
