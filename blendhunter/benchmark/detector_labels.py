# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Blend labels from a detector: the paper's rule, and one without truth."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.parallel import map_chunks
from blendhunter._utils.progress import progress_bar
from blendhunter.benchmark.column_descriptions import STAMP_LABELS
from blendhunter.detection import DetectionSettings
from blendhunter.detection.source_finding import find_in_normalized
from blendhunter.network.architecture import INPUT_SIZE
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import BLEND, SINGLE, UNCLEAR

__all__ = ['label_by_detection', 'label_by_rules', 'oracle_rule',
           'pad_stamps', 'true_positions', 'truth_free_rule']

CHUNK = 500
# a detection belongs to a true source within this distance, in px
TOLERANCE = 2.0
MERGED = 1
BORDER = (INPUT_SIZE - STAMP_SIZE) // 2


def pad_stamps(stamps, noise, *, rng=None):
    """Give stamps the paper's border of 7 px: noise, and no source."""
    shape = (len(stamps), INPUT_SIZE, INPUT_SIZE)
    padded = np.random.default_rng(rng).standard_normal(
        shape, dtype=np.float32) * np.float32(noise)
    padded[:, BORDER:-BORDER, BORDER:-BORDER] = stamps
    return padded


def true_positions(truth):
    """
    Return x and y of two sources in padded stamps, of shape (n, 2, 2).

    The companion of an isolated source is NaN.
    """
    columns = [[truth[f'{axis}{suffix}'] for axis in 'xy']
               for suffix in ('', '_2')]
    return np.moveaxis(np.array(columns, dtype=float), 2, 0) + BORDER


def label_by_detection(stamps, *, noise, positions=None, settings=None,
                       n_jobs=1, progress=False):
    """
    Label stamps by the detections in them.

    Parameters
    ----------
    stamps : `~numpy.ndarray` of shape (n, m, m)
        Background-subtracted stamps. Those of the paper are padded to
        65 px.
    noise : float
        RMS noise per pixel.
    positions : float `~numpy.ndarray` of shape (n, k, 2), optional
        True positions (x, y) of up to k sources in each stamp; missing
        ones are NaN. With positions the labels follow
        `~blendhunter.benchmark.oracle_rule`, which needs the truth.
        Without, they follow `~blendhunter.benchmark.truth_free_rule`.
    settings : `~blendhunter.DetectionSettings`, optional
        Detector and thresholds; by default SEP with those of the paper
        (Table 2).
    n_jobs, progress : optional
        See `~blendhunter.simulate_stamps`.

    Returns
    -------
    labels : `~astropy.table.Table`
        ``label`` (1 blended, 0 isolated, -1 if nothing was found),
        ``n_detected`` (number of detections) and ``failure`` (True if the
        rule leaves the stamp out).
    """
    with progress_bar(total=len(stamps), description='detecting',
                      enabled=progress) as bar:
        found = _detect_on_stamps(stamps, noise, settings, n_jobs,
                                  bar.update)
    return _apply_rule(found, positions)


def label_by_rules(stamps, truth, *, noise, methods, n_jobs=1,
                   advance=None):
    """
    Yield the labels of padded stamps, by each detector and both rules.

    That is the detector, the rule ('oracle', 'truth-free') and the table
    of `label_by_detection`.
    """
    positions = true_positions(truth)
    for method in methods:
        found = _detect_on_stamps(stamps, noise, DetectionSettings(
            method=method), n_jobs, advance)
        for rule, known in (('oracle', positions), ('truth-free', None)):
            yield method, rule, _apply_rule(found, known)


def _apply_rule(found, positions):
    """Return the table of labels."""
    label, failure = (
        truth_free_rule(found['x'], found['merged']) if positions is None
        else oracle_rule(found['x'], found['y'], found['merged'], positions))
    return describe_columns(Table({
        'label': label, 'failure': failure,
        'n_detected': np.isfinite(found['x']).sum(axis=1)}), STAMP_LABELS)


def _detect_on_stamps(stamps, noise, settings, n_jobs, advance):
    """Return x, y (NaN for fewer than k) and merged, of shape (n, k)."""
    stamps = np.asarray(stamps, dtype=np.float32)
    settings = settings or DetectionSettings()
    tasks = [(stamps[i:i + CHUNK] / np.float32(noise), settings)
             for i in range(0, len(stamps), CHUNK)]
    parts = map_chunks(_find, tasks, n_jobs=n_jobs, advance=advance,
                       sizes=[len(stack) for stack, _ in tasks])
    lists = [found for part in parts for found in part]
    most = max((len(found[0]) for found in lists), default=0)
    table = np.full((3, len(lists), max(most, 1)), np.nan)
    for i, found in enumerate(lists):
        table[:, i, :len(found[0])] = found
    return {'x': table[0], 'y': table[1], 'merged': table[2] == 1}


def _find(stack, settings):
    """Return x, y and whether split, of the detections in each stamp."""
    found = []
    for image in stack:
        # SEP refuses read-only memory, which workers get
        _, columns = find_in_normalized(image.copy(), settings)
        found.append((columns['x'], columns['y'],
                      columns['flag'].astype(int) & MERGED))
    return found


def oracle_rule(x, y, merged, positions):
    """
    Label stamps by the rule of Farrens et al. (2022), Sect. 2.6.

    A detection is matched if it lies within 2 px of a true source that
    is not matched to another detection. The nearest pairs are matched
    first.

    - No detection: no label. (The paper does not define this case. Its
      stored accuracies count these stamps as wrong.)
    - One detection: a blend if it is flagged as merged and matched.
    - Two detections: a blend if both are matched.
    - More detections: a blend if at least as many are matched as there
      are true sources. A failure, which is left out, if more than that
      lie within 2 px of any true source.

    Parameters
    ----------
    x, y : float `~numpy.ndarray` of shape (n, k)
        Positions of up to k detections; missing ones are NaN.
    merged : bool `~numpy.ndarray` of shape (n, k)
        True if the detector flags the detection as merged.
    positions : float `~numpy.ndarray` of shape (n, s, 2)
        Positions (x, y) of up to s true sources; missing ones are NaN.

    Returns
    -------
    label : int8 `~numpy.ndarray` of shape (n,)
        1 blended, 0 isolated, -1 if nothing was found.
    failure : bool `~numpy.ndarray` of shape (n,)
        True if the rule leaves the stamp out.
    """
    n_found = np.isfinite(x).sum(axis=1)
    n_true = np.isfinite(positions[..., 0]).sum(axis=1)
    distance = np.hypot(x[:, :, None] - positions[:, None, :, 0],
                        y[:, :, None] - positions[:, None, :, 1])
    distance[np.isnan(distance)] = np.inf
    near = (distance < TOLERANCE).any(axis=2)
    matched = _match(distance)
    blend = np.select(
        [n_found == 1, n_found == 2],
        [(matched & merged).any(axis=1), matched.sum(axis=1) == 2],
        matched.sum(axis=1) >= n_true)
    failure = (n_found > 2) & (near.sum(axis=1) > n_true)
    return _labels(blend, n_found), failure


def _labels(blend, n_found):
    """Return the labels: unclear if nothing was found."""
    label = np.where(blend, BLEND, SINGLE)
    return np.where(n_found > 0, label, UNCLEAR).astype(np.int8)


def _match(distance):
    """Pair detections with sources within reach, the nearest first."""
    distance = distance.copy()
    n, n_found, n_true = distance.shape
    matched = np.zeros((n, n_found), dtype=bool)
    rows = np.arange(n)
    for _ in range(min(n_found, n_true)):
        # not -1, which NumPy cannot tell if there are no stamps
        flat = distance.reshape(n, n_found * n_true).argmin(axis=1)
        which, source = np.divmod(flat, n_true)
        good = distance[rows, which, source] < TOLERANCE
        matched[rows[good], which[good]] = True
        distance[rows[good], which[good], :] = np.inf
        distance[rows[good], :, source[good]] = np.inf
    return matched


def truth_free_rule(x, merged):
    """
    Label stamps without the truth.

    A stamp is a blend if it has more than one detection, or one that the
    detector flags as merged. A stamp without detection has no label.

    Parameters
    ----------
    x : float `~numpy.ndarray` of shape (n, k)
        Positions of up to k detections; missing ones are NaN.
    merged : bool `~numpy.ndarray` of shape (n, k)
        True if the detector flags the detection as merged.

    Returns
    -------
    label : int8 `~numpy.ndarray` of shape (n,)
        1 blended, 0 isolated, -1 if nothing was found.
    failure : bool `~numpy.ndarray` of shape (n,)
        False for all stamps.
    """
    n_found = np.isfinite(x).sum(axis=1)
    blend = (n_found > 1) | merged.any(axis=1)
    return _labels(blend, n_found), np.zeros(len(x), dtype=bool)
