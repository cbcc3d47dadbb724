"""Fixtures shared by the tests."""

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
TINY_DOMAIN = {'segment': {'peak': [0.0, 1e5], 'area': [0, 10_000]}}


@pytest.fixture(scope='session')
def data_dir():
    """Directory of the public test data, or a skip with the reason."""
    path = Path(os.environ.get('BLENDHUNTER_TEST_DATA',
                               ROOT / '../shared/data'))
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


@pytest.fixture(scope='session')
def random_weights(tmp_path_factory):
    """A valid weights file of a network that has learned nothing."""
    import keras

    from blendhunter.network.architecture import build_network
    from blendhunter.network.loading import save_network

    path = tmp_path_factory.mktemp('weights') / 'random.h5'
    keras.utils.set_random_seed(3)
    save_network(path, build_network(), {
        'preprocessing': 'noise', 'stamp_size': 51,
        'classes': ['isolated', 'blended'], 'regions': ['segment', 'stamp'],
        'trained_fraction': {'segment': 0.4, 'stamp': 0.5},
        'prior': {'segment': 0.07, 'stamp': 0.5}, 'domain': TINY_DOMAIN,
        'command': 'none', 'results': {}})
    return path


@pytest.fixture
def identifier(random_weights):
    """A `BlendIdentifier` with the random weights, in small batches."""
    from blendhunter import BlendIdentifier

    return BlendIdentifier(random_weights, batch_size=32)


class StampRecorder:
    """Makes a `BlendIdentifier` whose network keeps what it is shown."""

    def __new__(cls, **settings):
        """Return an identifier without a network."""
        from model_stub import ModelStub

        from blendhunter import BlendIdentifier

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
