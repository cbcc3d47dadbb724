"""The stages of a reproduction; each is kept when it is finished."""

import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blendhunter._utils.parallel import child_seed
from blendhunter._utils.resume import PartStore
from blendhunter.benchmark.labeling import label_by_rules, pad_stamps
from blendhunter.benchmark.paper.features import (
    apply_head,
    cache_features,
    fit_head,
    split_rows,
)
from blendhunter.benchmark.paper.plan import REALISTIC_SIGMA, Scale
from blendhunter.benchmark.paper.sets import noisy_stamps
from blendhunter.truth import UNCLEAR

__all__ = ['LEFT_OUT', 'REALISTIC', 'Setup', 'classify_stamps',
           'held_out_stamps', 'label_stamps', 'realistic_features',
           'realistic_stamps', 'timed', 'train_step']

REALISTIC = 'realistic'
#: Label of the stamps that a rule leaves out.
LEFT_OUT = UNCLEAR - 1


@dataclass(frozen=True)
class Setup:
    """
    The arguments of a reproduction.

    ``store`` keeps the finished stages, ``seed`` is an integer, ``epochs``
    the largest number for a head.
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


def _features(setup, name, body, stamps, noise, **options):
    """Return the features (n, 2048) of stamps, and the store they are in."""
    store = setup.features(name)
    store.begin({'what': 'features'})
    with timed(setup, 'features'):
        return cache_features(
            body, stamps, noise, preprocessing=setup.preprocessing,
            store=store, progress=setup.progress,
            description=f'features {name}', **options), store


def realistic_features(setup, dataset, body):
    """Return the features (n, 2048) of the realistic set."""
    return _features(setup, REALISTIC, body,
                     realistic_stamps(setup, dataset), REALISTIC_SIGMA)[0]


def train_step(setup, step, dataset, body, realistic):
    """
    Train a head on one noise level and apply it to both test sets.

    ``dataset`` is the parametric set, ``realistic`` are features (m, 2048)
    of the other.
    """
    key = f'training-{step.name}'
    if key in setup.store:
        setup.features(step.name).discard()
        return
    parts = split_rows(len(dataset))
    labels = np.asarray(dataset.truth['label'], dtype=np.float32)
    seed = setup.seed + 7919 * step.realization
    features, store = _features(
        setup, step.name, body, noisy_stamps(
            dataset, step.sigma, rng=setup.noise_seed(step)), step.sigma,
        n_augmented=parts[0].stop, rng=seed)
    with timed(setup, 'heads'):
        head, n_epochs = fit_head(
            features, labels, parts, directory=store.directory,
            epochs=setup.epochs, rng=seed)
        setup.store.save(key, {
            'test': apply_head(head, features[parts[2]]),
            REALISTIC: apply_head(head, realistic), 'epochs': n_epochs})
    store.discard()


def label_stamps(setup, name, stamps, truth, noise, methods):
    """
    Label the stamps of a step, or 'realistic', by detection.

    ``methods`` are 'sep' and 'photutils', each with both rules. What a
    rule leaves out is marked.
    """
    key = f'detectors-{name}'
    if key in setup.store:
        return
    padded = pad_stamps(stamps, noise, rng=child_seed(
        setup.seed, *name.encode()))
    with timed(setup, 'detectors'):
        setup.store.save(key, {
            f'{method} {rule}': np.where(
                labels['failure'], LEFT_OUT, labels['label']).astype(np.int8)
            for method, rule, labels in label_by_rules(
                padded, truth, noise=noise, methods=methods,
                n_jobs=setup.n_jobs)})


def classify_stamps(setup, name, stamps, noise, identifier):
    """Apply the packaged model to the stamps of a step, or 'realistic'."""
    key = f'packaged-{name}'
    if key not in setup.store:
        with timed(setup, 'packaged model'):
            setup.store.save(key, {
                'p': identifier.predict_stamps(stamps, noise=noise)})
