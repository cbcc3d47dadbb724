# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter train``: train a network on simulated data sets."""

from pathlib import Path

from blendhunter._utils.files import check_outputs, check_writable
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import (
    PREPROCESSINGS,
    add_precision,
    natural,
    new_parser,
    positive_int,
)

__all__ = ['add_parser', 'run']

END_TO_END, DISTILLATION, COMPLETION, PAPER = (
    'end-to-end', 'distillation', 'completion', 'paper')
# options of one protocol or two, with their defaults
OPTIONS = {
    END_TO_END: {'n_pairs': 40_000, 'n_fields': 190, 'n_steps': 1600,
                 'batch_size': 128, 'learning_rate': 1.5e-4,
                 'weights': None, 'importance': False},
    DISTILLATION: {'n_pairs': 20_000, 'n_fields': 80, 'n_batches': 1200,
                   'epochs': 5, 'batch_size': 128, 'learning_rate': 1e-3,
                   'weights': 'default'},
    COMPLETION: {'n_pairs': 5000, 'n_fields': 30, 'n_unusual': 300,
                 'n_batches': 50, 'batch_size': 128, 'weights': 'default'},
    PAPER: {'data': None, 'noise': None, 'preprocessing': None,
            'epochs': 500}}


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'train',
        'Train a network. The same command continues an interrupted run.',
        'blendhunter train --work-dir runs -o my-weights.h5')
    parser.add_argument('-o', '--output', required=True, metavar='FILE',
                        help='weights file to write')
    parser.add_argument('--work-dir', default='.', metavar='DIR',
                        help='directory of pairs.h5, detections.h5 and the '
                        'checkpoint; missing data sets are simulated '
                        '(%(default)s)')
    parser.add_argument('--protocol', default=END_TO_END,
                        choices=tuple(OPTIONS),
                        help='train all layers for both regions; or a small '
                        'network on the answers of --weights; or the layers '
                        'that complete --weights (positions of companions, '
                        'unusual stamps); or the head on a frozen backbone, '
                        'as in the paper (%(default)s)')
    parser.add_argument('--backbone',
                        help="'imagenet', a file of VGG-16 weights, or, "
                             "for --protocol paper, 'default' or 'random'")
    _add_simulated(parser.add_argument_group(
        f'--protocol {END_TO_END}, {DISTILLATION} and {COMPLETION}'))
    _add_paper(parser.add_argument_group(f'--protocol {PAPER}'))
    add_precision(parser)
    parser.add_argument('--seed', type=natural, default=0,
                        help='the same seed gives the same weights, except '
                        'for rounding (%(default)s)')
    parser.add_argument('--n-jobs', type=int, default=-1,
                        help='processes of the simulation, and threads that '
                        'make batches; -1 uses every core (%(default)s)')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace an existing weights file')
    return parser


def _add_simulated(group):
    """Add the options of the trainings on simulated sets."""
    group.add_argument('--n-pairs', type=natural,
                       help='pairs to simulate; with 0 only the region '
                       f'segment is trained ({_defaults("n_pairs")})')
    group.add_argument('--n-fields', type=natural,
                       help='fields to simulate; with 0 only the region '
                       f'stamp is trained ({_defaults("n_fields")})')
    group.add_argument('--n-unusual', type=positive_int,
                       help='stamps of each kind of artifact, '
                       f'{COMPLETION} only ({_defaults("n_unusual")})')
    group.add_argument('--n-steps', type=positive_int,
                       help=f'number of batches, {END_TO_END} only '
                       f'({_defaults("n_steps")})')
    group.add_argument('--n-batches', type=positive_int,
                       help=f'number of batches, {DISTILLATION} and '
                       f'{COMPLETION} only ({_defaults("n_batches")})')
    group.add_argument('--batch-size', type=positive_int,
                       help='stamps in a batch, 72 of 128 of them detections '
                            f'({_defaults("batch_size")})')
    group.add_argument('--learning-rate', type=float,
                       help='highest learning rate '
                       f'({_defaults("learning_rate")})')
    group.add_argument('--weights',
                       help="weights file or 'default': to fine-tune, to "
                       'complete, or as the teacher')
    group.add_argument('--importance', action='store_true', default=None,
                       help=f'importance sampling, {END_TO_END} only: draw '
                            'examples in proportion to the errors of '
                            '--weights')


def _defaults(name):
    """Return the defaults of an option, in the order of the protocols."""
    return ', '.join(dict.fromkeys(
        str(defaults[name]) for defaults in OPTIONS.values()
        if name in defaults))


def _add_paper(group):
    """Add the options of the paper's protocol."""
    group.add_argument('--data', metavar='HDF5',
                       help='stamps, from blendhunter simulate stamps')
    group.add_argument('--noise', type=float,
                       help='RMS of new noise, instead of the noise in the '
                       'file')
    group.add_argument('--preprocessing', choices=PREPROCESSINGS,
                       help='input of the network (paper; with --backbone '
                       'default that of its training)')
    group.add_argument('--epochs', type=positive_int,
                       help=f'most epochs for {PAPER}, number of epochs for '
                       f'{DISTILLATION} ({OPTIONS[PAPER]["epochs"]}, '
                       f'{OPTIONS[DISTILLATION]["epochs"]})')


def run(arguments):
    """Simulate missing data, and train."""
    options = _protocol_options(arguments)
    output = Path(arguments.output)
    check_writable(output, overwrite=arguments.overwrite)
    work = Path(arguments.work_dir)
    check_outputs({'output': output}, {
        **{name: getattr(arguments, name)
           for name in ('data', 'weights', 'backbone')},
        'pairs': work / 'pairs.h5', 'detections': work / 'detections.h5'})
    quiet_backend()
    shared = {'output': output, 'backbone': arguments.backbone,
              'precision': arguments.precision, 'rng': arguments.seed,
              'command': arguments.command, 'progress': True,
              'overwrite': arguments.overwrite}
    if arguments.protocol == PAPER:
        path = _train_paper(work, options, shared)
    elif arguments.protocol == COMPLETION:
        path = _complete(work, options, shared, arguments.n_jobs)
    elif arguments.protocol == DISTILLATION:
        path = _distill(work, options, shared, arguments.n_jobs)
    else:
        path = _train_end_to_end(work, options, shared, arguments.n_jobs)
    print(f'weights written to {path}')


def _protocol_options(arguments):
    """Return the options of the protocol; refuse those of the others."""
    own = OPTIONS[arguments.protocol]
    for protocol, defaults in OPTIONS.items():
        for name in defaults:
            if name not in own and getattr(arguments, name) is not None:
                msg = (f'--{name.replace("_", "-")} is for --protocol '
                       f'{protocol}, not for {arguments.protocol}')
                raise ValueError(msg)
    return {name: default if getattr(arguments, name) is None
            else getattr(arguments, name) for name, default in own.items()}


def _train_paper(work, options, shared):
    """Train the paper's dense head on a data set of stamps."""
    from blendhunter.benchmark.paper import train_transfer
    from blendhunter.benchmark.paper.sets import stamps_of
    from blendhunter.dataset import read_dataset

    data = options.pop('data')
    if not data:
        msg = ('--protocol paper needs --data, a file from '
               'blendhunter simulate stamps')
        raise ValueError(msg)
    stamps, labels, noise = stamps_of(
        read_dataset(data), options.pop('noise'), rng=shared['rng'])
    work.mkdir(exist_ok=True)
    return train_transfer(
        stamps, labels, noise=noise, **options, **shared,
        work_dir=work / f'{shared["output"].stem}.work')


def _train_end_to_end(work, options, shared, n_jobs):
    """Train all layers on pairs and detections."""
    from blendhunter.training import train
    from blendhunter.training.warm_start import check_start

    # before hours of simulation
    check_start(weights=options['weights'], backbone=shared['backbone'],
                importance=options['importance'])
    sets = _simulated_sets(work, options, n_jobs)
    return train(**sets, **options, **shared, n_jobs=n_jobs,
                 checkpoint=_checkpoint(work, shared))


def _distill(work, options, shared, n_jobs):
    """Train a small network on the answers of a large one."""
    from blendhunter.network.weights import resolve_weights
    from blendhunter.training.distillation import distill

    _no_backbone(shared, DISTILLATION)
    teacher = options.pop('weights')
    # before the simulation
    resolve_weights(teacher)
    sets = _simulated_sets(work, options, n_jobs)
    return distill(**sets, teacher=teacher, n_epochs=options.pop('epochs'),
                   **options, **shared, n_jobs=n_jobs,
                   checkpoint=_checkpoint(work, shared))


def _complete(work, options, shared, n_jobs):
    """Fit what completes a trained network."""
    from blendhunter.network.weights import resolve_weights
    from blendhunter.training.completion import complete

    _no_backbone(shared, COMPLETION)
    # before the simulation
    resolve_weights(options['weights'])
    sets = _simulated_sets(work, options, n_jobs)
    return complete(**sets, **options, **shared, n_jobs=n_jobs)


def _no_backbone(shared, protocol):
    """Take the backbone out of the options, or refuse it."""
    if shared.pop('backbone') is not None:
        msg = f'--backbone cannot be given with --protocol {protocol}'
        raise ValueError(msg)


def _simulated_sets(work, options, n_jobs):
    """Return the paths of both data sets, simulated if they are missing."""
    from blendhunter.training.simulated_sets import simulate_missing

    work.mkdir(exist_ok=True)
    return simulate_missing(work, options.pop('n_pairs'),
                            options.pop('n_fields'),
                            n_unusual=options.pop('n_unusual', 0),
                            n_jobs=n_jobs, progress=True)


def _checkpoint(work, shared):
    """Return the path of the checkpoint."""
    return work / f'{shared["output"].stem}.checkpoint.h5'
