# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The packaged model's bars, on as many stamps and fields as they need."""

from dataclasses import replace

import numpy as np
import pytest

from blendhunter import BlendIdentifier
from blendhunter.benchmark import StampSpec, evaluate_stamps
from blendhunter.benchmark.field import evaluate_survey, field_scores
from blendhunter.benchmark.field.field_evaluation import SURVEY_RANGES
from blendhunter.simulation.field_ranges import CAMERA

pytestmark = pytest.mark.slow


def test_stamps_at_every_noise_level():
    """8 000 stamps: standard errors of 0.15 and 0.22 per cent."""
    sets = (StampSpec('parametric', 14.5), StampSpec('parametric', 35.0),
            StampSpec('knots', 14.5))
    table = evaluate_stamps(BlendIdentifier(region='stamp'), 8000, sets=sets,
                            detectors=(), centering='pipeline', rng=9001,
                            n_jobs=-1)
    rows = {(row['set'], row['sigma']): row for row in table}
    assert rows['parametric', 14.5]['accuracy'] > 0.975
    assert rows['parametric', 35.0]['accuracy'] > 0.94
    assert rows['parametric', 14.5]['tnr'] > 0.985
    assert rows['parametric', 35.0]['tnr'] > 0.98
    assert rows['knots', 14.5]['accuracy'] > 0.97


def test_isolated_real_galaxies(data_dir):
    """About 2 000 isolated ones: a standard error of 0.2 per cent."""
    table = evaluate_stamps(
        BlendIdentifier(region='stamp'), 4000, detectors=(),
        centering='pipeline',
        sets=(StampSpec('realistic', 14.5),), rng=9101, n_jobs=-1,
        cosmos_dir=data_dir / 'real_galaxies')
    assert table['tnr'][0] > 0.97


def test_unrecognized_blends_in_fields():
    """The CFIS fields of the model card: errors of 0.008 and 0.05."""
    made = evaluate_survey('cfis', BlendIdentifier(), 12, rng=5001,
                           shape=(1000, 1000),
                           ranges=replace(SURVEY_RANGES, **CAMERA),
                           regions=('segment',), n_jobs=-1)
    scores = {row['method']: row for row in field_scores(made.truth)}
    network = scores['network']
    assert 0.05 < network['n_blends'] / network['n'] < 0.1
    assert network['auc'] > 0.9
    assert network['completeness_purity80'] > 0.3
    assert network['completeness_purity80'] > 3 * scores['area x a/b'][
        'completeness_purity80']


def test_small_reproduction_beats_sep_on_close_blends(tmp_path):
    """Some 25 close blends at each noise: an error of 10 points."""
    from blendhunter.benchmark.paper import reproduce_paper

    summary = reproduce_paper(tmp_path, scale='small', n_jobs=-1)
    close = summary[summary['score'] == 'close']
    assert np.all(close['packaged model'] > close['sep oracle'] + 5)
