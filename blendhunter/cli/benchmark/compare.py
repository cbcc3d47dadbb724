# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter benchmark compare``."""

from pathlib import Path

from blendhunter.cli.benchmark.common import (
    add_directory,
    add_truth_options,
)
from blendhunter.cli.options import add_flux_ratio, new_parser

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the comparison of catalogs."""
    parser = new_parser(
        kinds, 'compare', 'Score classified catalogs against the same truth.',
        'blendhunter benchmark compare mine.ecsv theirs.fits '
        '--truth field.ecsv')
    parser.add_argument('catalogs', nargs='+', metavar='CAT',
                        help='tables with positions and a probability or '
                             'flag')
    parser.add_argument('--truth', metavar='TABLE', required=True,
                        help='detections.ecsv of blendhunter benchmark '
                             'field, or a catalog of true sources')
    parser.add_argument('--columns', nargs='+', metavar='NAME',
                        help='the probability or flag of each catalog, or '
                             'one name for all (blend_prob, is_blend, flag, '
                             'FLAGS ...)')
    parser.add_argument('--positions', nargs=2, metavar=('X', 'Y'),
                        help='position columns of the catalogs')
    add_truth_options(parser)
    add_flux_ratio(parser)
    parser.add_argument('--segmentation', metavar='FITS',
                        help='segmentation image of the first catalog, for '
                        'a catalog of true sources; by default ellipses')
    parser.add_argument('--wcs', metavar='FITS',
                        help='image whose WCS converts sky positions')
    parser.add_argument('--radius', type=float, default=2.0,
                        help='largest distance between rows of the same '
                        'detection in px (%(default)s)')
    add_directory(parser, required=False)


def run(arguments):
    """Score catalogs; write tables and figures where asked."""
    from blendhunter.benchmark.field import compare_catalogs, field_scores
    from blendhunter.benchmark.report import report_field
    from blendhunter.catalogs import read_catalog
    from blendhunter.images import accept_image, read_array

    segmentation = (read_array(arguments.segmentation, 'segmentation')
                    if arguments.segmentation else None)
    wcs = accept_image(arguments.wcs).wcs if arguments.wcs else None
    table = compare_catalogs(
        {name: read_catalog(path) for name, path in _names(
            arguments.catalogs).items()},
        read_catalog(arguments.truth), columns=arguments.columns,
        positions=arguments.positions, wcs=wcs, radius=arguments.radius,
        truth_columns=arguments.truth_columns, segmentation=segmentation,
        mag_limit=arguments.mag_limit, mag_column=arguments.mag_column,
        min_flux_ratio=arguments.min_flux_ratio)
    scores = field_scores(table)
    scores.remove_columns(['stamp_auc', 'stamp_accuracy'])
    if arguments.directory:
        report_field(arguments.directory, table, scores,
                     command=arguments.command)
    matched = ', '.join(f'{name} has {count}' for name, count
                        in table.meta['matched'].items())
    print(f'{len(table)} of {table.meta["labeled"]} labeled detections '
          f'are in all catalogs: {matched}')
    if table.meta['segments'] == 'ellipses':
        print('segments are approximated by ellipses; --segmentation gives '
              'exact labels')
    return scores


def _names(paths):
    """Name each catalog after its file, with its folder if need be."""
    stems = [Path(path).stem for path in paths]
    names = {}
    for path, stem in zip(paths, stems, strict=True):
        name = stem if stems.count(stem) == 1 else str(path)
        if name in names:
            msg = f'catalogs: {str(path)!r} is given twice'
            raise ValueError(msg)
        names[name] = path
    return names
