# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Train all layers of a network."""

from functools import partial
from math import inf
from pathlib import Path

from blendhunter._utils.files import check_writable
from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.resume import PartStore
from blendhunter.network.architecture import build_network, resolve_precision
from blendhunter.network.backend import import_keras
from blendhunter.network.loading import load_model
from blendhunter.network.locators import add_locators
from blendhunter.network.preprocessing import PREPROCESSINGS, TRAINED
from blendhunter.training import batches, warm_start
from blendhunter.training.batches import MixedBatches, make_ahead
from blendhunter.training.checkpoint import (
    History,
    restore_checkpoint,
    save_checkpoint,
)
from blendhunter.training.data_split import (
    check_given,
    fixed_batches,
    prepare_samplers,
)
from blendhunter.training.importance_sampling import add_errors
from blendhunter.training.loop import (
    AVERAGED_SHARE,
    TimeLimit,
    averaged,
    run_steps,
    take_averages,
)
from blendhunter.training.trained_weights import (
    VALIDATION_SIZE,
    evaluate,
    write_trained,
)

__all__ = ['compile_model', 'take_averages', 'train']

WARMUP_STEPS = 100


def train(*, output, pairs=None, detections=None, n_steps=1600,
          batch_size=128, learning_rate=1.5e-4, weight_decay=1e-3,
          dropout=0.3, weights=None, backbone=None, importance=False,
          precision='auto', rng=0, checkpoint=None, checkpoint_seconds=180,
          max_seconds=None, snapshot_seconds=None, n_jobs=1, command='',
          overwrite=False, progress=False):
    """
    Train all layers of a network.

    Every batch has new noise and new orientations.

    Parameters
    ----------
    output : str or path-like
        Weights file to write. The history is written next to it, with
        the extension ``.history.csv``.
    pairs : `~blendhunter.dataset.DataSet` or path, optional
        Central and companion galaxies for ``region='stamp'``. Galaxies of
        the same ``group`` are recombined.
    detections : `~blendhunter.dataset.DataSet` or path, optional
        Labeled detections for ``region='segment'``.
    n_steps, batch_size : int, optional
        Number and size of the batches. With both data sets, 72 of 128
        stamps are detections.
    learning_rate, weight_decay : float, optional
        Settings of AdamW. The rate rises during the first 100 steps and
        then falls as a cosine.
    dropout : float, optional
        Dropout in the dense head.
    weights : str or path-like, optional
        Weights to fine-tune.
    backbone : None, 'imagenet' or path, optional
        Initial values of the convolutions. It cannot be given together
        with ``weights``.
    importance : bool, optional
        Whether to use importance sampling. All detections and isolated
        galaxies are first evaluated with ``weights``. Then they are drawn
        in proportion to their errors, with inverse sample weights. The
        gradient is then as precise as with batches of twice the size.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic. The variables are always float32.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers for the initial values and the batches. To continue
        an interrupted training, use the same seed. None is always
        different.
    checkpoint : str or path-like, optional
        Checkpoint file, by default next to the output. If it exists, the
        training continues from it. It is deleted at the end.
    checkpoint_seconds : float, optional
        Time between checkpoints in seconds.
    max_seconds : float, optional
        Longest duration in seconds. The training ends earlier after
        ``n_steps``. The learning rate reaches its lowest value at the end,
        because the number of steps is estimated from the measured speed.
        Reading the data and the final calibration are not counted.
    snapshot_seconds : float, optional
        Time between snapshots in seconds. A snapshot has the present
        weights. It is written next to the output, with the extension
        ``.snapshot.h5``.
    n_jobs : int, optional
        Number of background threads that make the batches; -1 uses one per
        core. The batches do not depend on it.
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
    _check_loop(n_jobs, max_seconds=max_seconds,
                snapshot_seconds=snapshot_seconds)
    warm_start.check_start(weights=weights, backbone=backbone,
                           importance=importance)
    output = Path(output)
    check_writable(output, overwrite=overwrite)
    checkpoint = Path(checkpoint or output.with_suffix('.checkpoint.h5'))
    snapshot = output.with_suffix('.snapshot.h5')
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
    model = add_locators(network)
    if weights is not None:
        warm_start.load_initial_locators(model, weights)
    schedule = compile_model(model, n_steps, learning_rate, weight_decay)
    limit = max_seconds and TimeLimit(model, schedule, max_seconds)
    identity = repr({'n_steps': n_steps, 'batch_size': batch_size,
                     'learning_rate': learning_rate, 'seed': seed,
                     'weight_decay': weight_decay, 'dropout': dropout,
                     'weights': initial and initial['sha256'],
                     'backbone': str(backbone), 'importance': importance,
                     'preprocessing': TRAINED, 'data': about['data']})
    start = restore_checkpoint(checkpoint, model, identity)
    write = partial(write_trained, network, model, about, held_out, {
        'batch_size': batch_size, 'command': command,
        'training_history': warm_start.training_history(initial)})
    validation = fixed_batches(held_out, VALIDATION_SIZE)
    steps = run_steps(
        model, make_ahead(MixedBatches(samplers, rng=seed),
                          range(start, n_steps), n_jobs=n_jobs),
        start, n_steps, limit=limit, progress=progress,
        validate=lambda: evaluate(network, validation),
        history=History(output.with_suffix('.history.csv'), step=start),
        actions=[(checkpoint_seconds, lambda _: save_checkpoint(
            checkpoint, model, identity)),
            (snapshot_seconds or inf, averaged(model)(partial(
                write, snapshot)))])
    take_averages(model)
    write(output, steps)
    snapshot.unlink(missing_ok=True)
    checkpoint.unlink(missing_ok=True)
    if importance:
        errors.discard()
    return output


def _check(pairs, detections, n_steps, batch_size):
    """Check the plain arguments of `train`."""
    check_given(pairs, detections)
    if n_steps < 1 or batch_size < 2:
        msg = ('n_steps must be at least 1, and batch_size at least 2, got '
               f'{n_steps!r} and {batch_size!r}')
        raise ValueError(msg)


def _check_loop(n_jobs, **seconds):
    """Check the number of threads and the times of `train`."""
    if n_jobs == 0:
        msg = 'n_jobs must be a positive number of threads, or -1, got 0'
        raise ValueError(msg)
    for name, value in seconds.items():
        if value is not None and not 0 < value < inf:
            msg = f'{name} must be a positive number of seconds, got {value!r}'
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
    """Give a model its losses and optimizer; return the schedule."""
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
    n_maps = len(model.outputs) - 1
    model.compile(
        optimizer,
        ['binary_crossentropy', *[batches.locator_loss] * n_maps],
        loss_weights=[1.0, *[batches.LOCATOR_WEIGHT] * n_maps],
        metrics=[[keras.metrics.BinaryAccuracy(name='accuracy')],
                 *[[]] * n_maps])
    optimizer.build(model.trainable_variables)
    return schedule
