"""How well detectors tell blended stamps from isolated ones."""

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.authors import stored_runs
from blendhunter.benchmark.labelling import label_by_rules, pad_stamps
from blendhunter.benchmark.metrics import binomial_error, clustered_error
from blendhunter.simulation import simulate_stamps
from blendhunter.truth import BLEND, CLOSE

__all__ = ['measure_detectors', 'stamp_scores']

SIGMAS = (5.0, 14.0, 26.0, 35.0)
METHODS = ('sep', 'photutils')


def measure_detectors(n=8000, *, sigmas=SIGMAS, methods=METHODS,
                      centring='exact', kind='parametric', cosmos_dir=None,
                      seed=3001, n_jobs=1, progress=None):
    """
    Measure SEP and photutils on the paper's stamps.

    Parameters
    ----------
    n : int, optional
        Stamps, half of them blended; the same at each noise.
    sigmas : tuple of float, optional
        Noise RMS in CFIS counts.
    methods : tuple of {'sep', 'photutils'}, optional
    centring, kind, cosmos_dir : optional
        As in `~blendhunter.simulation.simulate_stamps`; the defaults are
        the paper's.
    seed : int, optional
    n_jobs : int, optional
    progress : callable, optional
        Called with the number of stamps that were rendered or labelled.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per noise, method and rule ('oracle', which knows the
        truth, 'truth-free', 'authors'): the scores of `stamp_scores`,
        ``failures``, the fraction that the rule leaves out, and
        ``nothing_found``, that of stamps without a detection.
    """
    made = simulate_stamps(n, kind=kind, centring=centring, rng=seed,
                           cosmos_dir=cosmos_dir, n_jobs=n_jobs,
                           progress=progress)
    authors = [row for row in stored_runs() if row['method'] == 'SEP']
    rows = []
    for sigma in sigmas:
        key = round(10 * sigma)
        stamps = pad_stamps(made.with_noise(sigma, rng=[seed, key]), sigma,
                            rng=[seed, key, 1])
        for method, rule, labels in label_by_rules(
                stamps, made.truth, noise=sigma, methods=methods,
                n_jobs=n_jobs, progress=progress):
            kept = ~np.asarray(labels['failure'])
            rows.append({
                'sigma': sigma, 'method': method, 'rule': rule,
                **stamp_scores(labels['label'][kept], made.truth[kept]),
                'failures': 1 - kept.mean(),
                'nothing_found': np.mean(labels['n_detected'] == 0)})
        rows.extend({'sigma': sigma, 'method': 'sep', 'rule': 'authors',
                     **{name: row[name] for name in (
                         'accuracy', 'completeness', 'close', 'tnr')}}
                    for row in authors if row['sigma'] == sigma)
    return Table(rows)


def stamp_scores(label, truth):
    """
    Return the scores of labels of stamps, with standard errors.

    Parameters
    ----------
    label : int or bool array_like of shape (n,)
        1 or True for a blend, 0 for an isolated source, -1 for none of
        them, as where a detector found nothing.
    truth : `~astropy.table.Table`
        With ``label`` and ``separation`` (px), and perhaps ``index``.

    Returns
    -------
    scores : dict of float
        ``accuracy``, stamps without a label counting as wrong;
        ``completeness`` of all blends, of ``close`` ones (separation
        below 10 px) and ``distant`` ones; ``tnr``, the fraction of
        isolated stamps with a label that are called so; the standard
        error of each in ``..._error``, binomial, or, with central
        sources from a catalogue of real galaxies, which show each of
        them many times, of these galaxies
        (`~blendhunter.benchmark.metrics.clustered_error`). NaN where
        there are none.
    """
    label = np.asarray(label).astype(int)
    blended = np.asarray(truth['label']) == BLEND
    close = blended & (np.asarray(truth['separation']) < CLOSE)
    scores = {}
    isolated = ~blended & (label >= 0)
    right = label == blended
    galaxy = (np.asarray(truth['index']) if 'index' in truth.colnames
              else np.full(len(truth), -1))
    for name, part in (('accuracy', np.ones(len(truth), dtype=bool)),
                       ('completeness', blended), ('close', close),
                       ('distant', blended & ~close), ('tnr', isolated)):
        value = float(np.mean(right[part])) if part.any() else np.nan
        scores[name] = value
        scores[f'{name}_error'] = (
            binomial_error(value, part.sum()) if np.all(galaxy < 0)
            else clustered_error(right[part], galaxy[part]))
    return scores
