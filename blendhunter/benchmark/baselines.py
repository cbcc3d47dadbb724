# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Scores of detections, by the network and by simpler methods."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import values_at
from blendhunter._utils.meta import read_meta
from blendhunter.detection import DetectedImage
from blendhunter.identify.screening import small_weights
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import BLEND

__all__ = ['NAMES', 'NETWORK', 'SCREENED', 'SMALL', 'WHOLE_STAMP',
           'score_methods', 'split_by_photutils', 'stored_stamps',
           'train_trees']

#: Names of the network's answers.
NETWORK, WHOLE_STAMP = 'network', 'network, whole stamp'
NAMES = {'segment': NETWORK, 'stamp': WHOLE_STAMP}
#: Before the names for the small network's answers; after them, if it
#: answers what it dismisses.
SMALL, SCREENED = 'small ', ', screened'
ROWS_AT_ONCE = 1000
#: Bit of ``flag``: the detection is the child of a split.
MERGED = 1
MIN_AXIS = 1e-3


def _features(catalog):
    """Return segment area (px), a/b, SNR and flag, of shape (n, 4)."""
    area, major, minor, snr, flag = (
        np.asarray(catalog[name], dtype=float) for name in (
            'n_pixels', 'semimajor_axis', 'semiminor_axis', 'snr', 'flag'))
    return np.column_stack([area, major / np.maximum(minor, MIN_AXIS), snr,
                            flag])


def train_trees(training, *, rng=0):
    """Train boosted trees on the columns of detections with a clear label."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    label = np.asarray(training['truth_label'])
    clear = label >= 0
    if not isinstance(rng, (int, np.integer)):
        rng = int(np.random.default_rng(rng).integers(2**31))
    trees = HistGradientBoostingClassifier(random_state=rng)
    return trees.fit(_features(training)[clear],
                     label[clear] == BLEND)


def split_by_photutils(detected):
    """
    Return which segments hold two or more of photutils' centroids.

    None if the sources are photutils' own, deblended.
    """
    settings = detected.settings
    if settings.method == 'photutils' and settings.deblend:
        return None
    found = DetectedImage.from_background_subtracted(
        detected.image, replace(settings, method='photutils', deblend=True))
    segmentation = detected.segments.image
    at = values_at(segmentation, found.x, found.y)
    counts = np.bincount(at, minlength=int(segmentation.max(initial=0)) + 1)
    # positions off the image count for the sky, label 0
    counts[0] = 0
    return counts[detected.segments.labels] > 1


def score_methods(detected, identifier, rows=None, *, regions=('segment',),
                  trees=None, split=None):
    """
    Return the score of each method; greater means likelier a blend.

    The network's probabilities with each of the regions, instead of the
    identifier's own (NaN if it gives none), without screening; those of
    the small network that screens for it, and of both together; 'boosted
    trees' (with ``trees``, from `train_trees`), 'area x a/b', 'area',
    'a/b', 'flag' (1 for the child of a split) and, with ``split`` of
    `split_by_photutils`, 'photutils split'.
    """
    if rows is not None:
        detected = detected.select(rows)
        split = None if split is None else split[rows]
    scores = {}
    for region in regions:
        scores.update(_network_scores(detected, identifier, region))
    features = _features(detected.catalog)
    area, ratio, _, flag = features.T
    if trees is not None:
        scores['boosted trees'] = (
            trees.predict_proba(features)[:, 1] if len(features)
            else np.zeros(0))
    scores.update({'area x a/b': area * ratio, 'area': area, 'a/b': ratio,
                   'flag': (flag.astype(int) & MERGED).astype(float)})
    if split is not None:
        scores['photutils split'] = split.astype(float)
    return scores


def _network_scores(detected, identifier, region):
    """Return the answers of the network, with and without screening."""
    name = NAMES[region]
    if not len(detected):
        return {name: np.zeros(0)}
    params = {**identifier.get_params(), 'region': region}

    def ask(**changes):
        return type(identifier)(**{**params, **changes}).classify(
            detected, overwrite=True)

    result = ask(screen=False)
    large = np.asarray(result['blend_prob'])
    weights, metadata = small_weights(identifier.screen,
                                      read_meta(result.meta, 'sha256'))
    if weights is None:
        return {name: large}
    small = np.asarray(ask(weights=weights, screen=False)['blend_prob'])
    scores = {name: large, f'{SMALL}{name}': small}
    if metadata.get('screening', {}).get(region):
        scores[f'{name}{SCREENED}'] = np.asarray(ask()['blend_prob'])
    return scores


def stored_stamps(detected, rows=None):
    """Cut stamps over their noise, other segments filled, as float16."""
    rows = np.arange(len(detected)) if rows is None else np.asarray(rows)
    stamps = np.empty((len(rows), STAMP_SIZE, STAMP_SIZE), dtype=np.float16)
    limit = np.finfo(np.float16).max
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        stamps[part] = detected.stamps(rows[part]).data.clip(-limit, limit)
    return stamps
