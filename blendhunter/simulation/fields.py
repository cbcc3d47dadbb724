"""Whole simulated fields with their truth."""

from copy import copy

import numpy as np
from astropy.table import vstack

from blendhunter._utils.parallel import map_chunks, seed_sequence
from blendhunter.simulation.galaxies import (
    StructuredPopulation,
    draw_magnitudes,
)
from blendhunter.simulation.psf import draw_psf
from blendhunter.simulation.surveys import get_survey

__all__ = ['FAINT_LIMIT', 'render_field', 'simulate_field']

FAINT_LIMIT = 26.5
CHUNK = 200
# widths in px beyond which a source of a magnitude adds nothing visible
WIDTHS = ((25.0, 41), (23.0, 65), (21.0, 129), (19.0, 257))
MAX_WIDTH = 513
STAR_FRACTION = 0.05
STAR_SLOPE = 0.15
STAR_MAGNITUDES = (17.0, 25.0)


def simulate_field(shape, *, survey='cfis', density=None,
                   magnitudes=(18.0, FAINT_LIMIT), noise=None,
                   seeing_factor=1.0, star_fraction=STAR_FRACTION,
                   population=None, companions=0.0, rng=None, n_jobs=1,
                   progress=None):
    """
    Simulate a survey image with known truth.

    Parameters
    ----------
    shape : tuple of int
        (ny, nx) in pixels.
    survey : str or Survey, optional
    density : float, optional
        Galaxies per square arcminute to magnitude 26.5; by default the
        survey's. Brighter faint limits keep the counts' slope.
    magnitudes : tuple of float, optional
        Bright and faint limit of the galaxies.
    noise : float, optional
        RMS noise per pixel in counts; by default the survey's.
    seeing_factor : float, optional
        Multiplies the survey's seeing.
    star_fraction : float, optional
        Stars per galaxy.
    population : object with ``draw`` and ``render``, optional
        By default galaxies with star-forming knots; its own magnitudes
        are replaced by the field's where it allows that.
    companions : float, optional
        Further galaxies, as a fraction of the galaxies, thrown 1.5 to
        13 px from others, so that blends are common in a training field.
    rng : None, int, SeedSequence or Generator, optional
        The same seed gives the same pixels for any ``n_jobs``.
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    progress : callable, optional
        Called with the number of sources after each chunk.

    Returns
    -------
    image : `~astropy.nddata.CCDData`
        In adu, with a tangential WCS.
    truth : `~astropy.table.Table`
        ``x``, ``y`` (px), ``ra``, ``dec`` (degree), ``magnitude``,
        ``flux`` (adu), ``half_light_radius`` (arcsec), ``is_star``,
        ``snr`` (matched filter).

    Raises
    ------
    ValueError
        If an argument is out of range; the message names it.
    """
    from astropy.nddata import CCDData, StdDevUncertainty

    survey = get_survey(survey)
    shape = tuple(int(length) for length in shape)
    if len(shape) != 2 or min(shape) < 1:
        msg = f'shape must be two positive integers, got {shape!r}'
        raise ValueError(msg)
    noise = survey.noise if noise is None else float(noise)
    if noise <= 0:
        msg = f'noise must be positive, got {noise!r}'
        raise ValueError(msg)
    if companions < 0 or star_fraction < 0:
        msg = 'companions and star_fraction must not be negative'
        raise ValueError(msg)
    pixels, truth = render_field(
        shape, survey=survey, density=density, magnitudes=magnitudes,
        noise=noise, seeing_factor=seeing_factor, population=population,
        star_fraction=star_fraction, companions=companions,
        seeds=seed_sequence(rng), n_jobs=n_jobs, progress=progress)
    wcs = _tangential_wcs(shape, survey)
    truth['ra'], truth['dec'] = wcs.pixel_to_world_values(truth['x'],
                                                          truth['y'])
    uncertainty = StdDevUncertainty(np.full(shape, noise, dtype=np.float32))
    return CCDData(pixels, unit='adu', wcs=wcs,
                   uncertainty=uncertainty), truth


def _tangential_wcs(shape, survey):
    """Return a TAN projection with the survey's pixel scale."""
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    wcs.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
    wcs.wcs.cdelt = [-survey.pixel_scale / 3600, survey.pixel_scale / 3600]
    wcs.wcs.crval = [150.0, 2.2]
    wcs.wcs.cunit = ['deg', 'deg']
    wcs.wcs.set()
    return wcs


def render_field(shape, *, survey, density, magnitudes, noise,
                 seeing_factor, population, star_fraction, companions, seeds,
                 n_jobs=1, progress=None):
    """
    Draw the sources of a field and add the noise; the check-free core.

    Parameters are those of `simulate_field`, with ``seeds`` a
    `~numpy.random.SeedSequence`.

    Returns
    -------
    pixels : float32 `~numpy.ndarray`
    truth : `~astropy.table.Table`
    """
    main, noise_seed, chunk_parent = seeds.spawn(3)
    rng = np.random.default_rng(main)
    # a copy: its magnitude limits become the field's
    population = copy(population or StructuredPopulation())
    sources = _draw_sources(shape, survey, density, magnitudes, population,
                            star_fraction, companions, rng)
    psf = draw_psf(survey, rng, seeing_factor=seeing_factor)
    starts = range(0, len(sources), CHUNK)
    tasks = [(population, sources[i:i + CHUNK], psf, survey, shape)
             for i in starts]
    step = None if progress is None else lambda _: progress(CHUNK)
    pixels = np.zeros(shape, dtype=np.float32)
    energy = []
    for stamps in map_chunks(_render_sources, tasks, n_jobs=n_jobs,
                             progress=step):
        for stamp, x0, y0, whole in stamps:
            ny, nx = stamp.shape
            pixels[y0:y0 + ny, x0:x0 + nx] += stamp
            energy.append(whole)
    pixels += np.float32(noise) * np.random.default_rng(
        noise_seed).standard_normal(shape, dtype=np.float32)
    sources['snr'] = np.sqrt(energy) / noise
    sources.keep_columns(['x', 'y', 'magnitude', 'flux',
                          'half_light_radius', 'is_star', 'snr'])
    return pixels, sources


def _draw_sources(shape, survey, density, magnitudes, population,
                  star_fraction, companions, rng):
    """Draw positions and parameters of galaxies, companions and stars."""
    bright, faint = magnitudes
    density = survey.density if density is None else density
    area = shape[0] * shape[1] * (survey.pixel_scale / 60) ** 2
    # Poisson, clipped where the population ends short of the faint limit
    n_galaxies = rng.poisson(area * density
                             * 10 ** (0.35 * (faint - FAINT_LIMIT)))
    if hasattr(population, 'bright'):
        population.bright, population.faint = bright, faint
    galaxies = population.draw(n_galaxies, rng)
    galaxies['x'] = rng.uniform(-0.5, shape[1] - 0.5, n_galaxies)
    galaxies['y'] = rng.uniform(-0.5, shape[0] - 0.5, n_galaxies)
    galaxies['is_star'] = False
    stars = population.draw(rng.poisson(n_galaxies * star_fraction), rng)
    stars['magnitude'] = draw_magnitudes(
        len(stars), rng, bright=max(bright, STAR_MAGNITUDES[0]),
        faint=STAR_MAGNITUDES[1], slope=STAR_SLOPE)
    stars['x'] = rng.uniform(-0.5, shape[1] - 0.5, len(stars))
    stars['y'] = rng.uniform(-0.5, shape[0] - 0.5, len(stars))
    stars['half_light_radius'] = 0.0
    stars['is_star'] = True
    sources = vstack([galaxies, stars], metadata_conflicts='silent')
    thrown = _throw_companions(sources, companions, population, rng)
    sources = vstack([sources, thrown], metadata_conflicts='silent')
    sources['flux'] = survey.counts(sources['magnitude'])
    return sources


def _throw_companions(sources, fraction, population, rng):
    """
    Draw galaxies 1.5 to 13 px from others that are bright enough to see.

    Hosts are brighter than 25.5 (where most detections end) and the
    companion is up to 3 magnitudes fainter, so that few are wasted.
    """
    hosts = sources[np.asarray(sources['magnitude']) < 25.5]
    n = round(fraction * len(sources)) if len(hosts) else 0
    thrown = population.draw(n, rng)
    if n == 0:
        thrown['x'], thrown['y'] = np.zeros((2, 0))
        thrown['is_star'] = np.zeros(0, dtype=bool)
        return thrown
    host = hosts[rng.integers(0, len(hosts), n)]
    radius = rng.uniform(1.5, 13, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    thrown['x'] = host['x'] + radius * np.cos(angle)
    thrown['y'] = host['y'] + radius * np.sin(angle)
    thrown['is_star'] = False
    if hasattr(population, 'bright'):
        near = rng.random(n) < 0.7
        fainter = host['magnitude'] + rng.uniform(-0.5, 3.0, n)
        size_change = 10 ** (-0.09 * (fainter - thrown['magnitude']))
        thrown['magnitude'][near] = fainter[near]
        thrown['half_light_radius'][near] *= size_change[near]
        thrown['half_light_radius'] = thrown['half_light_radius'].clip(
            0.06, 6.0)
    return thrown


def _render_sources(population, sources, psf, survey, shape):
    """Render sources on stamps of their own, cut at the field's edge."""
    import galsim

    stamps = []
    for row in sources:
        magnitude = float(row['magnitude'])
        width = next((w for limit, w in WIDTHS if magnitude > limit),
                     MAX_WIDTH)
        profile = (psf if row['is_star']
                   else galsim.Convolve(population.render(row), psf))
        cx, cy = int(np.round(row['x'])), int(np.round(row['y']))
        image = profile.withFlux(float(row['flux'])).drawImage(
            nx=width, ny=width, scale=survey.pixel_scale,
            offset=(row['x'] - cx, row['y'] - cy), dtype=np.float32).array
        x0, y0 = cx - width // 2, cy - width // 2
        left, bottom = max(-x0, 0), max(-y0, 0)
        right = max(min(width, shape[1] - x0), left)
        top = max(min(width, shape[0] - y0), bottom)
        stamps.append((image[bottom:top, left:right], x0 + left,
                       y0 + bottom, float(np.sum(image**2, dtype=float))))
    return stamps
