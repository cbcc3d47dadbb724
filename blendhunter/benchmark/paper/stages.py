"""The stages of a reproduction; each continues where it stopped."""

import json
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path, write_text
from blendhunter.benchmark.labelling import label_by_rules, pad_stamps
from blendhunter.benchmark.paper.plan import REALISTIC_SIGMA, Scale
from blendhunter.benchmark.paper.sets import noisy_stamps
from blendhunter.network.features import (
    apply_head,
    cache_features,
    fit_head,
    split_rows,
)
from blendhunter.truth import UNCLEAR

__all__ = ['LEFT_OUT', 'REALISTIC', 'Setup', 'classify_stamps',
           'label_stamps_of', 'read_stage', 'realistic_stamps', 'tenth_of',
           'timed', 'train_step']

REALISTIC = 'realistic'
#: Label of the stamps that a rule leaves out.
LEFT_OUT = UNCLEAR - 1


@dataclass(frozen=True)
class Setup:
    """
    What a reproduction is made with.

    Parameters
    ----------
    scale : `~blendhunter.benchmark.paper.Scale`
    directory : `~pathlib.Path`
        Of everything that is written.
    backbone : str
        'random', 'imagenet', 'default' or a file.
    preprocessing : {'noise', 'residuals', 'paper'}
    seed : int
    n_jobs : int
    epochs : int
        Most epochs of a head.
    """

    scale: Scale
    directory: Path
    backbone: str
    preprocessing: str
    seed: int
    n_jobs: int
    epochs: int = 500

    def file(self, stage, name):
        """Return the file of a finished stage."""
        return self.directory / 'work' / f'{stage}-{name}.npz'

    def seeds(self, step):
        """Return the seeds of a step's noise."""
        return [self.seed, round(1000 * step.sigma), step.realisation]


@contextmanager
def timed(setup, stage):
    """Add the seconds of a block to those of its stage."""
    path = setup.directory / 'times.json'
    began = time.monotonic()
    try:
        yield
    finally:
        times = json.loads(path.read_text()) if path.is_file() else {}
        times[stage] = round(times.get(stage, 0) + time.monotonic() - began,
                             1)
        write_text(path, json.dumps(times, indent=1))


def _save(path, **arrays):
    """Write the result of a stage whole or not at all."""
    with atomic_path(path) as temporary:
        np.savez(temporary, **arrays)


def read_stage(setup, stage, name):
    """Return the arrays of a finished stage, or None."""
    path = setup.file(stage, name)
    if not path.is_file():
        return None
    with np.load(path) as file:
        return {key: file[key] for key in file.files}


def tenth_of(setup, step, dataset):
    """Return the test stamps of a step, a tenth of the set, and truth."""
    rows = split_rows(len(dataset))[2]
    return (noisy_stamps(dataset, step.sigma, seed=setup.seeds(step),
                         rows=rows), dataset.truth[rows])


def realistic_stamps(setup, dataset):
    """Return the realistic stamps at their one noise level."""
    return noisy_stamps(dataset, REALISTIC_SIGMA, seed=[setup.seed, 0, 99])


def train_step(setup, step, dataset, body, realistic, *, progress=None):
    """
    Train a head on one noise level and apply it to both test sets.

    Parameters
    ----------
    setup : `Setup`
    step : `~blendhunter.benchmark.paper.plan.Step`
    dataset : `~blendhunter.dataset.DataSet`
        The parametric set.
    body : `keras.Model`
        Frozen convolutions.
    realistic : float `~numpy.ndarray` of shape (m, 2048)
        Features of the realistic set.
    progress : callable, optional
        Called with the number of stamps whose features are there, and
        again when the head is trained.
    """
    path = setup.file('training', step.name)
    work = setup.directory / 'work' / f'features-{step.name}'
    if path.is_file():
        shutil.rmtree(work, ignore_errors=True)
        _report(progress, 2 * len(dataset))
        return
    work.mkdir(exist_ok=True)
    parts = split_rows(len(dataset))
    labels = np.asarray(dataset.truth['label'], dtype=np.float32)
    seed = setup.seed + 7919 * step.realisation
    with timed(setup, 'features'):
        stamps = noisy_stamps(dataset, step.sigma, seed=setup.seeds(step))
        features = cache_features(
            body, stamps, step.sigma, preprocessing=setup.preprocessing,
            directory=work, n_augmented=parts[0].stop, seed=seed,
            progress=progress)
    del stamps
    with timed(setup, 'heads'):
        head, n_epochs = fit_head(features, labels, parts, directory=work,
                                  epochs=setup.epochs, seed=seed)
        _save(path, test=apply_head(head, features[parts[2]]),
              realistic=apply_head(head, realistic), epochs=n_epochs)
    shutil.rmtree(work)
    _report(progress, len(dataset))


def _report(progress, n):
    """Tell of ``n`` stamps, where somebody wants to know."""
    if progress is not None:
        progress(n)


def label_stamps_of(setup, name, stamps, truth, *, noise, methods,
                    progress=None):
    """
    Label stamps with detectors, by both rules.

    Parameters
    ----------
    setup : `Setup`
    name : str
        Of the stamps: a step's, or 'realistic'.
    stamps : float32 `~numpy.ndarray` of shape (n, 51, 51)
    truth : `~astropy.table.Table`
    noise : float
    methods : tuple of {'sep', 'photutils'}
    progress : callable, optional
        Called with the number of stamps that were labelled.
    """
    if setup.file('detectors', name).is_file():
        _report(progress, 2 * len(methods) * len(stamps))
        return
    padded = pad_stamps(stamps, noise, rng=[setup.seed, *name.encode()])
    result = {}
    with timed(setup, 'detectors'):
        for method, rule, labels in label_by_rules(
                padded, truth, noise=noise, methods=methods,
                n_jobs=setup.n_jobs, progress=progress):
            # what the rule leaves out is marked, not dropped
            label = np.where(labels['failure'], LEFT_OUT, labels['label'])
            result[f'{method} {rule}'] = label.astype(np.int8)
    _save(setup.file('detectors', name), **result)


def classify_stamps(setup, name, stamps, *, noise, identifier,
                    progress=None):
    """
    Apply the packaged model to stamps.

    Parameters
    ----------
    setup, name, stamps, noise
        As in `label_stamps_of`.
    identifier : `~blendhunter.BlendIdentifier`
    progress : callable, optional
        Called with the number of stamps.
    """
    path = setup.file('packaged', name)
    if not path.is_file():
        with timed(setup, 'packaged model'):
            p = identifier.predict_proba(stamps, noise=noise)
        _save(path, p=p)
    _report(progress, len(stamps))
