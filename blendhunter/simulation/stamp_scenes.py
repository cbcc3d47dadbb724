# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw and render a chunk of stamps around their sources."""

from dataclasses import dataclass

import numpy as np

from blendhunter._utils.simulated_noise import draw_noise
from blendhunter.detection import DetectedImage
from blendhunter.simulation.exposure import Artifacts
from blendhunter.simulation.populations.columns import (
    INTERNAL,
    complete,
    rows_of,
)
from blendhunter.simulation.psf import convolve
from blendhunter.simulation.surveys import Survey
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth.blend_definition import label_stamps
from blendhunter.truth.overlap import blendedness, matched_filter_snr

__all__ = ['CENTERINGS', 'Scene', 'render_chunk']

SEP_CENTERING = 'sep'
CENTERINGS = {
    # (half-width of a uniform, sigma of a normal) offset per axis in px
    'exact': (0.0, 0.0),
    'pipeline': (0.5, 0.3),
    'training': (1.0, 0.3),
    # the detection's own errors come on top
    SEP_CENTERING: (0.5, 0.0)}
# margin in px of a stamp that is cut around a detection
MARGIN = 6
# how often companions are drawn again until they lie in the stamp
MAX_TRIES = 3000
# empty pixels between the stamps of a mosaic, so that none of their
# sources run together
GAP = 8
# the detection of a central source lies within this, in px
MAX_DISTANCE = 6.0


@dataclass(frozen=True)
class Scene:
    """
    What the stamps of one simulation have in common.

    SNR, centering and artifacts refer to ``noise``, in counts. For
    ``separation`` and ``magnitude_difference`` see `simulate_stamps`.
    """

    population: object
    survey: Survey
    psf: object
    centering: str
    noise: float
    noise_correlation: float = 0.0
    separation: object = None
    magnitude_difference: object = None
    artifacts: Artifacts | None = None


def render_chunk(scene, counts, factors, group, seed):
    """
    Draw and render stamps with some numbers of sources and seeing factors.

    Stamps of one ``group`` follow each other, and share a camera's PSF.

    Returns a dict of stacks of shape (n, 51, 51), ``centrals``,
    ``companions`` and what else the scene asks for, and the truth.
    """
    source_seed, image_seed = seed.spawn(2)
    rng = np.random.default_rng(source_seed)
    central, others, owner = _draw_sources(scene, counts, rng)
    margin = MARGIN if scene.centering == SEP_CENTERING else 0
    size = STAMP_SIZE + 2 * margin
    pixels = np.zeros((2, len(counts), size, size), dtype=np.float32)
    psfs = _draw_psfs(scene.psf, factors, group, rng)
    for i, row in enumerate(rows_of(central)):
        pixels[0, i] = _render(scene, row, psfs[i], size)
    for i, row in zip(owner, rows_of(others), strict=True):
        pixels[1, i] += _render(scene, row, psfs[i], size)
    rng = np.random.default_rng(image_seed)
    arrays, shift = {'centrals': pixels[0], 'companions': pixels[1]}, None
    if margin:
        arrays['unit_noise'] = draw_noise(
            pixels[0].shape, rng, correlation=scene.noise_correlation)
        arrays, shift = _center_on_detections(
            arrays, scene.noise, margin, owner,
            np.column_stack([others['x'], others['y']]))
    if scene.artifacts is not None:
        shape = (len(counts), STAMP_SIZE, STAMP_SIZE)
        arrays.update(extra=np.zeros(shape, np.float32),
                      masks=np.zeros(shape, bool))
        for i in range(len(counts)):
            arrays['extra'][i], arrays['masks'][i] = scene.artifacts.draw(
                shape[1:], scene.noise, rng)
    truth = _truth_table(scene, arrays, counts, central, others, owner,
                         shift)
    truth['seeing_factor'] = factors
    return arrays, truth


def _draw_psfs(psf, factors, group, rng):
    """Draw the PSF of each stamp, or of each group if it is shared."""
    if not getattr(psf, 'shared', False):
        return [psf.draw(rng, seeing_factor=factor) for factor in factors]
    _, starts, places = np.unique(group, return_index=True,
                                  return_inverse=True)
    profiles = [psf.draw(rng, seeing_factor=factor)
                for factor in factors[starts]]
    return [profiles[place] for place in places]


def _draw_sources(scene, counts, rng):
    """Draw central sources, all companions, and the owners of these."""
    n = len(counts)
    middle = STAMP_SIZE // 2
    width, scatter = CENTERINGS[scene.centering]
    central = complete(scene.population.draw(n, rng))
    for axis in ('x', 'y'):
        central[axis] = (middle + width * rng.uniform(-1, 1, n)
                         + scatter * rng.normal(0, 1, n))
    owner = np.repeat(np.arange(n), counts - 1)
    magnitude = None
    if scene.magnitude_difference is not None:
        magnitude = np.asarray(central['magnitude'])[owner] + _chosen(
            scene.magnitude_difference, len(owner), rng)
    others = complete(scene.population.draw(len(owner), rng,
                                            magnitude=magnitude))
    if scene.separation is None:
        for axis in ('x', 'y'):
            others[axis] = rng.uniform(-0.5, STAMP_SIZE - 0.5, len(owner))
    else:
        separation = _chosen(scene.separation, len(owner), rng)
        others['x'], others['y'] = _around(
            *(np.asarray(central[axis])[owner] for axis in 'xy'),
            separation, rng)
    return central, others, owner


def _chosen(distribution, n, rng):
    """Draw from a range, or from the user's own function."""
    if callable(distribution):
        values = np.asarray(distribution(n, rng), dtype=float)
        if values.shape != (n,):
            msg = (f'a distribution must return an array of shape ({n},), '
                   f'got {values.shape}')
            raise ValueError(msg)
        return values
    return rng.uniform(*distribution, n)


def _around(x, y, separation, rng):
    """Return positions at given distances that lie in the stamp."""
    found = np.full((2, len(x)), np.nan)
    todo = np.arange(len(x))
    for _ in range(MAX_TRIES):
        angle = rng.uniform(0, 2 * np.pi, len(todo))
        position = np.array([x[todo] + separation[todo] * np.cos(angle),
                             y[todo] + separation[todo] * np.sin(angle)])
        inside = np.all((position > -0.5) & (position < STAMP_SIZE - 0.5),
                        axis=0)
        found[:, todo[inside]] = position[:, inside]
        todo = todo[~inside]
        if not len(todo):
            return found
    msg = (f'separation: {separation[todo[0]]:.1f} px from '
           f'({x[todo[0]]:.1f}, {y[todo[0]]:.1f}) lies off the stamp')
    raise ValueError(msg)


def _render(scene, row, psf, size):
    """Draw one source on an image of its own."""
    source = convolve(scene.population.render(row), psf)
    middle = STAMP_SIZE // 2
    return source.withFlux(scene.survey.counts(row['magnitude'])).drawImage(
        nx=size, ny=size, scale=scene.survey.pixel_scale,
        offset=(row['x'] - middle, row['y'] - middle),
        dtype=np.float32).array


def _truth_table(scene, arrays, counts, central, others, owner, shift):
    """Join the parameters of central sources and brightest companions."""
    for table in (central, others):
        table['flux'] = scene.survey.counts(table['magnitude'])
        table.remove_columns(INTERNAL)
    if shift is not None:
        for i, axis in enumerate('xy'):
            central[axis] -= shift[:, i]
            others[axis] -= shift[owner, i]
    truth = central
    truth.add_column(label_stamps(counts), name='label', index=0)
    truth.add_column(counts, name='n_sources', index=1)
    _add_brightest(truth, others, owner)
    truth['separation'] = np.hypot(truth['x_2'] - truth['x'],
                                   truth['y_2'] - truth['y'])
    truth['flux_ratio'] = truth['flux_2'] / truth['flux']
    truth['magnitude_difference'] = truth['magnitude_2'] - truth['magnitude']
    total = arrays['centrals'] + arrays['companions']
    truth['blendedness'] = blendedness(arrays['centrals'], total)
    for name, image in (('snr', arrays['centrals']),
                        ('companion_snr', arrays['companions']),
                        ('total_snr', total)):
        truth[name] = matched_filter_snr(image, scene.noise)
    if shift is not None:
        truth['detected'] = np.isfinite(shift[:, 2])
    return truth


def _add_brightest(truth, others, owner):
    """Add the brightest companion of each stamp; NaN if it has none."""
    # the last of those sorted from faint to bright stays
    order = np.argsort(-np.asarray(others['magnitude']), kind='stable')
    brightest = np.full(len(truth), -1)
    brightest[owner[order]] = order
    has = brightest >= 0
    for name in others.colnames:
        values = np.asarray(others[name])
        if values.dtype.kind in 'iuf':
            column = np.full(len(truth), np.nan)
        else:  # a flag, or a string
            column = np.zeros(len(truth), dtype=values.dtype)
        column[has] = values[brightest[has]]
        truth[f'{name}_2'] = column


def _center_on_detections(arrays, noise, margin, owner, companions):
    """
    Cut stamps around SEP's centroids, as the pipeline does.

    All stamps are detected in one mosaic, with the default settings of
    `~blendhunter.detect` (the paper's). ``arrays`` holds ``centrals``,
    ``companions`` and ``unit_noise``, wider than a stamp by the margin
    (px) on each side. ``companions`` are positions x, y in the stamps
    ``owner``. A stamp stays as it is if there was no detection, or if a
    companion would end outside.

    Returns the arrays, cut, and for each stamp by how many whole pixels
    it moved in x and y, and the distance (px) of the detection, NaN if it
    stayed.
    """
    image = (arrays['centrals'] + arrays['companions']
             + np.float32(noise) * arrays['unit_noise'])
    n, size = image.shape[:2]
    if not n:
        return {name: np.zeros((0, STAMP_SIZE, STAMP_SIZE), np.float32)
                for name in arrays}, np.zeros((0, 3))
    # the detector's position is that of the source in whole pixels
    middle = size // 2
    found = _nearest_detections(image, noise, middle)
    move = np.rint(found[:, :2] - middle)
    move[~np.isfinite(found[:, 2])] = 0
    move = move.clip(-margin, margin).astype(int)
    after = companions - move[owner]
    outside = np.any((after < -0.5) | (after >= STAMP_SIZE - 0.5), axis=1)
    move[owner[outside]] = 0
    found[owner[outside], 2] = np.nan
    steps = np.arange(STAMP_SIZE)
    rows = (margin + move[:, 1])[:, None, None] + steps[:, None]
    columns = (margin + move[:, 0])[:, None, None] + steps
    which = np.arange(n)[:, None, None]
    cut = {name: array[which, rows, columns]
           for name, array in arrays.items()}
    return cut, np.column_stack([move, found[:, 2]])


def _nearest_detections(stack, noise, middle):
    """Return x, y and distance of the detection nearest to each middle."""
    n, size = stack.shape[:2]
    across = int(np.ceil(np.sqrt(n)))
    cell = size + GAP
    # the gap gets noise of its own: zeros would lower the RMS
    mosaic = np.random.default_rng(0).normal(
        0, noise, (across * cell, across * cell)).astype(np.float32)
    corner = np.stack(np.divmod(np.arange(n), across), axis=1) * cell
    for (y, x), image in zip(corner, stack, strict=True):
        mosaic[y:y + size, x:x + size] = image
    detected = DetectedImage.from_image(mosaic, noise=float(noise),
                                        background=None)
    x, y = detected.x, detected.y
    column, row = (np.floor((v + 0.5) / cell).astype(int) for v in (x, y))
    owner = row * across + column
    local = np.column_stack([x - column * cell, y - row * cell])
    distance = np.hypot(*(local - middle).T)
    result = np.full((n, 3), np.nan)
    good = (distance < MAX_DISTANCE) & (owner < n)
    # the nearest comes last and stays
    order = np.argsort(-distance[good], kind='stable')
    result[owner[good][order]] = np.column_stack(
        [local, distance])[good][order]
    return result
