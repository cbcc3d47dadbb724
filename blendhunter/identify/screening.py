# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Screening: a small network dismisses sources that are not blends."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from blendhunter.exceptions import WeightsError
from blendhunter.network.model import BlendModel
from blendhunter.network.weights import (
    list_weights,
    read_metadata,
    resolve_weights,
)

__all__ = ['SAFE_PROBABILITY', 'SCREENED_TOGETHER', 'Screen',
           'ScreenedAnswers', 'answer_screened', 'find_screen',
           'small_weights']

#: Probabilities from here on do not change by screening.
SAFE_PROBABILITY = 0.1
#: The packaged small network.
SMALL_WEIGHTS = 'fast'
#: Stamps that are screened before the large network gets what is left of
#: them, and the stamps in a batch of the large network then.
SCREENED_TOGETHER = 2048
SCREENED_BATCH = 64


@dataclass(frozen=True)
class Screen:
    """
    A small network, and the limit below which its answer counts.

    Parameters
    ----------
    model : `~blendhunter.network.BlendModel`
        Its probabilities are those of the large network, about.
    limit : float
        At the blend fraction that the networks assume.
    """

    model: BlendModel
    limit: float


def small_weights(screen, sha256):
    """
    Return the small network of a setting ``screen``, or None.

    Parameters
    ----------
    screen : 'auto', False, or path-like
        'auto' takes the packaged one if it fits.
    sha256 : str
        Of the weights that the small network must have been distilled
        from.

    Returns
    -------
    weights : str or path-like or None
        The weights of the small network.
    metadata : dict
        Metadata of these weights.

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If a file is given that was distilled from other weights.
    """
    automatic = isinstance(screen, str) and screen == 'auto'
    if screen is False or (automatic
                           and SMALL_WEIGHTS not in list_weights()):
        return None, {}
    weights = SMALL_WEIGHTS if automatic else screen
    metadata = _metadata(resolve_weights(weights, verify=False,
                                         name='screen'))
    if metadata.get('distilled_from') == sha256:
        return weights, metadata
    if automatic:
        return None, {}
    msg = (f'screen: {str(screen)!r} was distilled from other weights '
           'than those in use')
    raise WeightsError(msg)


def _metadata(path):
    """Return the metadata of a file, read again if it is new."""
    return _read_once(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read_once(path, modified):
    """Read metadata; ``modified`` makes a changed file read anew."""
    del modified
    return read_metadata(path)


def find_screen(screen, model, load, *, region, prior, threshold):
    """
    Return the `Screen` of a setting, or None.

    ``screen`` is as for `small_weights`, ``load`` returns the model of some
    weights; ``region``, ``prior`` and ``threshold`` are settings of
    `~blendhunter.BlendIdentifier`. With a threshold below 0.1 nothing is
    screened. With a prior above that of the weights fewer sources are
    dismissed. A `~blendhunter.exceptions.WeightsError` is raised for a file
    that was distilled from other weights, or has no limit for the region.
    """
    if threshold < SAFE_PROBABILITY:
        return None
    weights, metadata = small_weights(screen, model.metadata['sha256'])
    limit = metadata.get('screening', {}).get(region)
    if weights is not None and not limit and screen != 'auto':
        msg = (f'screen: {str(screen)!r} has no limit for the region '
               f'{region!r}; find one with blendhunter calibrate')
        raise WeightsError(msg)
    if not limit:
        return None
    own = model.prior_fractions(region)[1]
    wanted = max(own, own if prior is None else prior)
    return Screen(load(weights), model.raw(limit, region, wanted))


@dataclass(frozen=True, eq=False)
class ScreenedAnswers:
    """
    Answers to n stamps, by the small network or the large one.

    Parameters
    ----------
    probability : float32 `~numpy.ndarray` of shape (n,)
        At the fraction ``trained_fraction`` of the weights.
    dismissed : bool `~numpy.ndarray` of shape (n,)
        True where the small network answered.
    unusual : bool `~numpy.ndarray` of shape (n,)
        True where one of the networks finds a stamp unlike its training.
    maps : float32 `~numpy.ndarray` of shape (n, 51, 51) or None
        Where companions are (`~blendhunter.network.Answers`); NaN where
        the small network answered.
    """

    probability: np.ndarray
    dismissed: np.ndarray
    unusual: np.ndarray
    maps: np.ndarray | None = None


def answer_screened(model, screen, stamps, regions, region, *, keep=None,
                    batch_size=256, n_views=1, locate=False):
    """
    Let a small network answer first, and a large one what it does not.

    Parameters
    ----------
    model : `~blendhunter.network.BlendModel`
        The large network.
    screen : `Screen` or None
        None lets the large network answer all.
    stamps, regions : `~numpy.ndarray` of shape (n, 51, 51)
        Over their noise.
    region : {'segment', 'stamp'}
        What is asked.
    keep : bool `~numpy.ndarray` of shape (n,), optional
        True where the large network is to answer anyway.
    batch_size, n_views : int, optional
        Of the large network.
    locate : bool, optional
        Whether the maps of companions are wanted.

    Returns
    -------
    answers : `ScreenedAnswers`
        What the small network finds unusual is never dismissed.
    """
    if screen is None:
        answers = model.answer(stamps, regions, batch_size=batch_size,
                               n_views=n_views, locate=locate)
        return ScreenedAnswers(
            answers.probability, np.zeros(len(stamps), dtype=bool),
            _is_unusual(model, answers, region), answers.maps)
    small = screen.model.answer(stamps, regions, batch_size=batch_size)
    probability = small.probability
    unusual = _is_unusual(screen.model, small, region)
    dismissed = (probability < screen.limit) & ~unusual
    if keep is not None:
        dismissed &= ~keep
    rows = np.flatnonzero(~dismissed)
    large = model.answer(
        stamps[rows], regions[rows], n_views=n_views, locate=locate,
        batch_size=min(batch_size, SCREENED_BATCH))
    probability[rows] = large.probability
    unusual[rows] |= _is_unusual(model, large, region)
    maps = None
    if locate:
        maps = np.full(stamps.shape, np.nan, dtype=np.float32)
        maps[rows] = large.maps
    return ScreenedAnswers(probability, dismissed, unusual, maps)


def _is_unusual(model, answers, region):
    """Tell which stamps a network finds unlike its training."""
    if answers.unusual is None:
        return np.zeros(len(answers.probability), dtype=bool)
    return answers.unusual > model.unusual_limit(region)
