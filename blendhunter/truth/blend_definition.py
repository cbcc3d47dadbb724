"""Labels of stamps and of segments, and what a detector made of them."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.arrays import round_position, values_at

__all__ = ['BLEND', 'CLOSE', 'OUTCOMES', 'SINGLE', 'SNR_BLEND', 'SNR_SINGLE',
           'UNCLEAR', 'detection_outcomes', 'label_positions',
           'label_segments', 'label_stamps']

SINGLE = 0
BLEND = 1
UNCLEAR = -1

#: Blends nearer than this (px) are close ones (Farrens et al. 2022).
CLOSE = 10.0
#: Matched-filter SNR from which a second source makes a blend, and below
#: which it does not count.
SNR_BLEND = 5.0
SNR_SINGLE = 3.0
MIN_SEPARATION = 2.0
EDGE = 26
#: What a detection can be.
OUTCOMES = ('unrecognized', 'recognized', 'single', 'unclear')


def label_stamps(n_sources):
    """Label stamps by the number of sources drawn, as the paper does."""
    return np.where(np.asarray(n_sources) >= 2, BLEND, SINGLE).astype(np.int8)


def label_positions(detections, truth, size):
    """
    Label the stamps, some px wide, around detections.

    They are blends if they hold two or more sources of ``truth`` (``x``,
    ``y``, ``snr``) with a matched-filter SNR of 5 or more.
    """
    from scipy.spatial import cKDTree

    seen = truth[np.asarray(truth['snr']) >= SNR_BLEND]
    if not len(seen):
        return label_stamps(np.zeros(len(detections), dtype=int))
    center = np.column_stack([round_position(detections[f'{axis}_centroid'])
                              for axis in 'xy'])
    tree = cKDTree(np.column_stack([seen['x'], seen['y']]))
    return label_stamps(tree.query_ball_point(
        center, size / 2, p=np.inf, return_length=True))


def label_segments(segmentation, detections, truth):
    """
    Say for each detection whether its segment holds one source or more.

    A segment is a *blend* if it holds the centers (rounded pixel) of two
    or more sources of matched-filter SNR of at least 5, at least one of
    them 2 px or more from the brightest. It is *single* if it holds a
    center and no second source with an SNR of 3 or more. All else is
    *unclear*: no center at all, a second source of SNR 3 to 5 or nearer
    than 2 px, or a detection within 26 px of the image edge.

    Parameters
    ----------
    segmentation : 2-D int `~numpy.ndarray`
        Segmentation image; 0 is sky.
    detections : `~astropy.table.Table`
        With ``label``, ``x_centroid`` and ``y_centroid`` (pixels).
    truth : `~astropy.table.Table`
        True sources with ``x``, ``y`` (pixels) and ``snr``.

    Returns
    -------
    labels : `~astropy.table.Table`
        One row per detection: ``truth_label`` (1 blend, 0 single, -1
        unclear), ``n_sources`` of SNR 3 and more in the segment,
        ``separation`` (px, from the brightest to the brightest companion
        that makes it a blend, NaN otherwise), ``companion_snr``, and the
        rows of ``truth`` of the brightest source in the segment and of
        that companion, or else of the next brightest: ``primary`` and
        ``secondary`` (-1 if there is none).
    """
    n = len(detections)
    result = Table({
        name: np.full(n, missing, dtype=kind) for name, missing, kind in (
            ('truth_label', UNCLEAR, np.int8), ('n_sources', 0, np.int16),
            ('separation', np.nan, np.float32),
            ('companion_snr', np.nan, np.float32),
            ('primary', -1, np.int32), ('secondary', -1, np.int32))})
    members = _members(segmentation, truth)
    x, y, snr = (np.asarray(truth[key], dtype=float)
                 for key in ('x', 'y', 'snr'))
    for row, label in enumerate(np.asarray(detections['label'])):
        inside = members.get(int(label))
        if inside is None:
            continue
        first, others = inside[0], inside[1:]
        distance = np.hypot(x[others] - x[first], y[others] - y[first])
        second = ((snr[others] >= SNR_BLEND) & (distance >= MIN_SEPARATION)
                  & (snr[first] >= SNR_BLEND))
        result['n_sources'][row] = np.sum(snr[inside] >= SNR_SINGLE)
        result['primary'][row] = first
        if others.size:
            result['secondary'][row] = others[0]
        if second.any():
            chosen = np.argmax(second)  # members are sorted by SNR
            result['truth_label'][row] = BLEND
            result['separation'][row] = distance[chosen]
            result['companion_snr'][row] = snr[others[chosen]]
            result['secondary'][row] = others[chosen]
        elif not np.any(snr[others] >= SNR_SINGLE):
            result['truth_label'][row] = SINGLE
    result['truth_label'][_at_edge(detections, segmentation.shape)] = UNCLEAR
    return result


def _at_edge(detections, shape):
    """Return which detections lie near the edge of the image."""
    edge = np.zeros(len(detections), dtype=bool)
    for axis, length in zip('yx', shape, strict=True):
        position = np.asarray(detections[f'{axis}_centroid'], dtype=float)
        edge |= (position < EDGE) | (position > length - 1 - EDGE)
    return edge


def _members(segmentation, truth):
    """Map each segment label to its sources, brightest (SNR) first."""
    labels = values_at(segmentation, truth['x'], truth['y'])
    inside = np.flatnonzero(labels > 0)
    labels = labels[inside]
    order = np.lexsort((-np.asarray(truth['snr'], dtype=float)[inside],
                        labels))
    inside, labels = inside[order], labels[order]
    unique, start = np.unique(labels, return_index=True)
    return dict(zip(unique.tolist(), np.split(inside, start[1:]),
                    strict=True)) if unique.size else {}


def detection_outcomes(segmentation, detections, labels, truth):
    """
    Say of each detection whether it is a blend, and if it was split.

    Parameters
    ----------
    segmentation : 2-D int `~numpy.ndarray`
        Segmentation image; 0 is sky.
    detections : `~astropy.table.Table`
        With ``label``.
    labels : `~astropy.table.Table`
        From `~blendhunter.truth.label_segments`, of the same detections.
    truth : `~astropy.table.Table`
        True sources with ``snr``.

    Returns
    -------
    outcome : str `~numpy.ndarray` of shape (n,)
        'unrecognized': the segment is a blend. 'recognized': it is
        single, and the detector has split it from another detection:
        their segments form one connected region (8 neighbors), and each
        holds the center of a source of SNR 5 or more. 'single': any
        other single one. 'unclear': neither blend nor single.
    """
    label = np.asarray(labels['truth_label'])
    primary = np.asarray(labels['primary'])
    holds = primary >= 0
    holds[holds] = np.asarray(truth['snr'])[primary[holds]] >= SNR_BLEND
    region = _connected_regions(segmentation, detections)
    # segments are counted, not rows: a catalog may list one twice
    _, first = np.unique(np.asarray(detections['label'])[holds],
                         return_index=True)
    count = np.bincount(region[holds][first],
                        minlength=int(region.max(initial=0)) + 1)
    outcome = np.full(len(label), 'unclear', dtype='U12')
    outcome[label == BLEND] = 'unrecognized'
    outcome[label == SINGLE] = 'single'
    outcome[(label == SINGLE) & holds & (count[region] > 1)] = 'recognized'
    return outcome


def _connected_regions(segmentation, detections):
    """Return the region above the threshold that each segment is part of."""
    from scipy.ndimage import label

    regions, _ = label(segmentation > 0, structure=np.ones((3, 3)))
    of_segment = np.zeros(int(segmentation.max(initial=0)) + 1, dtype=int)
    inside = segmentation > 0
    of_segment[segmentation[inside]] = regions[inside]
    return of_segment[np.asarray(detections['label'])]
