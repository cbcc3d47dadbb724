# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Stamps to probabilities and flags, a few batches at a time."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from blendhunter._utils.arrays import round_position
from blendhunter._utils.progress import progress_bar
from blendhunter.identify.image_checks import SeeingCheck
from blendhunter.identify.screening import (
    SCREENED_TOGETHER,
    answer_screened,
)
from blendhunter.network.locators import locate_companions
from blendhunter.network.model import VIEWED_BATCHES
from blendhunter.network.symmetric_residuals import symmetric_residuals
from blendhunter.stamps import STAMP_SIZE, BlendFlag
from blendhunter.stamps.windows import pixel_counts

__all__ = ['NOT_CLASSIFIED', 'Classified', 'classify_parts',
           'classify_sources', 'count_neighbors', 'stamp_corners']

NOT_CLASSIFIED = BlendFlag.OFF_IMAGE | BlendFlag.UNUSABLE
# of a stamp without any pixel of the image
FAR_OFF = BlendFlag.EDGE | BlendFlag.OFF_IMAGE | BlendFlag.UNUSABLE
# a source has signal where a 3x3 box in the central 5x5 px reaches 3
# sigma of the noise of such a box
CORE = slice(STAMP_SIZE // 2 - 2, STAMP_SIZE // 2 + 3)
MIN_CORE_SNR = 3.0


@dataclass(frozen=True, eq=False)
class Classified:
    """
    What is found of n sources.

    Parameters
    ----------
    probability : float32 `~numpy.ndarray` of shape (n,)
        At the fraction ``trained_fraction`` of the weights; NaN if
        unknown.
    flags : int32 `~numpy.ndarray` of shape (n,)
        Bits of `~blendhunter.stamps.BlendFlag`.
    companions : float `~numpy.ndarray` of shape (n, 2)
        Position (x, y) of the companion on the image, px. NaN if a blend
        is unlikely, or if companions were not requested.
    """

    probability: np.ndarray
    flags: np.ndarray
    companions: np.ndarray

    @classmethod
    def unknown(cls, n, region):
        """Return n sources without any pixel of the image."""
        flags = FAR_OFF | (BlendFlag.NO_SEGMENT if region == 'segment' else 0)
        return cls(np.full(n, np.nan, dtype=np.float32),
                   np.full(n, flags, dtype=np.int32),
                   np.full((n, 2), np.nan))

    def put(self, rows, part):
        """Put what was found of some rows, in place."""
        self.probability[rows] = part.probability
        self.flags[rows] = part.flags
        self.companions[rows] = part.companions


def classify_parts(model, detected, *, region, batch, progress=False,
                   **options):
    """
    Classify all parts of a `~blendhunter.DetectedImage`, or of its tiles.

    The seeing is checked first, with the parts that have enough stars.

    ``batch`` is a function of the number of sources, ``options`` are those
    of `classify_sources`. Returns `Classified`; sources in no part are off
    the image, or where it has no usable pixel.
    """
    answers, tiles = [], getattr(detected, 'tiles', ())
    check = SeeingCheck(model.metadata)
    with progress_bar(total=len(tiles), description='tiles',
                      enabled=progress and len(tiles) > 1) as bar:
        for rows, part in detected.parts():
            check.look(part)
            answers.append((rows, classify_sources(
                model, part, region=region, batch_size=batch(len(part)),
                progress=progress and not tiles, **options)))
            bar.update(1)
    found = Classified.unknown(len(detected), region)
    for rows, part in answers:
        found.put(rows, part)
    if check.is_outside:
        found.flags[np.isfinite(found.probability)] |= BlendFlag.OUT_OF_DOMAIN
    return found


def classify_sources(model, detected, *, region, batch_size, n_views=1,
                     screen=None, companions_above=None, progress=False):
    """
    Cut and classify the sources of a `~blendhunter.DetectedImage`.

    With a `~blendhunter.identify.screening.Screen` the small network
    answers first. Sources unlike the training are never dismissed.
    Companions are located where the network's probability is at least
    ``companions_above``; None locates none. Returns `Classified`.
    """
    n = len(detected)
    # of several views, those of the stamps in doubt fill batches of their own
    step = batch_size * (1 if n_views == 1 else VIEWED_BATCHES)
    if screen is not None:
        step = max(step, SCREENED_TOGETHER)
    found = Classified.unknown(n, region)
    near = np.flatnonzero(pixel_counts(
        detected.image.data.shape, round_position(detected.x),
        round_position(detected.y), STAMP_SIZE))
    with progress_bar(total=len(near), description='classifying',
                      enabled=progress) as bar:
        for start in range(0, len(near), step):
            rows = near[start:start + step]
            stamps = detected.stamps(rows, region)
            found.flags[rows] = stamps.flags
            good = np.flatnonzero((stamps.flags & NOT_CLASSIFIED) == 0)
            stamps, classified = stamps[good], rows[good]
            bits = _signal_flags(stamps, model, region)
            answers = answer_screened(
                model, screen, stamps.data, stamps.regions, region,
                keep=(bits & BlendFlag.OUT_OF_DOMAIN) > 0,
                batch_size=batch_size, n_views=n_views,
                locate=companions_above is not None)
            found.probability[classified] = answers.probability
            found.flags[classified] |= (
                bits | BlendFlag.OUT_OF_DOMAIN * answers.unusual
                | BlendFlag.SCREENED * answers.dismissed)
            if companions_above is not None:
                found.companions[classified] = _companions(
                    detected, classified, stamps, answers, companions_above)
            bar.update(len(rows))
    return found


def _companions(detected, rows, stamps, answers, least):
    """Return x and y of companions on the image, NaN for unlikely ones."""
    places = np.full((len(rows), 2), np.nan)
    likely = np.flatnonzero((answers.probability >= least)
                            & ~answers.dismissed)
    if likely.size:
        residuals = symmetric_residuals(stamps.data[likely],
                                        stamps.regions[likely])[1]
        places[likely] = np.transpose(locate_companions(
            answers.maps[likely], residuals))
    return places + np.column_stack(stamp_corners(detected.x[rows],
                                                  detected.y[rows]))


def stamp_corners(x, y):
    """Return x and y, on the image, of the first pixel of stamps."""
    return [round_position(axis) - STAMP_SIZE // 2 for axis in (x, y)]


def _signal_flags(stamps, model, region):
    """Flag stamps without signal, and those unlike the training."""
    flags = np.zeros(len(stamps), dtype=np.int32)
    core = stamps.data[:, CORE, CORE]
    boxes = sum(core[:, i:i + 3, j:j + 3] for i in range(3)
                for j in range(3)) / 3
    flags[boxes.max(axis=(1, 2), initial=-np.inf)
          < MIN_CORE_SNR] |= BlendFlag.NO_SIGNAL
    domain = model.metadata['domain'].get(region, {})
    if 'peak' in domain:
        peak = stamps.data.max(axis=(1, 2), where=stamps.regions, initial=0)
        area = stamps.regions.sum(axis=(1, 2))
        flags[(peak > domain['peak'][1])
              | (area > domain['area'][1])] |= BlendFlag.OUT_OF_DOMAIN
    return flags


def count_neighbors(x, y):
    """
    Count the other sources whose center lies in each stamp.

    Positions that are not finite count nowhere.
    """
    counts = np.zeros(len(x), dtype=np.int16)
    good = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if good.size:
        points = np.column_stack([round_position(x[good]),
                                  round_position(y[good])]).astype(float)
        tree = cKDTree(points)
        found = tree.query_ball_point(points, STAMP_SIZE // 2, p=np.inf,
                                      return_length=True)
        counts[good] = np.minimum(found - 1, np.iinfo(np.int16).max)
    return counts
