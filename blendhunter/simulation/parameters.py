# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Parameters of dataclasses, with default, help text and limits."""

import textwrap
from dataclasses import dataclass, field, fields
from numbers import Real
from types import NoneType
from typing import get_args

import numpy as np

__all__ = ['LogUniform', 'allows_none', 'check_limits', 'check_parameters',
           'check_value', 'described', 'draw_within', 'parameter']

CONDITIONS = {
    'be positive': lambda value: 0 < value < np.inf,
    'not be negative': lambda value: 0 <= value < np.inf,
    'be between 0 and 0.5': lambda value: 0 <= value <= 0.5,
    'be between 0 and 1': lambda value: 0 <= value <= 1}
RAISES = """
Raises
------
ValueError
    If a value is out of range; the message names it.
"""


@dataclass(frozen=True)
class LogUniform:
    """
    Two positive limits, between which values are uniform in the logarithm.

    Parameters
    ----------
    low, high : float
        The limits, the lower one first.

    Raises
    ------
    ValueError
        If the limits are not positive, or the lower one is not first.
    """

    low: float
    high: float

    def __post_init__(self):
        check_limits('LogUniform', (self.low, self.high), 'be positive')

    def __iter__(self):
        yield from (self.low, self.high)


def draw_within(limits, rng):
    """Draw a value; limits that are equal take no random number."""
    low, high = limits
    if low == high:
        return low
    if isinstance(limits, LogUniform):
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return float(rng.uniform(low, high))


def parameter(default, text, condition=None, **metadata):
    """
    Return a dataclass field with its help.

    ``condition`` is a key of `CONDITIONS`. The metadata may have a ``type``
    for the docstring, ``choices`` and a ``metavar`` for the command line.
    """
    return field(default=default, metadata={
        'help': text, 'condition': condition, **metadata})


def check_value(name, value, condition):
    """Raise ValueError if a number does not meet a condition."""
    if (not isinstance(value, Real) or isinstance(value, (bool, np.bool_))
            or not CONDITIONS[condition](value)):
        msg = f'{name} must {condition}, got {value!r}'
        raise ValueError(msg)


def check_limits(name, limits, condition):
    """Raise ValueError if these are not two limits, the lower first."""
    try:
        low, high = limits
    except (TypeError, ValueError):
        low = high = None
    for limit in (low, high):
        if limit is not None:
            check_value(name, limit, condition)
    if low is None or high is None or low > high:
        msg = (f'{name} must be two limits, the lower one first, got '
               f'{limits!r}')
        raise ValueError(msg)


def allows_none(item):
    """Tell whether the type of a dataclass field has None."""
    return NoneType in get_args(item.type)


def check_parameters(model):
    """Check the values of a dataclass whose fields are parameters."""
    for item in fields(model):
        value, condition = getattr(model, item.name), item.metadata[
            'condition']
        if item.type is bool and not isinstance(value, (bool, np.bool_)):
            msg = f'{item.name} must be True or False, got {value!r}'
            raise ValueError(msg)
        allowed = value is None and allows_none(item)
        if condition and not allowed and value != item.default:
            check_value(item.name, value, condition)


def described(cls):
    """
    Make a frozen dataclass whose fields are parameters.

    Their values are checked, unless it has a ``__post_init__`` of its own,
    and their help is added to its docstring.
    """
    if '__post_init__' not in vars(cls):
        cls.__post_init__ = check_parameters
    cls = dataclass(frozen=True)(cls)
    lines = ['', '', 'Parameters', '----------']
    for item in fields(cls):
        kind = item.metadata.get('type') or getattr(
            item.type, '__name__', str(item.type)).replace(' | ', ' or ')
        text = item.metadata['help']
        lines += [f'{item.name} : {kind}, default: {item.default!r}',
                  *textwrap.wrap(f'{text[0].upper()}{text[1:]}.', 70,
                                 initial_indent='    ',
                                 subsequent_indent='    ')]
    cls.__doc__ = (textwrap.dedent(cls.__doc__ or '').strip()
                   + '\n'.join(lines) + '\n' + RAISES)
    return cls
