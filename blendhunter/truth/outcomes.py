"""What a detector made of the true sources."""

import numpy as np

from blendhunter.truth.labels import BLEND, SINGLE, SNR_BLEND

__all__ = ['OUTCOMES', 'detection_outcomes']

#: What a detection can be.
OUTCOMES = ('unrecognized', 'recognized', 'single', 'unclear')


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
