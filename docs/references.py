# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""References to public names, under the package that holds them too."""

import sys
from importlib import import_module

import blendhunter

__all__ = ['PACKAGES', 'class_aliases', 'resolve_public_name']

PACKAGES = ('adaptation', 'benchmark', 'dataset', 'detection', 'exceptions',
            'explanation', 'identify', 'images', 'network', 'simulation',
            'selection', 'stamps')


def class_aliases():
    """Map the plain names of classes to full ones, for types in docstrings."""
    aliases = {}
    for package in PACKAGES:
        module = import_module(f'blendhunter.{package}')
        aliases.update({
            name: f'blendhunter.{package}.{name}' for name in module.__all__
            if isinstance(getattr(module, name), type)})
    aliases.update({name: f'blendhunter.{name}' for name in aliases
                    if name in blendhunter.__all__})
    return aliases


def resolve_public_name(app, env, node, contnode):
    """
    Resolve ``blendhunter.detection.detect`` as ``blendhunter.detect``.

    The names of ``blendhunter.__all__`` have one page each, under their
    short name. This handler of Sphinx's event ``missing-reference`` finds it
    for a reference that names the package.
    """
    target = node.get('reftarget', '')
    package, _, rest = target.rpartition('.')
    while package.startswith('blendhunter.'):
        name = rest.partition('.')[0]
        if (name in blendhunter.__all__ and package in sys.modules
                and name in getattr(sys.modules[package], '__all__', ())):
            return env.get_domain('py').resolve_xref(
                env, node.get('refdoc', env.docname), app.builder,
                'obj', f'blendhunter.{rest}', node, contnode)
        package, _, name = package.rpartition('.')
        rest = f'{name}.{rest}'
    return None
