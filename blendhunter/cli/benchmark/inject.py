# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark inject``."""

from blendhunter.cli.benchmark.common import add_directory
from blendhunter.cli.options import (
    add_image_options,
    add_model_options,
    check_image_options,
    model_options,
    natural,
    new_parser,
    positive_int,
    read_image,
)

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the injections into the user's image."""
    parser = new_parser(
        kinds, 'inject', 'Evaluate blends made by injecting sources of the '
        'image itself.',
        'blendhunter benchmark inject kids.fits -o injected')
    add_image_options(parser)
    parser.add_argument('--catalog', metavar='TABLE',
                        help='catalog of blendhunter detect, whose settings '
                        'are used to detect the image')
    parser.add_argument('--rounds', type=positive_int, default=6,
                        help='number of rounds; each has other hosts '
                        '(%(default)s)')
    parser.add_argument('--training', metavar='HDF5',
                        help='simulated detections to train boosted trees')
    add_model_options(parser)
    parser.add_argument('--seed', type=natural, default=0,
                        help='seed of the injections (%(default)s)')
    add_directory(parser)


def run(arguments):
    """Inject companions into an image; write tables and figures."""
    from blendhunter.benchmark.injection import evaluate_injections
    from blendhunter.benchmark.report import (
        describe_injections,
        report_injections,
    )
    from blendhunter.dataset import read_dataset
    from blendhunter.detection import DetectedImage
    from blendhunter.identify import BlendIdentifier

    check_image_options(arguments)
    image, background = read_image(arguments)
    settings = _settings(arguments.catalog) if arguments.catalog else None
    training = (read_dataset(arguments.training).truth
                if arguments.training else None)
    made = evaluate_injections(
        DetectedImage.from_image(image, background=background,
                                 settings=settings),
        BlendIdentifier(**model_options(arguments)),
        training=training, rounds=arguments.rounds, rng=arguments.seed,
        progress=True)
    scores = report_injections(arguments.directory, made,
                               command=arguments.command,
                               weights=arguments.weights)
    print(describe_injections(made.truth))
    return scores


def _settings(path):
    """Return the settings that a catalog was detected with."""
    from blendhunter.catalogs import read_catalog
    from blendhunter.detection import DetectionSettings

    settings = DetectionSettings.from_meta(read_catalog(path).meta)
    if settings is None:
        msg = ('catalog: its meta has no detection settings, which '
               'blendhunter detect records')
        raise ValueError(msg)
    return settings
