"""The packaged model's bars, on as many stamps and fields as they need."""

import pytest

from blendhunter import BlendIdentifier
from blendhunter.benchmark import StampSpec, measure_stamps
from blendhunter.benchmark.field import (
    SurveyFields,
    field_scores,
    measure_survey,
)

pytestmark = pytest.mark.slow


def test_stamps_at_every_noise_level():
    """8 000 stamps: standard errors of 0.15 and 0.22 per cent."""
    sets = (StampSpec('parametric', 14.5), StampSpec('parametric', 35.0),
            StampSpec('structured', 14.5))
    table = measure_stamps(BlendIdentifier(region='stamp'), 8000, sets=sets,
                           detectors=(), centring='pipeline', seed=9001,
                           n_jobs=-1)
    rows = {(row['set'], row['sigma']): row for row in table}
    assert rows['parametric', 14.5]['accuracy'] > 0.975
    assert rows['parametric', 35.0]['accuracy'] > 0.94
    assert rows['parametric', 14.5]['tnr'] > 0.985
    assert rows['parametric', 35.0]['tnr'] > 0.98
    assert rows['structured', 14.5]['accuracy'] > 0.97


def test_isolated_real_galaxies(data_dir):
    """About 2 000 isolated ones: a standard error of 0.2 per cent."""
    table = measure_stamps(
        BlendIdentifier(region='stamp'), 4000, detectors=(),
        centring='pipeline',
        sets=(StampSpec('realistic', 14.5),), seed=9101, n_jobs=-1,
        cosmos_dir=data_dir / 'real_galaxies')
    assert table['tnr'][0] > 0.97


def test_unrecognised_blends_in_fields():
    """About 1 700 blends: 0.004 in the AUC, 0.012 in completeness."""
    made = measure_survey(SurveyFields(), BlendIdentifier(), 20, seed=9201,
                          regions=('segment',), n_jobs=-1)
    scores = {row['method']: row for row in field_scores(made.truth)}
    network = scores['network']
    assert 0.05 < network['n_blends'] / network['n'] < 0.1
    assert network['auc'] > 0.93
    assert network['at_purity_80'] > 0.42
    assert network['at_purity_80'] > 3 * scores['area x a/b']['at_purity_80']
