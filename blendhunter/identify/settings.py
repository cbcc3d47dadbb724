# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Check the settings of an identifier."""

from pathlib import Path

import numpy as np

from blendhunter.identify.sample_prior import ESTIMATE
from blendhunter.network.model import VIEWS

__all__ = ['PARAMETERS', 'check_params', 'check_threshold']

REGIONS = ('segment', 'stamp')
#: The settings of `~blendhunter.BlendIdentifier`, in their order.
PARAMETERS = ('weights', 'region', 'threshold', 'prior', 'batch_size',
              'precision', 'n_views', 'screen', 'companions')


def check_params(params):
    """Refuse, in one line, settings that cannot be used."""
    region, prior, screen = (params[name] for name in (
        'region', 'prior', 'screen'))
    if region not in REGIONS:
        msg = f'region must be one of {REGIONS}, got {region!r}'
        raise ValueError(msg)
    check_threshold(params['threshold'])
    is_number = isinstance(prior, (int, float, np.number))
    if (prior is not None and prior != ESTIMATE
            and not (is_number and 0 < prior < 1)):
        msg = (f"prior must be between 0 and 1, or {ESTIMATE!r}, got "
               f'{prior!r}')
        raise ValueError(msg)
    if params['batch_size'] < 1:
        msg = f'batch_size must be positive, got {params["batch_size"]!r}'
        raise ValueError(msg)
    if params['n_views'] not in VIEWS:
        msg = f'n_views must be one of {VIEWS}, got {params["n_views"]!r}'
        raise ValueError(msg)
    if screen is not False and not isinstance(screen, (str, Path)):
        msg = ("screen must be 'auto', False or a weights file, got "
               f'{screen!r}')
        raise ValueError(msg)


def check_threshold(threshold):
    """Refuse a threshold that is not a probability."""
    if not 0 <= threshold <= 1:
        msg = f'threshold must be between 0 and 1, got {threshold!r}'
        raise ValueError(msg)
