"""End-to-end training of one network for both questions."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from blendhunter._utils.progress import progress_bar
from blendhunter.network.ancestry import (
    check_start,
    continue_weights,
    lineage,
)
from blendhunter.network.architecture import (
    build_network,
    resolve_precision,
)
from blendhunter.network.batches import MixedBatches
from blendhunter.network.calibration import fit_fraction
from blendhunter.network.checkpoint import (
    History,
    restore_checkpoint,
    save_checkpoint,
)
from blendhunter.network.importance import add_errors
from blendhunter.network.localisation import (
    LOCATOR_WEIGHT,
    LOCATORS,
    add_locators,
    locator_loss,
)
from blendhunter.network.model import load_model, save_network
from blendhunter.network.preprocessing import PREPROCESSINGS, TRAINED
from blendhunter.network.samples import fixed_batches, prepare_samplers

__all__ = ['train']

WARMUP_STEPS = 100
REPORT_STEPS = 20
VALIDATE_STEPS = 200
VALIDATION_SIZE = 1200
CALIBRATION_SIZE = 6000
# the weights that are kept are averages, with a memory of this share of
# the steps
AVERAGED_SHARE = 0.1


def train(*, output, pairs=None, detections=None, n_steps=1600,
          batch_size=128, learning_rate=1.5e-4, weight_decay=1e-3,
          dropout=0.3, weights=None, backbone=None, importance=False,
          precision='auto', seed=0, checkpoint=None, checkpoint_seconds=180,
          command='', overwrite=False, progress=False):
    """
    Train all layers, with noise and flips drawn anew in every batch.

    Parameters
    ----------
    output : str or path-like
        Weights file to write. The history stands beside it, with the
        extension ``.history.csv``.
    pairs : `~blendhunter.dataset.DataSet` or path, optional
        Central and companion galaxies for ``region='stamp'``.
    detections : `~blendhunter.dataset.DataSet` or path, optional
        Labelled detections for ``region='segment'``.
    n_steps, batch_size : int, optional
        Number and size of the batches. With both data sets, 72 of 128
        stamps ask about the segment.
    learning_rate, weight_decay : float, optional
        Of AdamW; the rate rises over 100 steps and falls as a cosine.
    dropout : float, optional
        In the dense head.
    weights : str or path-like, optional
        Continue from these weights instead of initial values.
    backbone : None, 'imagenet' or path, optional
        Initial values of the convolutions, without ``weights``.
    importance : bool, optional
        Whether ``weights`` first answer for all detections and all
        isolated galaxies, which are then drawn in proportion to their
        errors (with weights that make up for it): as quiet as batches of
        twice the size.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic; the variables are float32 in each case.
    seed : int, optional
        Of the initial values and the batches.
    checkpoint : str or path-like, optional
        File that is written every ``checkpoint_seconds``, and continued
        from if it exists; by default beside the output. It is deleted
        at the end.
    checkpoint_seconds : float, optional
    command : str, optional
        Stored in the weights file, after the commands and steps of the
        weights that were continued from (``lineage``).
    overwrite : bool, optional
        Whether an existing output may be replaced.
    progress : bool, optional
        Whether to show a progress bar on a terminal.

    Returns
    -------
    path : `~pathlib.Path`
        The weights file.

    Raises
    ------
    ValueError, FileExistsError, FileNotFoundError
        If an argument cannot be used; the message names it.
    `~blendhunter.exceptions.DataSetError`
        If a data set or the checkpoint cannot be used.
    `~blendhunter.exceptions.WeightsError`
        If the weights cannot be read or continued.
    """
    import keras

    from blendhunter._utils.files import check_writable

    if pairs is None and detections is None:
        msg = 'pairs or detections must be given: there is nothing to learn'
        raise ValueError(msg)
    if n_steps < 1 or batch_size < 2:
        msg = (f'n_steps must be at least 1 and batch_size at least 2, got '
               f'{n_steps!r} and {batch_size!r}')
        raise ValueError(msg)
    check_start(weights=weights, backbone=backbone, importance=importance)
    output = Path(output)
    check_writable(output, overwrite=overwrite)
    checkpoint = Path(checkpoint or output.with_suffix('.checkpoint.h5'))
    keras.utils.set_random_seed(seed)
    samplers, held_out, about = prepare_samplers(pairs, detections,
                                                 batch_size)
    network = build_network(dtype=resolve_precision(precision),
                            dropout=dropout, backbone=backbone,
                            n_channels=PREPROCESSINGS[TRAINED].n_channels)
    ancestor = None if weights is None else continue_weights(
        network, weights)
    errors = checkpoint.with_suffix('.errors')
    if importance:
        samplers = add_errors(
            samplers, load_model(weights, precision=precision), errors)
    model = add_locators(network)
    _compile(model, n_steps, learning_rate, weight_decay)
    identity = repr({'n_steps': n_steps, 'batch_size': batch_size,
                     'learning_rate': learning_rate, 'seed': seed,
                     'weight_decay': weight_decay, 'dropout': dropout,
                     'weights': ancestor and ancestor['sha256'],
                     'backbone': str(backbone),
                     'importance': importance, 'preprocessing': TRAINED,
                     'data': about['data']})
    start = restore_checkpoint(checkpoint, model, identity)
    history = History(output.with_suffix('.history.csv'), step=start)
    validation = fixed_batches(held_out, VALIDATION_SIZE)
    _loop(model, MixedBatches(samplers, seed=seed), start, n_steps,
          validate=lambda: _validate(network, validation),
          history=history, progress=progress,
          save=lambda: save_checkpoint(checkpoint, model, identity),
          seconds=checkpoint_seconds)
    _take_averages(model)
    # the blend fraction that each region's answers belong to
    about['trained_fraction'] = {
        region: round(fit_fraction(*answer), 4)
        for region, *answer in _answers(network, fixed_batches(
            held_out, CALIBRATION_SIZE, step=1))}
    save_network(output, network, {
        **_metadata(about), 'steps': n_steps, 'batch_size': batch_size,
        'command': command, 'lineage': lineage(ancestor)})
    checkpoint.unlink(missing_ok=True)
    if importance:
        shutil.rmtree(errors, ignore_errors=True)
    return output


def _compile(model, n_steps, learning_rate, weight_decay):
    """Give the model its losses, optimizer and schedule."""
    import keras

    warmup = min(WARMUP_STEPS, n_steps // 4)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else learning_rate, max(n_steps - warmup, 1),
        alpha=0.01, warmup_target=learning_rate if warmup else None,
        warmup_steps=warmup)
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=weight_decay, global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=max(1 - 1 / (AVERAGED_SHARE * n_steps), 0.0))
    n_maps = len(LOCATORS)
    model.compile(
        optimizer, ['binary_crossentropy', *[locator_loss] * n_maps],
        loss_weights=[1.0, *[LOCATOR_WEIGHT] * n_maps],
        metrics=[[keras.metrics.BinaryAccuracy(name='accuracy')],
                 *[[]] * n_maps])
    optimizer.build(model.trainable_variables)


def _metadata(about):
    """Return what the weights file says of its data."""
    from blendhunter.version import __version__

    return {'architecture': 'VGG-16', 'preprocessing': TRAINED,
            'stamp_size': 51, 'classes': ['isolated', 'blended'],
            'regions': sorted(about['trained_fraction']),
            'trained_fraction': about['trained_fraction'],
            'prior': about['prior'], 'domain': about['domain'],
            'version': __version__, 'results': {}}


def _loop(model, batches, start, n_steps, *, validate, history,
          progress, save, seconds):
    """Run the steps, with reports and checkpoints on the way."""
    saved = began = time.monotonic()
    with (ThreadPoolExecutor(1) as pool,
          progress_bar(total=n_steps, initial=start, enabled=progress,
                       description='training') as bar):
        upcoming = pool.submit(batches, start) if start < n_steps else None
        for step in range(start, n_steps):
            batch = upcoming.result()
            if step + 1 < n_steps:
                upcoming = pool.submit(batches, step + 1)
            logs = model.train_on_batch(
                batch.inputs, [batch.labels, *batch.maps],
                [batch.weights.ravel(),
                 *[batch.map_weights.ravel()] * len(batch.maps)],
                return_dict=True)
            done = step + 1
            bar.update(1)
            bar.set_postfix(loss=f'{logs["loss"]:.4f}')
            if done % REPORT_STEPS == 0 or done == n_steps:
                report = {key: f'{float(value):.5f}'
                          for key, value in logs.items()}
                if done % VALIDATE_STEPS == 0 or done == n_steps:
                    with _averaged(model):
                        report.update(validate())
                model.reset_metrics()
                history.add(step=done, **report,
                            seconds=round(time.monotonic() - began, 1))
            if time.monotonic() - saved > seconds:
                save()
                saved = time.monotonic()


@contextmanager
def _averaged(model):
    """Give a model the averages of its weights for a while."""
    current = model.get_weights()
    _take_averages(model)
    yield
    model.set_weights(current)


def _take_averages(model):
    """Set the weights to their averages."""
    model.optimizer.finalize_variable_values(model.trainable_variables)
    # copies: JAX deletes the arrays that it predicts with, which weights
    # and averages would share
    model.set_weights(model.get_weights())


def _answers(network, batches):
    """Yield region, probabilities, truth and weights of each batch."""
    for region, batch in batches.items():
        p = network.predict(batch.inputs, batch_size=128, verbose=0).ravel()
        yield region, p, batch.labels.ravel() > 0.5, batch.weights.ravel()


def _validate(network, validation):
    """Return accuracy and area under the ROC curve of each region."""
    report = {}
    for region, p, truth, _ in _answers(network, validation):
        report[f'{region}_accuracy'] = f'{np.mean((p > 0.5) == truth):.4f}'
        report[f'{region}_auc'] = f'{_auc(p, truth):.4f}'
    return report


def _auc(score, truth):
    """Return the area under the ROC curve, from the Mann-Whitney U."""
    from scipy.stats import mannwhitneyu

    u = mannwhitneyu(score[truth], score[~truth]).statistic
    return u / (truth.sum() * (~truth).sum())
