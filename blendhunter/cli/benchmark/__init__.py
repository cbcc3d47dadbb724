# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark``: evaluations, one function for each kind."""

from pathlib import Path

from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.benchmark import (
    calibration,
    compare,
    field,
    inject,
    on_stamps,
    paper,
    results,
    singles,
    trust,
)
from blendhunter.cli.options import IMAGE_FILES, new_parser

__all__ = ['add_parser', 'run']

KINDS = {'paper': (paper.add_parser, paper.run),
         'field': (field.add_parser, field.run),
         'inject': (inject.add_parser, inject.run),
         'singles': (singles.add_parser, singles.run),
         'calibration': (calibration.add_parser, calibration.run),
         'domain': (trust.add_domain, trust.run_domain),
         'companions': (trust.add_companions, trust.run_companions),
         'compare': (compare.add_parser, compare.run),
         'stamps': (on_stamps.add_stamps, on_stamps.run_stamps),
         'detectors': (on_stamps.add_detectors, on_stamps.run_detectors),
         'image': (results.add_image, results.run_image),
         'speed': (results.add_speed, results.run_speed),
         'memory': (results.add_memory, results.run_memory)}
# the arguments that may name an input
INPUTS = (*IMAGE_FILES, 'table', 'truth', 'training', 'weights', 'catalog',
          'segmentation', 'wcs')
# what is written into a directory
WRITTEN = (*(f'{name}.ecsv' for name in (
    'detections', 'injections', 'singles', 'samples', 'scores', 'bins',
    'curves', 'fractions')),
    'scores.rst',
    *(f'{name}.png' for name in (
        'bins', 'curves', 'strip', 'completeness', 'singles',
        'reliability')),
    'bins.pdf', 'curves.pdf')
# these load no network
PLAIN = ('compare', 'detectors', 'image')


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'benchmark', 'Evaluate the network and the methods that it is '
        'compared with.',
        'blendhunter benchmark paper --scale small -o paper\n'
        '  blendhunter benchmark field --survey lsst -o lsst\n'
        '  blendhunter benchmark inject kids.fits -o injected\n'
        '  blendhunter benchmark singles kids.fits -o singles\n'
        '  blendhunter benchmark compare mine.ecsv theirs.fits '
        '--truth field.ecsv\n'
        '  blendhunter benchmark stamps')
    kinds = parser.add_subparsers(dest='what', required=True, metavar='WHAT')
    for add, _ in KINDS.values():
        add(kinds)
    return parser


def run(arguments):
    """Evaluate, print the scores, and write them where asked."""
    from blendhunter.benchmark.report import check_directory, record_run
    from blendhunter.benchmark.score_tables import (
        check_scores_path,
        table_lines,
        write_scores,
    )

    overwrite = getattr(arguments, 'overwrite', False)
    output = getattr(arguments, 'output', None)
    directory = getattr(arguments, 'directory', None)
    if output:
        check_scores_path(output, overwrite=overwrite)
    # the paper's directory is that of a run that continues
    _check_files(arguments)
    if directory and arguments.what != 'paper':
        check_directory(directory, overwrite=overwrite)
    if arguments.what not in PLAIN:
        quiet_backend()
    table = KINDS[arguments.what][1](arguments)
    print('\n'.join(table_lines(table)))
    if output:
        write_scores(record_run(table, arguments.command,
                                getattr(arguments, 'weights', None)),
                     output, overwrite=overwrite)
    if directory:
        print(f'tables and figures: {directory}')


def _check_files(arguments):
    """Check, before any work, that no output destroys an input."""
    from blendhunter._utils.files import check_outputs

    given = vars(arguments)
    inputs = {name: given.get(name) for name in INPUTS}
    inputs.update({f'catalog {i}': path for i, path in enumerate(
        given.get('catalogs', ()), start=1)})
    check_outputs({'output': given.get('output'),
                   'worst': given.get('worst')}, inputs)
    if given.get('directory'):
        for name in WRITTEN:
            check_outputs({'output': Path(arguments.directory) / name},
                          inputs)
