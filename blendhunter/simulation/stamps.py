# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulate stamps of isolated and blended sources."""

import numpy as np
from astropy.table import vstack

from blendhunter._utils.descriptions import STAMPS, describe_columns
from blendhunter._utils.parallel import map_chunks
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.resume import begin_run
from blendhunter.simulation.exposure import get_noise
from blendhunter.simulation.given_psf import get_psf
from blendhunter.simulation.parameters import check_value
from blendhunter.simulation.populations.kinds import get_population
from blendhunter.simulation.stamp_scenes import CENTERINGS, Scene, render_chunk
from blendhunter.simulation.stampset import StampSet
from blendhunter.simulation.surveys import get_survey

__all__ = ['SIGMAS', 'simulate_stamps']

#: Noise levels of the paper's parametric sets, in counts.
SIGMAS = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0)
CHUNK = 250
# the farthest that a companion at any angle can be from a central source
MAX_SEPARATION = 35.0
SEEING_FACTORS = (0.05, 20.0)
MAX_CORRELATION = 10.0


def simulate_stamps(n, *, survey='cfis', kind='parametric',
                    blend_fraction=0.5, n_max_sources=2, star_fraction=0.0,
                    separation=None, magnitude_difference=None,
                    bright=19.0, faint=25.2, psf=None,
                    seeing_range=(1.0, 1.0), group_size=1, noise='survey',
                    noise_correlation=0.0, centering='pipeline',
                    artifacts=None, cosmos_dir=None, rng=None, n_jobs=1,
                    work_dir=None, progress=False):
    """
    Simulate isolated and blended sources in stamps.

    The recipe is that of Farrens et al. (2022, Sect. 2.4 and 2.5). Each
    stamp has a galaxy near its center. A blended stamp has additional
    galaxies at random positions. All are convolved with one PSF.
    ``centering='exact'`` gives the stamps of the paper.

    Parameters
    ----------
    n : int
        Number of stamps.
    survey : str or Survey, optional
        See `~blendhunter.simulation.get_survey`.
    kind : optional
        Kind of the sources; see `~blendhunter.simulation.SourceModel`.
    blend_fraction : float, optional
        Fraction of blended stamps.
    n_max_sources : int, optional
        Most sources in a blended stamp (2 to 5). The number is uniform
        between 2 and this.
    star_fraction : float, optional
        Fraction of the sources (central sources and companions) that are
        stars.
    separation : tuple of float or callable, optional
        Distance of the companions from the central source in px: two
        limits of a uniform distribution, or a function
        ``separation(n, rng)``. By default companions are uniform in the
        stamp.
    magnitude_difference : tuple of float or callable, optional
        Magnitude of the companions minus that of the central source, in
        the same forms. By default both follow the number counts.
    bright, faint : float, optional
        Magnitude limits of the sources (F814W).
    psf : optional
        See `~blendhunter.simulation.Exposure`.
    seeing_range : tuple of float, optional
        The seeing is multiplied by a factor that is uniform in this range.
    group_size : int, optional
        Number of consecutive stamps that form a ``group``. They have the
        same seeing factor, and the same PSF if it is that of a camera. So
        pairs of one group can be recombined.
    noise, noise_correlation : optional
        See `~blendhunter.simulation.Exposure`.
    centering : {'pipeline', 'training', 'exact', 'sep'}, optional
        Offset of the central source from the central pixel, per axis.
        'pipeline' is U(-0.5, 0.5) + N(0, 0.3) px, as in detected stamps.
        'training' has twice the uniform part. 'exact' has no offset, as
        in the paper. 'sep' cuts the noisy stamp around the centroid that
        SEP measures, before artifacts are added.
    artifacts : `~blendhunter.simulation.Artifacts`, optional
        See `~blendhunter.simulation.Exposure`.
    cosmos_dir : path-like, optional
        See `~blendhunter.simulation.SourceModel`.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers, or their seed. The same seed gives the same pixels
        for any ``n_jobs``.
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    work_dir : path-like, optional
        Directory that keeps the finished parts, so that the same call
        continues an interrupted run. Delete it when the result is saved.
    progress : bool, optional
        Whether to show a progress bar on a terminal.

    Returns
    -------
    stamps : `~blendhunter.simulation.StampSet`
        The stamps with their truth.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; the message names it.
    FileNotFoundError
        If ``cosmos_dir`` lacks its catalog or images.
    """
    survey = get_survey(survey)
    _check(n, blend_fraction, n_max_sources, centering, group_size)
    _check_limits('separation', separation, 0, MAX_SEPARATION)
    _check_limits('magnitude_difference', magnitude_difference, -np.inf,
                  np.inf)
    _check_limits('seeing_range', seeing_range, *SEEING_FACTORS)
    _check_limits('noise_correlation', (noise_correlation,) * 2, 0,
                  MAX_CORRELATION)
    noise = get_noise(noise, survey)
    population = get_population(kind, cosmos_dir=cosmos_dir, bright=bright,
                                faint=faint, star_fraction=star_fraction)
    scene = Scene(population, survey, get_psf(psf, survey), centering,
                  survey.noise if noise is None else noise,
                  noise_correlation, separation, magnitude_difference,
                  artifacts)
    seeds, provenance, store = begin_run('stamps', {
        'kind': kind, 'survey': survey.name, 'survey_values': survey,
        'n': n, 'cosmos_dir': cosmos_dir,
        'blend_fraction': blend_fraction, 'n_max_sources': n_max_sources,
        'star_fraction': star_fraction, 'separation': separation,
        'magnitude_difference': magnitude_difference, 'bright': bright,
        'faint': faint, 'psf': scene.psf, 'seeing_range': seeing_range,
        'group_size': group_size, 'scene_noise': scene.noise,
        'noise_correlation': noise_correlation, 'centering': centering,
        'artifacts': artifacts}, rng, work_dir)
    # whole groups, and one empty part without stamps, which has the columns
    step = max(CHUNK // group_size, 1) * group_size
    parts = [slice(i, i + step) for i in range(0, max(n, 1), step)]
    noise_seed, draw_seed, *chunk_seeds = seeds.spawn(2 + len(parts))
    counts, factors, group = _plan(n, blend_fraction, n_max_sources,
                                   seeing_range, group_size, draw_seed)
    arrays, truth = _render(
        [(scene, counts[part], factors[part], group[part], seed)
         for part, seed in zip(parts, chunk_seeds, strict=True)],
        n_jobs, store, progress)
    truth['group'] = group
    describe_columns(truth, STAMPS)
    return StampSet(
        truth=truth, noise=noise,
        noise_seed=int(noise_seed.generate_state(1)[0]),
        provenance=provenance, noise_correlation=noise_correlation, **arrays)


def _render(tasks, n_jobs, store, progress):
    """Render the parts; return their arrays and tables, joined."""
    sizes = [len(task[1]) for task in tasks]
    with progress_bar(total=sum(sizes), description='stamps',
                      enabled=progress) as bar:
        arrays, tables = zip(*map_chunks(
            render_chunk, tasks, n_jobs=n_jobs, advance=bar.update,
            sizes=sizes, store=store), strict=True)
    return ({name: np.concatenate([part[name] for part in arrays])
             for name in arrays[0]},
            vstack(tables, metadata_conflicts='silent'))


def _check(n, blend_fraction, n_max_sources, centering, group_size):
    """Check the plain arguments of `simulate_stamps`."""
    check_value('n', n, 'not be negative')
    check_value('blend_fraction', blend_fraction, 'be between 0 and 1')
    for name, good, wanted, value in (
            ('n_max_sources', n_max_sources in range(2, 6), '2 to 5',
             n_max_sources),
            ('centering', centering in CENTERINGS,
             f'one of {sorted(CENTERINGS)}', centering),
            ('group_size', group_size >= 1, 'at least 1', group_size)):
        if not good:
            msg = f'{name} must be {wanted}, got {value!r}'
            raise ValueError(msg)


def _check_limits(name, limits, low, high):
    """Check a range, unless it is None or a function."""
    if limits is None or callable(limits):
        return
    if not (len(limits) == 2 and low <= limits[0] <= limits[1] <= high):
        msg = (f'{name} must be two limits between {low} and {high}, the '
               f'lower one first, got {limits!r}')
        raise ValueError(msg)


def _plan(n, blend_fraction, n_max_sources, seeing_range, group_size, seed):
    """Draw the number of sources, seeing factor and group of each stamp."""
    rng = np.random.default_rng(seed)
    counts = np.ones(n, dtype=np.int16)
    n_blends = round(n * blend_fraction)
    counts[:n_blends] = rng.integers(2, n_max_sources + 1, n_blends)
    group = (np.arange(n) // group_size).astype(np.int32)
    factors = rng.uniform(*seeing_range, n)[:group[-1] + 1 if n else 0]
    return rng.permutation(counts), factors[group], group
