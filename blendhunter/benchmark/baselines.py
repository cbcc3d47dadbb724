"""What a sceptic would try first: scores from the detector's catalog."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import values_at
from blendhunter.detection import DetectedImage
from blendhunter.truth import BLEND

__all__ = ['catalog_features', 'catalog_scores', 'split_by_photutils',
           'train_trees']

#: Bit of ``flag``: the detection is the child of a split.
MERGED = 1
MIN_AXIS = 1e-3


def catalog_features(catalog):
    """Return segment area (px), a/b, SNR and flag, of shape (n, 4)."""
    area, major, minor, snr, flag = (
        np.asarray(catalog[name], dtype=float) for name in (
            'n_pixels', 'semimajor_axis', 'semiminor_axis', 'snr', 'flag'))
    return np.column_stack([area, major / np.maximum(minor, MIN_AXIS), snr,
                            flag])


def train_trees(training, *, rng=0):
    """
    Train boosted trees on the columns of labeled detections.

    ``training`` is the truth of `~blendhunter.simulation.\
simulate_detections`; rows without a clear label are left out.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    label = np.asarray(training['truth_label'])
    clear = label >= 0
    if not isinstance(rng, (int, np.integer)):
        rng = int(np.random.default_rng(rng).integers(2**31))
    trees = HistGradientBoostingClassifier(random_state=rng)
    return trees.fit(catalog_features(training)[clear],
                     label[clear] == BLEND)


def split_by_photutils(detected):
    """
    Return which segments photutils' deblending would split.

    Two or more of its centroids lie in them. None if the sources of the
    `~blendhunter.DetectedImage` are photutils' own, deblended.
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


def catalog_scores(detected, *, rows=None, trees=None, split=None):
    """
    Return the score of each baseline; greater means likelier a blend.

    'boosted trees' (with ``trees``, from `train_trees`), 'area x a/b',
    'area', 'a/b', 'flag' (1 for the child of a split) and, with ``split``
    of `split_by_photutils`, 'photutils split'.
    """
    catalog = detected.catalog if rows is None else detected.catalog[rows]
    features = catalog_features(catalog)
    area, ratio, _, flag = features.T
    scores = {}
    if trees is not None:
        scores['boosted trees'] = (
            trees.predict_proba(features)[:, 1] if len(features)
            else np.zeros(0))
    scores.update({'area x a/b': area * ratio, 'area': area, 'a/b': ratio,
                   'flag': (flag.astype(int) & MERGED).astype(float)})
    if split is not None:
        scores['photutils split'] = split[
            slice(None) if rows is None else rows].astype(float)
    return scores
