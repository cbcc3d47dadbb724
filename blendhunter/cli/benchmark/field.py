# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark field``."""

from dataclasses import replace

from blendhunter._utils.meta import record_meta
from blendhunter.cli.benchmark.common import (
    add_directory,
    add_record,
    add_run_options,
    add_truth_options,
)
from blendhunter.cli.options import (
    add_detection_options,
    add_flux_ratio,
    add_image_options,
    add_model_options,
    check_image_options,
    detection_settings,
    model_options,
    new_parser,
    positive_int,
    read_image,
)

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the unrecognized blends of fields."""
    parser = new_parser(
        kinds, 'field', 'Evaluate the detection of unrecognized blends in '
        'fields with known truth.',
        'blendhunter benchmark field --survey lsst -o lsst\n'
        '  blendhunter benchmark field --image sky.fits --truth sky.ecsv '
        '-o sky')
    _add_survey_options(parser.add_argument_group(
        'simulated fields (with --image, those the trees learn from)'))
    own = parser.add_argument_group('your own image')
    add_image_options(own, name='--image')
    own.add_argument('--truth', metavar='CAT',
                     help='catalog of true sources: from a simulation, or '
                     'from a deeper or sharper image')
    add_truth_options(own)
    add_detection_options(parser.add_argument_group('detection'))
    parser.add_argument('--regions', nargs='+', default=['segment', 'stamp'],
                        choices=('segment', 'stamp'), metavar='REGION',
                        help='regions to evaluate: segment, stamp (both)')
    add_flux_ratio(parser)
    parser.add_argument('--training', metavar='HDF5',
                        help='simulated detections to train boosted trees')
    parser.add_argument('--n-training', type=int, default=10,
                        help='without --training: number of other simulated '
                        'fields to train the trees; 0 for no trees '
                        '(%(default)s)')
    parser.add_argument('--examples', type=positive_int, default=12,
                        help='stamps of each kind in the strip: found '
                        'blends, missed blends, false positives '
                        '(%(default)s)')
    add_run_options(parser, seed=5001)
    add_model_options(parser)
    add_record(parser)
    add_directory(parser)


def _add_survey_options(group):
    """Add the options of the simulated fields."""
    group.add_argument('--survey', default='cfis',
                       help='survey to simulate (%(default)s)')
    group.add_argument('--n', type=positive_int, default=20,
                       help='number of fields (%(default)s)')
    group.add_argument('--size', type=positive_int, default=1500,
                       help='width of a field in px (%(default)s)')
    group.add_argument('--kind', default='structured',
                       choices=('structured', 'knots', 'parametric',
                                'realistic'), metavar='KIND',
                       help='galaxies: structured, knots, parametric, '
                            'realistic (%(default)s)')
    group.add_argument('--cosmos-dir', metavar='DIR',
                       help='RealGalaxyCatalog, for --kind realistic')
    group.add_argument('--density', type=float, default=90.0,
                       help='galaxies per square arcminute to magnitude '
                            '26.5 (%(default)s)')
    group.add_argument('--clustering', type=float, default=0.0,
                       help='fraction of galaxies in clumps (%(default)s)')
    group.add_argument('--noise-factor', type=float, default=1.0,
                       help='factor on the noise of the survey '
                       '(%(default)s)')
    group.add_argument('--seeing-factor', type=float, nargs=2,
                       default=(0.9, 1.1), metavar=('LOW', 'HIGH'),
                       help='range of the factor on the seeing of the '
                       'survey (0.9 1.1)')
    group.add_argument('--psf', default='paper', choices=('paper', 'camera'),
                       help='camera has random aberrations in each field, '
                       'bleeding and resampling (%(default)s)')


def run(arguments):
    """Evaluate fields; write tables and figures."""
    from blendhunter.benchmark import field
    from blendhunter.benchmark.report import (
        describe_field,
        record_scores,
        report_field,
    )
    from blendhunter.identify import BlendIdentifier

    _check(arguments)
    screen = _screen_sha256(arguments)
    settings = detection_settings(arguments)
    # before the trees are trained, so that a bad file costs nothing
    own = _read_own(arguments, settings) if arguments.image else None
    options = {'regions': tuple(arguments.regions),
               'min_flux_ratio': arguments.min_flux_ratio,
               'trees': _trees(arguments, settings)}
    identifier = BlendIdentifier(**model_options(arguments))
    if own is None:
        made = field.evaluate_survey(
            arguments.survey, identifier, arguments.n, settings=settings,
            **_survey_options(arguments), **options)
    else:
        made = field.evaluate_field(*own, identifier, **options)
    record_meta(made.truth.meta, screen=screen)
    scores = field.field_scores(made.truth)
    report_field(arguments.directory, made.truth, scores,
                 command=arguments.command, weights=arguments.weights,
                 stamps=made.arrays['stamps'],
                 n_examples=arguments.examples)
    print(describe_field(made.truth))
    if arguments.record:
        record_scores(arguments.weights, 'segment', scores)
    return scores


def _screen_sha256(arguments):
    """Return the sha256 of the small network that screens; or ''."""
    from blendhunter.identify.screening import small_weights
    from blendhunter.network.weights import read_metadata, resolve_weights

    own = read_metadata(resolve_weights(arguments.weights))['sha256']
    return small_weights(arguments.screen, own)[1].get('sha256', '')


def _check(arguments):
    """Check, before any work, what belongs together."""
    from blendhunter.benchmark.report import check_recordable
    from blendhunter.truth.blend_definition import check_flux_ratio

    check_image_options(arguments)
    check_flux_ratio(arguments.min_flux_ratio)
    if bool(arguments.image) != bool(arguments.truth):
        msg = 'image: --image and --truth must be given together'
        raise ValueError(msg)
    if arguments.record and (arguments.image
                             or 'segment' not in arguments.regions):
        msg = ('record: only scores for the region segment on simulated '
               'fields can be stored')
        raise ValueError(msg)
    if arguments.record:
        check_recordable(arguments.weights, arguments.n_views)


def _survey_options(arguments):
    """Return the keywords of simulated fields."""
    from blendhunter.benchmark.field.field_evaluation import SURVEY_RANGES
    from blendhunter.simulation.field_ranges import CAMERA

    camera = CAMERA if arguments.psf == 'camera' else {}
    ranges = replace(SURVEY_RANGES, **camera, seeing_factor=tuple(
        arguments.seeing_factor), **{name: (value, value) for name, value in (
            ('density', arguments.density),
            ('clustering', arguments.clustering),
            ('noise', arguments.noise_factor))})
    return {'ranges': ranges, 'shape': (arguments.size, arguments.size),
            'kind': arguments.kind, 'cosmos_dir': arguments.cosmos_dir,
            'rng': arguments.seed, 'n_jobs': arguments.n_jobs,
            'progress': True}


def _read_own(arguments, settings):
    """Return the user's image, detected, and its true sources."""
    from blendhunter.benchmark.field import prepare_truth
    from blendhunter.catalogs import read_catalog
    from blendhunter.detection import DetectedImage
    from blendhunter.truth.blend_definition import source_fluxes

    image, background = read_image(arguments)
    truth = prepare_truth(
        read_catalog(arguments.truth), wcs=lambda: image.wcs,
        columns=arguments.truth_columns, mag_limit=arguments.mag_limit,
        mag_column=arguments.mag_column)
    # an error if a flux is needed, and unknown
    source_fluxes(truth, arguments.min_flux_ratio)
    return DetectedImage.from_image(image, background=background,
                                    settings=settings), truth


def _trees(arguments, settings):
    """Train the boosted trees, on given or on simulated detections."""
    from blendhunter.benchmark import field
    from blendhunter.benchmark.baselines import train_trees
    from blendhunter.dataset import read_dataset

    if arguments.training:
        return train_trees(read_dataset(arguments.training).truth)
    if arguments.n_training < 1:
        return None
    return field.train_on_survey(
        arguments.survey, arguments.n_training, settings=settings,
        min_flux_ratio=arguments.min_flux_ratio, **_survey_options(arguments))
