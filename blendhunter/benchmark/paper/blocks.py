# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Compare convolutional blocks, with the same heads and the same data."""

import shutil
from dataclasses import replace

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.resume import PartStore, begin_run
from blendhunter._utils.tables import write_table
from blendhunter.benchmark.column_descriptions import PAPER
from blendhunter.benchmark.paper import paper_report, stages
from blendhunter.benchmark.paper.features import (
    OWN,
    build_frozen,
    choose_preprocessing,
    network_inputs,
    split_rows,
)
from blendhunter.benchmark.paper.sets import make_directory, noisy_stamps
from blendhunter.benchmark.stamp_detectors import stamp_scores
from blendhunter.network.architecture import resolve_precision
from blendhunter.network.backend import import_keras
from blendhunter.network.weights import read_metadata, resolve_weights
from blendhunter.simulation.parameters import check_value
from blendhunter.training.warm_start import check_backbone

__all__ = ['compare_blocks', 'fine_tune']

THRESHOLD = 0.5
TUNED = 'fine-tuned'
SCORES = ('accuracy', 'close', 'tnr')
# of the fine-tuning: 1e-4 diverged, by the validation loss, at sigma 35
LEARNING_RATE = 3e-5
BATCH_SIZE = 32
PATIENCE = 2


def compare_blocks(directory, *, backbone='imagenet', scale='small',
                   preprocessing=None, cosmos_dir=None, rng=0, n_jobs=1,
                   precision='auto', epochs=500, tuning_epochs=8,
                   features_dir=None, progress=False, command=''):
    """
    Compare convolutional blocks with the same heads and the same data.

    Four kinds of blocks are compared: random ones, those of ``backbone``,
    those of ``backbone`` after fine-tuning, and those of this package. For
    the fine-tuning all layers are trained, together with the head of the
    frozen blocks and on the same stamps. Then these blocks are frozen too
    and get new heads like the others. If a run is interrupted, the same
    call continues it.

    Parameters
    ----------
    directory : path-like
        Directory for the table, the provenance and intermediate files.
    backbone : 'imagenet' or path, optional
        Blocks to compare with.
    scale, preprocessing, cosmos_dir, rng, n_jobs, precision : optional
        See `~blendhunter.benchmark.paper.reproduce_paper`. The blocks of
        this package keep the preprocessing of their training.
    epochs : int, optional
        Most epochs of a head.
    tuning_epochs : int, optional
        Most epochs of the fine-tuning. It stops earlier if the validation
        loss does not decrease in two epochs.
    features_dir, progress, command : optional
        See `~blendhunter.benchmark.paper.reproduce_paper`.

    Returns
    -------
    scores : `~astropy.table.Table`
        One row for each set ('parametric', or the kind of the realistic
        set), ``sigma`` of the training, ``realization`` and kind of
        ``blocks``. The columns are ``preprocessing`` and the fractions
        ``accuracy``, ``close`` and ``tnr`` with their errors, as in
        `~blendhunter.benchmark.evaluate_detectors`.

    Raises
    ------
    ValueError
        If an argument is out of range; the message names it.
    `~blendhunter.exceptions.WeightsError`
        If the weights of the backbone cannot be read or downloaded.
    `~blendhunter.exceptions.DataSetError`
        If the directory belongs to another comparison.
    """
    scale = stages.find_scale(scale)
    if backbone in (OWN, 'random', None):
        msg = ("backbone must be 'imagenet' or a file, got "
               f'{backbone!r}')
        raise ValueError(msg)
    preprocessing = choose_preprocessing(backbone, preprocessing)
    check_backbone(backbone)
    check_value('epochs', epochs, 'be positive')
    check_value('tuning_epochs', tuning_epochs, 'be positive')
    kind = stages.realistic_kind(cosmos_dir)
    directory = make_directory(directory)
    seeds, provenance, store = begin_run('blocks', {
        'scale': scale, 'backbone': str(backbone), 'epochs': epochs,
        'tuning_epochs': tuning_epochs, 'preprocessing': preprocessing,
        'own': read_metadata(resolve_weights(OWN))['sha256'],
        'cosmos_dir': cosmos_dir and str(cosmos_dir),
        'precision': resolve_precision(precision)}, rng, directory / 'work')
    kept = make_directory(features_dir or store.directory / 'features')
    setup = stages.Setup(scale, directory, store, str(backbone),
                         preprocessing, integer_seed(seeds), n_jobs, epochs,
                         progress, kept)
    sets = stages.make_sets(setup, kind, cosmos_dir)
    rows = []
    for how in ('random', 'frozen', TUNED, 'own'):
        part = _part(setup, how)
        _train(part, *sets, precision, tuning_epochs if how == TUNED else 0)
        rows += _rows(part, *sets, kind, how)
    if features_dir is None:
        shutil.rmtree(kept)
    return _report(setup, Table(rows), kind, {
        'command': command, **provenance})


def _part(setup, how):
    """Return the setup of one kind of blocks, in a store of its own."""
    store = PartStore(setup.store.directory / how)
    store.begin({'what': 'blocks'})
    part = replace(setup, store=store)
    if how == 'random':
        return replace(part, backbone=how)
    if how == 'own':
        return replace(part, backbone=OWN,
                       preprocessing=choose_preprocessing(OWN))
    return part


def _train(setup, parametric, realistic, precision, tuning_epochs):
    """Train the heads of one kind of blocks, which may be tuned first."""
    body = build_frozen(setup.backbone, preprocessing=setup.preprocessing,
                        precision=precision, rng=setup.seed)
    if not tuning_epochs:
        stages.train_all(setup, parametric, realistic, body)
        return
    start = body.get_weights()
    for step in stages.list_steps(setup.scale):
        # of a run that was killed, with other tuned blocks
        for name in (step.name, stages.REALISTIC):
            setup.features(name).discard()
        if f'training-{step.name}' in setup.store:
            continue
        body.set_weights(start)
        head = stages.train_head(setup, step, parametric, body)[0]
        with stages.timed(setup, 'fine-tuning'):
            setup.store.save(f'tuning-{step.name}', {'epochs': _tune(
                setup, step, parametric, body, head, tuning_epochs)})
        # tuned blocks are not the same again: no need to keep features
        once = replace(setup, features_dir=None)
        stages.train_step(
            once, step, parametric, body,
            stages.realistic_features(once, realistic, body))
        setup.features(stages.REALISTIC).discard()


def _tune(setup, step, dataset, body, head, epochs):
    """Fine-tune a backbone on the stamps that trained a step's head."""
    train, validate, _ = split_rows(len(dataset))
    options = stages.training_part(setup, step, dataset)
    inputs = network_inputs(
        noisy_stamps(dataset, step.sigma, rng=setup.noise_seed(step),
                     rows=slice(0, validate.stop)), step.sigma,
        preprocessing=setup.preprocessing, **options)
    labels = np.asarray(dataset.truth['label'], dtype=np.float32)
    return fine_tune(body, head, inputs, labels, (train, validate),
                     epochs=epochs, rng=options['rng'],
                     progress=setup.progress)


def fine_tune(body, head, inputs, labels, parts, *, epochs, rng=0,
              progress=False):
    """
    Train all layers of a backbone and its head, both in place.

    ``parts`` are the slices of the ``inputs`` (n, 65, 65, channels) that
    train and validate. The epoch with the smallest validation loss is
    kept. Returns the number of epochs.
    """
    keras = import_keras()

    keras.utils.set_random_seed(integer_seed(rng))
    train, validate = parts
    network = keras.Model(body.input, head(body.output))
    network.compile(keras.optimizers.AdamW(LEARNING_RATE,
                                           global_clipnorm=1.0),
                    'binary_crossentropy', metrics=['accuracy'])
    history = network.fit(
        inputs[train], labels[train], batch_size=BATCH_SIZE, epochs=epochs,
        validation_data=(inputs[validate], labels[validate]),
        callbacks=[keras.callbacks.EarlyStopping(
            patience=PATIENCE, restore_best_weights=True)],
        verbose=2 if progress else 0)
    return len(history.epoch)


def _rows(setup, parametric, realistic, kind, how):
    """Score the heads of one kind of blocks on both test sets."""
    truth = parametric.truth[split_rows(len(parametric))[2]]
    name = paper_report.name_backbone(setup.backbone)
    rows = []
    for step in stages.list_steps(setup.scale):
        results = setup.results('training', step.name)
        for what, key, true in (
                ('parametric', 'test', truth),
                (kind, stages.REALISTIC, realistic.truth)):
            scores = stamp_scores(results[key] > THRESHOLD, true)
            rows.append({
                'set': what, 'sigma': step.sigma,
                'realization': step.realization,
                'blocks': f'{name}, {how}' if how in ('frozen', TUNED)
                else name, 'preprocessing': setup.preprocessing,
                **{f'{score}{end}': scores[f'{score}{end}']
                   for score in SCORES for end in ('', '_error')}})
    return rows


def _report(setup, table, kind, provenance):
    """Write the table and the provenance, and return the table."""
    # the blocks of one test below each other; the sort is stable
    table = table[np.lexsort((table['realization'], table['sigma'],
                              table['set'] != 'parametric'))]
    paper_report.shorten(table)
    describe_columns(table, PAPER)
    table.meta['realistic set'] = paper_report.SETS[kind]
    write_table(table, setup.directory / 'blocks.ecsv', overwrite=True)
    shown = table['set', 'sigma', 'blocks', 'preprocessing'].copy()
    shown['sigma'].info.format = 'g'
    for score in SCORES:
        shown[score] = [
            '–' if np.isnan(row[score]) else f'{100 * row[score]:.1f} ± '
            f'{100 * row[f"{score}_error"]:.1f}' for row in table]
    paper_report.write_rst(
        setup.directory / 'blocks.rst', shown,
        f'In per cent. Realistic set: {paper_report.SETS[kind]}.')
    paper_report.write_provenance(
        setup, {**provenance, 'tuning': _tuning(setup)})
    return table


def _tuning(setup):
    """Return the epochs of fine-tuning and the seconds of all parts."""
    part = _part(setup, TUNED)
    return {'epochs': {step.name: int(part.results('tuning', step.name)[
        'epochs']) for step in stages.list_steps(setup.scale)},
        'seconds': {how: _part(setup, how).seconds() for how in (
            'random', 'frozen', TUNED, 'own')}}
