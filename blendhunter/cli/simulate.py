"""``blendhunter simulate``: stamps, pairs, detections or a field."""

from functools import partial

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.options import new_parser, positive_int

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb and its four kinds of output."""
    parser = new_parser(
        verbs, 'simulate', 'Simulate stamps or fields with known truth.',
        'blendhunter simulate stamps 80000 -o stamps.h5 --noise 14.5')
    kinds = parser.add_subparsers(dest='what', required=True, metavar='KIND')
    stamps = kinds.add_parser('stamps', help="the paper's stamps (HDF5)")
    stamps.add_argument('n', type=positive_int, help='number of stamps')
    stamps.add_argument('--kind', default='parametric', choices=(
        'parametric', 'structured', 'realistic'))
    stamps.add_argument('--noise', type=float,
                        help="RMS noise in counts (the survey's)")
    stamps.add_argument('--noiseless', action='store_true')
    stamps.add_argument('--centring', default='pipeline',
                        choices=('pipeline', 'training', 'exact'))
    stamps.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog, for --kind realistic')
    pairs = kinds.add_parser('pairs', help='pairs for training (HDF5)')
    pairs.add_argument('n', type=positive_int, help='number of pairs')
    detections = kinds.add_parser(
        'detections', help='labelled detections for training (HDF5)')
    detections.add_argument('n', type=positive_int, help='number of fields')
    field = kinds.add_parser('field', help='an image (FITS) and its truth')
    field.add_argument('shape', type=positive_int, nargs=2,
                       metavar=('NY', 'NX'))
    field.add_argument('--truth', metavar='TABLE', required=True,
                       help='file of the true sources')
    field.add_argument('--density', type=float,
                       help='galaxies per square arcminute to 26.5')
    for sub in (stamps, pairs, detections, field):
        sub.add_argument('-o', '--output', required=True)
        sub.add_argument('--seed', type=int, default=None)
        sub.add_argument('--n-jobs', type=int, default=-1,
                         help='processes; -1 takes every core')
        sub.add_argument('--overwrite', action='store_true')
    return parser


def run(arguments):
    """Simulate and write what was asked for."""
    check_writable(arguments.output, overwrite=arguments.overwrite)
    if arguments.what == 'field':
        _field(arguments)
        return
    from blendhunter.dataset import write_dataset
    from blendhunter.simulation.recipes import (
        simulate_training_detections,
        simulate_training_pairs,
    )

    makers = {'stamps': partial(_stamps, arguments),
              'pairs': simulate_training_pairs,
              'detections': simulate_training_detections}
    with progress_bar(total=arguments.n, description='simulating') as bar:
        dataset = makers[arguments.what](
            arguments.n, rng=arguments.seed, n_jobs=arguments.n_jobs,
            progress=bar.update)
    write_dataset(arguments.output, dataset)
    print(f'{len(dataset)} entries written to {arguments.output}')


def _stamps(arguments, n, *, rng, n_jobs, progress):
    """Simulate stamps with the options of the command line."""
    from blendhunter.dataset import DataSet
    from blendhunter.simulation import simulate_stamps

    noise = 'survey' if arguments.noise is None else arguments.noise
    made = simulate_stamps(
        n, kind=arguments.kind, centring=arguments.centring,
        noise=None if arguments.noiseless else noise, rng=rng,
        cosmos_dir=arguments.cosmos_dir, n_jobs=n_jobs, progress=progress)
    return DataSet({'centrals': made.centrals,
                    'companions': made.companions, 'stamps': made.stamps},
                   made.truth, {**made.provenance, 'noise': made.noise})


def _field(arguments):
    """Simulate a field and write image and truth."""
    from blendhunter.simulation import simulate_field

    check_table_path(arguments.truth, overwrite=arguments.overwrite,
                     name='truth')
    with progress_bar(total=None, description='simulating') as bar:
        image, truth = simulate_field(
            tuple(arguments.shape), density=arguments.density,
            rng=arguments.seed, n_jobs=arguments.n_jobs,
            progress=bar.update)
    with atomic_path(arguments.output) as temporary:
        image.write(temporary, format='fits', overwrite=True)
    write_table(truth, arguments.truth, overwrite=arguments.overwrite)
    print(f'{len(truth)} sources written to {arguments.truth}, the image '
          f'to {arguments.output}')
