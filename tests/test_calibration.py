# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""What the probabilities mean: calibration, its errors, the sample's prior."""

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_allclose
from scipy.special import expit, logit

from blendhunter._utils.meta import record_meta
from blendhunter.benchmark.calibration import (
    calibrate_weights,
    calibration_samples,
    calibration_scores,
    estimate_priors,
    reliability_curves,
)
from blendhunter.benchmark.calibration.calibrated_weights import (
    fit_calibration,
)
from blendhunter.network.priors import correct_prior
from blendhunter.network.weights import read_metadata
from blendhunter.plotting import plot_reliability

PRIOR = 0.08


def made_up(n=6000, *, slope=1.0, trained=PRIOR, fraction=0.1, rng=1,
            name='made up'):
    """Return a sample of a network whose log odds are off by a line."""
    rng = np.random.default_rng(rng)
    blended = rng.random(n) < fraction
    # the log likelihood ratio of two normal distributions 2 sigma apart
    ratio = 2 * (rng.normal(0, 1, n) + np.where(blended, 1.0, -1.0))
    reported = logit(PRIOR) + (ratio + logit(trained)
                               - logit(PRIOR)) / slope
    return Table({
        'set': [name] * n, 'region': ['segment'] * n,
        'snr': rng.lognormal(3, 1, n), 'blended': blended,
        'probability': expit(reported).astype('f4'), 'prior': [PRIOR] * n})


def test_a_calibrated_sample_has_no_error():
    table = calibration_scores(made_up(12_000))
    assert table['snr'].tolist() == ['all', 'faint', 'middle', 'bright']
    assert table['n'].tolist() == [12_000, 4000, 4000, 4000]
    for row in table:
        # what so few sources give anyway, with some scatter
        assert row['ece'] < row['ece_perfect'] + 4 * row['ece_error']
        assert abs(row['probability'] - row['blends']) < 0.02
    # the whole sample holds more blends than the prior of the weights
    assert table['ece_reported'][0] > table['ece'][0]


def test_an_overconfident_network_is_found_and_mended():
    wrong = made_up(12_000, slope=0.5, trained=0.3)
    before = calibration_scores(wrong)['ece'][0]
    fitted = fit_calibration([wrong], {
        'slope': 1.0, 'trained_fraction': 0.2, 'prior': PRIOR})
    assert fitted['slope'] == pytest.approx(0.5, abs=0.03)
    raw = correct_prior(wrong['probability'], PRIOR, 0.2)
    wrong['probability'] = correct_prior(
        raw, fitted['trained_fraction'], PRIOR, slope=fitted['slope'])
    after = calibration_scores(wrong)['ece'][0]
    assert before > 0.05
    assert after < 0.01
    # fitted once more nothing changes
    again = fit_calibration([wrong], fitted)
    assert_allclose(again['slope'], fitted['slope'], rtol=1e-3)
    assert_allclose(again['trained_fraction'], fitted['trained_fraction'],
                    rtol=1e-3)


def test_the_calibration_is_the_inverse_of_what_was_done():
    p = np.linspace(0.01, 0.99, 50)
    there = correct_prior(p, 0.3, 0.1, slope=0.7)
    assert np.all(np.diff(there) > 0)
    assert_allclose(correct_prior(there, 0.1, 0.3, slope=1 / 0.7), p,
                    rtol=1e-4)
    assert_allclose(correct_prior(p, 0.3, 0.1, slope=1.0000001),
                    correct_prior(p, 0.3, 0.1), rtol=1e-5)
    assert np.isnan(correct_prior([np.nan], 0.3, 0.1, slope=0.7)[0])
    assert correct_prior([0.0, 1.0], 0.3, 0.1, slope=0.7).tolist() == [0, 1]


def test_curves_and_figure():
    samples = made_up(3000)
    curves = reliability_curves(samples)
    assert len(curves) == 4 * 15
    everything = curves[curves['snr'] == 'all']
    assert everything['n'].sum() == 3000
    assert np.all(np.diff(everything['probability']) >= 0)
    figure = plot_reliability(curves)
    assert 'made up (segment)' in [panel.get_title()
                                   for panel in figure.axes]


def test_estimated_fractions():
    table = estimate_priors(made_up(20_000))
    assert table['fraction'].tolist() == [0.03, 0.07, 0.15, 0.30]
    assert np.all(np.abs(table['bias']) < 0.015)


@pytest.mark.parametrize(('change', 'message'), [
    (lambda table: table.remove_column('blended'), "'score: network'"),
    (lambda table: table.meta.clear(), 'made with other weights'),
    (lambda table: table.replace_column('blended', [False] * len(table)),
     'must have blends and single sources')])
def test_what_cannot_be_fitted(change, message, random_weights, tmp_path):
    table = made_up(200)
    record_meta(table.meta, sha256=read_metadata(random_weights)['sha256'])
    change(table)
    with pytest.raises(ValueError, match=message):
        calibrate_weights(random_weights, {'a': table},
                          output=tmp_path / 'never.h5')
    assert not (tmp_path / 'never.h5').exists()


def test_calibrated_weights_keep_what_is_not_fitted(random_weights,
                                                    tmp_path):
    table = made_up(2000, slope=0.8)
    second = made_up(2000, slope=0.8, fraction=0.2, rng=2, name='second')
    sha256 = read_metadata(random_weights)['sha256']
    for each in (table, second):
        record_meta(each.meta, sha256=sha256)
    new = tmp_path / 'new.h5'
    before, after = calibrate_weights(
        random_weights, {'a': table, 'b': second}, output=new)
    metadata = read_metadata(new)
    assert metadata['calibration']['segment']['slope'] == pytest.approx(
        0.8, abs=0.1)
    assert metadata['calibration']['of'] == sha256
    # several sets do not tell the prior of a survey
    assert after['segment']['prior'] == before['segment']['prior']
    assert 'stamp' not in after


@pytest.mark.slow
def test_samples_of_a_weights_file(random_weights):
    from blendhunter import BlendIdentifier

    samples = calibration_samples(
        BlendIdentifier(random_weights), n_fields=1, n_stamps=12,
        shape=(260, 260), rng=3)
    assert set(samples['region']) == {'segment', 'stamp'}
    assert 'real HST' not in set(samples['set'])
    assert set(np.unique(samples['prior'])) == {
        read_metadata(random_weights)['prior'][region]
        for region in ('segment', 'stamp')}
    assert np.all((samples['probability'] >= 0)
                  & (samples['probability'] <= 1))
