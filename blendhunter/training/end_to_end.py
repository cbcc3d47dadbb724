"""End-to-end training of one network for both regions."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from blendhunter._utils.files import check_writable
from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.resume import PartStore
from blendhunter.network.architecture import build_network, resolve_precision
from blendhunter.network.backend import import_keras
from blendhunter.network.model import load_model, save_network
from blendhunter.network.preprocessing import PREPROCESSINGS, TRAINED
from blendhunter.network.priors import fit_fraction
from blendhunter.stamps import STAMP_SIZE
from blendhunter.training import batches, warm_start
from blendhunter.training.batches import MixedBatches
from blendhunter.training.checkpoint import (
    History,
    restore_checkpoint,
    save_checkpoint,
)
from blendhunter.training.data_split import fixed_batches, prepare_samplers
from blendhunter.training.importance_sampling import add_errors
from blendhunter.version import __version__

__all__ = ['compile_model', 'take_averages', 'train']

WARMUP_STEPS = 100
REPORT_STEPS = 20
VALIDATE_STEPS = 200
VALIDATION_SIZE = 1200
CALIBRATION_SIZE = 6000
# memory of the exponential moving average of the weights, over the steps
AVERAGED_SHARE = 0.1


def train(*, output, pairs=None, detections=None, n_steps=1600,
          batch_size=128, learning_rate=1.5e-4, weight_decay=1e-3,
          dropout=0.3, weights=None, backbone=None, importance=False,
          precision='auto', rng=0, checkpoint=None, checkpoint_seconds=180,
          command='', overwrite=False, progress=False):
    """
    Train all layers, with new noise and orientations in every batch.

    Parameters
    ----------
    output : str or path-like
        Weights file to write. The history is written next to it, with
        the extension ``.history.csv``.
    pairs : `~blendhunter.dataset.DataSet` or path, optional
        Central and companion galaxies for ``region='stamp'``. Those of
        one ``group`` are recombined.
    detections : `~blendhunter.dataset.DataSet` or path, optional
        Labeled detections for ``region='segment'``.
    n_steps, batch_size : int, optional
        Number and size of the batches. With both data sets, 72 of 128
        stamps are detections.
    learning_rate, weight_decay : float, optional
        Of AdamW; the rate rises over 100 steps and falls as a cosine.
    dropout : float, optional
        In the dense head.
    weights : str or path-like, optional
        Fine-tune these weights.
    backbone : None, 'imagenet' or path, optional
        Initial values of the convolutions, without ``weights``.
    importance : bool, optional
        Whether all detections and all isolated galaxies are first
        evaluated with ``weights`` and then drawn in proportion to their
        errors, with inverse sample weights. The gradient is then as
        precise as that of batches of twice the size.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic; the variables are float32 in each case.
    rng : None, int, SeedSequence or Generator, optional
        For the initial values and the batches. A training that was
        killed continues with the same one; None is always another.
    checkpoint : str or path-like, optional
        File that is written every ``checkpoint_seconds``, and continued
        from if it exists; by default next to the output. It is deleted
        at the end.
    checkpoint_seconds : float, optional
    command : str, optional
        Stored in the weights file, after the commands and steps of the
        weights that were fine-tuned (``training_history``).
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
        If the weights cannot be read or fine-tuned.
    """
    _check(pairs, detections, n_steps, batch_size)
    warm_start.check_start(weights=weights, backbone=backbone,
                           importance=importance)
    output = Path(output)
    check_writable(output, overwrite=overwrite)
    checkpoint = Path(checkpoint or output.with_suffix('.checkpoint.h5'))
    seed = integer_seed(rng)
    samplers, held_out, about = prepare_samplers(pairs, detections,
                                                 batch_size)
    network, initial = _start_network(seed, dropout, precision, weights,
                                      backbone)
    errors = PartStore(checkpoint.with_suffix('.errors'))
    if importance:
        errors.begin({'what': 'errors'})
        samplers = add_errors(
            samplers, load_model(weights, precision=precision), errors)
    model = batches.add_locators(network)
    compile_model(model, n_steps, learning_rate, weight_decay)
    identity = repr({'n_steps': n_steps, 'batch_size': batch_size,
                     'learning_rate': learning_rate, 'seed': seed,
                     'weight_decay': weight_decay, 'dropout': dropout,
                     'weights': initial and initial['sha256'],
                     'backbone': str(backbone), 'importance': importance,
                     'preprocessing': TRAINED, 'data': about['data']})
    start = restore_checkpoint(checkpoint, model, identity)
    validation = fixed_batches(held_out, VALIDATION_SIZE)
    _loop(model, MixedBatches(samplers, rng=seed), start, n_steps,
          validate=lambda: _validate(network, validation),
          history=History(output.with_suffix('.history.csv'), step=start),
          progress=progress, seconds=checkpoint_seconds,
          save=lambda: save_checkpoint(checkpoint, model, identity))
    take_averages(model)
    save_network(output, network, {
        **_metadata(about, network, held_out), 'steps': n_steps,
        'batch_size': batch_size, 'command': command,
        'training_history': warm_start.training_history(initial)})
    checkpoint.unlink(missing_ok=True)
    if importance:
        errors.discard()
    return output


def _check(pairs, detections, n_steps, batch_size):
    """Check the plain arguments of `train`."""
    if pairs is None and detections is None:
        msg = 'pairs or detections must be given: there is nothing to learn'
        raise ValueError(msg)
    if n_steps < 1 or batch_size < 2:
        msg = (f'n_steps must be at least 1 and batch_size at least 2, got '
               f'{n_steps!r} and {batch_size!r}')
        raise ValueError(msg)


def _start_network(seed, dropout, precision, weights, backbone):
    """Return the initial network, and the metadata of its weights."""
    keras = import_keras()

    keras.utils.set_random_seed(seed)
    network = build_network(dtype=resolve_precision(precision),
                            dropout=dropout,
                            n_channels=PREPROCESSINGS[TRAINED].n_channels)
    if backbone is not None:
        warm_start.load_backbone(network, backbone)
    return network, (
        None if weights is None
        else warm_start.load_initial_weights(network, weights))


def compile_model(model, n_steps, learning_rate, weight_decay):
    """Give the model its losses, optimizer and schedule."""
    keras = import_keras()

    warmup = min(WARMUP_STEPS, n_steps // 4)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else learning_rate, max(n_steps - warmup, 1),
        alpha=0.01, warmup_target=learning_rate if warmup else None,
        warmup_steps=warmup)
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=weight_decay, global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=max(1 - 1 / (AVERAGED_SHARE * n_steps), 0.0))
    n_maps = len(batches.LOCATORS)
    model.compile(
        optimizer,
        ['binary_crossentropy', *[batches.locator_loss] * n_maps],
        loss_weights=[1.0, *[batches.LOCATOR_WEIGHT] * n_maps],
        metrics=[[keras.metrics.BinaryAccuracy(name='accuracy')],
                 *[[]] * n_maps])
    optimizer.build(model.trainable_variables)


def _metadata(about, network, held_out):
    """Return the metadata that follow from data and network."""
    # the blend fraction that each region's probabilities assume
    fractions = {
        region: round(fit_fraction(*values), 4)
        for region, *values in _predictions(network, fixed_batches(
            held_out, CALIBRATION_SIZE, step=1))}
    return {'architecture': 'VGG-16', 'preprocessing': TRAINED,
            'stamp_size': STAMP_SIZE, 'classes': ['isolated', 'blended'],
            'regions': sorted(fractions), 'trained_fraction': fractions,
            'prior': about['prior'], 'domain': about['domain'],
            'version': __version__, 'results': {}}


def _loop(model, make_batch, start, n_steps, *, validate, history,
          progress, save, seconds):
    """Run the steps, with reports and checkpoints on the way."""
    saved = began = time.monotonic()
    with (ThreadPoolExecutor(1) as pool,
          progress_bar(total=n_steps, initial=start, enabled=progress,
                       description='training') as bar):
        upcoming = pool.submit(make_batch, start) if start < n_steps else None
        for step in range(start, n_steps):
            batch = upcoming.result()
            if step + 1 < n_steps:
                upcoming = pool.submit(make_batch, step + 1)
            logs = model.train_on_batch(
                batch.inputs, [batch.labels, *batch.maps],
                [batch.sample_weights.ravel(),
                 *[batch.map_weights.ravel()] * len(batch.maps)],
                return_dict=True)
            done = step + 1
            bar.update(1)
            bar.set_postfix(loss=f'{logs["loss"]:.4f}')
            if done % REPORT_STEPS == 0 or done == n_steps:
                report = {key: round(float(value), 5)
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
    """Let a model use the averages of its weights in a block."""
    current = model.get_weights()
    take_averages(model)
    yield
    model.set_weights(current)


def take_averages(model):
    """Set the weights to their averages."""
    model.optimizer.finalize_variable_values(model.trainable_variables)
    # copies: JAX deletes the arrays that it predicts with, which weights
    # and averages would share
    model.set_weights(model.get_weights())


def _predictions(network, by_region):
    """Yield region, P, truth and sample weights of each batch."""
    for region, batch in by_region.items():
        p = network.predict(batch.inputs, batch_size=128, verbose=0).ravel()
        yield (region, p, batch.labels.ravel() > 0.5,
               batch.sample_weights.ravel())


def _validate(network, validation):
    """Return accuracy and area under the ROC curve of each region."""
    report = {}
    for region, p, truth, _ in _predictions(network, validation):
        report[f'{region}_accuracy'] = round(np.mean((p > 0.5) == truth), 4)
        report[f'{region}_auc'] = round(_auc(p, truth), 4)
    return report


def _auc(score, truth):
    """Return the area under the ROC curve, from the Mann-Whitney U."""
    from scipy.stats import mannwhitneyu

    u = mannwhitneyu(score[truth], score[~truth]).statistic
    return u / (truth.sum() * (~truth).sum())
