"""``blendhunter benchmark field``."""

from blendhunter._utils.progress import progress_bar
from blendhunter.cli.benchmark.common import (
    add_directory,
    add_model_options,
    add_record,
    check_directory,
    check_record,
    record,
    write_field_tables,
)
from blendhunter.cli.options import (
    add_detection_options,
    add_image_options,
    detection_options,
    natural,
    positive_int,
    read_image,
)

__all__ = ['add_parser', 'run']

# methods in the figure of bins, where more would not be told apart
DRAWN = ('network', 'boosted trees', 'area x a/b', 'photutils split')


def add_parser(kinds):
    """Add the unrecognised blends of fields."""
    parser = kinds.add_parser(
        'field', help='unrecognised blends in fields whose true sources '
        'are known')
    _add_sky_options(parser.add_argument_group(
        'simulated fields (with --image, those the trees learn from)'))
    own = parser.add_argument_group('your own image')
    add_image_options(own, name='--image')
    own.add_argument('--truth', metavar='CAT',
                     help='catalogue of true sources: of a simulation, or '
                          'deeper or sharper')
    own.add_argument('--truth-columns', nargs=2, metavar=('X', 'Y'),
                     help='its position columns')
    own.add_argument('--mag-limit', type=float,
                     help='faintest magnitude that counts as a source of '
                          'its own; needed where the truth has no snr')
    own.add_argument('--mag-column', metavar='NAME',
                     help="the truth's magnitudes")
    add_detection_options(parser.add_argument_group('detection'))
    parser.add_argument('--regions', nargs='+', default=['segment', 'stamp'],
                        choices=('segment', 'stamp'),
                        help='what the network is asked about (both)')
    parser.add_argument('--training', metavar='HDF5',
                        help='simulated detections from which boosted trees '
                             'learn')
    parser.add_argument('--n-training', type=int, default=10,
                        help='without --training: other fields of the '
                             'survey, simulated for the trees; 0: no trees '
                             '(%(default)s)')
    parser.add_argument('--examples', type=positive_int, default=12,
                        help='blends found and missed, and false alarms, in '
                             'the strip (%(default)s of each)')
    parser.add_argument('--seed', type=natural, default=5001)
    parser.add_argument('--n-jobs', type=int, default=-1)
    add_model_options(parser)
    add_record(parser)
    add_directory(parser)


def _add_sky_options(group):
    """Add what decides how the simulated fields look."""
    group.add_argument('--survey', default='cfis',
                       help='whose pixels, seeing and noise (%(default)s)')
    group.add_argument('--n', type=positive_int, default=20,
                       help='fields (%(default)s)')
    group.add_argument('--size', type=positive_int, default=1500,
                       help='their width in px (%(default)s)')
    group.add_argument('--kind', default='structured',
                       choices=('structured', 'parametric', 'realistic'),
                       help='galaxies (%(default)s)')
    group.add_argument('--cosmos-dir', metavar='DIR',
                       help='RealGalaxyCatalog, for --kind realistic')
    group.add_argument('--density', type=float, default=90.0,
                       help='galaxies per square arcminute to magnitude '
                            '26.5 (%(default)s)')
    group.add_argument('--clustering', type=float, default=0.0,
                       help='fraction of them in clumps (%(default)s)')
    group.add_argument('--noise-factor', type=float, default=1.0,
                       help="times the survey's noise (%(default)s)")
    group.add_argument('--seeing-factor', type=float, nargs=2,
                       default=(0.9, 1.1), metavar=('LOW', 'HIGH'),
                       help="times the survey's seeing (0.9 1.1)")


def run(arguments):
    """Measure fields; write tables and figures."""
    from blendhunter.benchmark import field
    from blendhunter.detection import Detection
    from blendhunter.identify import BlendIdentifier
    from blendhunter.network.weights import resolve_weights

    _check(arguments)
    resolve_weights(arguments.weights)
    settings = Detection(**detection_options(arguments))
    skies = field.SurveyFields(
        survey=arguments.survey, kind=arguments.kind,
        cosmos_dir=arguments.cosmos_dir, density=arguments.density,
        shape=(arguments.size, arguments.size),
        clustering=arguments.clustering,
        noise_factor=arguments.noise_factor,
        seeing_factor=tuple(arguments.seeing_factor))
    # before the trees are trained, so that a bad file costs nothing
    own = _read_own(arguments) if arguments.image else None
    options = {'regions': tuple(arguments.regions), 'settings': settings,
               'trees': _trees(arguments, skies, settings)}
    identifier = BlendIdentifier(arguments.weights,
                                 n_views=arguments.n_views)
    if own is None:
        made = _survey(arguments, identifier, skies, options)
    else:
        image, truth, background = own
        made = field.measure_field(image, truth, identifier,
                                   background=background, **options)
    table = made.truth
    scores = field.field_scores(table)
    directory = write_field_tables(arguments, table, scores, methods=DRAWN)
    _save_strip(directory, made, arguments.examples)
    fraction = _describe(table)
    record(arguments, 'segment', scores,
           lambda metadata: _calibrate(metadata, table, fraction))
    return scores


def _calibrate(metadata, table, fraction):
    """Return the blend fractions that the weights should keep."""
    import numpy as np

    from blendhunter.benchmark.field.scores import SCORE, clear_detections
    from blendhunter.benchmark.scoring import NETWORK
    from blendhunter.network.calibration import refit_fraction

    clear = clear_detections(table)
    clear = clear[np.isfinite(clear[f'{SCORE}{NETWORK}'])]
    blended = np.asarray(clear['truth_label']) > 0
    if np.all(blended) or not np.any(blended):
        return {}
    trained, prior = (metadata[key] for key in ('trained_fraction', 'prior'))
    refitted = refit_fraction(
        clear[f'{SCORE}{NETWORK}'], blended, trained=trained['segment'],
        wanted=prior['segment'])
    return {'trained_fraction': {**trained, 'segment': round(refitted, 6)},
            'prior': {**prior, 'segment': round(fraction, 6)}}


def _check(arguments):
    """Check, before any work, what belongs together."""
    if bool(arguments.image) != bool(arguments.truth):
        msg = 'image: --image and --truth go together'
        raise ValueError(msg)
    if arguments.record and (arguments.image
                             or 'segment' not in arguments.regions):
        msg = ('record: the weights keep scores of the segment question, '
               'on simulated fields')
        raise ValueError(msg)
    check_record(arguments)
    check_directory(arguments)


def _read_own(arguments):
    """Return the user's image, its true sources and the background."""
    from blendhunter.benchmark.field import prepare_truth
    from blendhunter.catalogs import read_catalog

    image, background = read_image(arguments)
    truth = prepare_truth(
        read_catalog(arguments.truth), wcs=image.wcs,
        columns=arguments.truth_columns, mag_limit=arguments.mag_limit,
        mag_column=arguments.mag_column)
    return image, truth, background


def _trees(arguments, skies, settings):
    """Train the boosted trees, on given or on simulated detections."""
    from blendhunter.benchmark import field
    from blendhunter.benchmark.baselines import train_trees
    from blendhunter.dataset import read_dataset

    if arguments.training:
        return train_trees(read_dataset(arguments.training).truth)
    if arguments.n_training < 1:
        return None
    with progress_bar(total=arguments.n_training,
                      description='fields for trees') as bar:
        return field.train_on_survey(
            skies, arguments.n_training, settings=settings,
            seed=arguments.seed, n_jobs=arguments.n_jobs,
            progress=bar.update)


def _survey(arguments, identifier, skies, options):
    """Measure simulated fields."""
    from blendhunter.benchmark import field

    with progress_bar(total=arguments.n, description='fields') as bar:
        return field.measure_survey(
            skies, identifier, arguments.n, seed=arguments.seed,
            n_jobs=arguments.n_jobs, progress=bar.update, **options)


def _describe(table):
    """Print what the detections are; return the fraction of blends."""
    import numpy as np

    from blendhunter.truth import OUTCOMES

    counts = {name: int(np.sum(table['outcome'] == name))
              for name in OUTCOMES}
    clear = np.sum(table['truth_label'] >= 0)
    fraction = float(counts['unrecognised'] / clear) if clear else np.nan
    print(f'{len(table)} detections: ' + ', '.join(
        f'{count} {name}' for name, count in counts.items())
        + f'; unrecognised blends are {100 * fraction:.2f} % of the clear '
        'ones')
    print('at_...: completeness at a purity, or with that share of the '
          'detections rejected, in per cent')
    return fraction


def _save_strip(directory, made, n):
    """Draw the surest answers that are right and wrong."""
    from blendhunter.benchmark.field import field_examples
    from blendhunter.plotting import plot_stamps, save_figure, sheet_lines

    lines = {}
    for kind, rows in field_examples(made.truth, n).items():
        for name, part in sheet_lines(kind, rows):
            lines[name] = made.arrays['stamps'][part].astype('f4')
    if lines:
        save_figure(plot_stamps(lines, noise=1.0), directory / 'strip.png')
