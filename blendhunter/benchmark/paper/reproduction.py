# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Reproduce the paper: simulate, train, evaluate, write."""

import os
import time
from pathlib import Path

import numpy as np

from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.resume import begin_run
from blendhunter.benchmark.paper import stages
from blendhunter.benchmark.paper.features import (
    OWN,
    build_frozen,
    choose_preprocessing,
    split_rows,
)
from blendhunter.benchmark.paper.paper_report import write_report
from blendhunter.benchmark.paper.sets import make_directory
from blendhunter.identify import BlendIdentifier
from blendhunter.network.architecture import resolve_precision
from blendhunter.network.weights import read_metadata, resolve_weights
from blendhunter.simulation.parameters import check_value
from blendhunter.training.warm_start import check_backbone

__all__ = ['estimate_time', 'reproduce_paper']

PROBE = 256
THRESHOLD = 0.5


def reproduce_paper(directory, *, scale='small', backbone='default',
                    preprocessing=None, cosmos_dir=None, rng=0,
                    n_jobs=1, precision='auto', epochs=500, weights=OWN,
                    features_dir=None, progress=False, command=''):
    """
    Repeat the experiments of Farrens et al. (2022).

    A dense head is trained on a frozen backbone, for each noise level and
    realization. The training set is parametric. The head is applied to
    test stamps of this set and to a realistic set. SEP, photutils and the
    packaged model are evaluated for comparison. If a run is interrupted,
    the same call continues it.

    Parameters
    ----------
    directory : path-like
        Directory for tables, figures, provenance and intermediate files.
    scale : {'small', 'medium', 'full'} or Scale, optional
        Size of the reproduction.
    backbone : {'default', 'random', 'imagenet'} or path, optional
        'imagenet' is that of the paper. 'random' has the same blocks with
        their initial values. 'default' has the blocks of this package,
        which were trained on blends.
    preprocessing : {None, 'noise', 'residuals', 'paper'}, optional
        'paper' is that of the paper. None is the preprocessing that
        'default' was trained with, and 'noise' for other backbones.
    cosmos_dir : path-like, optional
        Directory of a ``galsim.RealGalaxyCatalog`` for the realistic
        set. Without it the set has structured galaxies.
    rng : None, int, SeedSequence or Generator, optional
        None uses the seed of an interrupted run, if there is one.
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of the backbone.
    epochs : int, optional
        Most epochs of a head.
    weights : str or path-like, optional
        Weights of the packaged model that is compared.
    features_dir : path-like, optional
        Directory that keeps the features of the frozen blocks, 8 kB per
        stamp and noise level. A run with other heads or epochs reads them
        if stamps, blocks and preprocessing are the same. Without it the
        features are deleted after use.
    progress : bool, optional
        Whether to show progress bars on a terminal.
    command : str, optional
        Stored in the provenance.

    Returns
    -------
    summary : `~astropy.table.Table`
        ``set`` ('parametric', or the kind of the realistic set),
        ``sigma``, ``score`` and a column for each method, in per cent.

    Raises
    ------
    ValueError
        If an argument is out of range; the message names it.
    `~blendhunter.exceptions.WeightsError`
        If the weights of the backbone cannot be read or downloaded.
    `~blendhunter.exceptions.DataSetError`
        If the directory belongs to another reproduction.
    """
    scale = stages.find_scale(scale)
    check_value('epochs', epochs, 'be positive')
    preprocessing = choose_preprocessing(backbone, preprocessing)
    # before anything is written
    packaged = read_metadata(resolve_weights(weights))['sha256']
    if backbone not in (OWN, 'random'):
        check_backbone(backbone)
    kind = stages.realistic_kind(cosmos_dir)
    directory = make_directory(directory)
    features_dir = make_directory(features_dir)
    seeds, provenance, store = begin_run('paper', {
        'scale': scale, 'backbone': str(backbone), 'epochs': epochs,
        'preprocessing': preprocessing, 'weights': packaged,
        'cosmos_dir': cosmos_dir and str(Path(cosmos_dir).resolve()),
        'precision': resolve_precision(precision)}, rng, directory / 'work')
    setup = stages.Setup(scale, directory, store, str(backbone),
                         preprocessing, integer_seed(seeds), n_jobs,
                         epochs, progress, features_dir)
    body = build_frozen(backbone, preprocessing=preprocessing,
                        precision=precision, rng=setup.seed)
    parametric, realistic = stages.make_sets(setup, kind, cosmos_dir)
    stages.train_all(setup, parametric, realistic, body)
    _compare_all(setup, parametric, realistic, weights)
    return _report(setup, parametric, realistic, body, kind=kind,
                   provenance={'command': command, **provenance})


def estimate_time(scale='small', *, backbone='default', preprocessing=None,
                  cosmos_dir=None, n_jobs=1, precision='auto'):
    """
    Estimate the run time of a reproduction on this machine.

    The speed of the backbone is measured.

    Parameters
    ----------
    scale, backbone, preprocessing, cosmos_dir, n_jobs, precision : optional
        See `~blendhunter.benchmark.paper.reproduce_paper`.

    Returns
    -------
    seconds : float
        Estimated run time of
        `~blendhunter.benchmark.paper.reproduce_paper`.
    """
    body = build_frozen(
        backbone, precision=precision,
        preprocessing=choose_preprocessing(backbone, preprocessing))
    inputs = np.zeros((PROBE, *body.input_shape[1:]), dtype=np.float32)
    body.predict(inputs, batch_size=PROBE // 2, verbose=0)  # compiles
    began = time.monotonic()
    body.predict(inputs, batch_size=PROBE // 2, verbose=0)
    return stages.estimate_seconds(
        stages.find_scale(scale),
        per_feature=(time.monotonic() - began) / PROBE,
        kind=stages.realistic_kind(cosmos_dir),
        n_cores=n_jobs if n_jobs > 0 else os.cpu_count())


def _compare_all(setup, parametric, realistic, weights):
    """Apply the detectors and the packaged model to the test stamps."""
    identifier = BlendIdentifier(weights, region='stamp')

    def compare(name, stamps, truth, noise, methods):
        stages.label_stamps(setup, name, stamps, truth, noise, methods)
        setup.keep('packaged model', f'packaged-{name}', lambda: {
            'p': identifier.predict_stamps(stamps, noise=noise)})

    for step in stages.list_steps(setup.scale):
        compare(step.name, *stages.held_out_stamps(setup, step, parametric),
                step.sigma, stages.detectors_of(step))
    compare(stages.REALISTIC, stages.realistic_stamps(setup, realistic),
            realistic.truth, stages.REALISTIC_SIGMA, ('sep', 'photutils'))


def _report(setup, parametric, realistic, body, **about):
    """Collect the labels of all methods and write the report."""
    steps = stages.list_steps(setup.scale)
    heads = {step: setup.results('training', step.name) for step in steps}
    truth = parametric.truth[split_rows(len(parametric))[2]]
    on_test = [(step, {'network': heads[step]['test'] > THRESHOLD,
                       **_other_labels(setup, step.name)}, truth)
               for step in steps]
    on_real = [(step.sigma, step.realization, 'network',
                heads[step][stages.REALISTIC] > THRESHOLD) for step in steps]
    on_real += [(np.nan, 0, method, label) for method, label
                in _other_labels(setup, stages.REALISTIC).items()]
    stamp = (stages.realistic_stamps(setup, realistic)[0]
             / stages.REALISTIC_SIGMA)
    return write_report(setup, on_test, on_real, realistic.truth,
                        body=body, stamp=stamp, **about)


def _other_labels(setup, name):
    """Return the labels of the methods without training, by method."""
    packaged = setup.results('packaged', name)['p'] > THRESHOLD
    return {'packaged model': packaged, **setup.results('detectors', name)}
