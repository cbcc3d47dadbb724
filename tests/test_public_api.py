"""Exported names, their signatures, and the columns of all tables."""

import inspect

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
