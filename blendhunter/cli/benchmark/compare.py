"""``blendhunter benchmark compare``."""

from pathlib import Path

from blendhunter.cli.benchmark.common import (
    add_directory,
    check_directory,
    write_field_tables,
)

__all__ = ['add_parser', 'run']


def add_parser(kinds):
    """Add the comparison of catalogues."""
    parser = kinds.add_parser(
        'compare', help='score any classified catalogues against one truth')
    parser.add_argument('catalogs', nargs='+', metavar='CAT',
                        help='tables with positions and a probability or '
                             'flag')
    parser.add_argument('--truth', metavar='TABLE', required=True,
                        help='detections.ecsv of blendhunter benchmark '
                             'field, or a catalogue of true sources')
    parser.add_argument('--columns', nargs='+', metavar='NAME',
                        help='the probability or flag of each catalogue, or '
                             'one name for all (blend_prob, is_blend, flag, '
                             'FLAGS ...)')
    parser.add_argument('--positions', nargs=2, metavar=('X', 'Y'),
                        help="the catalogues' position columns")
    parser.add_argument('--truth-columns', nargs=2, metavar=('X', 'Y'),
                        help="the truth's position columns")
    parser.add_argument('--segmentation', metavar='FITS',
                        help="the first catalogue's segments, for true "
                             'sources; without it, ellipses')
    parser.add_argument('--wcs', metavar='FITS',
                        help='image whose WCS sky positions are put on')
    parser.add_argument('--radius', type=float, default=2.0,
                        help='px between rows of one detection '
                             '(%(default)s)')
    parser.add_argument('--mag-limit', type=float,
                        help='as in blendhunter benchmark field')
    parser.add_argument('--mag-column', metavar='NAME')
    add_directory(parser, required=False)


def run(arguments):
    """Score catalogues; write tables and figures where asked."""
    from blendhunter._utils.fits import read_array
    from blendhunter._utils.images import as_image
    from blendhunter.benchmark import field
    from blendhunter.catalogs import read_catalog

    check_directory(arguments)
    segmentation = (read_array(arguments.segmentation, 'segmentation')
                    if arguments.segmentation else None)
    wcs = as_image(arguments.wcs).wcs if arguments.wcs else None
    table = field.compare_catalogs(
        {name: read_catalog(path) for name, path in _names(
            arguments.catalogs).items()},
        read_catalog(arguments.truth), columns=arguments.columns,
        positions=arguments.positions, wcs=wcs, radius=arguments.radius,
        truth_columns=arguments.truth_columns, segmentation=segmentation,
        mag_limit=arguments.mag_limit, mag_column=arguments.mag_column)
    scores = field.field_scores(table)
    scores.remove_columns(['stamp_auc', 'stamp_accuracy'])
    if arguments.directory:
        write_field_tables(arguments, table, scores)
    matched = ', '.join(f'{name} has {count}' for name, count
                        in table.meta['matched'].items())
    print(f'{len(table)} of {table.meta["labelled"]} labelled detections '
          f'are in all catalogues: {matched}')
    if table.meta['segments'] == 'ellipses':
        print('segments are taken for ellipses; --segmentation gives exact '
              'labels')
    return scores


def _names(paths):
    """Name each catalogue after its file, with its folder if need be."""
    stems = [Path(path).stem for path in paths]
    names = {}
    for path, stem in zip(paths, stems, strict=True):
        name = stem if stems.count(stem) == 1 else str(path)
        if name in names:
            msg = f'catalogs: {str(path)!r} is given twice'
            raise ValueError(msg)
        names[name] = path
    return names
