"""Stamps of isolated and blended galaxies: the paper's training set."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table, hstack, vstack

from blendhunter._utils.parallel import (
    describe_run,
    map_chunks,
    seed_sequence,
)
from blendhunter.simulation.galaxies import get_population
from blendhunter.simulation.psf import draw_psf
from blendhunter.simulation.surveys import get_survey
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import label_stamps, matched_filter_snr

__all__ = ['SIGMAS', 'StampSet', 'simulate_stamps']

#: Noise levels of the paper's parametric sets, in counts.
SIGMAS = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0)
CHUNK = 250
CENTRINGS = {
    # (half-width of a uniform, sigma of a normal) offset per axis in px
    'exact': (0.0, 0.0),
    'pipeline': (0.5, 0.3),
    'training': (1.0, 0.3)}


@dataclass(frozen=True)
class StampSet:
    """
    Simulated stamps with their truth.

    Parameters
    ----------
    centrals, companions : float32 `~numpy.ndarray` of shape (n, 51, 51)
        Noiseless renderings of the central source and of the sum of its
        companions, apart; a companion is zero in isolated stamps.
    truth : `~astropy.table.Table`
        ``label`` (1 blended), ``n_sources``; magnitude, flux (counts),
        half-light radius (arcsec), Sersic index, axis ratio and position
        (px) of the central source and, with the suffix ``_2``, of its
        brightest companion; ``separation`` (px), ``flux_ratio``,
        ``blendedness``, ``snr``, ``companion_snr`` (matched filter, at the
        survey's noise), ``seeing_factor``, ``group``.
    noise : float or None
        RMS of the noise in `stamps`; None for noiseless ones.
    noise_seed : int
        Seed of that noise.
    provenance : dict
        Arguments and versions.
    """

    centrals: np.ndarray
    companions: np.ndarray
    truth: Table
    noise: float | None
    noise_seed: int
    provenance: dict

    def __len__(self):
        return len(self.truth)

    @property
    def stamps(self):
        """The sums with their noise, float32 of shape (n, 51, 51)."""
        if self.noise is None:
            return self.centrals + self.companions
        return self.with_noise(self.noise, rng=self.noise_seed)

    def with_noise(self, sigma, *, rng=None):
        """Return the sums with Gaussian noise of RMS ``sigma``."""
        rng = np.random.default_rng(rng)
        noise = rng.standard_normal(self.centrals.shape, dtype=np.float32)
        return self.centrals + self.companions + np.float32(sigma) * noise


def simulate_stamps(n, *, survey='cfis', kind='parametric',
                    blend_fraction=0.5, n_max_sources=2, noise='survey',
                    centring='pipeline', seeing_range=(1.0, 1.0),
                    magnitudes=(19.0, 25.2), cosmos_dir=None, rng=None,
                    n_jobs=1, progress=None):
    """
    Simulate isolated and blended galaxies in stamps.

    The recipe is that of Farrens et al. (2022, Sect. 2.4): a galaxy near
    the centre and, in a blended stamp, further ones drawn separately at
    random positions in the stamp, all convolved with one PSF.

    Parameters
    ----------
    n : int
        Number of stamps.
    survey : str or Survey, optional
    kind : {'parametric', 'structured', 'realistic'}, optional
        Smooth galaxies, the same with star-forming knots, or real ones.
    blend_fraction : float, optional
        Fraction of blended stamps.
    n_max_sources : int, optional
        Most sources in a blended stamp (2 to 5); the number is uniform
        from 2 on.
    noise : float, 'survey' or None, optional
        RMS noise per pixel in counts, the survey's own, or none.
    centring : {'pipeline', 'training', 'exact'}, optional
        Offset of the central source from the central pixel, per axis:
        U(-0.5, 0.5) + N(0, 0.3) px as the pipeline leaves it, twice the
        uniform part for training, or none as in the paper.
    seeing_range : tuple of float, optional
        The seeing is multiplied by a factor uniform in this range, one
        for each ``group`` of 250 stamps, within which pairs can be
        recombined.
    magnitudes : tuple of float, optional
        Limits of the galaxies (F814W).
    cosmos_dir : path-like, optional
        Directory of a ``galsim.RealGalaxyCatalog``, for 'realistic'.
    rng : None, int, SeedSequence or Generator, optional
        The same seed gives the same pixels for any ``n_jobs``.
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    progress : callable, optional
        Called with the number of stamps after each chunk.

    Returns
    -------
    stamps : `StampSet`

    Raises
    ------
    ValueError
        If an argument is out of range; the message names it.
    """
    survey = get_survey(survey)
    _check(n, blend_fraction, n_max_sources, centring)
    if noise == 'survey':
        noise = survey.noise
    population = get_population(kind, cosmos_dir=cosmos_dir,
                                bright=magnitudes[0], faint=magnitudes[1])
    seeds = seed_sequence(rng)
    noise_seed, *chunk_seeds = seeds.spawn(1 + -(-n // CHUNK))
    counts = _source_counts(n, blend_fraction, n_max_sources,
                            np.random.default_rng(noise_seed))
    tasks = [(population, survey, counts[i * CHUNK:(i + 1) * CHUNK],
              CENTRINGS[centring], seeing_range, seed)
             for i, seed in enumerate(chunk_seeds)]
    step = None if progress is None else lambda _: progress(CHUNK)
    parts = list(map_chunks(_render_chunk, tasks, n_jobs=n_jobs,
                            progress=step))
    shape = (0, STAMP_SIZE, STAMP_SIZE)
    pixels = [np.concatenate([part[i] for part in parts]) if parts
              else np.zeros(shape, dtype=np.float32) for i in (0, 1)]
    truth = vstack([part[2] for part in parts]) if parts else Table()
    truth['group'] = (np.arange(n) // CHUNK).astype(np.int32)
    return StampSet(
        pixels[0], pixels[1], truth, noise,
        int(noise_seed.generate_state(1)[0]),
        {'kind': kind, 'survey': survey.name, 'n': int(n),
         'blend_fraction': float(blend_fraction),
         'n_max_sources': int(n_max_sources), 'centring': centring,
         'seeing_range': [float(v) for v in seeing_range],
         'magnitudes': [float(v) for v in magnitudes],
         **describe_run(seeds)})


def _check(n, blend_fraction, n_max_sources, centring):
    """Check the arguments of `simulate_stamps`."""
    if n < 0:
        msg = f'n must not be negative, got {n!r}'
        raise ValueError(msg)
    if not 0 <= blend_fraction <= 1:
        msg = f'blend_fraction must lie in 0 to 1, got {blend_fraction!r}'
        raise ValueError(msg)
    if not 2 <= n_max_sources <= 5:
        msg = f'n_max_sources must be 2 to 5, got {n_max_sources!r}'
        raise ValueError(msg)
    if centring not in CENTRINGS:
        msg = (f'centring must be one of {sorted(CENTRINGS)}, '
               f'got {centring!r}')
        raise ValueError(msg)


def _source_counts(n, blend_fraction, n_max_sources, rng):
    """Return the number of sources of each stamp, in random order."""
    counts = np.ones(n, dtype=np.int16)
    n_blends = round(n * blend_fraction)
    counts[:n_blends] = rng.integers(2, n_max_sources + 1, n_blends)
    return rng.permutation(counts)


def _render_chunk(population, survey, counts, centring, seeing, seed):
    """Render one chunk of stamps: centrals, companions, truth."""
    rng = np.random.default_rng(seed)
    n = len(counts)
    pixels = np.zeros((2, n, STAMP_SIZE, STAMP_SIZE), dtype=np.float32)
    central = population.draw(n, rng)
    central['x'], central['y'] = (STAMP_SIZE // 2 + _offsets(
        (2, n), centring, rng))
    blank = population.draw(0, rng)
    brightest = []
    factor = rng.uniform(*seeing)
    blendedness = np.zeros(n)
    for i, n_sources in enumerate(counts):
        psf = draw_psf(survey, rng, seeing_factor=factor)
        pixels[0, i] = _render(population, central[i], psf, survey)
        others = population.draw(n_sources - 1, rng)
        others['x'], others['y'] = rng.uniform(
            -0.5, STAMP_SIZE - 0.5, (2, n_sources - 1))
        for row in others:
            pixels[1, i] += _render(population, row, psf, survey)
        if len(others):
            brightest.append(others[np.argmin(others['magnitude'])])
            blendedness[i] = _blendedness(pixels[0, i], pixels[1, i])
    truth = _truth_table(central, counts, brightest, blank, survey)
    truth['blendedness'] = blendedness
    truth['seeing_factor'] = factor
    truth['snr'] = matched_filter_snr(pixels[0], survey.noise)
    truth['companion_snr'] = matched_filter_snr(pixels[1], survey.noise)
    return pixels[0], pixels[1], truth


def _offsets(shape, centring, rng):
    """Draw the offsets of central sources, in px."""
    width, scatter = centring
    return rng.uniform(-1, 1, shape) * width + rng.normal(0, 1, shape) * (
        scatter)


def _render(population, row, psf, survey):
    """Draw one source on a stamp of its own."""
    import galsim

    source = galsim.Convolve(population.render(row), psf)
    source = source.withFlux(survey.counts(float(row['magnitude'])))
    centre = STAMP_SIZE // 2
    image = source.drawImage(
        nx=STAMP_SIZE, ny=STAMP_SIZE, scale=survey.pixel_scale,
        offset=(row['x'] - centre, row['y'] - centre), dtype=np.float32)
    return image.array


def _blendedness(central, companions):
    """
    Return 1 - <C, C> / <C + D, C> of a central C and companions D.

    As in Sanchez et al. (2021) and the Blending ToolKit, with the plain
    inner product over the pixels.
    """
    total = np.sum((central + companions) * central, dtype=float)
    return 1 - np.sum(central * central, dtype=float) / total if total else 0


def _truth_table(central, counts, brightest, blank, survey):
    """Join the parameters of central sources and brightest companions."""
    n = len(central)
    second = Table({name: np.full(n, np.nan) for name in blank.colnames
                    if name not in ('seed', 'mirror', 'index')})
    second['x'] = second['y'] = np.nan
    for i, row in zip(np.flatnonzero(counts > 1), brightest, strict=True):
        for name in second.colnames:
            second[name][i] = row[name]
    for table in (central, second):
        table['flux'] = survey.counts(table['magnitude'])
    for name in ('seed', 'mirror', 'index'):
        if name in central.colnames:
            central.remove_column(name)
    truth = hstack([central, second], table_names=['1', '2'],
                   uniq_col_name='{col_name}_{table_name}')
    for name in central.colnames:
        truth.rename_column(f'{name}_1', name)
    truth.add_column(label_stamps(counts), name='label', index=0)
    truth.add_column(counts, name='n_sources', index=1)
    truth['separation'] = np.hypot(second['x'] - central['x'],
                                   second['y'] - central['y'])
    truth['flux_ratio'] = second['flux'] / central['flux']
    return truth
