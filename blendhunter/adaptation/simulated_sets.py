# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulated detections with the properties of a survey."""

from math import ceil

import numpy as np

from blendhunter.adaptation.conditions import COMPANIONS
from blendhunter.adaptation.features import backbone_of, compute_features
from blendhunter.adaptation.head import LabeledFeatures
from blendhunter.exceptions import DataSetError
from blendhunter.simulation import simulate_detections
from blendhunter.training.data_split import detection_weights
from blendhunter.truth import BLEND

__all__ = ['featured_sets', 'field_counts', 'simulate_sets']

# fraction of the detections that the scores are measured on, and of the
# fields for training that are held out
FRESH_SHARE = 0.2
HELD_OUT_SHARE = 0.125
# fraction of the detections with a clear label
CLEAR = 0.8
# orientations of a blend and of a single source: there are fewer blends
BLEND_VIEWS = 2


def field_counts(conditions, n_detections, shape):
    """Return how many fields to simulate for training, and for scores."""
    area = shape[0] * shape[1] * (conditions.pixel_scale / 60) ** 2
    n = n_detections / (CLEAR * conditions.density * area)
    # of both kinds, with and without companions
    n_train = 2 * max(ceil(n * (1 - FRESH_SHARE) / 2), 4)
    return n_train, max(ceil(n * FRESH_SHARE), 2)


def simulate_sets(conditions, n_detections, shape, seeds, store, *,
                  n_jobs=1, progress=False):
    """
    Simulate the detections for training, and those for scores.

    Every other field for training has added companions; those for scores
    have none. Returns two data sets as from
    `~blendhunter.simulate_detections`.
    """
    survey, plain = conditions.survey(), conditions.ranges()
    with_companions = conditions.ranges(companions=COMPANIONS)
    made = [simulate_detections(
        n_fields, shape=shape, survey=survey, ranges=ranges,
        detectors=conditions.detector, rng=seed, n_jobs=n_jobs,
        work_dir=store.directory / name, progress=progress)
        for n_fields, ranges, seed, name in zip(
            field_counts(conditions, n_detections, shape),
            ([with_companions, plain], plain), seeds.spawn(2),
            ('training', 'fresh'), strict=True)]
    for data in made:
        labels = np.asarray(data.truth['truth_label'])
        if np.all(labels == BLEND) or not np.any(labels == BLEND):
            msg = (f'n_detections: the {len(data)} simulated detections '
                   'include no blends or no single sources; use a larger '
                   'number')
            raise DataSetError(msg)
    return made


def featured_sets(model, training, fresh, seeds, store, *, progress=False):
    """
    Return the features of training, held-out and fresh detections.

    Whole fields are held out. In the training set every blend is there
    twice, in random orientations. The three results are
    `~blendhunter.adaptation.head.LabeledFeatures`.
    """
    field = np.asarray(training.truth['field'])
    n_fields = int(field.max()) + 1
    last = n_fields - max(2, round(n_fields * HELD_OUT_SHARE))
    weights = detection_weights(training.truth)
    if weights is None:
        weights = np.ones(len(training))
    blended = np.asarray(training.truth['truth_label']) == BLEND
    learned = np.flatnonzero(field < last)
    kept = np.flatnonzero(field >= last)
    learned = np.concatenate([learned, *[learned[blended[learned]]]
                              * (BLEND_VIEWS - 1)])
    turns = _turns(learned, np.random.default_rng(seeds))
    parts, extract = [], backbone_of(model)
    for rows, turned, name in (
            (learned, turns, 'training'),
            (kept, np.zeros(len(kept), dtype=int), 'held out')):
        _check_both(blended[rows])
        parts.append(LabeledFeatures(compute_features(
            extract, training.arrays['stamps'][rows],
            training.arrays['regions'][rows], turned, store, name,
            progress=progress), blended[rows], weights[rows]))
    n = len(fresh)
    parts.append(LabeledFeatures(compute_features(
        extract, fresh.arrays['stamps'], fresh.arrays['regions'],
        np.zeros(n, dtype=int), store, 'fresh', progress=progress),
        np.asarray(fresh.truth['truth_label']) == BLEND, np.ones(n)))
    return parts


def _turns(rows, rng):
    """Return random orientations; another one where a row comes again."""
    turns = rng.integers(0, 8, int(rows.max()) + 1)
    again = np.ones(len(rows), dtype=bool)
    again[np.unique(rows, return_index=True)[1]] = False
    return (turns[rows] + again * rng.integers(1, 8, len(rows))) % 8


def _check_both(blended):
    """Refuse a part of the fields without blends, or without others."""
    if not np.any(blended) or np.all(blended):
        msg = ('n_detections: some of the simulated fields have no blends '
               'or no single sources; use a larger number')
        raise DataSetError(msg)
