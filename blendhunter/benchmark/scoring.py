"""The scores of network and baselines, for the same detections."""

from copy import copy

import numpy as np

from blendhunter.benchmark.baselines import catalog_scores
from blendhunter.stamps import STAMP_SIZE, assign_segments, cut_stamps

__all__ = ['NETWORK', 'WHOLE_STAMP', 'score_detections', 'show_stamps']

#: Names of the network's answers.
NETWORK, WHOLE_STAMP = 'network', 'network, whole stamp'
NAMES = {'segment': NETWORK, 'stamp': WHOLE_STAMP}
ROWS_AT_ONCE = 1000


def score_detections(prepared, catalog, segmentation, identifier, *,
                     split=None, rows=None, trees=None,
                     regions=('segment',)):
    """
    Score detections with the network and all baselines.

    Parameters
    ----------
    prepared : `~blendhunter.detection.background.Subtracted`
    catalog : `~astropy.table.Table`
        From `~blendhunter.detection.detect_prepared`.
    segmentation : 2-D int `~numpy.ndarray`
    identifier : `~blendhunter.BlendIdentifier`
        Its settings count, but not its region.
    split : bool `~numpy.ndarray` of shape (n,), optional
        From `~blendhunter.benchmark.baselines.split_by_photutils`.
    rows : int `~numpy.ndarray` of shape (m,), optional
        Which detections; by default all.
    trees : object with ``predict_proba``, optional
        From `~blendhunter.benchmark.baselines.train_trees`.
    regions : sequence of {'segment', 'stamp'}, optional
        What the network is asked about: the detection's own segment, or
        the whole stamp with nothing filled.

    Returns
    -------
    scores : dict of float `~numpy.ndarray` of shape (m,)
        By method; greater means likelier a blend. The network's are
        those of `~blendhunter.BlendIdentifier.classify`, NaN where it
        has none.
    """
    rows = np.arange(len(catalog)) if rows is None else rows
    part = catalog[rows]
    scores = {}
    for region in regions:
        asked = copy(identifier)
        asked.region = region
        scores[NAMES[region]] = np.asarray(asked.classify(
            prepared.data, part, segmentation=segmentation,
            mask=prepared.mask, noise=prepared.noise, background=None)[
                'blend_prob']) if len(part) else np.zeros(0)
    scores.update(catalog_scores(part, trees=trees))
    if split is not None:
        scores['photutils split'] = split[rows].astype(float)
    return scores


def show_stamps(prepared, catalog, segmentation, rows=None):
    """
    Cut detections as the network sees them, other segments filled.

    Parameters
    ----------
    prepared, catalog, segmentation, rows
        As in `score_detections`.

    Returns
    -------
    stamps : float16 `~numpy.ndarray` of shape (m, 51, 51)
        Over their noise.
    """
    rows = np.arange(len(catalog)) if rows is None else np.asarray(rows)
    x, y = (np.asarray(catalog[f'{axis}_centroid'], dtype=float)
            for axis in 'xy')
    segments = assign_segments(segmentation, x, y, labels=catalog['label'])
    pixels = prepared.normalised()
    stamps = np.empty((len(rows), STAMP_SIZE, STAMP_SIZE), dtype=np.float16)
    limit = np.finfo(np.float16).max
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start:start + ROWS_AT_ONCE]
        stamps[start:start + len(some)] = cut_stamps(
            pixels, x[some], y[some], noise=1.0, mask=prepared.mask,
            segments=segments, rows=some).data.clip(-limit, limit)
    return stamps
