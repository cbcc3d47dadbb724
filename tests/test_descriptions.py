# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Every column of a result table has a description, which formats keep."""

import pickle

import numpy as np
import pytest
from astropy.table import Table

from blendhunter import detect, simulate_detections, simulate_field
from blendhunter._utils.descriptions import describe_columns
from blendhunter.dataset import read_dataset, write_dataset

WRITTEN = {'fits': {}, 'ascii.csv': {}, 'votable': {},
           'hdf5': {'path': 'catalog', 'serialize_meta': True}}


@pytest.fixture(scope='module')
def field():
    image, truth = simulate_field((200, 200), rng=5)
    return image, truth, detect(image)


def descriptions(table):
    return {name: table[name].info.description for name in table.colnames}


def test_known_columns_are_described():
    table = Table({'a': [1.0], 'a_error': [0.1], 'b_error': [0.1], 'c': [2]})
    table['c'].info.description = 'mine'
    assert describe_columns(table, {'a': 'first', 'c': 'third'}) is table
    assert descriptions(table) == {
        'a': 'first', 'a_error': 'Standard error of a', 'b_error': None,
        'c': 'mine'}


def test_later_descriptions_and_names():
    table = Table({'a': [1.0], 'c': [2]})
    describe_columns(table, {'a': 'first'}, {'a': 'second', 'c': 'third'})
    assert descriptions(table) == {'a': 'second', 'c': 'third'}
    describe_columns(table, {'a': 'new', 'c': 'new'}, names=['a'])
    assert descriptions(table) == {'a': 'new', 'c': 'third'}


def test_columns_of_the_user_stay(field, identifier):
    image, _, catalog = field
    catalog = catalog.copy()
    catalog['x_centroid'].info.description = 'x, measured by me'
    catalog['mine'] = np.arange(len(catalog))
    before = descriptions(catalog)
    result = identifier.classify(image, catalog)
    after = descriptions(result)
    assert {name: after[name] for name in before} == before
    assert all(after[name] for name in set(after) - set(before))
    assert descriptions(catalog) == before


def test_old_columns_get_new_descriptions(field, identifier):
    image, _, catalog = field
    catalog = catalog.copy()
    catalog['blend_prob'] = 0.5
    catalog['blend_prob'].info.description = 'of another run'
    result = identifier.classify(image, catalog, overwrite=True)
    assert 'Probability' in result['blend_prob'].info.description
    changed = identifier.apply_threshold(result, 0.3)
    assert descriptions(changed) == descriptions(result)


@pytest.mark.parametrize('format', WRITTEN)
def test_tables_can_be_written(field, identifier, tmp_path, format):
    image, truth, _ = field
    for table in (truth, identifier.classify(image)):
        path = tmp_path / f'{len(table)}.out'
        if format in ('ascii.csv', 'votable'):
            # neither of them keeps the meta
            table = table.copy()
            table.meta.clear()
        table.write(path, format=format, **WRITTEN[format])
        back = Table.read(path, format=format, **(
            {'path': 'catalog'} if format == 'hdf5' else {}))
        assert back.colnames == table.colnames
        if format != 'ascii.csv':
            assert descriptions(back) == descriptions(table)


def test_ecsv_and_copies_keep_them(field, identifier, tmp_path):
    result = identifier.classify(field[0])
    assert all(descriptions(result).values())
    result.write(tmp_path / 'result.ecsv')
    for other in (Table.read(tmp_path / 'result.ecsv'), result.copy(),
                  pickle.loads(pickle.dumps(result)), result[:3]):
        assert descriptions(other) == descriptions(result)


def test_data_sets_keep_them(tmp_path):
    made = simulate_detections(1, shape=(200, 200), rng=1)
    write_dataset(tmp_path / 'made.h5', made)
    back = read_dataset(tmp_path / 'made.h5')
    assert all(descriptions(back.truth).values())
    assert descriptions(back.truth) == descriptions(made.truth)
