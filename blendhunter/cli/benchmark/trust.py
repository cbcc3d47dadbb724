# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark domain`` and ``companions``."""

from blendhunter.cli.benchmark.common import add_run_options, add_table
from blendhunter.cli.options import (
    add_model_options,
    add_precision,
    model_options,
    new_parser,
    positive_int,
)

__all__ = ['add_companions', 'add_domain', 'run_companions', 'run_domain']


def add_domain(kinds):
    """Add what is flagged as unlike the training."""
    parser = new_parser(
        kinds, 'domain', 'Show which artifacts are flagged as out of domain.',
        'blendhunter benchmark domain -o domain.ecsv')
    parser.add_argument('--n', type=positive_int, default=8,
                        help='number of images of each kind (%(default)s)')
    parser.add_argument('--seed', type=int, default=6001,
                        help='seed of the simulation (%(default)s)')
    add_model_options(parser)
    add_precision(parser)
    add_table(parser)


def run_domain(arguments):
    """Classify images with artifacts."""
    from blendhunter.benchmark import evaluate_domain
    from blendhunter.identify import BlendIdentifier

    return evaluate_domain(
        BlendIdentifier(precision=arguments.precision,
                        **model_options(arguments)),
        n_images=arguments.n, rng=arguments.seed, progress=True)


def add_companions(kinds):
    """Add the positions of companions."""
    parser = new_parser(
        kinds, 'companions', 'Show how accurately companions are located.',
        'blendhunter benchmark companions --cosmos-dir DIR -o found.ecsv')
    parser.add_argument('--n', type=positive_int, default=6,
                        help='number of fields in a set; sets of dense '
                        'fields have fewer (%(default)s)')
    parser.add_argument('--cosmos-dir', metavar='DIR',
                        help='RealGalaxyCatalog, for real galaxies')
    add_run_options(parser, seed=9001)
    parser.add_argument('--weights', default='default',
                        help='weights file (the packaged one)')
    add_precision(parser)
    add_table(parser)


def run_companions(arguments):
    """Locate the companions of simulated blends."""
    from blendhunter.benchmark import evaluate_companions

    return evaluate_companions(
        arguments.weights, n_fields=arguments.n,
        cosmos_dir=arguments.cosmos_dir, precision=arguments.precision,
        rng=arguments.seed, n_jobs=arguments.n_jobs, progress=True)
