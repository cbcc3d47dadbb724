"""``blendhunter train``: simulated data sets to a weights file."""

from pathlib import Path

from blendhunter._utils.chunks import ChunkStore
from blendhunter._utils.files import check_writable
from blendhunter._utils.progress import progress_bar
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import (
    PREPROCESSINGS,
    natural,
    new_parser,
    positive_int,
)

__all__ = ['add_parser', 'run']

PAIR_SEED, DETECTION_SEED = 11, 14
END_TO_END, PAPER = 'end-to-end', 'paper'
# what only one of the protocols knows, and the default there
OPTIONS = {
    END_TO_END: {'n_pairs': 40_000, 'n_fields': 190, 'n_steps': 1600,
                 'learning_rate': 1.5e-4, 'weights': None,
                 'importance': False},
    PAPER: {'data': None, 'noise': None, 'preprocessing': None,
            'epochs': 500}}


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'train',
        'Train a network; killed, the same command continues.',
        'blendhunter train --work-dir runs -o my-weights.h5')
    parser.add_argument('-o', '--output', required=True, metavar='FILE',
                        help='weights file to write')
    parser.add_argument('--work-dir', default='.', metavar='DIR',
                        help='where pairs.h5, detections.h5 and the '
                             'checkpoint stand; what is missing is '
                             'simulated (%(default)s)')
    parser.add_argument('--protocol', default=END_TO_END,
                        choices=(END_TO_END, PAPER),
                        help='all layers for both questions, or the '
                             "paper's frozen backbone (%(default)s)")
    parser.add_argument('--backbone',
                        help="'imagenet', a file of VGG-16 weights, or, "
                             "for --protocol paper, 'default' or 'random'")
    _add_end_to_end(parser.add_argument_group('--protocol end-to-end'))
    _add_paper(parser.add_argument_group('--protocol paper'))
    parser.add_argument('--precision', default='auto',
                        choices=('auto', 'float32', 'bfloat16'))
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--n-jobs', type=int, default=-1,
                        help='processes that simulate')
    parser.add_argument('--overwrite', action='store_true')
    return parser


def _add_end_to_end(group):
    """Add what only the training of all layers knows."""
    default = OPTIONS[END_TO_END]
    group.add_argument('--n-pairs', type=natural,
                       help='pairs to simulate; 0 trains the segment '
                            f'question alone ({default["n_pairs"]})')
    group.add_argument('--n-fields', type=natural,
                       help='fields to simulate; 0 trains the stamp '
                            f'question alone ({default["n_fields"]})')
    group.add_argument('--n-steps', type=positive_int,
                       help=f'batches of 128 ({default["n_steps"]})')
    group.add_argument('--learning-rate', type=float,
                       help=f'highest ({default["learning_rate"]})')
    group.add_argument('--weights',
                       help="continue from a weights file or 'default'")
    group.add_argument('--importance', action='store_true', default=None,
                       help='draw examples in proportion to the errors of '
                            '--weights')


def _add_paper(group):
    """Add what only the paper's protocol knows."""
    group.add_argument('--data', metavar='HDF5',
                       help='stamps, from blendhunter simulate stamps')
    group.add_argument('--noise', type=float,
                       help='draw noise of this RMS anew, instead of that '
                            'in the file')
    group.add_argument('--preprocessing', choices=PREPROCESSINGS,
                       help='(paper; with --backbone default its own)')
    group.add_argument('--epochs', type=positive_int,
                       help=f'at most ({OPTIONS[PAPER]["epochs"]})')


def run(arguments):
    """Simulate what is missing, and train."""
    _settle(arguments)
    check_writable(arguments.output, overwrite=arguments.overwrite)
    quiet_backend()
    if arguments.protocol == PAPER:
        path = _run_paper(arguments)
    else:
        path = _run_end_to_end(arguments)
    print(f'weights written to {path}')


def _settle(arguments):
    """Refuse options of the other protocol; fill in the defaults."""
    for protocol, defaults in OPTIONS.items():
        for name, default in defaults.items():
            if getattr(arguments, name) is None:
                setattr(arguments, name, default)
            elif protocol != arguments.protocol:
                msg = (f'--{name.replace("_", "-")} belongs to --protocol '
                       f'{protocol}, not to {arguments.protocol}')
                raise ValueError(msg)


def _run_paper(arguments):
    """Train the paper's dense head on a data set of stamps."""
    from blendhunter.dataset import read_dataset
    from blendhunter.network import train_transfer

    if not arguments.data:
        msg = ('--protocol paper needs --data, a file of '
               'blendhunter simulate stamps')
        raise ValueError(msg)
    work = Path(arguments.work_dir)
    work.mkdir(exist_ok=True)
    stamps, labels, noise = _paper_stamps(read_dataset(arguments.data),
                                          arguments)
    return train_transfer(
        stamps, labels, output=arguments.output, noise=noise,
        backbone=arguments.backbone, epochs=arguments.epochs,
        preprocessing=arguments.preprocessing,
        precision=arguments.precision, seed=arguments.seed,
        work_dir=work / f'{Path(arguments.output).stem}.work',
        command=arguments.command, overwrite=arguments.overwrite,
        progress=True)


def _paper_stamps(data, arguments):
    """Return noisy stamps, their labels and their noise."""
    import numpy as np

    noise = arguments.noise or data.provenance.get('noise')
    wanted = ('centrals', 'companions') if arguments.noise else ('stamps',)
    if not noise or any(name not in data.arrays for name in wanted):
        msg = (f'data: {arguments.data!r} holds no noisy stamps; make some '
               'with blendhunter simulate stamps, or give --noise')
        raise ValueError(msg)
    if not arguments.noise:
        return data.arrays['stamps'], data.truth['label'], noise
    clean = data.arrays['centrals'] + data.arrays['companions']
    rng = np.random.default_rng([arguments.seed, round(1000 * noise)])
    clean += np.float32(noise) * rng.standard_normal(clean.shape,
                                                     dtype=np.float32)
    return clean, data.truth['label'], noise


def _run_end_to_end(arguments):
    """Train all layers on pairs and detections."""
    from blendhunter.network import train
    from blendhunter.network.ancestry import check_start
    from blendhunter.simulation.recipes import (
        simulate_training_detections,
        simulate_training_pairs,
    )

    # before hours of simulation
    check_start(weights=arguments.weights, backbone=arguments.backbone,
                importance=arguments.importance)
    work = Path(arguments.work_dir)
    work.mkdir(exist_ok=True)
    sets = {}
    for name, n, seed, maker in (
            ('pairs', arguments.n_pairs, PAIR_SEED, simulate_training_pairs),
            ('detections', arguments.n_fields, DETECTION_SEED,
             simulate_training_detections)):
        sets[name] = (_data_file(work / f'{name}.h5', maker, n, seed,
                                 arguments.n_jobs) if n else None)
    return train(
        output=arguments.output, **sets, n_steps=arguments.n_steps,
        learning_rate=arguments.learning_rate, weights=arguments.weights,
        backbone=arguments.backbone, importance=arguments.importance,
        precision=arguments.precision, seed=arguments.seed,
        command=arguments.command,
        checkpoint=work / f'{Path(arguments.output).stem}.checkpoint.h5',
        overwrite=arguments.overwrite, progress=True)


def _data_file(path, maker, n, seed, n_jobs):
    """Return the path of a data set, simulated if it is not there."""
    from blendhunter.dataset import write_dataset

    if not path.is_file():
        store = ChunkStore(path.with_name(f'{path.name}.parts'))
        with progress_bar(total=n, description=path.stem) as bar:
            write_dataset(path, maker(n, rng=seed, n_jobs=n_jobs,
                                      work_dir=store.directory,
                                      progress=bar.update))
        store.discard()
    return path
