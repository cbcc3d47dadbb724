# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The size of a reproduction, and its stages."""

import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blendhunter._utils.parallel import child_seed
from blendhunter._utils.resume import PartStore
from blendhunter.benchmark.detector_labels import label_by_rules, pad_stamps
from blendhunter.benchmark.paper.features import (
    apply_head,
    cache_features,
    features_key,
    fit_head,
    split_rows,
)
from blendhunter.benchmark.paper.sets import make_set, noisy_stamps
from blendhunter.simulation.stamps import SIGMAS
from blendhunter.truth import UNCLEAR

__all__ = ['LEFT_OUT', 'REALISTIC', 'REALISTIC_SIGMA', 'SCALES', 'Scale',
           'Setup', 'Step', 'detectors_of', 'estimate_seconds', 'find_scale',
           'held_out_stamps', 'label_stamps', 'list_steps', 'make_sets',
           'realistic_features', 'realistic_kind', 'realistic_stamps', 'timed',
           'train_all', 'train_head', 'train_step', 'training_part']

REALISTIC = 'realistic'
#: Label of the stamps that a rule leaves out.
LEFT_OUT = UNCLEAR - 1
#: Noise of the paper's realistic set, in counts.
REALISTIC_SIGMA = 14.5
# seconds per stamp and core, measured on one with AVX512
SIMULATE = {'parametric': 0.0033, 'structured': 0.005, 'realistic': 0.018}
SEP, PHOTUTILS = 0.0015, 0.012
# per training stamp, of the head's epochs; passes of the packaged model
# take as long as features
HEAD = 0.0012
TEST_SHARE = 0.1


@dataclass(frozen=True)
class Scale:
    """
    The size of a reproduction.

    Parameters
    ----------
    name : str
        Name of the size.
    n_stamps : int
        Parametric stamps: 45 % train, 45 % validate and 10 % test.
    sigmas : tuple of float
        Noise levels in counts.
    n_realizations : int
        Number of noise realizations. Each has its own training.
    n_realistic : int
        Number of stamps in the realistic test set.
    """

    name: str
    n_stamps: int
    sigmas: tuple
    n_realizations: int
    n_realistic: int


#: The paper's is 'full'.
SCALES = {
    'small': Scale('small', 4000, (5.0, 35.0), 1, 1000),
    'medium': Scale('medium', 20_000, SIGMAS, 2, 4000),
    'full': Scale('full', 80_000, SIGMAS, 10, 8000)}


def find_scale(scale):
    """Return a scale that may be given by name."""
    if isinstance(scale, str) and scale not in SCALES:
        msg = f'scale must be one of {list(SCALES)}, got {scale!r}'
        raise ValueError(msg)
    return SCALES[scale] if isinstance(scale, str) else scale


@dataclass(frozen=True)
class Step:
    """One training with its evaluation."""

    sigma: float
    realization: int

    @property
    def name(self):
        """Name of the results of this step."""
        return f'sigma{self.sigma:g}-{self.realization}'


def list_steps(scale):
    """List the trainings, all noise levels of a realization first."""
    return [Step(sigma, realization)
            for realization in range(scale.n_realizations)
            for sigma in scale.sigmas]


def detectors_of(step):
    """Return the detectors of a step: photutils, slow, once per noise."""
    return ('sep', 'photutils') if step.realization == 0 else ('sep',)


def estimate_seconds(scale, *, per_feature, kind, n_cores):
    """
    Estimate how long a reproduction takes.

    ``per_feature`` are measured seconds for the features of one stamp.
    """
    n_test = TEST_SHARE * scale.n_stamps
    n_steps = len(scale.sigmas) * scale.n_realizations
    simulation = (scale.n_stamps * SIMULATE['parametric']
                  + scale.n_realistic * SIMULATE[kind]) / n_cores
    network = per_feature * (
        n_steps * (scale.n_stamps + n_test) + 2 * scale.n_realistic)
    heads = n_steps * scale.n_stamps * HEAD
    detectors = (n_steps * n_test * SEP + scale.n_realistic * SEP
                 + (len(scale.sigmas) * n_test + scale.n_realistic)
                 * PHOTUTILS) / n_cores
    return simulation + network + heads + detectors


@dataclass(frozen=True)
class Setup:
    """
    The arguments of a reproduction.

    ``store`` keeps the finished stages, ``seed`` is an integer, ``epochs``
    the largest number for a head. Features are deleted after use, unless
    they are in ``features_dir``.
    """

    scale: Scale
    directory: Path
    store: PartStore
    backbone: str
    preprocessing: str
    seed: int
    n_jobs: int
    epochs: int = 500
    progress: bool = False
    features_dir: Path | None = None

    def noise_seed(self, step):
        """Return the seed of a step's noise."""
        return child_seed(self.seed, round(1000 * step.sigma),
                          step.realization)

    def results(self, stage, name):
        """Return the arrays of a finished stage."""
        return self.store.load(f'{stage}-{name}')[0]

    def seconds(self):
        """Return the seconds that each stage has taken."""
        if 'times' not in self.store:
            return {}
        return {stage: round(float(value), 1) for stage, value
                in self.store.load('times')[0].items()}

    def features(self, name):
        """Return the store of features that are deleted after use."""
        return PartStore(self.store.directory / f'features-{name}')

    def keep(self, stage, key, make):
        """Keep the arrays that ``make()`` returns, unless they are there."""
        if key not in self.store:
            with timed(self, stage):
                self.store.save(key, make())


@contextmanager
def timed(setup, stage):
    """Add the seconds of a block to those of its stage."""
    began = time.monotonic()
    try:
        yield
    finally:
        times = setup.seconds()
        times[stage] = times.get(stage, 0) + time.monotonic() - began
        setup.store.save('times', times)


def held_out_stamps(setup, step, dataset):
    """Return the test stamps of a step, a tenth of the set, and truth."""
    rows = split_rows(len(dataset))[2]
    return (noisy_stamps(dataset, step.sigma, rng=setup.noise_seed(step),
                         rows=rows), dataset.truth[rows])


def realistic_stamps(setup, dataset):
    """Return the realistic stamps at their one noise level."""
    return noisy_stamps(dataset, REALISTIC_SIGMA,
                        rng=child_seed(setup.seed, 0, 99))


def realistic_kind(cosmos_dir):
    """Return the kind of galaxies of the realistic set."""
    return 'structured' if cosmos_dir is None else REALISTIC


def make_sets(setup, kind, cosmos_dir=None):
    """Return the parametric and the realistic set, noiseless."""
    with timed(setup, 'simulation'):
        return [make_set(setup.store.directory / f'{name}.h5', n, kind=what,
                         rng=setup.seed + i, cosmos_dir=cosmos_dir,
                         n_jobs=setup.n_jobs, progress=setup.progress)
                for i, (name, n, what) in enumerate((
                    ('parametric', setup.scale.n_stamps, 'parametric'),
                    (REALISTIC, setup.scale.n_realistic, kind)))]


def _features(setup, name, body, stamps, noise, **options):
    """Return the features (n, 2048) of stamps, maybe from another run."""
    options['preprocessing'] = setup.preprocessing
    store = setup.features(name)
    if setup.features_dir is not None:
        store = PartStore(setup.features_dir / features_key(
            body, stamps, noise, **options))
    store.begin({'what': 'features'})
    with timed(setup, 'features'):
        return cache_features(
            body, stamps, noise, store=store, progress=setup.progress,
            description=f'features {name}', **options)


def realistic_features(setup, dataset, body):
    """Return the features (n, 2048) of the realistic set."""
    return _features(setup, REALISTIC, body,
                     realistic_stamps(setup, dataset), REALISTIC_SIGMA)


def train_all(setup, parametric, realistic, body):
    """Train every head; the features of a finished set are deleted."""
    steps = list_steps(setup.scale)
    features = None
    if any(f'training-{step.name}' not in setup.store for step in steps):
        features = realistic_features(setup, realistic, body)
    for step in steps:
        train_step(setup, step, parametric, body, features)
    setup.features(REALISTIC).discard()


def training_part(setup, step, dataset):
    """Return how the stamps that train are augmented: how many, seed."""
    return {'n_augmented': split_rows(len(dataset))[0].stop,
            'rng': setup.seed + 7919 * step.realization}


def train_head(setup, step, dataset, body):
    """Train a step's head; return it, its epochs and the features."""
    options = training_part(setup, step, dataset)
    features = _features(
        setup, step.name, body, noisy_stamps(
            dataset, step.sigma, rng=setup.noise_seed(step)), step.sigma,
        **options)
    labels = np.asarray(dataset.truth['label'], dtype=np.float32)
    with (timed(setup, 'heads'), tempfile.TemporaryDirectory(
            prefix='head-', dir=setup.store.directory) as work):
        return (*fit_head(features, labels, split_rows(len(dataset)),
                          directory=work, epochs=setup.epochs,
                          rng=options['rng']), features)


def train_step(setup, step, dataset, body, realistic):
    """
    Train a head on one noise level and apply it to both test sets.

    ``realistic`` are the features (m, 2048) of the realistic set.
    """
    key = f'training-{step.name}'
    if key not in setup.store:
        head, n_epochs, features = train_head(setup, step, dataset, body)
        test = features[split_rows(len(dataset))[2]]
        setup.store.save(key, {
            'test': apply_head(head, test),
            REALISTIC: apply_head(head, realistic), 'epochs': n_epochs})
    setup.features(step.name).discard()


def label_stamps(setup, name, stamps, truth, noise, methods):
    """Label the stamps of a step, or 'realistic', by detectors."""
    def label():
        padded = pad_stamps(stamps, noise, rng=child_seed(
            setup.seed, *name.encode()))
        return {
            f'{method} {rule}': np.where(
                labels['failure'], LEFT_OUT, labels['label']).astype(np.int8)
            for method, rule, labels in label_by_rules(
                padded, truth, noise=noise, methods=methods,
                n_jobs=setup.n_jobs)}

    setup.keep('detectors', f'detectors-{name}', label)
