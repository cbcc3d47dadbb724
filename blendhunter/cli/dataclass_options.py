# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Options of the command line, generated from dataclasses."""

import argparse
import re
from dataclasses import fields
from types import NoneType
from typing import get_args

__all__ = ['add_dataclass_options', 'from_options']

NONE = 'none'
MANY = 4


def add_dataclass_options(parser, cls, *, names=None, skip=()):
    """
    Add an option for each field of a dataclass, in a parser or a group.

    The default is that of the field, or the value if ``cls`` is an
    instance; the help is the field's metadata. A tuple takes two numbers,
    a flag that is on becomes ``--no-NAME`` with the ``off_help`` of the
    metadata, and 'none' gives None if the type of the field allows it. The
    metadata may have ``choices`` and a ``metavar``, too.
    """
    for field in fields(cls):
        if field.name in skip or (names is not None
                                  and field.name not in names):
            continue
        default = getattr(cls, field.name)
        text = field.metadata.get('help', '')
        option = field.name.replace('_', '-')
        if default is True:
            text = field.metadata.get('off_help', text)
        # of the docstring's references the names stay
        text = re.sub(r'`~?(?:\w+\.)*(\w+)`', r'\1',
                      text.replace('%', '%%'))
        if isinstance(default, bool):
            parser.add_argument(
                f'--no-{option}' if default else f'--{option}',
                dest=field.name, help=text,
                action='store_false' if default else 'store_true')
            continue
        options = {name: field.metadata[name]
                   for name in ('choices', 'metavar')
                   if name in field.metadata}
        if len(options.get('choices', ())) > MANY:
            # all of them in one word would not fit into a line
            options.setdefault('metavar', field.name.upper())
            text = f"{text}: {', '.join(options['choices'])}"
        if tuple in _types(field):
            options.update(nargs=2, metavar=('MIN', 'MAX'))
        if isinstance(default, tuple):
            text = f'{text} ({" ".join(map(str, default))})'
        elif default is not None:
            text = f'{text} (%(default)s)'
        parser.add_argument(f'--{option}', type=_reader(field),
                            default=default, help=text, **options)


def from_options(cls, arguments, **overrides):
    """Return the dataclass of the options that there are."""
    values = {field.name: getattr(arguments, field.name)
              for field in fields(cls) if hasattr(arguments, field.name)}
    values = {name: tuple(value) if isinstance(value, list) else value
              for name, value in values.items()}
    return cls(**{**values, **overrides})


def _types(field):
    """Return the types that a field may have."""
    return get_args(field.type) or (field.type,)


def _reader(field):
    """Return the function that reads a value of a field."""
    types = _types(field)
    numbers = [kind for kind in (int, float) if kind in types]
    if tuple in types:
        numbers = [float]

    def read(text):
        if text.lower() == NONE and NoneType in types:
            return None
        try:
            return numbers[0](text) if numbers else text
        except ValueError:
            if str in types:
                return text
            kind = 'whole number' if numbers == [int] else 'number'
            msg = f'{text!r} is not a {kind}'
            raise argparse.ArgumentTypeError(msg) from None

    return read
