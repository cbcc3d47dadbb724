# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Blend labels of simulated detections."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from blendhunter.cli import main
from blendhunter.simulation import FieldRanges, simulate_detections
from blendhunter.training import simulated_sets


def test_labels_of_simulated_detections():
    """The ratio changes labels alone, of blends with faint companions."""
    options = {'shape': (300, 300), 'rng': 4, 'keep_unclear': True,
               'ranges': FieldRanges(
                   density=(130.0, 130.0), noise=(0.5, 0.5),
                   n_sigma=(1.5, 1.5))}
    made = simulate_detections(1, min_flux_ratio=0.3, **options)
    every = simulate_detections(1, min_flux_ratio=0, **options)
    assert_array_equal(made.arrays['stamps'], every.arrays['stamps'])
    before, after = (np.asarray(item.truth['truth_label'])
                     for item in (every, made))
    changed = before != after
    assert changed.sum() > 2
    assert np.all(before[changed] == 1)
    assert np.all(after[changed] == -1)
    for item, blend in ((made, after == 1), (every, changed)):
        difference = np.asarray(item.truth['magnitude_2']
                                - item.truth['magnitude_1'])
        assert_array_equal(difference[blend] > -2.5 * np.log10(0.3),
                           changed[blend])
    assert [item.provenance['min_flux_ratio']
            for item in (made, every)] == [0.3, 0]
    with pytest.raises(ValueError, match='min_flux_ratio must be'):
        simulate_detections(100, min_flux_ratio=1.1)


def test_command_of_detections(tmp_path, monkeypatch, capsys):
    seen = {}

    def simulate(n, **options):
        seen.update(n=n, **options)
        return simulate_detections(0)

    command = ['simulate', 'detections', '3', '--n-jobs', '1', '-o',
               str(tmp_path / 'd.h5'), '--min-flux-ratio']
    assert main([*command, '1.5']) == 1
    assert capsys.readouterr().err.splitlines()[0].endswith(
        'min_flux_ratio must be between 0 and 1, got 1.5')
    monkeypatch.setattr(simulated_sets, 'simulate_detections', simulate)
    assert main([*command, '0']) == 0
    assert (seen['n'], seen['min_flux_ratio']) == (3, 0)
