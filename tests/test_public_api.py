# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Exported names, their signatures, and the columns of all tables."""

import inspect
from importlib import import_module

import numpy as np
import pytest
from api_signature import public_api
from public_names import COLUMNS, NAMES

import blendhunter
from blendhunter import (
    detect,
    simulate_detections,
    simulate_field,
    simulate_stamps,
)


@pytest.mark.parametrize('module', NAMES)
def test_names_and_signatures(module):
    assert public_api(module) == NAMES[module]


def test_all_public_names_are_documented():
    for name in blendhunter.__all__:
        item = getattr(blendhunter, name)
        if callable(item):
            assert inspect.getdoc(item), name
    assert '@article{Farrens2022' in blendhunter.__citation__


@pytest.fixture(scope='module')
def tables(random_weights):
    """One table of each kind that users get."""
    from blendhunter import BlendIdentifier
    from blendhunter.benchmark.field import (
        evaluate_field,
        field_bins,
        field_curves,
        field_scores,
    )

    image, truth = simulate_field((300, 300), rng=5)
    identifier = BlendIdentifier(random_weights, batch_size=32)
    field = evaluate_field(image, truth, identifier).truth
    return {
        'detect': detect(image), 'simulate_field': truth,
        'classify': identifier.classify(image),
        'simulate_stamps': simulate_stamps(3, rng=1).truth,
        'simulate_detections': simulate_detections(
            1, shape=(300, 300), rng=1, keep_unclear=True).truth,
        'evaluate_field': field, 'field_scores': field_scores(field),
        'field_bins': field_bins(field, n_samples=2),
        'field_curves': field_curves(field)}


@pytest.mark.parametrize('name', COLUMNS)
def test_columns(tables, name):
    table = tables[name]
    found = {column: np.asarray(table[column]).dtype.kind
             for column in table.colnames}
    assert found == COLUMNS[name]


@pytest.mark.parametrize('name', COLUMNS)
def test_columns_are_described(tables, name, tmp_path):
    table = tables[name]
    about = {column: table[column].info.description
             for column in table.colnames}
    assert all(about.values()), [key for key in about if not about[key]]
    table.write(tmp_path / 'table.ecsv')
    back = type(table).read(tmp_path / 'table.ecsv')
    assert {column: back[column].info.description
            for column in back.colnames} == about


def documented_parameters(text):
    """Return the names in the section on parameters of a docstring."""
    lines = inspect.cleandoc(text).split('\n')
    if 'Parameters' not in lines:
        return []
    names = []
    for line in lines[lines.index('Parameters') + 2:]:
        if line and set(line) == {'-'}:
            return names[:-1]  # the last line was the next heading
        if line and not line.startswith(' '):
            names += line.partition(' : ')[0].split(', ')
    return names


@pytest.mark.parametrize('module', NAMES)
def test_parameters_are_documented(module):
    """Each public function describes its parameters, in their order."""
    package = import_module(module)
    wrong = {}
    for name in NAMES[module]:
        item = package
        for part in name.split('.'):
            item = inspect.getattr_static(item, part) if (
                inspect.isclass(item)) else getattr(item, part)
        item = getattr(item, '__func__', item)
        if not callable(item) or (inspect.isclass(item) and issubclass(
                item, (Exception, int))):
            continue
        signature = [
            {2: '*', 4: '**'}.get(parameter.kind, '') + key
            for key, parameter in inspect.signature(item).parameters.items()
            if key not in ('self', 'cls')]
        found = documented_parameters(item.__doc__)
        if found != signature:
            wrong[name] = found, signature
    assert wrong == {}
