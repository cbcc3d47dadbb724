"""What a sceptic would try first: scores from the detector's catalogue."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import values_at
from blendhunter.detection import detect_prepared
from blendhunter.truth import BLEND

__all__ = ['FEATURES', 'catalog_features', 'catalog_scores',
           'split_by_photutils', 'train_trees']

FEATURES = ('area', 'axis ratio', 'signal-to-noise', 'flag')
MERGED = 1
MIN_AXIS = 1e-3


def catalog_features(catalog):
    """
    Return the detector's own columns for a catalogue-level classifier.

    Parameters
    ----------
    catalog : `~astropy.table.Table`
        From `~blendhunter.detect`, or the truth of
        `~blendhunter.simulation.simulate_detections`.

    Returns
    -------
    features : float `~numpy.ndarray` of shape (n, 4)
        Segment area (px), axis ratio a/b, flux over its noise, flag.
    """
    major, minor = (np.asarray(catalog[f'semi{name}_axis'], dtype=float)
                    for name in ('major', 'minor'))
    return np.column_stack([
        np.asarray(catalog['n_pixels'], dtype=float),
        major / np.maximum(minor, MIN_AXIS),
        np.asarray(catalog['snr'], dtype=float),
        np.asarray(catalog['flag'], dtype=float)])


def train_trees(training, *, seed=0):
    """
    Train boosted trees on the columns of labelled detections.

    Parameters
    ----------
    training : `~astropy.table.Table`
        Truth of `~blendhunter.simulation.simulate_detections`; rows
        without a clear label are left out.
    seed : int, optional

    Returns
    -------
    trees : `sklearn.ensemble.HistGradientBoostingClassifier`
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    label = np.asarray(training['truth_label'])
    clear = label >= 0
    trees = HistGradientBoostingClassifier(random_state=seed)
    return trees.fit(catalog_features(training)[clear],
                     label[clear] == BLEND)


def split_by_photutils(prepared, catalog, segmentation, settings):
    """
    Say which segments photutils' deblending would split.

    Parameters
    ----------
    prepared : `~blendhunter.detection.background.Subtracted`
    catalog : `~astropy.table.Table`
        With ``label``; from any detector.
    segmentation : 2-D int `~numpy.ndarray`
    settings : `~blendhunter.detection.Detection`
        Those that the catalogue was made with.

    Returns
    -------
    split : bool `~numpy.ndarray` of shape (n,) or None
        True where two or more of photutils' centroids lie in a segment.
        None where the catalogue is photutils' own, deblended.
    """
    if settings.method == 'photutils' and settings.deblend:
        return None
    found, _ = detect_prepared(prepared, replace(
        settings, method='photutils', deblend=True))
    at = values_at(segmentation, found['x_centroid'], found['y_centroid'])
    # what lies off the image counts for the sky, whose label nobody has
    counts = np.bincount(at, minlength=int(segmentation.max(initial=0)) + 1)
    return counts[np.asarray(catalog['label'])] > 1


def catalog_scores(catalog, *, trees=None):
    """
    Return the score of each baseline; greater means likelier a blend.

    Parameters
    ----------
    catalog : `~astropy.table.Table`
        See `catalog_features`.
    trees : object with ``predict_proba``, optional
        From `train_trees`.

    Returns
    -------
    scores : dict of float `~numpy.ndarray` of shape (n,)
        'boosted trees' (with ``trees``), 'area x a/b', 'area', 'a/b' and
        'flag' (1 where the detection is the child of a split).
    """
    features = catalog_features(catalog)
    area, ratio, _, flag = features.T
    scores = {}
    if trees is not None:
        scores['boosted trees'] = (
            trees.predict_proba(features)[:, 1] if len(features)
            else np.zeros(0))
    merged = (flag.astype(int) & MERGED) > 0
    return {**scores, 'area x a/b': area * ratio, 'area': area,
            'a/b': ratio, 'flag': merged.astype(float)}
