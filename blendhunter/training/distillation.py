# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Distillation: a small network learns the answers of a large one."""

from functools import partial
from pathlib import Path

import numpy as np

from blendhunter._utils.arrays import dihedral
from blendhunter._utils.files import check_writable
from blendhunter._utils.parallel import integer_seed
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.resume import PartStore
from blendhunter.exceptions import WeightsError
from blendhunter.network.architecture import (
    SMALL,
    build_small_network,
    resolve_precision,
)
from blendhunter.network.backend import import_keras
from blendhunter.network.loading import load_model, save_network
from blendhunter.network.preprocessing import PREPROCESSINGS, TRAINED
from blendhunter.training.batches import Batch, MixedBatches, make_ahead
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
from blendhunter.training.end_to_end import compile_model, take_averages
from blendhunter.training.loop import run_steps
from blendhunter.training.trained_weights import VALIDATION_SIZE, evaluate
from blendhunter.training.warm_start import training_history
from blendhunter.version import __version__

__all__ = ['distill']

# batches whose answers are stored in one file
ANSWERED_TOGETHER = 20
CHECKPOINT_SECONDS = 180
# what the small network takes over from the large one
INHERITED = ('preprocessing', 'stamp_size', 'classes', 'regions',
             'trained_fraction', 'prior', 'domain')


def distill(*, output, pairs=None, detections=None, teacher='default',
            n_batches=1200, n_epochs=5, batch_size=128, learning_rate=1e-3,
            weight_decay=1e-3, dropout=0.1, precision='auto', rng=0,
            checkpoint=None, n_jobs=1, command='', overwrite=False,
            progress=False):
    """
    Train a small network on the probabilities of a large one.

    The large network is the teacher. Its probabilities are the labels in
    the cross-entropy (Hinton et al. 2015, arXiv:1503.02531). The teacher
    evaluates each stamp once. The small network sees it once per epoch, in
    different orientations. The small network needs 4 % of the
    multiplications of VGG-16.

    Parameters
    ----------
    output : str or path-like
        Weights file to write. The history is written next to it, with
        the extension ``.history.csv``.
    pairs, detections : `~blendhunter.dataset.DataSet` or path, optional
        Data for the two regions; see `~blendhunter.train`.
    teacher : str or path-like, optional
        Weights of the large network: a name from
        `~blendhunter.list_weights`, or a file.
    n_batches, n_epochs, batch_size : int, optional
        Number of batches, number of epochs, and stamps in a batch.
    learning_rate, weight_decay, dropout : float, optional
        Settings of AdamW, and the dropout before the dense layer.
    precision : {'auto', 'float32', 'bfloat16'}, optional
        Arithmetic of both networks.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers for the initial values and the batches.
    checkpoint : str or path-like, optional
        File from which an interrupted run continues; by default next to
        the output. The answers of the teacher are stored beside it.
    n_jobs : int, optional
        Background threads that make the batches.
    command : str, optional
        Stored in the weights file.
    overwrite : bool, optional
        Whether an existing output may be replaced.
    progress : bool, optional
        Whether to show progress bars on a terminal.

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
        If the teacher cannot be read, or has no answer for a region.
    """
    _check(pairs, detections, n_batches=n_batches, n_epochs=n_epochs,
           batch_size=batch_size)
    output = Path(output)
    check_writable(output, overwrite=overwrite)
    checkpoint = Path(checkpoint or output.with_suffix('.checkpoint.h5'))
    seed = integer_seed(rng)
    samplers, held_out, about = prepare_samplers(pairs, detections,
                                                 batch_size)
    large = _load_teacher(teacher, precision, held_out)
    network, identity = _start_network(seed, dropout, precision), {
        'what': 'distillation', 'n_batches': n_batches, 'seed': seed,
        'batch_size': batch_size, 'teacher': large.metadata['sha256'],
        'data': about['data']}
    store = PartStore(checkpoint.with_suffix('.answers'))
    store.begin(identity)
    batches = MixedBatches(samplers, rng=seed)
    lessons = Lessons(batches, _answers(large, batches, n_batches, store,
                                        progress))
    n_steps = n_batches * n_epochs
    compile_model(network, n_steps, learning_rate, weight_decay)
    identity = repr({**identity, 'n_epochs': n_epochs, 'dropout': dropout,
                     'learning_rate': learning_rate,
                     'weight_decay': weight_decay})
    start = restore_checkpoint(checkpoint, network, identity)
    validation = fixed_batches(held_out, VALIDATION_SIZE)
    steps = run_steps(
        network, make_ahead(lessons, range(start, n_steps), n_jobs=n_jobs),
        start, n_steps, progress=progress,
        validate=partial(evaluate, network, validation),
        history=History(output.with_suffix('.history.csv'), step=start),
        actions=[(CHECKPOINT_SECONDS, lambda _: save_checkpoint(
            checkpoint, network, identity))])
    take_averages(network)
    _write(output, network, large, command=command, steps=steps,
           batch_size=batch_size)
    checkpoint.unlink(missing_ok=True)
    store.discard()
    return output


class Lessons:
    """
    Batches with the answers of a teacher as labels, again and again.

    ``answers`` (n_batches, batch_size) are its probabilities. Each epoch
    turns the stamps of all batches by another of eight orientations.
    """

    def __init__(self, batches, answers):
        self.batches = batches
        self.answers = answers

    def __call__(self, step):
        """Return the `Batch` of a step."""
        epoch, index = divmod(step, len(self.answers))
        inputs = dihedral(self.batches(index).inputs, epoch % 8)
        ones = np.ones((len(inputs), 1), dtype=np.float32)
        return Batch(np.ascontiguousarray(inputs),
                     self.answers[index][:, None], ones, [], ones)


def _check(pairs, detections, **numbers):
    """Check the plain arguments of `distill`."""
    check_given(pairs, detections)
    for name, value in numbers.items():
        if value < 1:
            msg = f'{name} must be at least 1, got {value!r}'
            raise ValueError(msg)


def _load_teacher(teacher, precision, regions):
    """Return the large network; it must answer what the data ask."""
    model = load_model(teacher, precision=precision)
    if model.metadata['preprocessing'] != TRAINED:
        msg = (f'teacher: {str(teacher)!r} has the preprocessing '
               f'{model.metadata["preprocessing"]!r}, not {TRAINED!r}')
        raise WeightsError(msg)
    missing = sorted(set(regions) ^ set(model.regions))
    if missing:
        msg = (f'teacher: {str(teacher)!r} is for the regions '
               f'{model.regions}, but the data are for {tuple(regions)}; both '
               'must be the same')
        raise WeightsError(msg)
    return model


def _start_network(seed, dropout, precision):
    """Return a small network with random values."""
    import_keras().utils.set_random_seed(seed)
    return build_small_network(
        dtype=resolve_precision(precision), dropout=dropout,
        n_channels=PREPROCESSINGS[TRAINED].n_channels)


def _answers(model, batches, n_batches, store, progress):
    """Return the teacher's P of all batches, from the store if there."""
    answers = []
    with progress_bar(total=n_batches, description='answers',
                      enabled=progress) as bar:
        for start in range(0, n_batches, ANSWERED_TOGETHER):
            steps = range(start, min(start + ANSWERED_TOGETHER, n_batches))
            made = partial(_answer, model, batches, steps)
            answers.append(store.arrays(start, made)['answers'])
            bar.update(len(steps))
    return np.concatenate(answers)


def _answer(model, batches, steps):
    """Return the teacher's P of some batches."""
    return {'answers': np.stack([
        np.asarray(model.network.predict_on_batch(batch.inputs))[:, 0]
        for batch in make_ahead(batches, steps)])}


def _write(path, network, teacher, **details):
    """Write the weights; what P means is as in the teacher's."""
    metadata = teacher.metadata
    save_network(path, network, {
        **{name: metadata[name] for name in INHERITED},
        'architecture': SMALL, 'version': __version__, 'results': {},
        'distilled_from': metadata['sha256'], **details,
        'training_history': training_history(metadata)})
