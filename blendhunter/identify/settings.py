"""Checks of the settings of `BlendIdentifier`, when they are used."""

from pathlib import Path

from blendhunter.network.model import VIEWS

__all__ = ['check_params', 'check_threshold']

REGIONS = ('segment', 'stamp')


def check_params(params):
    """Refuse, in one line, settings that cannot be used."""
    region, prior, screen = (params[name] for name in (
        'region', 'prior', 'screen'))
    if region not in REGIONS:
        msg = f'region must be one of {REGIONS}, got {region!r}'
        raise ValueError(msg)
    check_threshold(params['threshold'])
    if prior is not None and not 0 < prior < 1:
        msg = f'prior must lie between 0 and 1, got {prior!r}'
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
        msg = f'threshold must lie in 0 to 1, got {threshold!r}'
        raise ValueError(msg)
