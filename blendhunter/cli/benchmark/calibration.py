# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark calibration``."""

from blendhunter.cli.benchmark.common import add_directory, add_run_options
from blendhunter.cli.options import (
    add_precision,
    natural,
    new_parser,
    positive_int,
)

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add what the probabilities mean."""
    parser = new_parser(
        kinds, 'calibration', 'Check the calibration of the probabilities, '
        'in thirds of the SNR.',
        'blendhunter benchmark calibration --cosmos-dir DIR -o calibration')
    parser.add_argument('--n', type=positive_int, default=6,
                        help='number of fields in a set; sets of dense '
                        'fields have fewer (%(default)s)')
    parser.add_argument('--size', type=positive_int, default=1000,
                        help='width of a field in px (%(default)s)')
    parser.add_argument('--n-stamps', type=natural, default=2000,
                        help='stamps in a set of the region stamp; with 0 '
                        'these sets are left out (%(default)s)')
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog, for the sets of real '
                             'galaxies')
    parser.add_argument('--fit', metavar='TABLE',
                        help='samples.ecsv of another run with the same '
                        'weights; also shows the result of a separate '
                        'calibration of each set')
    add_run_options(parser, seed=9001)
    parser.add_argument('--weights', default='default',
                        help='weights file (the packaged one)')
    add_precision(parser)
    add_directory(parser)


def run(arguments):
    """Simulate and classify the sets; write tables and the diagram."""
    from blendhunter.benchmark.calibration import (
        add_own,
        calibrate_sets,
        calibration_samples,
        calibration_scores,
        estimate_priors,
    )
    from blendhunter.benchmark.report import report_calibration
    from blendhunter.benchmark.score_tables import table_lines
    from blendhunter.catalogs import read_catalog
    from blendhunter.identify import BlendIdentifier

    others = read_catalog(arguments.fit) if arguments.fit else None
    samples = calibration_samples(
        BlendIdentifier(weights=arguments.weights,
                        precision=arguments.precision),
        n_fields=arguments.n, n_stamps=arguments.n_stamps,
        shape=(arguments.size, arguments.size),
        cosmos_dir=arguments.cosmos_dir, rng=arguments.seed,
        n_jobs=arguments.n_jobs, progress=True)
    scores = calibration_scores(samples)
    fractions = estimate_priors(samples)
    if others is not None:
        own = calibrate_sets(samples, others)
        scores = add_own(scores, calibration_scores(own), ('ece',))
        fractions = add_own(fractions, estimate_priors(own),
                            ('estimated', 'scatter', 'bias'))
    report_calibration(arguments.directory, samples, scores, fractions,
                       command=arguments.command, weights=arguments.weights)
    print('\n'.join(table_lines(fractions)))
    return scores
