"""Rendering the sources of a field into pixels."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from blendhunter._utils.noise import draw_noise
from blendhunter._utils.parallel import map_chunks
from blendhunter.simulation.artefacts import Artefacts
from blendhunter.simulation.populations.columns import INTERNAL
from blendhunter.simulation.psf import VaryingPSF, convolve
from blendhunter.simulation.scenes import rows_of
from blendhunter.simulation.surveys import Survey
from blendhunter.truth import group_sources, neighbour_separation

__all__ = ['Exposure', 'check_shape', 'render_field']

CHUNK = 200
# widths in px beyond which a source adds nothing visible, by its flux
# over the noise per pixel, for pixels and seeing like CFIS's
WIDTHS = ((120.0, 41), (800.0, 65), (5e3, 129), (3e4, 257), (2e5, 513))
MAX_WIDTH = 1025
CFIS_SEEING = 3.5
# knots of sources with less flux over the noise per pixel would not
# show, and cost more time than all else
KNOT_LIMIT = 200.0
# diffraction spikes, of stars with this flux over the noise per pixel:
# two thin crossed exponential profiles (half-light radius in arcsec,
# before the shear)
SPIKE_LIMIT = 3e3
SPIKE_AXIS_RATIO = 0.01
SPIKE_RADIUS = 0.5
SPIKE_ANGLE = 45.0
# wide wings of the same stars: a Moffat profile that falls as r**-4, the
# second of the two that stellar profiles need (Racine 1996, PASP 108, 699)
WING_BETA = 2.0


@dataclass(frozen=True)
class Exposure:
    """
    What telescope and camera do to a field.

    Parameters
    ----------
    survey : `~blendhunter.simulation.surveys.Survey`
    psf : object with ``draw``
    noise : float
        RMS noise per pixel in counts.
    noise_correlation : float, optional
    seeing_factor : float, optional
    psf_variation : float, optional
        Amplitude of `~blendhunter.simulation.psf.VaryingPSF`.
    spikes : float, optional
        Fraction of a bright star's light in four diffraction spikes.
    saturation : float, optional
        Counts above which pixels are cut and masked.
    artefacts : `~blendhunter.simulation.artefacts.Artefacts`, optional
    wings : float, optional
        Fraction of a bright star's light in wide wings.
    gain : float, optional
        Electrons per count, for the photon noise of the sources; None
        for no such noise.

    Raises
    ------
    ValueError
        If a value is out of range; the message names it.
    """

    survey: Survey
    psf: object
    noise: float
    noise_correlation: float = 0.0
    seeing_factor: float = 1.0
    psf_variation: float = 0.0
    spikes: float = 0.0
    saturation: float | None = None
    artefacts: Artefacts | None = None
    wings: float = 0.0
    gain: float | None = None

    def __post_init__(self):
        for name in ('noise', 'seeing_factor'):
            if not 0 < getattr(self, name) < np.inf:
                msg = f'{name} must be positive, got {getattr(self, name)!r}'
                raise ValueError(msg)
        for name in ('noise_correlation', 'psf_variation', 'spikes',
                     'wings'):
            if not 0 <= getattr(self, name) <= 1:
                msg = (f'{name} must lie in 0 to 1, '
                       f'got {getattr(self, name)!r}')
                raise ValueError(msg)
        if self.saturation is not None and not self.saturation > self.noise:
            msg = ('saturation must exceed the noise, '
                   f'got {self.saturation!r}')
            raise ValueError(msg)
        if self.gain is not None and not self.gain > 0:
            msg = f'gain must be positive, got {self.gain!r}'
            raise ValueError(msg)

    def variance(self, counts):
        """Return the noise variance of pixels, those of the sources in."""
        if self.gain is None:
            return self.noise**2
        return self.noise**2 + np.maximum(counts, 0) / self.gain

    def width(self, flux):
        """Return the width in px of a source's image, an odd number."""
        ratio = flux / self.noise
        base = next((w for limit, w in WIDTHS if ratio < limit), MAX_WIDTH)
        seeing = (self.survey.seeing * self.seeing_factor
                  / self.survey.pixel_scale / CFIS_SEEING)
        return 2 * int(base * max(seeing, 1.0) / 2) + 1

    def star(self, psf, flux):
        """Return the image of a star, of unit flux."""
        if flux < SPIKE_LIMIT * self.noise:
            return psf
        import galsim

        if self.wings:
            wide = galsim.Moffat(
                beta=WING_BETA, fwhm=self.survey.seeing * self.seeing_factor)
            psf = (1 - self.wings) * psf + self.wings * wide
        if not self.spikes:
            return psf
        arm = galsim.Exponential(half_light_radius=SPIKE_RADIUS)
        arms = [convolve(arm.shear(galsim.Shear(
            q=SPIKE_AXIS_RATIO, beta=(SPIKE_ANGLE + turn) * galsim.degrees)),
            psf) for turn in (0, 90)]
        return ((1 - self.spikes) * psf
                + self.spikes / 2 * galsim.Add(arms))


def check_shape(shape):
    """
    Return the shape of a field as two integers.

    Raises
    ------
    ValueError
        If it is none.
    """
    shape = tuple(int(length) for length in shape)
    if len(shape) != 2 or min(shape) < 1:
        msg = f'shape must be two positive integers, got {shape!r}'
        raise ValueError(msg)
    return shape


def render_field(shape, sky, exposure, seeds, *, n_jobs=1, store=None,
                 progress=None):
    """
    Draw the sources of a field and add the noise; the check-free core.

    Parameters
    ----------
    shape : tuple of int
    sky : `~blendhunter.simulation.sky.Sky`
    exposure : `Exposure`
    seeds : `~numpy.random.SeedSequence`
    n_jobs : int, optional
    store : `~blendhunter._utils.chunks.ChunkStore`, optional
    progress : callable, optional
        Called with the number of sources after each chunk.

    Returns
    -------
    pixels : float32 `~numpy.ndarray`
    mask : bool `~numpy.ndarray`
        True marks pixels known to be bad.
    truth : `~astropy.table.Table`
    """
    source_seed, noise_seed, psf_seed = seeds.spawn(3)
    sources = sky.draw(shape, exposure.survey,
                       np.random.default_rng(source_seed))
    smooth = np.asarray(sources['flux']) < KNOT_LIMIT * exposure.noise
    for name in ('knot_fraction', 'n_knots'):
        sources[name][smooth] = 0
    rng = np.random.default_rng(psf_seed)
    psf = VaryingPSF(
        exposure.psf.draw(rng, seeing_factor=exposure.seeing_factor),
        shape, exposure.psf_variation, rng)
    tasks = [(sky.galaxies, sources[i:i + CHUNK], psf, exposure, shape)
             for i in range(0, len(sources), CHUNK)]
    pixels = np.zeros(shape, dtype=np.float32)
    parts = []
    for arrays, _ in map_chunks(
            _render_sources, tasks, n_jobs=n_jobs, progress=progress,
            sizes=[len(task[1]) for task in tasks], store=store):
        for box, stamp in _unpack(arrays):
            pixels[box] += stamp
        parts.append(arrays)
    truth = _measure(sources, pixels, parts, exposure)
    rng = np.random.default_rng(noise_seed)
    pixels += np.sqrt(exposure.variance(pixels)).astype(
        np.float32) * draw_noise(
            shape, rng, correlation=exposure.noise_correlation)
    mask = np.zeros(shape, dtype=bool)
    if exposure.artefacts is not None:
        extra, mask = exposure.artefacts.draw(shape, exposure.noise, rng)
        pixels += extra
    if exposure.saturation is not None:
        mask |= pixels >= exposure.saturation
        pixels = np.minimum(pixels, np.float32(exposure.saturation))
    return pixels, mask, truth


def _render_sources(population, sources, psf, exposure, shape):
    """Render the sources of a chunk on images of their own."""
    boxes, stamps, energy = [], [], []
    for row in rows_of(sources):
        local = psf.at(row['x'], row['y'])
        profile = (exposure.star(local, row['flux']) if row['is_star'] else
                   convolve(population.render(row), local))
        width = exposure.width(row['flux'])
        cx, cy = round(row['x']), round(row['y'])
        image = profile.withFlux(row['flux']).drawImage(
            nx=width, ny=width, scale=exposure.survey.pixel_scale,
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
    """Yield the place and the pixels of each source of a chunk."""
    start = 0
    for y0, y1, x0, x1 in arrays['boxes'].tolist():
        end = start + (y1 - y0) * (x1 - x0)
        yield ((slice(y0, y1), slice(x0, x1)),
               arrays['pixels'][start:end].reshape(y1 - y0, x1 - x0))
        start = end


def _measure(sources, total, parts, exposure):
    """Add what the noiseless images of field and sources tell."""
    energy = np.concatenate([[], *(part['energy'] for part in parts)])
    sums = [(np.sum(stamp * (total[box] - stamp), dtype=float),
             np.sum(stamp**2, dtype=float),
             np.sum(stamp**2 / exposure.variance(total[box]), dtype=float))
            for part in parts for box, stamp in _unpack(part)]
    overlap, on_image, weighted = np.reshape(sums, (-1, 3)).T
    truth = sources
    truth.remove_columns(INTERNAL)
    # the mean inverse variance, for the light off the image, too
    inverse = np.divide(weighted, on_image, where=on_image > 0,
                        out=np.full(len(energy), exposure.noise**-2.0))
    truth['snr'] = np.sqrt(energy * inverse)
    truth['blendedness'] = 1 - energy / (energy + overlap)
    x, y = (np.asarray(truth[axis]) for axis in 'xy')
    truth['neighbour_separation'] = neighbour_separation(x, y)
    truth['group_id'], truth['group_snr'] = group_sources(
        total, exposure.noise, x, y)
    return truth
