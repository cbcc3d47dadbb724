# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter survey``: show the progress of a run over many images."""

from collections import Counter

from blendhunter.cli.classify_many import count_sources
from blendhunter.cli.options import new_parser

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb and its one kind."""
    example = 'blendhunter survey status blends'
    parser = new_parser(verbs, 'survey', 'Show the progress of a run over '
                        'many images.', example)
    kinds = parser.add_subparsers(dest='what', required=True, metavar='KIND')
    sub = new_parser(kinds, 'status', 'Count the images that are done, '
                     'failed or open, and list the failures.', example)
    sub.add_argument('directory', metavar='DIR',
                     help='the --output-dir of blendhunter classify')
    return parser


def run(arguments):
    """Print the counts, and a line for each failure."""
    from blendhunter.survey import survey_status

    manifest = survey_status(arguments.directory)
    counts = Counter(manifest['status'].tolist())
    print(f'{len(manifest)} images: '
          + ', '.join(f'{counts[name]} {name}'
                      for name in ('done', 'failed', 'open'))
          + f'; {count_sources(manifest)}')
    for row in manifest[manifest['status'] == 'failed']:
        print(f'failed: {row["image"]}: {row["error"]}')
