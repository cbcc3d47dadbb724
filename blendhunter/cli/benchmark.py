"""``blendhunter benchmark``: measure the model on fixed seeds."""

from pathlib import Path

from blendhunter._utils.files import check_writable
from blendhunter._utils.progress import progress_bar
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.experiments import (
    add_inject_parser,
    add_paper_parser,
    run_inject,
    run_paper,
)
from blendhunter.cli.options import new_parser, positive_int

__all__ = ['add_parser', 'run']

FIELD_SEED = 5001


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'benchmark', 'Measure the model.',
        'blendhunter benchmark stamps\n'
        '  blendhunter benchmark fields --training runs/detections.h5\n'
        '  blendhunter benchmark detectors\n'
        '  blendhunter benchmark paper --scale small -o paper\n'
        '  blendhunter benchmark inject kids.fits -o injected\n'
        '  blendhunter benchmark image kids.ecsv\n'
        '  blendhunter benchmark speed kids.fits')
    kinds = parser.add_subparsers(dest='what', required=True, metavar='WHAT')
    stamps = kinds.add_parser(
        'stamps', help='accuracy of region=stamp on fresh stamps')
    stamps.add_argument('--n', type=positive_int, default=8000,
                        help='stamps of each set (%(default)s)')
    stamps.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog: adds a set of real galaxies')
    fields = kinds.add_parser(
        'fields', help='unrecognised blends in fresh fields')
    fields.add_argument('--n', type=positive_int, default=30,
                        help='fields (%(default)s)')
    fields.add_argument('--density', type=float, default=90.0,
                        help='galaxies per square arcminute (%(default)s)')
    fields.add_argument('--noise-factor', type=float, default=1.0,
                        help="times CFIS's noise (%(default)s)")
    fields.add_argument('--seeing-factor', type=float, nargs=2,
                        default=(0.9, 1.1), metavar=('LOW', 'HIGH'),
                        help="times CFIS's seeing (0.9 1.1)")
    fields.add_argument('--training', metavar='HDF5',
                        help="the network's training detections: boosted "
                             'trees learn from the same')
    fields.add_argument('--seed', type=int, default=FIELD_SEED)
    detectors = kinds.add_parser(
        'detectors', help="SEP and photutils on the paper's stamps, beside "
        "the authors' stored runs")
    detectors.add_argument('--n', type=positive_int, default=8000,
                           help='stamps (%(default)s)')
    detectors.add_argument('--sigmas', type=float, nargs='+',
                           default=[5.0, 14.0, 26.0, 35.0],
                           help='noise in counts (5 14 26 35)')
    detectors.add_argument('--methods', nargs='+', default=['sep'],
                           choices=('sep', 'photutils'),
                           help='detectors (sep)')
    detectors.add_argument('--n-jobs', type=int, default=-1)
    add_paper_parser(kinds)
    add_inject_parser(kinds)
    image = kinds.add_parser(
        'image', help='share of flagged sources by flux')
    image.add_argument('table', help='output of blendhunter classify')
    speed = kinds.add_parser(
        'speed', help='time of classify against the forward pass alone')
    speed.add_argument('image', help='FITS image')
    speed.add_argument('--weights', default='default')
    for sub in (stamps, fields):
        sub.add_argument('--weights', default='default')
        sub.add_argument('--n-jobs', type=int, default=-1)
        sub.add_argument('--record', action='store_true',
                         help='store the results in the weights file')
    for sub in (stamps, fields, detectors, image, speed):
        sub.add_argument('-o', '--output', metavar='TABLE',
                         help='write the scores too')
        sub.add_argument('--overwrite', action='store_true')
    return parser


def run(arguments):
    """Measure and print the scores."""
    from blendhunter._utils.tables import check_table_path, write_table

    if arguments.what in ('paper', 'inject'):
        quiet_backend()
        _print({'paper': run_paper, 'inject': run_inject}[arguments.what](
            arguments))
        print(f'tables and figures: {arguments.output}')
        return
    if arguments.output:
        check_table_path(arguments.output, overwrite=arguments.overwrite)
    if getattr(arguments, 'record', False):
        _check_record(arguments.weights)
    if arguments.what not in ('image', 'detectors'):
        quiet_backend()
    table = {'stamps': _stamps, 'fields': _fields, 'detectors': _detectors,
             'image': _image, 'speed': _speed}[arguments.what](arguments)
    _print(table)
    if arguments.output:
        write_table(table, arguments.output, overwrite=arguments.overwrite)


def _print(table):
    """Print a table with four digits of each number."""
    for name in table.colnames:
        if table[name].dtype.kind == 'f':
            table[name].info.format = '.4g'
    print('\n'.join(table.pformat(max_lines=-1, max_width=-1)))


def _check_record(weights):
    """Refuse, before the measurement, weights that cannot be changed."""
    from blendhunter.network.weights import resolve_weights

    if resolve_weights(weights) != Path(weights):
        msg = ('record: the packaged weights are not changed; give '
               '--weights the path of a file')
        raise ValueError(msg)
    check_writable(weights, overwrite=True, name='weights')


def _record(arguments, entry, table, changes=None):
    """Store scores in the weights file."""
    from blendhunter.network.weights import (
        read_metadata,
        update_metadata,
    )

    if not arguments.record:
        return
    path = arguments.weights
    metadata = read_metadata(path)
    results = {**metadata['results'], entry: [
        {key: value.item() if hasattr(value, 'item') else value
         for key, value in dict(row).items()} for row in table]}
    update_metadata(path, {'results': results, **(
        changes(metadata) if changes else {})})


def _stamps(arguments):
    """Measure region='stamp'."""
    from blendhunter.benchmark import measure_stamps
    from blendhunter.identify import BlendIdentifier

    table = measure_stamps(
        BlendIdentifier(arguments.weights, region='stamp'), arguments.n,
        cosmos_dir=arguments.cosmos_dir, n_jobs=arguments.n_jobs)
    _record(arguments, 'stamp', table)
    return table


def _fields(arguments):
    """Measure region='segment'."""
    from blendhunter.benchmark.model import (
        measure_fields,
        simulate_survey_fields,
    )
    from blendhunter.dataset import read_dataset
    from blendhunter.identify import BlendIdentifier

    training = (read_dataset(arguments.training).truth
                if arguments.training else None)
    with progress_bar(total=arguments.n, description='fields') as bar:
        made = simulate_survey_fields(
            arguments.n, density=arguments.density,
            noise_factor=arguments.noise_factor,
            seeing_factor=tuple(arguments.seeing_factor),
            seed=arguments.seed, n_jobs=arguments.n_jobs,
            progress=bar.update)
    table, fraction = measure_fields(BlendIdentifier(arguments.weights),
                                     made, training)
    print(f'{len(made)} detections, {100 * fraction:.2f} % of them '
          'unrecognised blends')
    _record(arguments, 'segment', table, lambda metadata: {
        'prior': {**metadata['prior'], 'segment': round(fraction, 4)}})
    return table


def _detectors(arguments):
    """Measure what detectors make of stamps."""
    from blendhunter.benchmark import measure_detectors

    n = arguments.n
    steps = 1 + 2 * len(arguments.sigmas) * len(arguments.methods)
    with progress_bar(total=n * steps, description='stamps') as bar:
        return measure_detectors(
            n, sigmas=tuple(arguments.sigmas), n_jobs=arguments.n_jobs,
            methods=tuple(arguments.methods), progress=bar.update)


def _image(arguments):
    """Summarise a classified catalogue."""
    from blendhunter.benchmark import measure_image
    from blendhunter.catalogs import read_catalog

    return measure_image(read_catalog(arguments.table))


def _speed(arguments):
    """Time a classification."""
    from blendhunter.benchmark import measure_speed
    from blendhunter.identify import BlendIdentifier

    table = measure_speed(BlendIdentifier(arguments.weights),
                          arguments.image)
    print(f'{table.meta["sources"]} sources')
    return table
