"""Blend labels from a detector: the paper's rule, and one without truth."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.parallel import map_chunks
from blendhunter.detection import Detection
from blendhunter.detection.core import FINDERS
from blendhunter.network.architecture import INPUT_SIZE
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import BLEND, SINGLE, UNCLEAR

__all__ = ['detect_on_stamps', 'label_by_detection', 'label_by_rules',
           'oracle_rule', 'pad_stamps', 'true_positions', 'truth_free_rule']

CHUNK = 500
# a detection is in place within this distance of a true source, in px
TOLERANCE = 2.0
MERGED = 1


def pad_stamps(stamps, noise, *, rng=None):
    """
    Give stamps the border of the paper: noise, and no source.

    Parameters
    ----------
    stamps : `~numpy.ndarray` of shape (n, 51, 51)
    noise : float
        RMS noise per pixel of the border.
    rng : None, int, SeedSequence or Generator, optional

    Returns
    -------
    padded : float32 `~numpy.ndarray` of shape (n, 65, 65)
    """
    border = (INPUT_SIZE - STAMP_SIZE) // 2
    shape = (len(stamps), INPUT_SIZE, INPUT_SIZE)
    padded = np.random.default_rng(rng).standard_normal(
        shape, dtype=np.float32) * np.float32(noise)
    inner = slice(border, border + STAMP_SIZE)
    padded[:, inner, inner] = stamps
    return padded


def true_positions(truth):
    """
    Return the positions of the sources in padded stamps.

    Parameters
    ----------
    truth : `~astropy.table.Table`
        Of `~blendhunter.simulation.simulate_stamps` with two sources at
        the most.

    Returns
    -------
    positions : float `~numpy.ndarray` of shape (n, 2, 2)
        x and y of the central source and its companion in a stamp of 65
        px, NaN where there is none.
    """
    border = (INPUT_SIZE - STAMP_SIZE) // 2
    columns = [[truth[f'{axis}{suffix}'] for axis in 'xy']
               for suffix in ('', '_2')]
    return np.moveaxis(np.array(columns, dtype=float), 2, 0) + border


def label_by_detection(stamps, *, noise, positions=None, settings=None,
                       n_jobs=1, progress=None):
    """
    Label stamps by what a detector finds in them.

    Parameters
    ----------
    stamps : `~numpy.ndarray` of shape (n, m, m)
        Without background; the paper's are padded to 65 px.
    noise : float
        RMS noise per pixel.
    positions : float `~numpy.ndarray` of shape (n, k, 2), optional
        True positions (x, y) of the sources in each stamp, NaN where
        there are fewer: the rule is then `oracle_rule`, which knows the
        truth and cannot be used on the sky. By default it is
        `truth_free_rule`.
    settings : `~blendhunter.detection.Detection`, optional
        Detector and thresholds; by default SEP with those of the paper
        (Table 2).
    n_jobs : int, optional
        Number of processes.
    progress : callable, optional
        Called with the number of stamps after each part.

    Returns
    -------
    labels : `~astropy.table.Table`
        ``label`` (1 blended, 0 isolated, -1 where nothing was found),
        ``n_detected``, ``failure``
        (True where the rule leaves a stamp out).
    """
    found = detect_on_stamps(stamps, noise=noise, settings=settings,
                             n_jobs=n_jobs, progress=progress)
    if positions is None:
        label, failure = truth_free_rule(found['x'], found['merged'])
    else:
        label, failure = oracle_rule(found['x'], found['y'],
                                     found['merged'], positions)
    return Table({'label': label, 'failure': failure,
                  'n_detected': np.isfinite(found['x']).sum(axis=1)})


def label_by_rules(stamps, truth, *, noise, methods, n_jobs=1,
                   progress=None):
    """
    Label stamps with several detectors, each by both rules.

    Parameters
    ----------
    stamps, noise, n_jobs, progress
        As in `label_by_detection`; from `pad_stamps`.
    truth : `~astropy.table.Table`
        With the positions that `true_positions` reads.
    methods : sequence of {'sep', 'photutils'}

    Yields
    ------
    method : str
    rule : {'oracle', 'truth-free'}
    labels : `~astropy.table.Table`
    """
    positions = true_positions(truth)
    for method in methods:
        for rule, known in (('oracle', positions), ('truth-free', None)):
            yield method, rule, label_by_detection(
                stamps, noise=noise, positions=known, n_jobs=n_jobs,
                settings=Detection(method=method), progress=progress)


def detect_on_stamps(stamps, *, noise, settings=None, n_jobs=1,
                     progress=None):
    """
    Detect the sources in each stamp by itself.

    Parameters
    ----------
    stamps, noise, settings, n_jobs, progress
        As in `label_by_detection`.

    Returns
    -------
    found : dict of `~numpy.ndarray` of shape (n, k)
        ``x``, ``y`` (px, NaN where a stamp has fewer than k detections)
        and ``merged`` (bool).
    """
    stamps = np.asarray(stamps, dtype=np.float32)
    settings = settings or Detection()
    tasks = [(stamps[i:i + CHUNK] / np.float32(noise), settings)
             for i in range(0, len(stamps), CHUNK)]
    parts = map_chunks(_find, tasks, n_jobs=n_jobs, progress=progress,
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
        _, columns = FINDERS[settings.method](
            # SEP refuses read-only memory, which workers get
            image.copy(), mask=None,
            n_sigma=settings.n_sigma, n_pixels=settings.n_pixels,
            deblend=settings.deblend, n_levels=settings.n_levels,
            contrast=settings.contrast)
        found.append((columns['x'], columns['y'],
                      columns['flag'].astype(int) & MERGED))
    return found


def oracle_rule(x, y, merged, positions):
    """
    Label stamps by the rule of Farrens et al. (2022), Sect. 2.6.

    A detection is in place when it lies within 2 px of a true source
    that no other detection has taken, the nearest pairs first.

    - None found: no label. (The paper does not say; the authors' stored
      accuracies are those of counting such stamps as wrong.)
    - One found: a blend if it is flagged as merged and in place.
    - Two found: a blend if both are in place.
    - More: a blend if at least as many as there are true sources are in
      place; a failure, left out, where more than that lie within 2 px
      of any true source.

    Parameters
    ----------
    x, y : float `~numpy.ndarray` of shape (n, k)
        Detections, NaN where there are fewer.
    merged : bool `~numpy.ndarray` of shape (n, k)
    positions : float `~numpy.ndarray` of shape (n, s, 2)
        True sources, NaN where there are fewer.

    Returns
    -------
    label : int8 `~numpy.ndarray` of shape (n,)
    failure : bool `~numpy.ndarray` of shape (n,)
    """
    n_found = np.isfinite(x).sum(axis=1)
    n_true = np.isfinite(positions[..., 0]).sum(axis=1)
    distance = np.hypot(x[:, :, None] - positions[:, None, :, 0],
                        y[:, :, None] - positions[:, None, :, 1])
    distance[np.isnan(distance)] = np.inf
    near = (distance < TOLERANCE).any(axis=2)
    in_place = _match(distance)
    blend = np.where(
        n_found == 1, (in_place & merged).any(axis=1),
        np.where(n_found == 2, in_place.sum(axis=1) == 2,
                 in_place.sum(axis=1) >= n_true))
    failure = (n_found > 2) & (near.sum(axis=1) > n_true)
    return _labels(blend, n_found), failure


def _labels(blend, n_found):
    """Return the labels, none where nothing was found."""
    label = np.where(blend, BLEND, SINGLE)
    return np.where(n_found > 0, label, UNCLEAR).astype(np.int8)


def _match(distance):
    """Pair detections with sources within reach, the nearest first."""
    distance = distance.copy()
    n, n_found, n_true = distance.shape
    taken = np.zeros((n, n_found), dtype=bool)
    rows = np.arange(n)
    for _ in range(min(n_found, n_true)):
        flat = distance.reshape(n, -1).argmin(axis=1)
        which, source = np.divmod(flat, n_true)
        good = distance[rows, which, source] < TOLERANCE
        taken[rows[good], which[good]] = True
        distance[rows[good], which[good], :] = np.inf
        distance[rows[good], :, source[good]] = np.inf
    return taken


def truth_free_rule(x, merged):
    """
    Label stamps without the truth.

    A blend is a stamp with more than one detection, or one that the
    detector flags as merged; one with none has no label.

    Parameters
    ----------
    x : float `~numpy.ndarray` of shape (n, k)
        Detections, NaN where there are fewer.
    merged : bool `~numpy.ndarray` of shape (n, k)

    Returns
    -------
    label : int8 `~numpy.ndarray` of shape (n,)
    failure : bool `~numpy.ndarray` of shape (n,)
        False everywhere.
    """
    n_found = np.isfinite(x).sum(axis=1)
    blend = (n_found > 1) | merged.any(axis=1)
    return _labels(blend, n_found), np.zeros(len(x), dtype=bool)
