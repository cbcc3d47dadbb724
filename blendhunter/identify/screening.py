"""Screening: a small network dismisses what is certainly no blend."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from blendhunter.exceptions import WeightsError
from blendhunter.network.model import BlendModel
from blendhunter.network.priors import correct_prior
from blendhunter.network.weights import (
    list_weights,
    read_metadata,
    resolve_weights,
)

__all__ = ['SAFE_PROBABILITY', 'SCREENED_TOGETHER', 'Screen', 'find_screen',
           'predict_screened', 'small_weights']

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
    metadata : dict
        Of these weights.

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
    msg = (f'screen: {str(screen)!r} was not distilled from the weights in '
           'use')
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

    Parameters
    ----------
    screen : 'auto', False, or path-like
        As for `small_weights`.
    model : `~blendhunter.network.BlendModel`
    load : callable
        Returns the model of some weights.
    region, prior, threshold
        Settings of `~blendhunter.BlendIdentifier`. With a threshold below
        0.1 nothing is screened. A prior above that of the weights lets
        fewer sources be dismissed.

    Raises
    ------
    `~blendhunter.exceptions.WeightsError`
        If a file is given that was distilled from other weights, or has
        no limit for the region.
    """
    if threshold < SAFE_PROBABILITY:
        return None
    weights, metadata = small_weights(screen, model.metadata['sha256'])
    limit = metadata.get('screening', {}).get(region)
    if weights is not None and not limit and screen != 'auto':
        msg = (f'screen: {str(screen)!r} has no limit for the region '
               f'{region!r}; blendhunter calibrate finds one')
        raise WeightsError(msg)
    if not limit:
        return None
    trained, own = model.prior_fractions(region)
    wanted = max(own, own if prior is None else prior)
    return Screen(load(weights), float(correct_prior(limit, wanted, trained)))


def predict_screened(model, screen, stamps, regions, *, keep=None,
                     batch_size=256, n_views=1):
    """
    Let a small network answer first, and a large one what it does not.

    Parameters
    ----------
    model : `~blendhunter.network.BlendModel`
    screen : `Screen` or None
        None lets the large network answer all.
    stamps, regions : `~numpy.ndarray` of shape (n, 51, 51)
        Over their noise.
    keep : bool `~numpy.ndarray` of shape (n,), optional
        True where the large network is to answer anyway.
    batch_size, n_views : int, optional
        Of the large network.

    Returns
    -------
    probability : float32 `~numpy.ndarray` of shape (n,)
    dismissed : bool `~numpy.ndarray` of shape (n,)
        True where the small network answered.
    """
    if screen is None:
        return model.predict(stamps, regions, batch_size=batch_size,
                             n_views=n_views), np.zeros(len(stamps), bool)
    probability = screen.model.predict(stamps, regions,
                                       batch_size=batch_size)
    dismissed = probability < screen.limit
    if keep is not None:
        dismissed &= ~keep
    rows = np.flatnonzero(~dismissed)
    probability[rows] = model.predict(
        stamps[rows], regions[rows], n_views=n_views,
        batch_size=min(batch_size, SCREENED_BATCH))
    return probability, dismissed
