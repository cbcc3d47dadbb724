# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Label stamps and segments with the truth."""

from numbers import Real

import numpy as np
from astropy.table import Table

from blendhunter._utils.arrays import round_position, values_at
from blendhunter._utils.descriptions import LABELED, describe_columns
from blendhunter._utils.masked import plain_values

__all__ = ['BLEND', 'CLOSE', 'MIN_FLUX_RATIO', 'OUTCOMES', 'SINGLE',
           'SNR_BLEND', 'SNR_SINGLE', 'UNCLEAR', 'check_flux_ratio',
           'detection_outcomes', 'label_positions', 'label_segments',
           'label_stamps', 'source_fluxes']

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
#: Flux of a second source over that of the brightest, below which it makes
#: no blend: every bright star has such companions.
MIN_FLUX_RATIO = 0.01
EDGE = 26
# catalogs write 99 or -99 for a magnitude that is not known
MAX_MAGNITUDE = 60.0
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

    seen = truth[plain_values(truth['snr']) >= SNR_BLEND]
    if not len(seen):
        return label_stamps(np.zeros(len(detections), dtype=int))
    center = np.column_stack([round_position(detections[f'{axis}_centroid'])
                              for axis in 'xy'])
    tree = cKDTree(np.column_stack([seen['x'], seen['y']]))
    return label_stamps(tree.query_ball_point(
        center, size / 2, p=np.inf, return_length=True))


def check_flux_ratio(min_flux_ratio):
    """Refuse a flux ratio that is no number from 0 to 1."""
    if (not isinstance(min_flux_ratio, Real)
            or not 0 <= min_flux_ratio <= 1):
        msg = ('min_flux_ratio must be between 0 and 1, got '
               f'{min_flux_ratio!r}')
        raise ValueError(msg)


def source_fluxes(truth, min_flux_ratio):
    """
    Return the fluxes of true sources, NaN where unknown, in any unit.

    They are from ``flux``, or from ``magnitude`` if no flux is known. If
    the smallest ratio is 0 they do not matter, and are all the same.
    """
    check_flux_ratio(min_flux_ratio)
    if min_flux_ratio == 0 or not len(truth):
        return np.ones(len(truth))
    for name in ('flux', 'magnitude'):
        if name not in truth.colnames:
            continue
        flux = plain_values(truth[name])
        if name == 'magnitude':
            flux[np.abs(flux) > MAX_MAGNITUDE] = np.nan
            flux = 10 ** (-0.4 * flux)
        flux[~(np.isfinite(flux) & (flux > 0))] = np.nan
        if not np.all(np.isnan(flux)):
            return flux
    msg = ("truth: it has no known 'flux' or 'magnitude', which "
           'min_flux_ratio needs; use min_flux_ratio=0 to count all '
           'companions')
    raise ValueError(msg)


def label_segments(segmentation, detections, truth, *,
                   min_flux_ratio=MIN_FLUX_RATIO):
    """
    Label each detection as blend or single, with the true sources.

    A segment is a *blend* if it contains the centers (rounded pixel) of two
    or more sources with a matched-filter SNR of at least 5. At least one of
    these must be 2 px or more from the brightest source and have 1 % or
    more of its flux. A segment is *single* if it contains a center and no
    second source with an SNR of 3 or more. Other segments are *unclear*:
    they contain no center, or a second source with an SNR of 3 to 5 or of
    unknown SNR, or a second source nearer than 2 px or with less than 1 %
    of the flux. Detections within 26 px of the image edge are unclear, too.
    The brightest source is the one with the highest SNR.

    Parameters
    ----------
    segmentation : 2-D int `~numpy.ndarray`
        Segmentation image; 0 is the sky.
    detections : `~astropy.table.Table`
        Detections with ``label``, ``x_centroid`` and ``y_centroid`` (px).
    truth : `~astropy.table.Table`
        True sources with ``x``, ``y`` (px), ``snr``, and ``flux`` (any
        unit) or ``magnitude``. A companion of unknown flux (NaN, or not
        positive) does not make a blend.
    min_flux_ratio : float, optional
        A companion makes a blend if its flux is at least this fraction of
        the flux of the brightest source (0 to 1). With 0 no flux is
        needed.

    Returns
    -------
    labels : `~astropy.table.Table`
        One row per detection:

        - ``truth_label``: 1 blend, 0 single, -1 unclear;
        - ``n_sources``: number of sources with an SNR of 3 or more in the
          segment;
        - ``separation`` (px) and ``companion_snr`` of the brightest
          companion that makes the blend; NaN if it is not a blend;
        - ``primary`` and ``secondary``: rows in ``truth`` of the brightest
          source in the segment, and of this companion (or of the second
          brightest source); -1 if there is none.

    Raises
    ------
    ValueError
        If ``min_flux_ratio`` is not between 0 and 1, or if it is positive
        and no flux is known.
    """
    flux = source_fluxes(truth, min_flux_ratio)
    n = len(detections)
    result = Table({
        name: np.full(n, missing, dtype=kind) for name, missing, kind in (
            ('truth_label', UNCLEAR, np.int8), ('n_sources', 0, np.int16),
            ('separation', np.nan, np.float32),
            ('companion_snr', np.nan, np.float32),
            ('primary', -1, np.int32), ('secondary', -1, np.int32))})
    members = _members(segmentation, truth)
    x, y, snr = (plain_values(truth[key]) for key in ('x', 'y', 'snr'))
    for row, label in enumerate(np.asarray(detections['label'])):
        inside = members.get(int(label))
        if inside is None:
            continue
        first, others = inside[0], inside[1:]
        distance = np.hypot(x[others] - x[first], y[others] - y[first])
        second = ((snr[others] >= SNR_BLEND) & (distance >= MIN_SEPARATION)
                  & (snr[first] >= SNR_BLEND)
                  & (flux[others] >= min_flux_ratio * flux[first]))
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
        elif np.all(snr[others] < SNR_SINGLE):
            result['truth_label'][row] = SINGLE
    result['truth_label'][_at_edge(detections, segmentation.shape)] = UNCLEAR
    return describe_columns(result, LABELED)


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
    order = np.lexsort((-plain_values(truth['snr'])[inside], labels))
    inside, labels = inside[order], labels[order]
    unique, start = np.unique(labels, return_index=True)
    return dict(zip(unique.tolist(), np.split(inside, start[1:]),
                    strict=True)) if unique.size else {}


def detection_outcomes(segmentation, detections, labels, truth, *,
                       min_flux_ratio=MIN_FLUX_RATIO):
    """
    Find which blends the detector has recognized.

    Parameters
    ----------
    segmentation : 2-D int `~numpy.ndarray`
        Segmentation image; 0 is the sky.
    detections : `~astropy.table.Table`
        Detections with ``label``.
    labels : `~astropy.table.Table`
        Result of `~blendhunter.truth.label_segments` for the same
        detections.
    truth : `~astropy.table.Table`
        True sources; see `~blendhunter.truth.label_segments`.
    min_flux_ratio : float, optional
        See `~blendhunter.truth.label_segments`.

    Returns
    -------
    outcome : str `~numpy.ndarray` of shape (n,)
        One of

        - 'unrecognized': the segment is a blend;
        - 'recognized': the segment is single, and the detector has split
          it from another detection. The two segments touch (8 neighbors),
          each contains the center of a source with an SNR of 5 or more,
          and the fainter source has 1 % or more of the flux of the other;
        - 'single': any other single segment;
        - 'unclear': neither blend nor single.

    Raises
    ------
    ValueError
        If ``min_flux_ratio`` is not between 0 and 1, or if it is positive
        and no flux is known.
    """
    flux = source_fluxes(truth, min_flux_ratio)
    label = np.asarray(labels['truth_label'])
    primary = np.asarray(labels['primary'])
    holds = primary >= 0
    holds[holds] = plain_values(truth['snr'])[primary[holds]] >= SNR_BLEND
    segment = np.asarray(detections['label'])
    # segments are compared, not rows: a catalog may list one twice
    _, first = np.unique(segment[holds], return_index=True)
    rows = np.flatnonzero(holds)[first]
    split = rows[_have_partner(
        _connected_regions(segmentation, detections)[rows],
        flux[primary[rows]], min_flux_ratio)]
    outcome = np.full(len(label), 'unclear', dtype='U12')
    outcome[label == BLEND] = 'unrecognized'
    outcome[label == SINGLE] = 'single'
    outcome[(label == SINGLE) & holds
            & np.isin(segment, segment[split])] = 'recognized'
    return outcome


def _have_partner(region, flux, min_flux_ratio):
    """Return which have another of a similar flux in their region."""
    order = np.lexsort((flux, region))
    # of those in a region, the next in flux has the most similar one
    low, high = order[:-1], order[1:]
    pair = ((region[low] == region[high])
            & (flux[low] >= min_flux_ratio * flux[high]))
    result = np.zeros(len(region), dtype=bool)
    result[low[pair]] = result[high[pair]] = True
    return result


def _connected_regions(segmentation, detections):
    """Return the region above the threshold that each segment is part of."""
    from scipy.ndimage import label

    regions, _ = label(segmentation > 0, structure=np.ones((3, 3)))
    of_segment = np.zeros(int(segmentation.max(initial=0)) + 1, dtype=int)
    inside = segmentation > 0
    of_segment[segmentation[inside]] = regions[inside]
    return of_segment[np.asarray(detections['label'])]
