# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The names of the flags."""

import numpy as np
import pytest
from astropy.table import Table

from blendhunter import decode_blend_flags
from blendhunter.stamps import BlendFlag


def test_decoded_flags():
    assert decode_blend_flags(0) == []
    assert decode_blend_flags(255) == [flag.name.lower()
                                       for flag in BlendFlag]
    assert decode_blend_flags(np.int32(34)) == ['off_image', 'no_segment']
    assert decode_blend_flags([0, 5], return_bit_values=True) == [[], [1, 4]]
    column = Table({'blend_flags': np.array([64, 0], 'i4')})['blend_flags']
    assert decode_blend_flags(column) == [['out_of_domain'], []]
    assert decode_blend_flags([]) == []


@pytest.mark.parametrize('flags', [-1, 256, [1, 300]])
def test_unknown_flags(flags):
    with pytest.raises(ValueError, match=(
            '^flags must be sums of the bits from 1 to 128$')):
        decode_blend_flags(flags)


@pytest.mark.parametrize('flags', [1.0, [1.0], ['edge']])
def test_flags_that_are_not_integers(flags):
    dtype = np.asarray(flags).dtype
    with pytest.raises(TypeError, match=(
            f'^flags must be integers, got the dtype {dtype}$')):
        decode_blend_flags(flags)


@pytest.mark.parametrize('dtype', ['i4', 'u1', 'i8', 'u8'])
def test_flags_of_any_integer_type(dtype):
    assert decode_blend_flags(np.array([5], dtype=dtype)) == [
        ['edge', 'masked']]
