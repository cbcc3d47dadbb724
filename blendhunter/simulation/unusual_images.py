# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Unusual images, with artifacts, wrong noise or bad seeing."""

import warnings
from dataclasses import dataclass, replace

import numpy as np
from astropy.table import Table

from blendhunter._utils.arrays import values_at
from blendhunter.detection import DetectedImage
from blendhunter.detection.background import subtract_background
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.simulation.exposure import Artifacts, Exposure, draw_trail
from blendhunter.simulation.fields import simulate_field
from blendhunter.simulation.source_model import SourceModel
from blendhunter.simulation.surveys import get_survey

__all__ = ['SHAPE', 'UNUSUAL_KINDS', 'UnusualImage', 'check_kind',
           'draw_unusual']

SHAPE = (600, 600)
# a segment is one of an artifact if it brings so much of its light
ARTIFACT_SHARE = 0.5
# positions in a field of pure noise
N_EMPTY = 150
SATURATION = 3000.0
# peak of a trail over the noise: the lowest that an eye sees
TRAIL_PEAK = (3.0, 30.0)
# of ghosts: radius in px, width of the rim, brightness over the noise
GHOST_RADIUS = (40.0, 150.0)
GHOST_LEVEL = (1.0, 8.0)
# of large galaxies: magnitude and half-light radius in arcsec
LARGE_MAGNITUDE = (11.5, 14.5)
LARGE_RADIUS = (5.0, 15.0)
# px from the center, from where a segment is a piece
CENTER = 10.0
# factors on the ends of the trained range of the seeing, and on the noise
SEEING_FACTOR = 2.0
NOISE_FACTOR = 3.0
TRAINED_SEEING = (0.6, 1.71)


@dataclass(frozen=True)
class UnusualImage:
    """
    An image, and which of its sources the artifact has touched.

    Parameters
    ----------
    detected : `~blendhunter.DetectedImage`
        The image.
    rows : int `~numpy.ndarray`
        Rows of its catalog.
    """

    detected: DetectedImage
    rows: np.ndarray


def draw_unusual(kind, *, survey='cfis', shape=SHAPE, rng=None):
    """
    Draw an `UnusualImage` of one of `UNUSUAL_KINDS`.

    The other arguments are those of `~blendhunter.simulate_field`. A
    ValueError is raised if the kind is unknown.
    """
    check_kind(kind)
    return UNUSUAL_KINDS[kind](shape, get_survey(survey),
                               np.random.default_rng(rng))


def check_kind(kind):
    """Refuse an unknown kind."""
    if kind not in UNUSUAL_KINDS:
        msg = f'kind must be one of {list(UNUSUAL_KINDS)}, got {kind!r}'
        raise ValueError(msg)


def _field(shape, survey, rng, *, exposure=None, **sources):
    """Return the pixels of an ordinary field over the noise."""
    image, truth = simulate_field(
        shape, survey=survey, exposure=exposure, rng=rng,
        sources=SourceModel(density=90.0, **sources))
    return image.data / np.float32(survey.noise), truth


def _detect(pixels, noise=1.0, **options):
    """Detect an image that is over its noise."""
    with warnings.catch_warnings():
        # of a noise that is wrong
        warnings.simplefilter('ignore', BlendHunterWarning)
        return DetectedImage.from_image(pixels, noise=noise, **options)


def _with_artifacts(shape, survey, rng, extra):
    """
    Add the counts of an artifact, over the noise, to a field.

    Touched are sources whose segments hold mostly light of the artifact,
    without what the background takes away of it.
    """
    pixels, _ = _field(shape, survey, rng)
    detected = _detect(pixels + extra)
    clean = subtract_background(pixels, noise=1.0).data
    labels = detected.segmentation.ravel()
    light, total = (np.bincount(labels, weights=values.ravel())
                    for values in (detected.image.data - clean,
                                   detected.image.data))
    touched = light > ARTIFACT_SHARE * np.maximum(total, 1e-6)
    return UnusualImage(detected, np.flatnonzero(
        touched[np.asarray(detected.catalog['label'])]))


def _saturated(shape, survey, rng):
    """Saturated stars that bleed, without a mask."""
    exposure = Exposure(saturation=SATURATION * survey.noise, bleed=1.0,
                        mask_saturated=False)
    pixels, _ = _field(shape, survey, rng, exposure=exposure,
                       star_fraction=0.05, star_bright=14.0, star_faint=18.0)
    detected = _detect(pixels)
    full = pixels > 0.98 * SATURATION
    rows = np.unique(detected.segmentation[full])
    return UnusualImage(detected, np.flatnonzero(np.isin(
        detected.catalog['label'], rows[rows > 0])))


def _trails(shape, survey, rng):
    """Satellite trails."""
    extra = sum(draw_trail(shape, rng, peak=TRAIL_PEAK) for _ in range(2))
    return _with_artifacts(shape, survey, rng, extra)


def _cosmic_rays(shape, survey, rng):
    """Cosmic rays."""
    extra, _ = Artifacts(cosmic_rays=0.5, masked=0.0).draw(shape, 1.0, rng)
    return _with_artifacts(shape, survey, rng, extra)


def _ghosts(shape, survey, rng):
    """Draw discs and rings of light that the camera reflects."""
    y, x = np.mgrid[:shape[0], :shape[1]]
    extra = np.zeros(shape, dtype=np.float32)
    for _ in range(3):
        radius = np.exp(rng.uniform(*np.log(GHOST_RADIUS)))
        level = np.exp(rng.uniform(*np.log(GHOST_LEVEL)))
        distance = np.hypot(x - rng.uniform(0, shape[1]),
                            y - rng.uniform(0, shape[0]))
        disc = 1 / (1 + np.exp((distance - radius) / 2))
        hole = 1 / (1 + np.exp((distance - rng.uniform(0, 0.8) * radius) / 2))
        extra += (level * (disc - hole)).astype(np.float32)
    return _with_artifacts(shape, survey, rng, extra)


def _large_galaxies(shape, survey, rng):
    """Draw pieces of galaxies that are much larger than a stamp."""
    extra, center = _draw_galaxy(shape, survey, rng)
    image = _with_artifacts(shape, survey, rng, extra)
    away = np.hypot(image.detected.x[image.rows] - center[0],
                    image.detected.y[image.rows] - center[1])
    return replace(image, rows=image.rows[away > CENTER])


def _draw_galaxy(shape, survey, rng):
    """Return a large galaxy with its knots, over the noise, and x, y."""
    import galsim

    radius = np.exp(rng.uniform(*np.log(LARGE_RADIUS)))
    flux = survey.counts(rng.uniform(*LARGE_MAGNITUDE))
    # a galaxy with fainter parts than the noise has no pieces
    body = galsim.Exponential(half_light_radius=radius, flux=0.7 * flux)
    knots = galsim.RandomKnots(80, half_light_radius=radius, flux=0.3 * flux,
                               rng=galsim.BaseDeviate(int(rng.integers(1e9))))
    profile = galsim.Convolve(
        (body + knots).shear(g1=rng.uniform(-0.4, 0.4),
                             g2=rng.uniform(-0.4, 0.4)),
        galsim.Moffat(beta=3.5, fwhm=survey.seeing))
    center = [rng.uniform(0.3, 0.7) * length for length in shape[::-1]]
    offset = [position - (length - 1) / 2 for position, length in zip(
        center, shape[::-1], strict=True)]
    image = profile.drawImage(nx=shape[1], ny=shape[0], offset=offset,
                              scale=survey.pixel_scale, method='no_pixel')
    return image.array / np.float32(survey.noise), center


def _other_seeing(factor):
    """Return a maker of images with a seeing factor."""
    def draw(shape, survey, rng):
        pixels, _ = _field(shape, survey, rng,
                           exposure=Exposure(seeing_factor=factor))
        detected = _detect(pixels)
        return UnusualImage(detected, np.arange(len(detected)))

    return draw


def _wrong_noise(factor):
    """Return a maker of images whose noise is given too large or small."""
    def draw(shape, survey, rng):
        pixels, _ = _field(shape, survey, rng)
        detected = _detect(pixels, noise=factor)
        return UnusualImage(detected, np.arange(len(detected)))

    return draw


def _pure_noise(shape, survey, rng):
    """Random positions without a source."""
    del survey
    pixels = rng.standard_normal(shape).astype(np.float32)
    positions = {axis: rng.uniform(0, length - 1, N_EMPTY) for axis, length
                 in zip('xy', shape[::-1], strict=True)}
    detected = _detect(pixels, catalog=Table(positions))
    empty = values_at(detected.segmentation, detected.x, detected.y) == 0
    return UnusualImage(detected, np.flatnonzero(empty))


#: How images of each kind are drawn.
UNUSUAL_KINDS = {
    'saturated stars': _saturated, 'satellite trails': _trails,
    'cosmic rays': _cosmic_rays, 'ghosts': _ghosts,
    'pieces of large galaxies': _large_galaxies,
    'half the seeing': _other_seeing(TRAINED_SEEING[0] / SEEING_FACTOR),
    'twice the seeing': _other_seeing(TRAINED_SEEING[1] * SEEING_FACTOR),
    'noise too small': _wrong_noise(1 / NOISE_FACTOR),
    'noise too large': _wrong_noise(NOISE_FACTOR),
    'pure noise': _pure_noise}
