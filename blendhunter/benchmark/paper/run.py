"""Reproduce the paper: simulate, train, evaluate, write."""

import shutil
import time
from pathlib import Path

import numpy as np

from blendhunter.benchmark.paper.plan import (
    REALISTIC_SIGMA,
    SCALES,
    detectors_of,
    estimate_seconds,
    list_steps,
)
from blendhunter.benchmark.paper.report import write_report
from blendhunter.benchmark.paper.sets import make_set
from blendhunter.benchmark.paper.stages import (
    REALISTIC,
    Setup,
    classify_stamps,
    label_stamps_of,
    read_stage,
    realistic_stamps,
    tenth_of,
    timed,
    train_step,
)
from blendhunter.identify import BlendIdentifier
from blendhunter.network.architecture import resolve_precision
from blendhunter.network.backbones import (
    OWN,
    build_frozen,
    choose_preprocessing,
)
from blendhunter.network.features import (
    cache_features,
    check_identity,
    split_rows,
)
from blendhunter.network.weights import read_metadata, resolve_weights

__all__ = ['reproduce_paper']

PROBE = 256
THRESHOLD = 0.5


def reproduce_paper(directory, *, scale='small', backbone='default',
                    preprocessing=None, cosmos_dir=None, seed=0,
                    n_jobs=1, precision='auto', epochs=500, weights=OWN,
                    announce=None, progress=None, command=''):
    """
    Repeat the experiments of Farrens et al. (2022).

    A frozen backbone, a dense head for each noise level and realisation,
    trained on a parametric set and applied to its test stamps and to a
    realistic set, beside SEP, photutils and the packaged model. Killed,
    the same call continues.

    Parameters
    ----------
    directory : path-like
        Tables, figures, provenance, and a folder of intermediate files.
    scale : {'small', 'medium', 'full'} or Scale, optional
    backbone : {'default', 'random', 'imagenet'} or path, optional
        'imagenet' is the paper's; 'random' the same blocks at their
        initial values; 'default' this package's own blocks, which have
        seen blends.
    preprocessing : {None, 'noise', 'residuals', 'paper'}, optional
        'paper' is the paper's; None is what 'default' was trained with,
        and 'noise' for the others.
    cosmos_dir : path-like, optional
        Directory of a ``galsim.RealGalaxyCatalog`` for the realistic
        set; without one it is made of structured galaxies.
    seed, n_jobs, precision, epochs : optional
        As in `~blendhunter.network.train_transfer`.
    weights : str or path-like, optional
        Of the packaged model that stands beside.
    announce : callable, optional
        Called with a line that says how long it will take.
    progress : callable, optional
        Called with the number of stamps that were worked on; see
        `~blendhunter.benchmark.paper.count_work`.
    command : str, optional
        Stored in the provenance.

    Returns
    -------
    summary : `~astropy.table.Table`
        See `~blendhunter.benchmark.paper.scores.summary_table`.

    Raises
    ------
    ValueError
        If an argument is out of range; the message names it.
    `~blendhunter.exceptions.WeightsError`
        If the backbone's weights cannot be had.
    `~blendhunter.exceptions.DataSetError`
        If the directory belongs to another reproduction.
    """
    scale = _check_scale(scale)
    preprocessing = choose_preprocessing(backbone, preprocessing)
    # before anything is written, so that missing weights cost nothing
    body = build_frozen(backbone, preprocessing=preprocessing,
                        precision=precision, seed=seed)
    packaged = read_metadata(resolve_weights(weights))['sha256']
    kind = 'structured' if cosmos_dir is None else REALISTIC
    directory = Path(directory)
    directory.mkdir(exist_ok=True)
    check_identity(directory / 'work', {
        'scale': scale, 'backbone': str(backbone), 'seed': seed,
        'preprocessing': preprocessing, 'epochs': epochs,
        'cosmos_dir': cosmos_dir and str(Path(cosmos_dir).resolve()),
        'weights': packaged,
        'precision': resolve_precision(precision)})
    setup = Setup(scale, directory, str(backbone), preprocessing, seed,
                  n_jobs, epochs)
    if announce is not None:
        announce(_forecast(setup, body, kind))
    with timed(setup, 'simulation'):
        parametric, realistic = (
            make_set(setup.directory / 'work' / f'{name}.h5', n, kind=what,
                     seed=seed + i, cosmos_dir=cosmos_dir, n_jobs=n_jobs,
                     progress=progress)
            for i, (name, n, what) in enumerate((
                ('parametric', setup.scale.n_stamps, 'parametric'),
                (REALISTIC, setup.scale.n_realistic, kind))))
    _train_all(setup, parametric, realistic, body, progress)
    _compare_all(setup, parametric, realistic, weights, progress)
    truth = parametric.truth[split_rows(len(parametric))[2]]
    results = [(step, {'network': read_stage(
        setup, 'training', step.name)['test'] > THRESHOLD,
        **_other_labels(setup, step.name)}, truth)
        for step in list_steps(setup.scale)]
    stamp = realistic_stamps(setup, realistic)[:1] / REALISTIC_SIGMA
    return write_report(setup, results, _realistic_results(setup),
                        realistic.truth, kind=kind, body=body, stamp=stamp,
                        command=command, packaged=packaged)


def _check_scale(scale):
    """Return a scale that may have come by name."""
    if isinstance(scale, str) and scale not in SCALES:
        msg = f'scale must be one of {list(SCALES)}, got {scale!r}'
        raise ValueError(msg)
    return SCALES[scale] if isinstance(scale, str) else scale


def _forecast(setup, body, kind):
    """Time the backbone and say how long all will take."""
    import os

    inputs = np.zeros((PROBE, *body.input_shape[1:]), dtype=np.float32)
    body.predict(inputs, batch_size=PROBE // 2, verbose=0)  # compiles
    began = time.monotonic()
    body.predict(inputs, batch_size=PROBE // 2, verbose=0)
    per_feature = (time.monotonic() - began) / PROBE
    cores = setup.n_jobs if setup.n_jobs > 0 else os.cpu_count()
    seconds = estimate_seconds(setup.scale, per_feature=per_feature,
                               kind=kind, n_cores=cores)
    duration = (f'{seconds / 60:.0f} minutes' if seconds < 2 * 3600
                else f'{seconds / 3600:.1f} hours')
    n_steps = len(list_steps(setup.scale))
    line = (f'{n_steps} trainings on {setup.scale.n_stamps} stamps, '
            f'{1000 * per_feature:.1f} ms per feature: about {duration} in '
            'all, less what is already done')
    if setup.scale.name == 'full':
        line += ('; the size is the paper\'s, bounded by what this machine '
                 f'can do: features of 80 000 stamps take it '
                 f'{80_000 * per_feature:.0f} s')
    return line


def _train_all(setup, parametric, realistic, body, progress):
    """Train every head; the features of a finished set are deleted."""
    steps = list_steps(setup.scale)
    work = setup.directory / 'work' / 'features-realistic'
    missing = [step for step in steps
               if not setup.file('training', step.name).is_file()]
    features = None
    if missing:
        work.mkdir(exist_ok=True)
        with timed(setup, 'features'):
            features = cache_features(
                body, realistic_stamps(setup, realistic), REALISTIC_SIGMA,
                preprocessing=setup.preprocessing, directory=work,
                progress=progress)
    elif progress is not None:
        progress(len(realistic))
    for step in steps:
        train_step(setup, step, parametric, body, features,
                   progress=progress)
    shutil.rmtree(work, ignore_errors=True)


def _compare_all(setup, parametric, realistic, weights, progress):
    """Apply the detectors and the packaged model to the test stamps."""
    identifier = BlendIdentifier(weights, region='stamp')
    for step in list_steps(setup.scale):
        stamps, truth = tenth_of(setup, step, parametric)
        label_stamps_of(setup, step.name, stamps, truth, noise=step.sigma,
                        methods=detectors_of(step), progress=progress)
        classify_stamps(setup, step.name, stamps, noise=step.sigma,
                        identifier=identifier, progress=progress)
    stamps = realistic_stamps(setup, realistic)
    label_stamps_of(setup, REALISTIC, stamps, realistic.truth,
                    noise=REALISTIC_SIGMA, methods=('sep', 'photutils'),
                    progress=progress)
    classify_stamps(setup, REALISTIC, stamps, noise=REALISTIC_SIGMA,
                    identifier=identifier, progress=progress)


def _other_labels(setup, name):
    """Return the labels of what was not trained here, by method."""
    packaged = read_stage(setup, 'packaged', name)['p'] > THRESHOLD
    return {'packaged model': packaged,
            **read_stage(setup, 'detectors', name)}


def _realistic_results(setup):
    """Return the labels of every method on the realistic set."""
    results = [(step.sigma, step.realisation, 'network', read_stage(
        setup, 'training', step.name)[REALISTIC] > THRESHOLD)
        for step in list_steps(setup.scale)]
    return results + [(np.nan, 0, method, label) for method, label in
                      _other_labels(setup, REALISTIC).items()]
