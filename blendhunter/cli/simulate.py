"""``blendhunter simulate``: stamps, pairs, detections or a field."""

import sys
from contextlib import contextmanager
from pathlib import Path

from blendhunter._utils.chunks import ChunkStore
from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.options import natural, new_parser, positive_int

__all__ = ['add_parser', 'run']

KINDS = ('parametric', 'structured', 'realistic', 'cosmos', 'stars')
# of data sets and of images
EXTENSIONS = (('.h5', '.hdf5'), ('.fits', '.fit', '.gz'))
# stamps of each label in the contact sheet, and in one row
SHOWN, ACROSS = 30, 10
ARTEFACTS = {
    'bad_pixels': 'fraction of dead and hot pixels',
    'bad_columns': 'bad columns per 51 px of width',
    'cosmic_rays': 'cosmic-ray hits per 51 x 51 px',
    'trails': 'satellite trails per stamp or field',
    'sky': 'RMS of a residual sky level, over the noise'}


def add_parser(verbs):
    """Add the verb and its four kinds of output."""
    parser = new_parser(
        verbs, 'simulate', 'Simulate stamps or fields with known truth; '
        'killed, the same command continues.',
        'blendhunter simulate stamps 80000 -o stamps.h5 --noise 14.5\n'
        '  blendhunter simulate field 2000 2000 -o sky.fits --truth sky.ecsv'
        ' --survey lsst')
    kinds = parser.add_subparsers(dest='what', required=True, metavar='KIND')
    stamps = kinds.add_parser('stamps', help="the paper's stamps (HDF5)")
    stamps.add_argument('n', type=positive_int, help='number of stamps')
    _add_stamp_options(stamps)
    stamps.add_argument('--plot', metavar='PNG',
                        help='contact sheet of the first stamps')
    pairs = kinds.add_parser('pairs', help='pairs for training (HDF5)')
    pairs.add_argument('n', type=positive_int, help='number of pairs')
    detections = kinds.add_parser(
        'detections', help='labelled detections for training (HDF5)')
    detections.add_argument('n', type=positive_int, help='number of fields')
    field = kinds.add_parser('field', help='an image (FITS) and its truth')
    field.add_argument('shape', type=positive_int, nargs=2,
                       metavar=('NY', 'NX'))
    _add_field_options(field)
    for sub in (stamps, field):
        _add_image_options(sub)
        noise = sub.add_mutually_exclusive_group()
        noise.add_argument('--noise', type=float,
                           help="RMS noise in counts (the survey's)")
        if sub is stamps:
            noise.add_argument('--noiseless', action='store_true',
                               help='no noise at all')
    for sub in (stamps, pairs, detections, field):
        sub.add_argument('-o', '--output', required=True, metavar='FILE',
                         help='FITS image' if sub is field else 'HDF5 file')
        sub.add_argument('--seed', type=natural,
                         help='the same seed gives the same data')
        sub.add_argument('--n-jobs', type=int, default=-1,
                         help='processes; -1 takes every core')
        sub.add_argument('--overwrite', action='store_true',
                         help='replace existing files')
    return parser


def _add_stamp_options(parser):
    """Add what only stamps have."""
    parser.add_argument('--centring', default='pipeline',
                        choices=('pipeline', 'training', 'exact', 'sep'),
                        help="'exact' is the paper's (%(default)s)")
    parser.add_argument('--blend-fraction', type=float, default=0.5,
                        help='of the stamps (%(default)s)')
    parser.add_argument('--star-fraction', type=float, default=0.0,
                        help='of the sources that are stars (%(default)s)')
    parser.add_argument('--n-max-sources', type=int, default=2,
                        help='most sources in a blend, 2 to 5 (%(default)s)')
    for name, text in (
            ('separation', 'of companions in px (anywhere in the stamp)'),
            ('magnitude-difference', 'of companions (as the counts have)'),
            ('seeing-range', "times the survey's seeing (1 1)")):
        parser.add_argument(f'--{name}', type=float, nargs=2,
                            metavar=('MIN', 'MAX'), help=text)


def _add_field_options(parser):
    """Add what only fields have."""
    parser.add_argument('--truth', metavar='TABLE', required=True,
                        help='file of the true sources')
    parser.add_argument('--star-magnitudes', type=float, nargs=2,
                        metavar=('BRIGHT', 'FAINT'), help='(17 25)')
    for name, text in (
            ('star-fraction', 'stars per galaxy (0.05)'),
            ('companions', 'further galaxies thrown near others, per source'),
            ('density', 'galaxies per square arcminute to 26.5'),
            ('clustering', 'fraction of galaxies in clumps'),
            ('seeing-factor', "times the survey's seeing"),
            ('psf-variation', 'change of the PSF over the field'),
            ('spikes', "fraction of bright stars' light in spikes"),
            ('wings', "fraction of bright stars' light in wide wings"),
            ('saturation', 'counts above which pixels are masked'),
            ('gain', 'electrons per count, for photon noise of the sources')):
        parser.add_argument(f'--{name}', type=float, help=text)


def _add_image_options(parser):
    """Add what stamps and fields share."""
    parser.add_argument('--survey', default='cfis',
                        help='cfis, kids, or a name known to surveycodex, '
                             'as lsst or lsst-r (%(default)s)')
    parser.add_argument('--kind', choices=KINDS, help='of the sources')
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog, for --kind realistic')
    parser.add_argument('--magnitudes', type=float, nargs=2,
                        metavar=('BRIGHT', 'FAINT'),
                        help='of the galaxies (19 25.2; fields: 18 26.5)')
    parser.add_argument('--noise-correlation', type=float, default=0.0,
                        metavar='PX', help='smoothing of the noise')
    parser.add_argument('--psf', metavar='FITS', help='image of a PSF')
    for name, text in ARTEFACTS.items():
        parser.add_argument(f'--{name.replace("_", "-")}', type=float,
                            default=0.0, help=text)


def run(arguments):
    """Simulate and write what was asked for."""
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
    from blendhunter.simulation import recipes

    makers = {'stamps': lambda n, **options: _stamps(arguments, n, options),
              'pairs': recipes.simulate_training_pairs,
              'detections': recipes.simulate_training_detections}
    with (_resumable(arguments) as options, progress_bar(
            total=arguments.n, description='simulating') as bar):
        dataset = makers[arguments.what](arguments.n, **options,
                                         progress=bar.update)
        write_dataset(arguments.output, dataset)
    print(f'{len(dataset)} entries written to {arguments.output}')
    if plot:
        _draw(plot, dataset)
        print(f'picture: {plot}')


def _draw(path, dataset):
    """Write a contact sheet of isolated and blended stamps."""
    from blendhunter._utils.arrays import robust_sigma
    from blendhunter.plotting import plot_stamps, save_figure, sheet_lines

    stamps = dataset.arrays['stamps']
    blended = dataset.truth['label'] == 1
    rows = {}
    for name, chosen in (('isolated', ~blended), ('blended', blended)):
        rows.update(sheet_lines(name, stamps[chosen][:SHOWN],
                                across=ACROSS))
    noise = dataset.provenance['noise'] or robust_sigma(stamps[:, 0]) or 1.0
    save_figure(plot_stamps(rows, noise=noise), path)


@contextmanager
def _resumable(arguments):
    """Give the options of a run; keep its parts if it does not finish."""
    output = Path(arguments.output)
    store = ChunkStore(output.with_name(f'{output.name}.parts'))
    try:
        yield {'rng': arguments.seed, 'n_jobs': arguments.n_jobs,
               'work_dir': store.directory}
    except BaseException:
        if store.n_parts():
            print(f'what is finished is kept in {store.directory}; the same '
                  'command continues', file=sys.stderr)
        raise
    store.discard()


def _given(arguments, *names):
    """Return the options that the user gave."""
    values = {name: getattr(arguments, name) for name in names}
    return {name: value for name, value in values.items()
            if value is not None}


def _image_options(arguments):
    """Return the keywords that stamps and fields share."""
    from blendhunter.simulation import Artefacts

    rates = {name: getattr(arguments, name) for name in ARTEFACTS}
    return {'survey': arguments.survey, 'psf': arguments.psf,
            'noise_correlation': arguments.noise_correlation,
            'artefacts': Artefacts(**rates) if any(rates.values()) else None,
            **_given(arguments, 'star_fraction', 'magnitudes')}


def _stamps(arguments, n, options):
    """Simulate stamps with the options of the command line."""
    from blendhunter.simulation import simulate_stamps

    noise = 'survey' if arguments.noise is None else arguments.noise
    return simulate_stamps(
        n, kind=arguments.kind or 'parametric', centring=arguments.centring,
        noise=None if arguments.noiseless else noise,
        blend_fraction=arguments.blend_fraction,
        n_max_sources=arguments.n_max_sources,
        cosmos_dir=arguments.cosmos_dir,
        **_given(arguments, 'separation', 'magnitude_difference',
                 'seeing_range'),
        **_image_options(arguments), **options).to_dataset()


def _field(arguments):
    """Simulate a field and write image and truth."""
    from blendhunter.simulation import get_population, simulate_field

    if Path(arguments.truth).resolve() == Path(arguments.output).resolve():
        msg = f'truth: {arguments.truth!r} is the output as well'
        raise ValueError(msg)
    check_table_path(arguments.truth, overwrite=arguments.overwrite,
                     name='truth')
    population = get_population(arguments.kind or 'structured',
                                cosmos_dir=arguments.cosmos_dir, bright=16.0)
    with (_resumable(arguments) as options,
          progress_bar(total=None, description='simulating') as bar):
        image, truth = simulate_field(
            tuple(arguments.shape), population=population,
            **_given(arguments, 'noise', 'density', 'clustering',
                     'seeing_factor', 'psf_variation', 'spikes',
                     'wings', 'saturation', 'gain', 'star_magnitudes',
                     'companions'),
            **_image_options(arguments), **options, progress=bar.update)
        # both or none: the image moves into place after the table
        with atomic_path(arguments.output) as temporary:
            image.write(temporary, format='fits', overwrite=True)
            write_table(truth, arguments.truth,
                        overwrite=arguments.overwrite)
    print(f'{len(truth)} sources written to {arguments.truth}, the image '
          f'to {arguments.output}')
