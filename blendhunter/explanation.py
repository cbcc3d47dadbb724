# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Explain why a source was flagged."""

from dataclasses import dataclass

import numpy as np

from blendhunter.detection import DetectedImage
from blendhunter.identify import BlendIdentifier
from blendhunter.identify.classification import (
    NOT_CLASSIFIED,
    stamp_corners,
)
from blendhunter.identify.sample_prior import ESTIMATE
from blendhunter.network.locators import locate_companions
from blendhunter.network.symmetric_residuals import symmetric_residuals
from blendhunter.stamps import STAMP_SIZE, BlendFlag, decode_blend_flags
from blendhunter.stamps.windows import noise_pattern

__all__ = ['Explanation', 'explain']

# px: width of the patches that hide a part of a stamp, and their distance
PATCH = 7
STRIDE = 4
EDGE = 1e-6


@dataclass(frozen=True, eq=False)
class Explanation:
    """
    The evidence behind the probability of one source.

    Parameters
    ----------
    row : int
        Row of the catalog.
    x, y : float
        Position on the image, px.
    probability : float
        Blend probability, as in the column ``blend_prob``.
    flags : list of str
        Names of the bits of ``blend_flags``.
    stamp : float32 `~numpy.ndarray` of shape (51, 51)
        Pixels over their noise, as the network sees them.
    region : bool `~numpy.ndarray` of shape (51, 51)
        Region of the source. The probability is for this region.
    residuals : float32 `~numpy.ndarray` of shape (2, 51, 51)
        Residuals after the subtraction of a symmetric source, over the
        noise. The first is the stamp minus the stamp rotated by 180
        degrees. The second is the stamp minus its symmetric elliptical
        profile.
    companion_map : float32 `~numpy.ndarray` of shape (51, 51) or None
        Log odds that the companion is at a pixel. None if the weights
        cannot locate companions.
    companion : tuple of float or None
        Most likely position x, y of the companion on the image, px. It
        has a meaning only if the source is a blend.
    occlusion : float32 `~numpy.ndarray` of shape (51, 51)
        Decrease of the log odds of a blend if the pixels around a
        position are replaced by noise. Where it is positive, the pixels
        are evidence for a blend.
    """

    row: int
    x: float
    y: float
    probability: float
    flags: list
    stamp: np.ndarray
    region: np.ndarray
    residuals: np.ndarray
    companion_map: np.ndarray | None
    companion: tuple | None
    occlusion: np.ndarray

    def plot(self):
        """
        Draw the evidence.

        Returns
        -------
        figure : `~matplotlib.figure.Figure`
            See `~blendhunter.plotting.plot_explanation`.
        """
        from blendhunter.plotting import plot_explanation

        return plot_explanation(self)


def explain(image, catalog, row, *, identifier=None):
    """
    Return the evidence behind the probability of one source.

    Parameters
    ----------
    image : image-like of shape (ny, nx), or `~blendhunter.DetectedImage`
        See `~blendhunter.BlendIdentifier.classify`.
    catalog : table-like or path, optional
        The sources, for example the result of ``classify``. Use None with
        a `~blendhunter.DetectedImage`, which has its own catalog.
    row : int
        Row of the catalog, from 0.
    identifier : `~blendhunter.BlendIdentifier`, optional
        Classifies the source; by default with the default settings.

    Returns
    -------
    explanation : `~blendhunter.explanation.Explanation`
        The evidence. ``explanation.plot()`` draws it.

    Raises
    ------
    TypeError, ValueError, IndexError
        If an argument cannot be used; the message names it.

    Examples
    --------
    >>> from blendhunter import detect, explain, simulate_field
    >>> image, truth = simulate_field((200, 200), rng=1)
    >>> catalog = detect(image)
    >>> explanation = explain(image, catalog, catalog['snr'].argmax())
    >>> explanation.stamp.shape
    (51, 51)
    """
    identifier = identifier or BlendIdentifier()
    if identifier.prior == ESTIMATE:
        msg = ("identifier: prior='estimate' needs a whole catalog; give the "
               'number that classify has found (BHPRIOR in the meta of its '
               'result)')
        raise ValueError(msg)
    detected = _detected(image, catalog)
    row = _checked_row(row, len(detected))
    one = detected.select([row])
    stamps = one.stamps(region=identifier.region)
    if stamps.flags[0] & NOT_CLASSIFIED:
        msg = (f'row {row} cannot be classified: its stamp is off the image '
               'or mostly masked')
        raise ValueError(msg)
    model = identifier.load_model()
    answers = model.answer(stamps.data, stamps.regions, batch_size=1,
                           n_views=identifier.n_views, locate=model.locates)
    flags = int(stamps.flags[0])
    if answers.unusual is not None and (
            answers.unusual[0] > model.unusual_limit(identifier.region)):
        flags |= BlendFlag.OUT_OF_DOMAIN
    residuals = np.stack([part[0] for part in symmetric_residuals(
        stamps.data, stamps.regions)])
    return Explanation(
        row, float(one.x[0]), float(one.y[0]),
        float(model.report(answers.probability, identifier.region,
                           identifier.prior)[0]),
        decode_blend_flags(flags), stamps.data[0], stamps.regions[0],
        residuals, *_companion(one, answers.maps, residuals),
        _occlude(model, stamps, answers.probability[0]))


def _detected(image, catalog):
    """Return the detected image; a result has columns of its own."""
    if isinstance(image, DetectedImage):
        if catalog is not None:
            msg = ('catalog cannot be given, because image is a DetectedImage '
                   'and has its own catalog')
            raise ValueError(msg)
        return image
    return DetectedImage.from_image(image, catalog)


def _checked_row(row, n):
    """Return the number of a row, or refuse it."""
    if isinstance(row, bool) or not isinstance(row, (int, np.integer)):
        msg = f'row must be an integer, got {row!r}'
        raise TypeError(msg)
    if not -n <= row < n:
        msg = f'row must be one of the {n} rows of the catalog, got {row}'
        raise IndexError(msg)
    return int(row) % n


def _companion(one, maps, residuals):
    """Return the map of the companion, and its position on the image."""
    if maps is None:
        return None, None
    x, y = locate_companions(maps, residuals[None, 1])
    left, bottom = stamp_corners(one.x, one.y)
    return maps[0], (float(x[0] + left[0]), float(y[0] + bottom[0]))


def _occlude(model, stamps, probability):
    """Return the fall of the log odds where a patch is hidden."""
    starts = np.arange(0, STAMP_SIZE - PATCH + 1, STRIDE)
    corners = [(top, left) for top in starts for left in starts]
    hidden = np.repeat(stamps.data, len(corners), axis=0)
    fill = noise_pattern([0], [0], STAMP_SIZE)[0]
    for stamp, (top, left) in zip(hidden, corners, strict=True):
        patch = np.s_[top:top + PATCH, left:left + PATCH]
        stamp[patch] = fill[patch]
    answer = model.answer(hidden, np.repeat(stamps.regions, len(corners),
                                            axis=0), batch_size=64)
    fall = _log_odds(probability) - _log_odds(answer.probability)
    total, count = np.zeros((2, STAMP_SIZE, STAMP_SIZE), dtype=np.float32)
    for value, (top, left) in zip(fall, corners, strict=True):
        patch = np.s_[top:top + PATCH, left:left + PATCH]
        total[patch] += value
        count[patch] += 1
    return total / np.maximum(count, 1)


def _log_odds(probability):
    """Return finite log odds."""
    p = np.clip(np.asarray(probability, dtype=float), EDGE, 1 - EDGE)
    return np.log(p / (1 - p))
