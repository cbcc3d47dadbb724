# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Imports go downwards only, and heavy libraries load late."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import blendhunter

PACKAGE = Path(blendhunter.__file__).parent
NO_LAYER = {('__init__',), ('conftest',)}
LAYERS = {
    'exceptions': 0, '_utils': 0, 'dataset': 0, 'truth': 0, 'version': 0,
    'images': 1, 'catalogs': 2, 'stamps': 3,
    'detection': 4, 'network': 4,
    'simulation': 5, 'identify': 5, 'plotting': 5, 'selection': 5,
    'training': 6, 'explanation': 6, 'survey': 7,
    'benchmark': 8, 'reports': 9, 'adaptation': 9, 'cli': 10, '__main__': 11}
# what may be shared sideways at the bottom: plain helpers
SIDEWAYS = {('_utils', 'exceptions'), ('dataset', '_utils'),
            ('dataset', 'exceptions'), ('truth', '_utils')}
HEAVY = {'tensorflow': set(), 'keras': {'network', 'training', 'benchmark',
                                        'adaptation', 'cli'},
         'galsim': {'simulation'}, 'sep': {'detection'},
         'photutils': {'detection', 'benchmark', 'adaptation'},
         'regions': {'plotting'},
         'matplotlib': {'plotting'}, 'sklearn': {'benchmark'},
         'dask': {'survey'}, 'distributed': {'survey'}}


def modules():
    for path in sorted(PACKAGE.rglob('*.py')):
        parts = path.relative_to(PACKAGE).with_suffix('').parts
        if parts not in NO_LAYER and 'tests' not in parts:
            yield path, parts[0]


def imports(path):
    """Yield the module names of every import, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: relative import'
            for alias in node.names:
                yield f'{node.module}.{alias.name}'


def test_every_module_has_a_layer():
    assert {home for _, home in modules()} == set(LAYERS)


def test_imports_go_downwards():
    wrong = []
    for path, home in modules():
        for name in imports(path):
            parts = name.split('.')
            if parts[0] != 'blendhunter' or len(parts) < 2:
                continue
            target = parts[1] if parts[1] in LAYERS else None
            if target in (None, home, 'version'):
                continue
            if (LAYERS[target] >= LAYERS[home]
                    and (home, target) not in SIDEWAYS):
                wrong.append(f'{path.relative_to(PACKAGE)}: {name}')
    assert wrong == []


def test_heavy_libraries_stay_in_their_modules():
    wrong = [f'{path.relative_to(PACKAGE)}: {name}'
             for path, home in modules() for name in imports(path)
             if home not in HEAVY.get(name.split('.')[0], {home})]
    assert wrong == []


def test_import_loads_no_heavy_library():
    code = ('import sys, blendhunter; from blendhunter import cli; '
            'blendhunter.BlendIdentifier, blendhunter.detect; '
            'print([m for m in sys.argv[1:] if m in sys.modules])')
    heavy = ['tensorflow', 'keras', 'galsim', 'sep', 'photutils', 'dask',
             'matplotlib', 'sklearn', 'h5py']
    result = subprocess.run([sys.executable, '-c', code, *heavy],
                            capture_output=True, text=True, check=True)
    assert result.stdout.strip() == '[]'


def test_public_names_resolve():
    for name in blendhunter.__all__:
        assert getattr(blendhunter, name) is not None
    assert set(blendhunter.__all__) <= set(dir(blendhunter))


def test_unknown_name():
    with pytest.raises(AttributeError, match='nonsense'):
        blendhunter.nonsense  # noqa: B018
