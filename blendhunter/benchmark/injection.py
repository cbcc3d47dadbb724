# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The recovery of blends that are injected into an image."""

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.parallel import child_seed, seed_sequence
from blendhunter._utils.progress import progress_bar
from blendhunter.benchmark import baselines, injected_sources, metrics
from blendhunter.benchmark.binning import score_bins, score_columns
from blendhunter.benchmark.column_descriptions import BINS as DESCRIBED_BINS
from blendhunter.benchmark.column_descriptions import (
    INJECTION_SCORES,
    INJECTIONS,
    score_descriptions,
)
from blendhunter.benchmark.injected_sources import MERGED
from blendhunter.dataset import DataSet
from blendhunter.detection import DetectedImage

__all__ = ['evaluate_injections', 'injection_bins', 'injection_scores']

#: Per cent of the untouched hosts that may be flagged.
FALSE_POSITIVES = (1, 5, 10)
N_SAMPLES = 200
# copies are added at whole pixels, so nearer than 2 px and farther than
# 10 by up to one
BINS = {'separation': (0, 2, 4, 6, 8, np.inf),
        'flux_ratio': (0, 0.2, 0.4, 0.7, np.inf),
        'snr': (0, 10, 20, 50, np.inf)}


def evaluate_injections(image, identifier, *, training=None, rounds=6,
                        rng=0, progress=False):
    """
    Inject companions into an image, and classify the blends.

    A copy of a source (the donor) is added beside another source (the
    host).

    Parameters
    ----------
    image : image-like of shape (ny, nx), or `~blendhunter.DetectedImage`
        The image. A `~blendhunter.DetectedImage` has its own mask, noise,
        background and settings.
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the detections.
    training : `~astropy.table.Table`, optional
        Truth of simulated detections, to train boosted trees.
    rounds : int, optional
        Number of rounds. Each round uses other hosts. It ends earlier if
        no host is left.
    rng, progress : optional
        See `~blendhunter.simulate_stamps`.

    Returns
    -------
    injections : `~blendhunter.dataset.DataSet`
        Its truth has one row per injection:

        - ``host`` and ``donor``, rows of the catalog;
        - ``x_host``, ``y_host``, ``x``, ``y`` and ``separation`` (px);
        - ``flux_ratio`` and ``snr`` of the companion (matched filter,
          above 5);
        - ``round``, and ``outcome``: 'merged' (one detection), 'split'
          (two), or 'lost' (no detection at one of the two positions);
        - for merged ones the score of each method after and before the
          injection (``network``, ``network_before`` ...); NaN for others.

        Its array ``stamps`` has the stamps of merged injections over their
        noise; zero for others.

    Raises
    ------
    ValueError
        If the image has no source to copy, if no injection is merged with
        its host, or if ``rounds`` is not positive.
    """
    if rounds < 1:
        msg = f'rounds must be positive, got {rounds!r}'
        raise ValueError(msg)
    detected = (image if isinstance(image, DetectedImage)
                else DetectedImage.from_image(image))
    trees = None if training is None else baselines.train_trees(training)
    split = baselines.split_by_photutils(detected)
    seeds = seed_sequence(rng)
    tables, stamps, used = [], [], []
    with progress_bar(total=rounds, description='rounds',
                      enabled=progress) as bar:
        for number in range(rounds):
            table, pixels = _evaluate_round(
                detected, identifier, np.random.default_rng(
                    child_seed(seeds, number)), used, split, trees)
            used.extend(table['host'])
            table['round'] = number
            tables.append(table)
            stamps.append(pixels)
            bar.update(1)
    table = vstack(tables, metadata_conflicts='silent')
    if not np.any(table['outcome'] == MERGED):
        msg = (f'image: none of {len(table)} injections was merged with its '
               'host, so there is nothing to score')
        raise ValueError(msg)
    methods = [name for name in table.colnames if name not in INJECTIONS]
    describe_columns(table, INJECTIONS, score_descriptions(
        table[methods], suffix='_before'))
    return DataSet({'stamps': np.concatenate(stamps)}, table,
                   {'role': 'injections', 'rounds': rounds,
                    'seed': str(seeds.entropy)})


def _evaluate_round(detected, identifier, rng, used, split, trees):
    """Return the injections of one round, and their stamps."""
    image, table = injected_sources.inject_sources(detected, rng, used=used)
    after, table['outcome'], row = injected_sources.redetect(
        image, table, detected.settings)
    merged = np.flatnonzero(table['outcome'] == MERGED)
    for suffix, source, rows, divided in (
            ('', after, row[merged], baselines.split_by_photutils(after)),
            ('_before', detected, np.asarray(table['host'])[merged], split)):
        scores = baselines.score_methods(source, identifier, rows,
                                         trees=trees, split=divided)
        for method, values in scores.items():
            column = np.full(len(table), np.nan)
            column[merged] = values
            table[f'{method}{suffix}'] = column
    cut = baselines.stored_stamps(after, row[merged])
    stamps = np.zeros((len(table), *cut.shape[1:]), dtype=np.float32)
    stamps[merged] = cut
    return table, stamps


def _methods(injections):
    """Yield each method, the merged injections, scores after and before."""
    merged = injections[injections['outcome'] == MERGED]
    for name in injections.colnames:
        if not name.endswith('_before'):
            continue
        before, after = (np.asarray(merged[column], dtype=float)
                         for column in (name, name.removesuffix('_before')))
        good = np.isfinite(after) & np.isfinite(before)
        yield (name.removesuffix('_before'), merged[good], after[good],
               before[good])


def _statistics(after, before):
    """Return the AUC and the completeness at each false-positive rate."""
    score = np.concatenate([after, before])
    merged = np.arange(len(score)) < len(after)
    return [metrics.area_under_roc(score, merged),
            *(metrics.completeness_at_false_positives(score, merged,
                                                      rate / 100)
              for rate in FALSE_POSITIVES)]


def injection_scores(injections):
    """
    Score each method on the merged injections.

    Parameters
    ----------
    injections : `~astropy.table.Table`
        Truth of `~blendhunter.benchmark.injection.evaluate_injections`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per method: the number ``n_merged`` of merged injections;
        ``auc``, which compares them with the same hosts before the
        injection; and the completeness at a false-positive rate of 1, 5
        and 10 % among these hosts (``completeness_fpr1`` ...). The errors
        are from a bootstrap over the hosts. If all resampled sets agree,
        the error is Wilson's error of a proportion, and NaN for ``auc``.
    """
    names = ['auc', *(f'completeness_fpr{rate}' for rate in FALSE_POSITIVES)]
    return describe_columns(Table([
        {'method': method, 'n_merged': len(merged), **score_columns(
            _statistics, names, [0, *[len(merged)] * len(FALSE_POSITIVES)],
            after, before, n_samples=N_SAMPLES)}
        for method, merged, after, before in _methods(injections)]),
        INJECTION_SCORES)


def injection_bins(injections):
    """
    Return the completeness of injections in bins of several quantities.

    Parameters
    ----------
    injections : `~astropy.table.Table`
        Truth of `~blendhunter.benchmark.injection.evaluate_injections`.

    Returns
    -------
    table : `~astropy.table.Table`
        The columns of `~blendhunter.benchmark.field.field_bins`.
        ``working_point`` is the false-positive rate among the hosts before
        the injection: 'fpr 1', 'fpr 5' or 'fpr 10' (per cent).
        ``quantity`` is ``separation`` (px), ``flux_ratio`` or ``snr``. The
        purity is NaN, because the fraction of blends is not that of a
        survey.
    """
    rows = []
    for method, merged, after, before in _methods(injections):
        if not len(merged):
            continue
        for rate in FALSE_POSITIVES:
            def flag(after, before, rate=rate):
                level = metrics.threshold_at_false_positives(before,
                                                             rate / 100)
                return (after > level).astype(float), np.ones(len(after))
            rows.extend({'method': method, 'working_point': f'fpr {rate}',
                         **row} for row in score_bins(
                merged, BINS, flag, after, before, n_samples=N_SAMPLES,
                purity=False))
    return describe_columns(Table(rows), DESCRIBED_BINS)
