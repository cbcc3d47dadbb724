# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The network on another Keras backend."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.testing import assert_allclose

from blendhunter import load_model

CODE = """
import sys
import keras
import numpy as np
from blendhunter import load_model

assert keras.backend.backend() == 'jax'
weights, inputs, output = sys.argv[1:]
with np.load(inputs) as file:
    stamps, regions = file['stamps'], file['regions']
model = load_model(weights, precision='float32')
np.save(output, model.predict(stamps, regions, batch_size=8))
"""


@pytest.mark.skipif(find_spec('jax') is None, reason='needs JAX')
def test_jax_gives_the_probabilities_of_tensorflow(random_weights, tmp_path):
    rng = np.random.default_rng(1)
    stamps = rng.normal(size=(20, 51, 51)).astype('f4')
    stamps[::2, 20:30, 20:24] += rng.uniform(2, 50, (10, 1, 1))
    regions = stamps > 2
    np.savez(tmp_path / 'in.npz', stamps=stamps, regions=regions)
    subprocess.run(
        [sys.executable, '-c', CODE, str(random_weights),
         str(tmp_path / 'in.npz'), str(tmp_path / 'out.npy')],
        env={**os.environ, 'KERAS_BACKEND': 'jax'}, check=True)
    expected = load_model(random_weights, precision='float32').predict(
        stamps, regions, batch_size=8)
    assert np.ptp(expected) > 0.01
    assert_allclose(np.load(tmp_path / 'out.npy'), expected, atol=1e-5)
