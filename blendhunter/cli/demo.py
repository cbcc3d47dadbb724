# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter demo``: the whole pipeline on a simulated field."""

import time
from pathlib import Path

import numpy as np

from blendhunter._utils.descriptions import LABELED, describe_columns
from blendhunter._utils.files import check_outputs
from blendhunter._utils.tables import check_table_path, write_table
from blendhunter.cli.backend import quiet_backend
from blendhunter.cli.options import natural, new_parser, positive_int

__all__ = ['add_parser', 'run']

N_ROWS = 8
COLUMNS = ('label', 'x_centroid', 'y_centroid', 'flux', 'n_pixels',
           'blend_prob', 'is_blend', 'blend_flags')


def add_parser(verbs):
    """Add the verb to the command line."""
    parser = new_parser(
        verbs, 'demo', 'Simulate a field, detect and classify its sources, '
        'compare with the truth.', 'blendhunter demo')
    parser.add_argument('-o', '--output', metavar='TABLE',
                        default='blendhunter-demo.ecsv',
                        help='result table (%(default)s)')
    parser.add_argument('--plot', metavar='PNG',
                        help='picture; by default the name of the table '
                        'with .png')
    parser.add_argument('--size', type=positive_int, default=1800,
                        help='width and height in px (%(default)s)')
    parser.add_argument('--seed', type=natural, default=2022,
                        help='seed of the simulation (%(default)s)')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace existing files')
    return parser


def run(arguments):
    """Run the pipeline and print what it found."""
    from blendhunter import BlendIdentifier, DetectedImage, simulate_field
    from blendhunter.plotting import (
        check_figure_path,
        plot_result,
        save_figure,
    )
    from blendhunter.truth import label_segments

    picture = arguments.plot or Path(arguments.output).with_suffix('.png')
    check_outputs({'output': arguments.output, 'plot': picture}, {})
    check_table_path(arguments.output, overwrite=arguments.overwrite)
    check_figure_path(picture, overwrite=arguments.overwrite)
    shape = (arguments.size, arguments.size)
    began = time.monotonic()
    image, truth = simulate_field(shape, rng=arguments.seed, n_jobs=-1,
                                  progress=True)
    print(f'simulated {np.sum(~truth["is_star"])} galaxies and '
          f'{np.sum(truth["is_star"])} stars on {shape[0]} x {shape[1]} px '
          f'({time.monotonic() - began:.0f} s)')
    detected = DetectedImage.from_image(image)
    if not len(detected):
        msg = f'size: nothing was detected on {shape[0]} x {shape[1]} px'
        raise ValueError(msg)
    quiet_backend()
    result = BlendIdentifier().classify(detected, progress=True)
    result['truth_label'] = label_segments(
        detected.segmentation, detected.catalog, truth)['truth_label']
    describe_columns(result, LABELED)
    _print(result)
    write_table(result, arguments.output, overwrite=arguments.overwrite)
    save_figure(plot_result(detected, result, title='simulated CFIS field'),
                picture)
    print(f'table: {arguments.output}\npicture: {picture}\n'
          f'total: {time.monotonic() - began:.0f} s')


def _print(result):
    """Print the most likely blends, and compare with simpler flags."""
    from blendhunter.benchmark.report import compare_flags

    # sources without a probability come last
    order = np.argsort(-np.nan_to_num(result['blend_prob'], nan=-1),
                       kind='stable')[:N_ROWS]
    shown = result[list(COLUMNS)][order].copy()
    for name in ('x_centroid', 'y_centroid', 'flux'):
        shown[name].info.format = '.1f'
    shown['blend_prob'].info.format = '.4f'
    flags = compare_flags(result)
    for name in ('completeness', 'purity'):
        flags[name].info.format = '.2f'
    print(f'the {len(shown)} most likely blends:')
    print('\n'.join(shown.pformat(max_lines=-1, max_width=-1)))
    print(f'\n{len(result)} detections, {flags.meta["clear"]} of them with '
          f'a clear label; {flags.meta["blends"]} are unrecognized blends')
    print('\n'.join(flags.pformat(max_lines=-1, max_width=-1)) + '\n')
