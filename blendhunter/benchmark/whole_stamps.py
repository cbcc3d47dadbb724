# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Evaluate the network on whole stamps."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.parallel import child_seed, seed_sequence
from blendhunter._utils.progress import progress_bar
from blendhunter.benchmark.column_descriptions import DETECTORS
from blendhunter.benchmark.detector_labels import label_by_rules, pad_stamps
from blendhunter.benchmark.metrics import completeness_at_false_positives
from blendhunter.benchmark.stamp_detectors import kept_scores, stamp_scores
from blendhunter.simulation import simulate_stamps
from blendhunter.simulation.populations.kinds import get_population
from blendhunter.truth import BLEND, CLOSE, SINGLE

__all__ = ['STAMP_SETS', 'VARIANTS', 'StampSpec', 'evaluate_stamps',
           'false_positives_by_galaxy', 'vary_stamps']

THRESHOLD = 0.5
# false-positive rate of the score completeness_close_fpr1
FALSE_POSITIVES = 0.01
#: Changes of the stamps that should change no answer.
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
        Kind of the sources; see `~blendhunter.simulate_stamps`.
    sigma : float
        RMS noise in CFIS counts.
    blend_fraction : float, optional
        Fraction of blended stamps.
    varied : bool, optional
        Whether shifted, rescaled and rotated stamps are evaluated, too.
    psf : optional
        See `~blendhunter.simulate_stamps`.
    """

    kind: str
    sigma: float
    blend_fraction: float = 0.5
    varied: bool = False
    psf: object = None

    @property
    def name(self):
        """Name of the set, which describes its stamps."""
        if self.psf is None:
            return self.kind
        return f'{self.kind}, {self.psf} PSF'


#: The sets that a model is evaluated on.
STAMP_SETS = (StampSpec('parametric', 5.0), StampSpec('parametric', 14.5),
              StampSpec('parametric', 35.0),
              StampSpec('structured', 14.5, varied=True),
              StampSpec('realistic', 14.5),
              StampSpec('stars', 14.5, blend_fraction=0.0),
              StampSpec('knots', 14.5),
              StampSpec('structured', 14.5, psf='camera'),
              StampSpec('stars', 14.5, blend_fraction=0.0, psf='camera'))


def evaluate_stamps(identifier, n=8000, *, sets=STAMP_SETS, cosmos_dir=None,
                    detectors=('sep', 'photutils'), centering='sep',
                    rng=4001, n_jobs=1, examine=None, progress=False):
    """
    Evaluate ``region='stamp'`` on new stamps, and compare with detectors.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the stamps.
    n : int, optional
        Number of stamps in each set.
    sets : sequence of `~blendhunter.benchmark.StampSpec`, optional
        The sets; by default all.
    cosmos_dir : path-like, optional
        Directory of a ``galsim.RealGalaxyCatalog``. Without it the
        realistic sets are left out.
    detectors : sequence of {'sep', 'photutils'}, optional
        Detectors to compare with. They are scored by the rule of the
        paper, which needs the truth, and by one that does not.
    centering : optional
        See `~blendhunter.simulate_stamps`. 'sep' gives the stamps that
        ``classify`` cuts.
    rng : None, int, SeedSequence or Generator, optional
        An integer is the seed of the first set. The following integers are
        the seeds of the next sets. The training uses other seeds.
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    examine : callable, optional
        Called for each set, with the
        `~blendhunter.benchmark.StampSpec`, the
        `~blendhunter.simulation.StampSet` and the probabilities of the
        network.
    progress : bool, optional
        Whether to show a progress bar on a terminal.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set and method, with the scores of
        `~blendhunter.benchmark.evaluate_detectors`. The network has also
        ``completeness_close_fpr1``: the completeness of close blends at a
        false-positive rate of 1 per cent. Rows such as 'network, turned by
        90 degrees' have the scores of the same stamps after this change.

    Raises
    ------
    ValueError, FileNotFoundError
        If the settings or ``cosmos_dir`` cannot be used.
    """
    seeds = seed_sequence(rng)
    # each set has its own seed, whether others are left out or not
    numbered = [(number, spec) for number, spec in enumerate(sets)
                if spec.kind != 'realistic' or cosmos_dir is not None]
    for _, spec in numbered:
        # what is missing is missed before anything is evaluated
        get_population(spec.kind, cosmos_dir=cosmos_dir)
    rows = []
    with progress_bar(total=n * len(numbered), description='stamps',
                      enabled=progress) as bar:
        for number, spec in numbered:
            made = simulate_stamps(
                n, kind=spec.kind, n_jobs=n_jobs, noise=spec.sigma,
                rng=(rng + number if isinstance(rng, (int, np.integer))
                     else child_seed(seeds, number, 0)),
                centering=centering, psf=spec.psf,
                blend_fraction=spec.blend_fraction,
                cosmos_dir=cosmos_dir if spec.kind == 'realistic' else None)
            answers = _answers(identifier, made, spec,
                               child_seed(seeds, number))
            about = {'set': spec.name, 'sigma': spec.sigma}
            rows.extend({**about, 'method': name,
                         **_network_scores(p, made.truth)}
                        for name, p in answers.items())
            padded = pad_stamps(made.stamps, spec.sigma,
                                rng=child_seed(seeds, number))
            rows.extend(
                {**about, 'method': f'{method} {rule}',
                 **kept_scores(labels, made.truth),
                 'completeness_close_fpr1': np.nan}
                for method, rule, labels in label_by_rules(
                    padded, made.truth, noise=spec.sigma, methods=detectors,
                    n_jobs=n_jobs))
            if examine is not None:
                examine(spec, made, answers['network'])
            bar.update(n)
    return describe_columns(Table(rows), DETECTORS)


def _answers(identifier, made, spec, rng):
    """Return the network's probabilities, of the variants, too."""
    answers = {'network': identifier.predict_stamps(made.stamps,
                                                    noise=spec.sigma)}
    for name in VARIANTS if spec.varied else ():
        stamps, sigma = vary_stamps(made.stamps, spec.sigma, name, rng=rng)
        answers[f'network, {name}'] = identifier.predict_stamps(
            stamps, noise=sigma)
    return answers


def _network_scores(probability, truth):
    """Return the scores of the network's answers."""
    near = (np.asarray(truth['label']) == SINGLE) | (
        np.asarray(truth['separation']) < CLOSE)
    return {**stamp_scores(probability >= THRESHOLD, truth),
            'completeness_close_fpr1': completeness_at_false_positives(
                probability[near], np.asarray(truth['label'])[near] == BLEND,
                FALSE_POSITIVES)}


def false_positives_by_galaxy(probability, truth):
    """
    Count how often each real galaxy is flagged though it is alone.

    Returns the galaxies with most false positives first; empty for
    galaxies that are not real.
    """
    alone = ((np.asarray(truth['label']) == SINGLE)
             & (np.asarray(truth['index']) >= 0))
    index, which = np.unique(np.asarray(truth['index'])[alone],
                             return_inverse=True)
    table = Table({
        'index': index,
        'stamps': np.bincount(which, minlength=len(index)),
        'false_positives': np.bincount(
            which[probability[alone] >= THRESHOLD], minlength=len(index))})
    table.sort('false_positives', reverse=True)
    return table


def vary_stamps(stamps, sigma, variant, *, rng=None):
    """
    Change stamps, and their noise, by one of `VARIANTS`.

    Shifts are -1, 0 or 1 px on each axis, with fresh noise at the edge.
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
