"""``blendhunter benchmark speed``."""

from blendhunter.cli.benchmark.common import add_model_options, add_table

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the times of a classification."""
    parser = kinds.add_parser(
        'speed', help='time of classify against the forward pass alone')
    parser.add_argument('image', help='FITS image')
    add_model_options(parser)
    add_table(parser)


def run(arguments):
    """Time a classification."""
    from blendhunter.benchmark import measure_speed
    from blendhunter.identify import BlendIdentifier

    table = measure_speed(BlendIdentifier(arguments.weights,
                                          n_views=arguments.n_views),
                          arguments.image)
    print(f'{table.meta["sources"]} sources')
    return table
