"""How well the question about whole stamps is answered."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.detectors import stamp_scores
from blendhunter.benchmark.labelling import label_by_rules, pad_stamps
from blendhunter.benchmark.metrics import completeness_at_false_positives
from blendhunter.simulation import get_population, simulate_stamps
from blendhunter.truth import BLEND, CLOSE, SINGLE

__all__ = ['STAMP_SETS', 'VARIANTS', 'StampSpec', 'false_alarms_by_galaxy',
           'measure_stamps', 'vary_stamps']

THRESHOLD = 0.5
# of the isolated stamps, the share that may be flagged for close_at_1
FALSE_POSITIVES = 0.01
#: What is done to the stamps that should change no answer.
VARIANTS = ('shifted by up to 1 px', 'in units of 1e-12',
            'turned by 90 degrees')
UNIT = 1e-12


@dataclass(frozen=True)
class StampSpec:
    """
    A set of test stamps.

    Parameters
    ----------
    kind : str
        See `~blendhunter.simulation.simulate_stamps`.
    sigma : float
        Noise RMS in CFIS counts.
    blend_fraction : float, optional
    varied : bool, optional
        Whether the variants of `VARIANTS` are measured, too.
    """

    kind: str
    sigma: float
    blend_fraction: float = 0.5
    varied: bool = False


#: The sets that a model is measured on.
STAMP_SETS = (StampSpec('parametric', 5.0), StampSpec('parametric', 14.5),
              StampSpec('parametric', 35.0),
              StampSpec('structured', 14.5, varied=True),
              StampSpec('realistic', 14.5),
              StampSpec('stars', 14.5, blend_fraction=0.0))


def measure_stamps(identifier, n=8000, *, sets=STAMP_SETS, cosmos_dir=None,
                   detectors=('sep', 'photutils'), centring='sep',
                   seed=4001, n_jobs=1, examine=None, progress=None):
    """
    Measure ``region='stamp'`` on fresh stamps, beside SEP and photutils.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
    n : int, optional
        Stamps of each set.
    sets : sequence of `StampSpec`, optional
    cosmos_dir : path-like, optional
        Real galaxies; without them the realistic sets are left out.
    detectors : sequence of {'sep', 'photutils'}, optional
        What stands beside, with the rule of the paper, which knows the
        truth, and with the one that does not.
    centring : {'sep', 'pipeline', 'training', 'exact'}, optional
        See `~blendhunter.simulation.simulate_stamps`; 'sep' is what
        ``classify`` cuts.
    seed : int, optional
        Of the first set; training uses others.
    n_jobs : int, optional
    examine : callable, optional
        Called with the `StampSpec`, the `~blendhunter.simulation.StampSet`
        and the network's probabilities of each set.
    progress : callable, optional
        Called with the number of stamps of a set, when it is measured.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set and method, with the scores of
        `~blendhunter.benchmark.stamp_scores`, and for the network
        ``close_at_1``, the completeness of close blends at the threshold
        that 1 per cent of the isolated stamps exceed. Rows of `VARIANTS`
        are of the same stamps, changed.

    Raises
    ------
    ValueError, FileNotFoundError
        If the settings or ``cosmos_dir`` cannot be used.
    """
    # each set has its own seed, whether others are left out or not
    numbered = [(number, spec) for number, spec in enumerate(sets)
                if spec.kind != 'realistic' or cosmos_dir is not None]
    for _, spec in numbered:
        # what is missing is missed before anything is measured
        get_population(spec.kind, cosmos_dir=cosmos_dir)
    rows = []
    for number, spec in numbered:
        made = simulate_stamps(
            n, kind=spec.kind, rng=seed + number, n_jobs=n_jobs,
            noise=spec.sigma, centring=centring,
            blend_fraction=spec.blend_fraction, cosmos_dir=(
                cosmos_dir if spec.kind == 'realistic' else None))
        about = {'set': spec.kind, 'sigma': spec.sigma}
        answers = {'network': identifier.predict_proba(
            made.stamps, noise=spec.sigma)}
        for name in VARIANTS if spec.varied else ():
            stamps, sigma = vary_stamps(made.stamps, spec.sigma, name,
                                        rng=[seed, number])
            answers[f'network, {name}'] = identifier.predict_proba(
                stamps, noise=sigma)
        rows.extend({**about, 'method': name,
                     **_network_scores(p, made.truth)}
                    for name, p in answers.items())
        rows.extend({**about, **scores, 'close_at_1': np.nan}
                    for scores in _detect(made, spec, detectors,
                                          [seed, number], n_jobs))
        if examine is not None:
            examine(spec, made, answers['network'])
        if progress is not None:
            progress(n)
    return Table(rows)


def _network_scores(probability, truth):
    """Return the scores of the network's answers."""
    near = (np.asarray(truth['label']) == SINGLE) | (
        np.asarray(truth['separation']) < CLOSE)
    blended = np.asarray(truth['label'])[near] == BLEND
    at_1 = (completeness_at_false_positives(
        probability[near], blended, FALSE_POSITIVES)
        if blended.any() else np.nan)
    return {**stamp_scores(probability >= THRESHOLD, truth),
            'close_at_1': at_1}


def false_alarms_by_galaxy(probability, truth):
    """
    Count which real galaxies are called blends though they are alone.

    Parameters
    ----------
    probability : float `~numpy.ndarray` of shape (n,)
    truth : `~astropy.table.Table`
        Of a `~blendhunter.simulation.StampSet`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per galaxy of the catalogue that stands alone in a stamp,
        those with most false alarms first: ``index``, ``stamps``,
        ``false_alarms``. Empty for galaxies that are not real.
    """
    alone = ((np.asarray(truth['label']) == SINGLE)
             & (np.asarray(truth['index']) >= 0))
    index, which = np.unique(np.asarray(truth['index'])[alone],
                             return_inverse=True)
    table = Table({
        'index': index,
        'stamps': np.bincount(which, minlength=len(index)),
        'false_alarms': np.bincount(
            which[probability[alone] >= THRESHOLD], minlength=len(index))})
    table.sort('false_alarms', reverse=True)
    return table


def _detect(made, spec, detectors, seed, n_jobs):
    """Yield the scores of each detector and rule."""
    padded = pad_stamps(made.stamps, spec.sigma, rng=seed)
    for method, rule, found in label_by_rules(
            padded, made.truth, noise=spec.sigma, methods=detectors,
            n_jobs=n_jobs):
        kept = ~np.asarray(found['failure'])
        yield {'method': f'{method} {rule}', **stamp_scores(
            found['label'][kept], made.truth[kept])}


def vary_stamps(stamps, sigma, variant, *, rng=None):
    """
    Change stamps in a way that should change no answer.

    Parameters
    ----------
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
    sigma : float
        Noise RMS.
    variant : str
        One of `VARIANTS`. Shifts are -1, 0 or 1 px on each axis, with
        fresh noise where nothing was.
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
    sigma : float

    Raises
    ------
    ValueError
        If the variant is unknown.
    """
    if variant not in VARIANTS:
        msg = f'variant must be one of {VARIANTS}, got {variant!r}'
        raise ValueError(msg)
    if variant == VARIANTS[1]:
        return stamps * np.float64(UNIT), sigma * UNIT
    if variant == VARIANTS[2]:
        return np.rot90(stamps, axes=(1, 2)).copy(), sigma
    rng = np.random.default_rng(rng)
    n, size, _ = stamps.shape
    wide = rng.normal(0, sigma, (n, size + 2, size + 2)).astype(stamps.dtype)
    wide[:, 1:-1, 1:-1] = stamps
    corner = rng.integers(0, 3, (n, 2))
    steps = np.arange(size)
    return wide[np.arange(n)[:, None, None],
                (corner[:, :1] + steps)[:, :, None],
                (corner[:, 1:] + steps)[:, None, :]], sigma
