# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What a package exports, as text that a test compares."""

import importlib
import inspect
from dataclasses import fields, is_dataclass


def signature(item):
    """Return the call of a function or class, or the kind of a constant."""
    if isinstance(item, type) and issubclass(item, BaseException):
        return f'exception from {item.__mro__[1].__name__}'
    if is_dataclass(item):
        return f"({', '.join(field.name for field in fields(item))})"
    if callable(item):
        return str(inspect.signature(item))
    return type(item).__name__


def public_api(module):
    """Return the signatures of the public names of a module."""
    home = importlib.import_module(module)
    names = {}
    for name in sorted(home.__all__):
        item = getattr(home, name)
        names[name] = signature(item)
        if inspect.isclass(item) and item.__module__.startswith('blendhunter'):
            names.update({f'{name}.{key}': _member(value)
                          for key, value in sorted(vars(item).items())
                          if not key.startswith('_') and _is_public(value)})
    return names


def _is_public(value):
    """Tell whether a class attribute is a method or a property."""
    return inspect.isfunction(value) or isinstance(
        value, (classmethod, staticmethod, property)) or hasattr(
            value, 'attrname')


def _member(value):
    """Return the signature of a method; 'property' for others."""
    function = getattr(value, '__func__', value)
    return (str(inspect.signature(function))
            if inspect.isfunction(function) else 'property')
