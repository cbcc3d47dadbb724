# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter show``: draw sources of a result."""

from pathlib import Path

import numpy as np

from blendhunter._utils.masked import plain_values
from blendhunter.catalogs import as_table
from blendhunter.cli.options import (
    IMAGE_FILES,
    add_detection_options,
    add_image_options,
    add_position_options,
    check_files,
    check_image_options,
    detection_settings,
    natural,
    new_parser,
    positive_int,
    read_image,
    read_plane,
)

__all__ = ['add_parser', 'run']

MAX_SHOWN = 50


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'show', 'Draw the flagged sources of a result, or others.',
        'blendhunter show image.fits blends.ecsv -o flagged.png\n'
        '  blendhunter show image.fits blends.ecsv --rows 3 17 -o two.png')
    add_image_options(parser)
    parser.add_argument('result', metavar='RESULT',
                        help="table of 'blendhunter classify'")
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--rows', nargs='+', type=natural, metavar='ROW',
                       help='rows of the table, from 0; by default those '
                            'flagged as blends, the most likely first')
    which.add_argument('--sort', metavar='COLUMN',
                       help='all rows in the order of a column, highest '
                            'first; --sort=-COLUMN: lowest first')
    parser.add_argument('--n', type=positive_int, metavar='N',
                        help='largest number of sources without --rows '
                        f'({MAX_SHOWN}; with --field all flagged sources)')
    parser.add_argument('--field', action='store_true',
                        help='draw the whole image and circle the sources')
    parser.add_argument('-o', '--output', metavar='PNG', required=True,
                        help='the picture: .png, .pdf or .svg')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace an existing picture')
    segments = parser.add_argument_group(
        'segments', 'as in classify; a table of detected sources records '
        'its own settings')
    segments.add_argument('--segmentation', metavar='FITS',
                          help='segmentation image of the table')
    add_position_options(segments)
    add_detection_options(segments)
    return parser


def run(arguments):
    """Choose the rows and draw them."""
    from blendhunter.plotting import check_figure_path, save_figure

    check_files(arguments, ('output',),
                (*IMAGE_FILES, 'result', 'segmentation'))
    check_image_options(arguments)
    check_figure_path(arguments.output, overwrite=arguments.overwrite,
                      name='output')
    table = as_table(arguments.result, chip=arguments.chip)
    rows, text = _choose(table, arguments)
    figure = _draw(arguments, table, rows,
                   f'{Path(arguments.image).name}: {text}')
    save_figure(figure, arguments.output)
    print(f'{text}; written to {arguments.output}')


def _draw(arguments, table, rows, title):
    """Return the figure of some rows."""
    from blendhunter.plotting import plot_field, plot_stamps
    from blendhunter.plotting.classified_sources import sources_on_image

    image, background = read_image(arguments)
    segmentation = None
    if arguments.segmentation:
        segmentation = read_plane(arguments, 'segmentation')
    detected = sources_on_image(
        image, table, background=background, segmentation=segmentation,
        settings=detection_settings(arguments), columns=arguments.columns,
        sky=arguments.sky, pixel_origin=arguments.pixel_origin)
    draw = plot_field if arguments.field else plot_stamps
    return draw(detected, table, rows=rows, title=title)


def _choose(table, arguments):
    """
    Return the rows that the options ask for, and what they are.

    None are the flagged ones of a field.
    """
    from blendhunter.plotting.classified_sources import (
        check_rows,
        flagged_rows,
        probabilities,
    )

    n = len(table)
    # a table that is no result is refused before any option
    probabilities(table)
    if arguments.rows:
        rows = check_rows(arguments.rows, n)
        return rows, f'{len(rows)} of {n} sources'
    if arguments.sort:
        rows, order = _sorted_rows(table, arguments.sort)
        rows = rows[:arguments.n or MAX_SHOWN]
        return rows, f'{len(rows)} of {n} sources, {order} first'
    flagged = flagged_rows(table)
    if not len(flagged):
        msg = (f'result: none of its {n} sources is flagged; use --sort '
               'blend_prob to show the most likely')
        raise ValueError(msg)
    if arguments.field and (arguments.n or n) >= len(flagged):
        return None, f'{len(flagged)} of {n} sources are flagged'
    rows = flagged[:arguments.n or MAX_SHOWN]
    return rows, (f'{len(rows)} of {len(flagged)} flagged sources, highest '
                  'blend_prob first')


def _sorted_rows(table, column):
    """Return all rows, highest first, unknown values last."""
    name = column.removeprefix('-')
    if name not in table.colnames:
        msg = (f'sort: no column {name!r} in the table; it has '
               f'{", ".join(table.colnames)}')
        raise ValueError(msg)
    try:
        values = plain_values(table[name])
    except (TypeError, ValueError):
        values = np.zeros((0, 0))
    if values.ndim != 1:
        msg = f'sort: column {name!r} must hold one number for each row'
        raise ValueError(msg)
    lowest = name != column
    order = np.argsort(values if lowest else -values, kind='stable')
    return order, f'{"lowest" if lowest else "highest"} {name}'
