# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter simulate``: stamps, pairs, detections or a field."""

import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.resume import PartStore
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.dataclass_options import (
    add_dataclass_options,
    from_options,
)
from blendhunter.cli.options import (
    add_flux_ratio,
    check_files,
    natural,
    new_parser,
    positive_int,
)
from blendhunter.simulation import Artifacts, Exposure, SourceModel
from blendhunter.simulation.stamp_scenes import CENTERINGS

__all__ = ['add_parser', 'run']

# of data sets and of images
EXTENSIONS = (('.h5', '.hdf5'), ('.fits', '.fit', '.fits.gz', '.fit.gz'))
# stamps of each label in the contact sheet, and in one row
SHOWN, ACROSS = 30, 10


def add_parser(verbs):
    """Add the verb and its four kinds of output."""
    parser = new_parser(
        verbs, 'simulate', 'Simulate stamps or fields with known truth. The '
        'same command continues an\ninterrupted run.',
        'blendhunter simulate stamps 80000 -o stamps.h5 --noise 14.5\n'
        '  blendhunter simulate field 2000 2000 -o sky.fits --truth sky.ecsv')
    kinds = parser.add_subparsers(dest='what', required=True, metavar='KIND')
    for what, counted, text, example in (
            ('stamps', 'stamps', "Simulate the paper's stamps (HDF5).",
             '80000 -o stamps.h5 --centering exact --noise 14.5'),
            ('pairs', 'pairs', 'Simulate pairs for training (HDF5).',
             '40000 -o pairs.h5'),
            ('detections', 'fields', 'Simulate labeled detections for '
             'training (HDF5).', '190 -o detections.h5'),
            ('field', None, 'Simulate an image (FITS) and its truth.',
             '2000 2000 -o sky.fits --truth sky.ecsv')):
        sub = new_parser(kinds, what, text,
                         f'blendhunter simulate {what} {example}')
        if counted:
            sub.add_argument('n', type=positive_int,
                             help=f'number of {counted}')
        if what == 'stamps':
            _add_stamp_options(sub)
        elif what == 'detections':
            add_flux_ratio(sub)
        elif what == 'field':
            _add_field_options(sub)
        sub.add_argument('-o', '--output', required=True, metavar='FILE',
                         help='HDF5 file' if counted else 'FITS image')
        sub.add_argument('--seed', type=natural,
                         help='the same seed gives the same data')
        sub.add_argument('--n-jobs', type=int, default=-1,
                         help='number of processes; -1 uses every core')
        sub.add_argument('--overwrite', action='store_true',
                         help='replace existing files')
    return parser


def _add_models(parser, *, sources=None, exposure=None):
    """Add survey and models; the names of their fields, None for all."""
    parser.add_argument('--survey', default='cfis',
                        help='cfis, kids, or a name of surveycodex such as '
                        'lsst or lsst-r (%(default)s)')
    add_dataclass_options(parser, SourceModel, names=sources)
    add_dataclass_options(parser, Exposure, names=exposure,
                          skip=('noise', 'artifacts'))
    noise = parser.add_mutually_exclusive_group()
    add_dataclass_options(noise, Exposure, names=('noise',))
    noise.add_argument('--noiseless', action='store_const', const=None,
                       dest='noise', help='no noise; same as --noise none')
    add_dataclass_options(parser, Artifacts)


def _add_field_options(parser):
    """Add the options of a field."""
    # (argparse cannot show the help of a positional with two metavars)
    parser.add_argument('shape', type=positive_int, nargs=2, metavar='SIZE',
                        help='height and width in px')
    parser.add_argument('--truth', metavar='TABLE', required=True,
                        help='table of the true sources')
    _add_models(parser)


def _add_stamp_options(parser):
    """Add the options of stamps."""
    _add_models(parser, sources=('kind', 'cosmos_dir', 'bright', 'faint'),
                exposure=('psf', 'noise_correlation'))
    parser.set_defaults(kind='parametric', bright=19.0, faint=25.2)
    parser.add_argument('--centering', default='pipeline',
                        choices=tuple(CENTERINGS),
                        help='offset of the central source; exact (none) is '
                        'that of the paper (%(default)s)')
    parser.add_argument('--blend-fraction', type=float, default=0.5,
                        help='fraction of blended stamps (%(default)s)')
    parser.add_argument('--star-fraction', type=float, default=0.0,
                        help='fraction of sources that are stars '
                        '(%(default)s)')
    parser.add_argument('--n-max-sources', type=int, default=2,
                        help='most sources in a blend, 2 to 5 (%(default)s)')
    for name, default, text in (
            ('separation', None, 'of companions in px; by default they are '
             'uniform in the stamp'),
            ('magnitude-difference', None, 'of companions; by default that '
             'of the number counts'),
            ('seeing-range', (1.0, 1.0), "times the survey's seeing "
             '(1.0 1.0)')):
        parser.add_argument(f'--{name}', type=float, nargs=2, help=text,
                            default=default, metavar=('MIN', 'MAX'))
    parser.add_argument('--plot', metavar='PNG',
                        help='contact sheet of the first stamps')


def run(arguments):
    """Simulate and write what was asked for."""
    check_files(arguments, ('output', 'truth', 'plot'), ('psf',))
    check_writable(arguments.output, overwrite=arguments.overwrite,
                   extensions=EXTENSIONS[arguments.what == 'field'])
    if arguments.what == 'field':
        _field(arguments)
        return
    plot = getattr(arguments, 'plot', None)
    if plot:
        from blendhunter.plotting import check_figure_path

        check_figure_path(plot, overwrite=arguments.overwrite)
    from blendhunter.dataset import write_dataset
    from blendhunter.training import simulated_sets

    makers = {'stamps': partial(_stamps, arguments),
              'pairs': simulated_sets.simulate_training_pairs,
              'detections': partial(_detections, arguments)}
    with _resumable(arguments) as options:
        dataset = makers[arguments.what](arguments.n, **options)
        write_dataset(arguments.output, dataset)
    print(f'{len(dataset)} entries written to {arguments.output}')
    if plot:
        _draw(plot, dataset)
        print(f'picture: {plot}')


def _draw(path, dataset):
    """Write a contact sheet of isolated and blended stamps."""
    from blendhunter._utils.arrays import robust_sigma
    from blendhunter.plotting import plot_contact_sheet, save_figure

    stamps = dataset.arrays['stamps']
    blended = dataset.truth['label'] == 1
    rows = {name: stamps[chosen][:SHOWN] for name, chosen in (
        ('isolated', ~blended), ('blended', blended)) if chosen.any()}
    noise = dataset.provenance['noise'] or robust_sigma(stamps[:, 0]) or 1.0
    save_figure(plot_contact_sheet(rows, noise=noise, across=ACROSS), path)


@contextmanager
def _resumable(arguments):
    """Give the options of a run; keep its parts if it does not finish."""
    store = PartStore.beside(arguments.output)
    try:
        yield {'rng': arguments.seed, 'n_jobs': arguments.n_jobs,
               'work_dir': store.directory, 'progress': True}
    except BaseException:
        if store.n_parts():
            print(f'finished parts are kept in {store.directory}; the same '
                  'command continues the run', file=sys.stderr)
        raise
    store.discard()


def _artifacts(arguments):
    """Return the artifacts, or None if all their rates are zero."""
    artifacts = from_options(Artifacts, arguments)
    none = replace(Artifacts(), masked=artifacts.masked)
    return None if artifacts == none else artifacts


def _stamps(arguments, n, **options):
    """Simulate stamps with the options of the command line."""
    from blendhunter.simulation import simulate_stamps

    names = ('survey', 'kind', 'cosmos_dir', 'bright', 'faint', 'psf',
             'noise', 'noise_correlation', 'centering', 'blend_fraction',
             'star_fraction', 'n_max_sources', 'separation',
             'magnitude_difference', 'seeing_range')
    return simulate_stamps(
        n, **{name: getattr(arguments, name) for name in names},
        artifacts=_artifacts(arguments), **options).to_dataset()


def _detections(arguments, n_fields, **options):
    """Simulate detections for training."""
    from blendhunter.training.simulated_sets import (
        simulate_training_detections,
    )

    return simulate_training_detections(
        n_fields, min_flux_ratio=arguments.min_flux_ratio, **options)


def _field(arguments):
    """Simulate a field and write image and truth."""
    from blendhunter.simulation import simulate_field

    check_table_path(arguments.truth, overwrite=arguments.overwrite,
                     name='truth')
    with _resumable(arguments) as options:
        image, truth = simulate_field(
            tuple(arguments.shape), survey=arguments.survey,
            sources=from_options(SourceModel, arguments),
            exposure=from_options(Exposure, arguments,
                                  artifacts=_artifacts(arguments)),
            **options)
        # both or none: the image moves into place after the table
        with atomic_path(arguments.output) as temporary:
            image.write(temporary, format='fits', overwrite=True)
            write_table(truth, arguments.truth,
                        overwrite=arguments.overwrite)
    print(f'{len(truth)} sources written to {arguments.truth}, the image '
          f'to {arguments.output}')
