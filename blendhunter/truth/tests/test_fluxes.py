# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Fluxes of true sources, and the ratio of a companion."""

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_array_equal

from blendhunter.truth.blend_definition import (
    check_flux_ratio,
    source_fluxes,
)


def test_fluxes_from_magnitudes():
    truth = Table({'magnitude': [20.0, 24.9, 25.1, np.nan]})
    flux = source_fluxes(truth, 0.01)
    assert (flux[1:3] >= 0.01 * flux[0]).tolist() == [True, False]
    assert np.isnan(flux[3])
    # a column of fluxes is preferred if there is one that is known
    truth['flux'] = np.nan
    assert source_fluxes(truth, 0.01)[0] == flux[0]
    truth['flux'] = [5.0, 0.0, -1.0, np.inf]
    assert_array_equal(source_fluxes(truth, 0.01), [5, *[np.nan] * 3])
    assert source_fluxes(truth, 0).tolist() == [1] * 4
    masked = Table(truth, masked=True)
    masked['flux'].mask = [False, True, True, True]
    assert_array_equal(source_fluxes(masked, 0.01), [5, *[np.nan] * 3])
    assert truth['flux'][2] == -1


@pytest.mark.parametrize('unknown', [99.0, -99.0, -999.0])
def test_magnitudes_that_mean_unknown(unknown):
    flux = source_fluxes(Table({'magnitude': [20.0, unknown]}), 0.01)
    assert np.isfinite(flux).tolist() == [True, False]


def test_truth_without_fluxes():
    for columns in ({}, {'flux': [np.nan]}, {'magnitude': [np.nan]}):
        truth = Table({'snr': [9.0], **columns})
        with pytest.raises(ValueError, match=(
                "^truth: it has no known 'flux' or 'magnitude', which "
                'min_flux_ratio needs; use min_flux_ratio=0 to count all '
                'companions$')):
            source_fluxes(truth, 0.01)
        assert source_fluxes(truth, 0).tolist() == [1]
    assert source_fluxes(Table({'snr': []}), 0.01).size == 0


@pytest.mark.parametrize('ratio', [-0.01, 1.01, np.nan, None, '0.01'])
def test_bad_flux_ratio(ratio):
    with pytest.raises(ValueError, match=(
            f'^min_flux_ratio must be between 0 and 1, got {ratio!r}$')):
        check_flux_ratio(ratio)


@pytest.mark.parametrize('ratio', [0, 0.0, 1, np.float32(0.5)])
def test_good_flux_ratio(ratio):
    check_flux_ratio(ratio)
    with pytest.raises(ValueError, match='^min_flux_ratio must be'):
        source_fluxes(Table({'flux': [1.0]}), ratio + 1.01)


@pytest.mark.parametrize(('magnitude', 'known'), [
    (60.0, True), (60.1, False), (-60.0, True), (-60.1, False)])
def test_magnitudes_up_to_60_are_known(magnitude, known):
    flux = source_fluxes(Table({'magnitude': [20.0, magnitude]}), 0.01)
    assert flux[0] == pytest.approx(1e-8)
    assert np.isfinite(flux[1]) == known
    if known:
        assert flux[1] == pytest.approx(10 ** (-0.4 * magnitude))


def test_columns_are_not_changed():
    truth = Table({'magnitude': [20.0, 99.0], 'flux': [np.nan, -1.0]})
    source_fluxes(truth, 0.01)
    assert truth['magnitude'].tolist() == [20, 99]
    assert truth['flux'][1] == -1
