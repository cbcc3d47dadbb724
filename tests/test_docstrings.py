# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The examples in docstrings run, and give what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import blendhunter

PACKAGE = Path(blendhunter.__file__).parent
MODULES = ['.'.join(('blendhunter', *path.relative_to(
    PACKAGE).with_suffix('').parts)) for path in sorted(PACKAGE.rglob('*.py'))
    if '>>> ' in path.read_text()]


def test_there_are_examples():
    assert len(MODULES) >= 2


@pytest.mark.parametrize('module', MODULES)
def test_examples(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
