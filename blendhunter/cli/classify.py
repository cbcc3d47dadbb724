"""``blendhunter classify``: an image to blend probabilities."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.fits import read_array
from blendhunter._utils.images import as_image
from blendhunter._utils.tables import (
    check_table_columns,
    check_table_path,
    write_table,
)
from blendhunter.catalogs import as_table, catalog_positions
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import (
    add_detection_options,
    add_image_options,
    add_views,
    detection_options,
    new_parser,
    positive_int,
    read_image,
)
from blendhunter.plotting import check_figure_path

__all__ = ['add_parser', 'run']


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'classify', 'Find the blends among the sources of an image.',
        'blendhunter classify image.fits -o blends.ecsv --plot blends.png')
    add_image_options(parser)
    parser.add_argument('--catalog', metavar='FILE',
                        help='the sources; by default they are detected')
    parser.add_argument('--columns', nargs=2, metavar=('X', 'Y'),
                        help='names of the position columns')
    parser.add_argument('--segmentation', metavar='FITS',
                        help='segmentation image that goes with the catalog')
    add_detection_options(parser)
    parser.add_argument('--region', choices=('segment', 'stamp'),
                        default='segment', help='what is asked (%(default)s)')
    parser.add_argument('--threshold', type=float, default=0.5,
                        help='is_blend from here on (%(default)s)')
    parser.add_argument('--prior', type=float,
                        help='blend fraction of the sample')
    parser.add_argument('--weights', default='default',
                        help='a weights file (the packaged one)')
    add_views(parser)
    parser.add_argument('--batch-size', type=positive_int, default=256)
    parser.add_argument('--precision', default='auto',
                        choices=('auto', 'float32', 'bfloat16'))
    parser.add_argument('-o', '--output', metavar='TABLE', required=True,
                        help='.ecsv, .fits, .csv, .parquet or .hdf5')
    parser.add_argument('--plot', metavar='PNG', help='draw the result')
    parser.add_argument('--ds9', metavar='REG',
                        help='write regions for SAOImage DS9')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace existing files and columns')
    return parser


def run(arguments):
    """Classify and write what was asked for."""
    check_table_path(arguments.output, overwrite=arguments.overwrite)
    if arguments.plot:
        check_figure_path(arguments.plot, overwrite=arguments.overwrite)
    if arguments.ds9:
        check_writable(arguments.ds9, name='ds9',
                       overwrite=arguments.overwrite)
    catalog = None
    if arguments.catalog:
        catalog = as_table(arguments.catalog)
        check_table_columns(catalog, arguments.output)
    image, background = read_image(arguments)
    result, segmentation = _classify(arguments, image, catalog, background)
    write_table(result, arguments.output, overwrite=arguments.overwrite)
    if arguments.ds9:
        _write_regions(arguments.ds9, result, image.wcs, arguments.columns)
    if arguments.plot:
        _plot(image, background, result, segmentation, arguments)
    unknown = int(np.sum(~np.isfinite(result['blend_prob'])))
    print(f'{len(result)} sources, {int(np.sum(result["is_blend"]))} '
          f'flagged as blends, {unknown} not classified; written to '
          f'{arguments.output}')


def _classify(arguments, image, catalog, background):
    """Return the result and the segmentation image that was used."""
    from blendhunter.identify import BlendIdentifier

    quiet_backend()
    identifier = BlendIdentifier(
        arguments.weights, region=arguments.region,
        threshold=arguments.threshold, prior=arguments.prior,
        batch_size=arguments.batch_size, precision=arguments.precision,
        n_views=arguments.n_views)
    catalog, segmentation, given = _sources(arguments, image, catalog,
                                            background)
    result = identifier.classify(
        image, catalog, background=background, columns=arguments.columns,
        segmentation=segmentation if given else None,
        overwrite=arguments.overwrite, progress=True)
    return result, segmentation


def _sources(arguments, image, catalog, background):
    """Return catalogue, segments, and whether they belong together."""
    from blendhunter.detection import (
        DETECTION_KEY,
        Detection,
        detect,
        settings_from_meta,
    )

    settings = Detection(**detection_options(arguments))
    if arguments.segmentation:
        segmentation = read_array(arguments.segmentation, 'segmentation')
        if catalog is None:
            catalog = detect(image, background=background,
                             **asdict(settings))
            catalog.remove_column('label')  # not that segmentation's
        return catalog, segmentation, True
    if catalog is not None:
        # the segments are made anew: as the catalogue's were, or as the
        # options say
        settings = settings_from_meta(catalog.meta) or settings
        catalog.meta[DETECTION_KEY] = settings.to_meta()
        if not arguments.plot:
            return catalog, None, False
    table, found = detect(image, background=background,
                          return_segmentation=True, **asdict(settings))
    segmentation = None if found is None else found.data
    if catalog is not None:
        return catalog, segmentation, False
    return table, segmentation, True


def _plot(image, background, result, segmentation, arguments):
    """Write the picture of a result."""
    from blendhunter.detection import subtract_background
    from blendhunter.plotting import plot_result, save_figure

    data = subtract_background(as_image(image), background=background).data
    shown = result['blend_prob', 'is_blend', 'blend_flags'].copy()
    shown['x'], shown['y'] = catalog_positions(
        result, wcs=image.wcs, columns=arguments.columns)
    save_figure(plot_result(data, shown, segmentation=segmentation,
                            title=Path(arguments.image).name),
                arguments.plot)


def _write_regions(path, result, wcs, columns):
    """Write circles for DS9: red for blends, cyan for the others."""
    x, y = catalog_positions(result, wcs=wcs, columns=columns)
    lines = ['# Region file format: DS9', 'image']
    for xi, yi, p, blend in zip(x, y, result['blend_prob'],
                                result['is_blend'], strict=True):
        if np.isfinite(xi) and np.isfinite(yi):
            colour = 'red' if blend else 'cyan'
            lines.append(f'circle({xi + 1:.2f},{yi + 1:.2f},8) # '
                         f'color={colour} text={{{p:.2f}}}')
    with atomic_path(path) as temporary:
        temporary.write_text('\n'.join(lines) + '\n')
