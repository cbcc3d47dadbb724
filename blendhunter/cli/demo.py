"""``blendhunter demo``: the whole pipeline on a simulated field."""

import time
from pathlib import Path

import numpy as np

from blendhunter._utils.progress import progress_bar
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import new_parser, positive_int

__all__ = ['add_parser', 'run']

N_ROWS = 8
COLUMNS = ('label', 'x_centroid', 'y_centroid', 'flux', 'n_pixels',
           'blend_prob', 'is_blend', 'blend_flags')


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'demo', 'Simulate a field, detect, classify, compare with '
        'the truth.', 'blendhunter demo')
    parser.add_argument('-o', '--output', metavar='TABLE',
                        default='blendhunter-demo.ecsv',
                        help='result table (%(default)s)')
    parser.add_argument('--plot', metavar='PNG',
                        help='picture (the name of the table, with .png)')
    parser.add_argument('--size', type=positive_int, default=1800,
                        help='width and height in px (%(default)s)')
    parser.add_argument('--seed', type=int, default=2022,
                        help='another seed, another sky (%(default)s)')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace existing files')
    return parser


def run(arguments):
    """Run the pipeline and print what it found."""
    from blendhunter import BlendIdentifier, detect, simulate_field
    from blendhunter.plotting import check_figure_path
    from blendhunter.truth import label_segments

    picture = arguments.plot or Path(arguments.output).with_suffix('.png')
    check_table_path(arguments.output, overwrite=arguments.overwrite)
    check_figure_path(picture, overwrite=arguments.overwrite)
    shape = (arguments.size, arguments.size)
    began = time.monotonic()
    with progress_bar(total=None, description='simulating') as bar:
        image, truth = simulate_field(shape, rng=arguments.seed, n_jobs=-1,
                                      progress=bar.update)
    print(f'simulated {np.sum(~truth["is_star"])} galaxies and '
          f'{np.sum(truth["is_star"])} stars on {shape[0]} x {shape[1]} px '
          f'({time.monotonic() - began:.0f} s)')
    catalog, segmentation = detect(image, return_segmentation=True)
    if segmentation is None:
        msg = f'size: nothing was detected on {shape[0]} x {shape[1]} px'
        raise ValueError(msg)
    quiet_backend()
    result = BlendIdentifier().classify(image, catalog,
                                        segmentation=segmentation,
                                        progress=True)
    labels = label_segments(segmentation.data, catalog, truth)
    result['truth_label'] = labels['truth_label']
    # sources cut by the edge, which come first, have no probability
    usable = np.flatnonzero(np.isfinite(result['blend_prob']))[:N_ROWS]
    shown = result[list(COLUMNS)][usable].copy()
    for name in ('x_centroid', 'y_centroid', 'flux'):
        shown[name].info.format = '.1f'
    shown['blend_prob'].info.format = '.4f'
    print('\n'.join(shown.pformat(max_lines=-1, max_width=-1)))
    _compare(result)
    write_table(result, arguments.output, overwrite=arguments.overwrite)
    _draw(picture, image, result, segmentation)
    print(f'table: {arguments.output}\npicture: {picture}\n'
          f'total: {time.monotonic() - began:.0f} s')


def _compare(result):
    """Print completeness and purity beside SEP's flag and the area."""
    from blendhunter.benchmark.metrics import completeness, purity
    from blendhunter.truth import BLEND

    clear = result[np.asarray(result['truth_label']) >= 0]
    blended = np.asarray(clear['truth_label']) == BLEND
    flagged = np.asarray(clear['is_blend'])
    # as many of the largest segments as the network flags sources
    largest = np.zeros(len(clear), dtype=bool)
    largest[np.argsort(-np.asarray(clear['n_pixels']),
                       kind='stable')[:flagged.sum()]] = True
    print(f'\n{len(result)} detections, {len(clear)} of them with a clear '
          f'truth: {blended.sum()} are unrecognised blends\n'
          '                   flagged  completeness  purity')
    for name, chosen in (
            ('network', flagged),
            ('SEP merged flag', (np.asarray(clear['flag']) & 1) > 0),
            ('largest segments', largest)):
        print(f'{name:<18} {chosen.sum():>8} '
              f'{completeness(chosen, blended):>13.2f} '
              f'{purity(chosen, blended):>7.2f}')
    print()


def _draw(path, image, result, segmentation):
    """Write the picture."""
    from blendhunter.plotting import plot_result, save_figure

    # simulated without background
    save_figure(plot_result(image.data, result,
                            segmentation=segmentation.data,
                            title='simulated CFIS field'), path)
