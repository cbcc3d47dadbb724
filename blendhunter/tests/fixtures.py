# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Fixtures shared by the tests."""

import os
from pathlib import Path

import numpy as np
import pytest

__all__ = ['StampRecorder', 'data_dir', 'field', 'identifier',
           'large_weights', 'make_image', 'random_weights', 'recorder',
           'save_random', 'thin', 'thin_weights']

CHECKOUT = Path(__file__).parents[2]
TINY_DOMAIN = {'segment': {'peak': [0.0, 1e5], 'area': [0, 10_000]}}


@pytest.fixture(scope='session')
def data_dir():
    """Directory of the public test data, or a skip with the reason."""
    path = Path(os.environ.get('BLENDHUNTER_TEST_DATA',
                               CHECKOUT / '../shared/data'))
    if not path.is_dir():
        pytest.skip(f'no test data in {path} (BLENDHUNTER_TEST_DATA)')
    return path


def make_image(shape=(300, 320), *, n=40, noise=1.0, seed=5):
    """Gaussian sources at random places, and their positions."""
    rng = np.random.default_rng(seed)
    image = rng.normal(0, noise, shape)
    x = rng.uniform(8, shape[1] - 8, n)
    y = rng.uniform(8, shape[0] - 8, n)
    yy, xx = np.mgrid[:shape[0], :shape[1]]
    for xi, yi, peak in zip(x, y, rng.uniform(10, 60, n), strict=True):
        image += peak * np.exp(-((xx - xi)**2 + (yy - yi)**2) / (2 * 1.8**2))
    return image.astype(np.float32), x, y


@pytest.fixture(scope='session')
def field():
    """One image with 40 sources: pixels, x, y. Not to be changed."""
    image, x, y = make_image()
    image.setflags(write=False)
    return image, x, y


def save_random(path, architecture, *, preprocessing='noise', seed=3):
    """Write the weights of a network that has learned nothing."""
    import keras

    from blendhunter.network.architecture import ARCHITECTURES
    from blendhunter.network.loading import save_network
    from blendhunter.network.preprocessing import PREPROCESSINGS

    keras.utils.set_random_seed(seed)
    network = ARCHITECTURES[architecture](
        n_channels=PREPROCESSINGS[preprocessing].n_channels)
    save_network(path, network, {
        'architecture': architecture,
        'preprocessing': preprocessing, 'stamp_size': 51,
        'classes': ['isolated', 'blended'], 'regions': ['segment', 'stamp'],
        'trained_fraction': {'segment': 0.4, 'stamp': 0.5},
        'prior': {'segment': 0.07, 'stamp': 0.5}, 'domain': TINY_DOMAIN,
        'command': 'none', 'results': {}})
    return path


@pytest.fixture(scope='session')
def random_weights(tmp_path_factory):
    """A valid weights file of a small network that has learned nothing."""
    return save_random(tmp_path_factory.mktemp('weights') / 'random.h5',
                       'small')


@pytest.fixture(scope='session')
def large_weights(tmp_path_factory):
    """The same of a VGG-16, for what needs one; 25 times as slow."""
    return save_random(tmp_path_factory.mktemp('weights') / 'large.h5',
                       'VGG-16')


@pytest.fixture
def thin():
    """Make the networks of the process narrow: they are 50 times as fast."""
    from blendhunter.tests.thin import thin_network

    with thin_network():
        yield


@pytest.fixture
def thin_weights(thin, tmp_path_factory):  # noqa: ARG001
    """The file of `large_weights`, of a narrow network."""
    return save_random(tmp_path_factory.mktemp('weights') / 'thin.h5',
                       'VGG-16')


@pytest.fixture
def identifier(random_weights):
    """A `BlendIdentifier` with the random weights, in small batches."""
    from blendhunter import BlendIdentifier

    return BlendIdentifier(random_weights, batch_size=32)


class StampRecorder:
    """Makes a `BlendIdentifier` whose network keeps what it is shown."""

    def __new__(cls, **settings):
        """Return an identifier without a network."""
        from blendhunter import BlendIdentifier
        from blendhunter.tests.model_stub import ModelStub

        class Recorder(ModelStub, BlendIdentifier):
            def _model(self, region=None):  # noqa: ARG002
                return self

            def reset(self):
                self.stamps, self.asked = [], []

            def shown(self):
                return np.concatenate([np.zeros((0, 51, 51), 'f4'),
                                       *self.stamps])

            def probability(self, stamps, regions, **options):  # noqa: ARG002
                self.stamps.append(stamps)
                self.asked.append(regions)
                return np.full(len(stamps), 0.5, dtype=np.float32)

        made = Recorder(**settings)
        made.reset()
        return made


@pytest.fixture
def recorder():
    """An identifier that keeps the stamps that its network is shown."""
    return StampRecorder()
