"""The scores of network and baselines, for the same detections."""

import numpy as np

from blendhunter.benchmark.baselines import catalog_scores
from blendhunter.stamps import assign_segments, cut_stamps

__all__ = ['score_detections']


def score_detections(prepared, catalog, segmentation, identifier, *,
                     split, rows=None, trees=None, regions=('segment',)):
    """
    Score detections with the network and all baselines.

    Parameters
    ----------
    prepared : `~blendhunter.detection.background.Subtracted`
    catalog : `~astropy.table.Table`
        From `~blendhunter.detection.detect_prepared`.
    segmentation : 2-D int `~numpy.ndarray`
    identifier : `~blendhunter.BlendIdentifier`
    split : bool `~numpy.ndarray` of shape (n,)
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
    stamps : float32 `~numpy.ndarray` of shape (m, 51, 51)
        Over the noise, other segments filled.
    scores : dict of float `~numpy.ndarray` of shape (m,)
        By method; greater means likelier a blend.
    """
    rows = np.arange(len(catalog)) if rows is None else rows
    x, y = (np.asarray(catalog[f'{axis}_centroid'], dtype=float)
            for axis in 'xy')
    segments = assign_segments(segmentation, x, y, labels=catalog['label'])
    pixels = prepared.normalised()
    cut = cut_stamps(pixels, x[rows], y[rows], noise=1.0,
                     mask=prepared.mask, segments=segments, rows=rows)
    scores = {}
    if 'segment' in regions:
        scores['network'] = identifier.predict_proba(
            cut.data, regions=cut.regions, noise=1.0)
    if 'stamp' in regions:
        plain = cut_stamps(pixels, x[rows], y[rows], noise=1.0,
                           mask=prepared.mask)
        scores['network, whole stamp'] = identifier.predict_proba(
            plain.data, noise=1.0)
    return cut.data, {**scores, **catalog_scores(catalog[rows], trees=trees),
                      'photutils split': split[rows].astype(float)}
