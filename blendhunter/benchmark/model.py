"""The bars that the packaged model is held against."""

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.baselines import catalog_scores, train_trees
from blendhunter.benchmark.detectors import stamp_scores
from blendhunter.benchmark.metrics import (
    area_under_roc,
    completeness,
    completeness_at_purity,
    completeness_at_rejection,
    purity,
)
from blendhunter.simulation import (
    FieldRanges,
    simulate_detections,
    simulate_stamps,
)
from blendhunter.truth import BLEND

__all__ = ['measure_fields', 'measure_stamps', 'simulate_survey_fields']

THRESHOLD = 0.5


def measure_stamps(identifier, n=8000, *, sigmas=(5.0, 14.5, 35.0),
                   cosmos_dir=None, seed=4001, n_jobs=1):
    """
    Measure ``region='stamp'`` on fresh stamps, centred as by the pipeline.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
    n : int, optional
        Stamps of each set, half of them blended.
    sigmas : tuple of float, optional
        Noise RMS of the parametric sets, in CFIS counts.
    cosmos_dir : path-like, optional
        Real galaxies for a further set, isolated and blended.
    seed : int, optional
        Of the first set; training uses others.
    n_jobs : int, optional
        Number of processes for the simulation.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set, with the scores of
        `~blendhunter.benchmark.stamp_scores`.
    """
    sets = [('parametric', sigma, {}) for sigma in sigmas]
    sets.append(('structured', 14.5, {}))
    if cosmos_dir is not None:
        sets.append(('realistic', 14.5, {'cosmos_dir': cosmos_dir}))
    made, rows = {}, []
    for kind, sigma, options in sets:
        if kind not in made:
            made[kind] = simulate_stamps(n, kind=kind, rng=seed + len(made),
                                         n_jobs=n_jobs, **options)
        stamps = made[kind].with_noise(sigma, rng=[seed, int(10 * sigma)])
        p = identifier.predict_proba(stamps, noise=sigma)
        rows.append({'set': kind, 'sigma': sigma,
                     **stamp_scores(p >= THRESHOLD, made[kind].truth)})
    return Table(rows)


def simulate_survey_fields(n_fields, *, shape=(1500, 1500), density=90.0,
                           noise_factor=1.0, seeing_factor=(0.9, 1.1),
                           seed=0, n_jobs=1, progress=None):
    """
    Simulate detections in CFIS fields without added companions.

    Parameters
    ----------
    n_fields : int
        Fields with 5 % stars.
    shape : tuple of int, optional
        (ny, nx) of each.
    density : float, optional
        Galaxies per square arcminute.
    noise_factor : float, optional
        Times the survey's noise.
    seeing_factor : tuple of float, optional
        Times the survey's seeing, drawn per field.
    seed : int, optional
    n_jobs, progress
        As in `~blendhunter.simulation.simulate_detections`.

    Returns
    -------
    fields : `~blendhunter.dataset.DataSet`
        As from `~blendhunter.simulation.simulate_detections`.
    """
    ranges = FieldRanges(
        density=(density, density), clustering=(0.0, 0.0),
        bright=(18.0, 18.0), star_fraction=(0.05, 0.05),
        companions=(0.0, 0.0), noise_factor=(noise_factor, noise_factor),
        noise_correlation=(0.0, 0.0), seeing_factor=seeing_factor,
        psf_variation=(0.0, 0.0), spikes=(0.0, 0.0), saturated=0.0,
        n_sigma=(1.5, 1.5))
    return simulate_detections(n_fields, shape=shape, ranges=ranges,
                               rng=seed, n_jobs=n_jobs, progress=progress)


def measure_fields(identifier, fields, training=None, *, seed=0):
    """
    Measure ``region='segment'`` on detections in simulated fields.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
    fields : `~blendhunter.dataset.DataSet`
        Detections with clear truth.
    training : `~astropy.table.Table`, optional
        Truth of the network's own training detections: boosted trees
        are trained on the detector's columns in it.
    seed : int, optional
        Of the trees.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per score: ``auc``, ``at_purity_50`` and ``at_purity_80``
        (completeness), ``at_rejected_10``; for the network and the
        flag also completeness and purity of their own decision.
    fraction : float
        Blend fraction of the detections.
    """
    truth = fields.truth
    blended = np.asarray(truth['truth_label']) == BLEND
    p = identifier.predict_proba(fields.arrays['stamps'],
                                 regions=fields.arrays['regions'], noise=1.0)
    trees = None if training is None else train_trees(training, seed=seed)
    scores = {'network': p, **catalog_scores(truth, trees=trees)}
    decisions = {'network': p >= identifier.threshold,
                 'flag': scores['flag'] > 0}
    rows = [{'score': name, **_field_scores(value, blended),
             **_decision(decisions.get(name), blended)}
            for name, value in scores.items()]
    return Table(rows), float(blended.mean())


def _field_scores(score, blended):
    """Return the threshold-free scores of one classifier."""
    return {'auc': area_under_roc(score, blended),
            'at_purity_50': completeness_at_purity(score, blended, 0.5),
            'at_purity_80': completeness_at_purity(score, blended, 0.8),
            'at_rejected_10': completeness_at_rejection(score, blended, 0.1)}


def _decision(flagged, blended):
    """Return completeness and purity of a yes-or-no decision."""
    if flagged is None:
        return {'completeness': np.nan, 'purity': np.nan}
    return {'completeness': completeness(flagged, blended),
            'purity': purity(flagged, blended)}
