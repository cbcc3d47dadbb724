# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""``blendhunter classify`` for many images: a table for each."""

import logging
from contextlib import nullcontext

import numpy as np

from blendhunter.cli.options import detection_settings, positive_int
from blendhunter.survey.executors import dask_executor, process_executor
from blendhunter.survey.image_list import COLUMNS, read_image_list

__all__ = ['add_many_options', 'classify_many', 'count_sources', 'is_many']

FORMATS = ('parquet', 'ecsv', 'fits')
# options of one image, and of many
ONE = ('catalog', 'columns', 'sky', 'pixel_origin', 'chip', 'wcs',
       'segmentation', 'planes', 'mask', 'mask_bits', 'noise', 'weight',
       'plot', 'ds9', 'report')
MANY = ('workers', 'scheduler', 'format')


def add_many_options(parser):
    """Add where many images are classified, and their tables' format."""
    group = parser.add_argument_group(
        'many images', 'with --output-dir, from the command line or a list')
    where = group.add_mutually_exclusive_group()
    where.add_argument('--workers', type=positive_int, metavar='N',
                       help='processes on this machine')
    where.add_argument('--scheduler', metavar='ADDRESS|FILE',
                       help='address (tcp://HOST:PORT) or scheduler file of '
                       'a dask cluster')
    group.add_argument('--format', choices=FORMATS,
                       help='format of the tables (parquet)')


def is_many(arguments):
    """Tell whether a directory is the output; check that the options fit."""
    if arguments.output_dir is None:
        if arguments.images or len(arguments.image) > 1:
            msg = ('output: several images have several tables; use '
                   '--output-dir DIR instead of -o')
            raise ValueError(msg)
        for name in MANY:
            if getattr(arguments, name) is not None:
                msg = f'{name}: {_option(name)} needs --output-dir DIR'
                raise ValueError(msg)
        return False
    for name in ONE:
        if getattr(arguments, name):
            hint = (f'; use a list, --images LIST, with a column {name!r}'
                    if name in COLUMNS else '')
            msg = (f'{name}: {_option(name)} is for one image with -o, not '
                   f'for --output-dir{hint}')
            raise ValueError(msg)
    if arguments.images and arguments.ext is not None:
        msg = "ext: give the list a column 'ext' instead of --ext"
        raise ValueError(msg)
    return True


def _option(name):
    """Return the option of an argument."""
    return f"--{name.replace('_', '-')}"


def classify_many(arguments, identifier):
    """Classify the images; return 1 if any has failed, or else 0."""
    from blendhunter.survey import classify_images

    images = arguments.images or [
        {'image': path, 'ext': arguments.ext} for path in arguments.image]
    # before processes start
    names = [image.name for image in read_image_list(images)]
    with _executor(arguments) as executor:
        manifest = classify_images(
            images, arguments.output_dir, identifier=identifier,
            executor=executor, format=arguments.format or FORMATS[0],
            settings=detection_settings(arguments),
            background=None if arguments.no_background else 'auto',
            tile_size=arguments.tile_size, overwrite=arguments.overwrite,
            progress=True)
    # not those of other lists in the directory
    manifest = manifest[np.isin(manifest['name'], names)]
    n_failed = int(np.sum(manifest['status'] == 'failed'))
    print(f'{len(manifest)} images, {n_failed} failed; '
          f'{count_sources(manifest)}; written to {arguments.output_dir}')
    return int(n_failed > 0)


def count_sources(manifest):
    """Say how many sources a manifest has."""
    n, n_blends, n_unknown = (int(manifest[name].sum()) for name in (
        'n_sources', 'n_blends', 'n_unknown'))
    return (f'{n} sources, {n_blends} flagged as blends, {n_unknown} not '
            'classified')


def _executor(arguments):
    """Return what the options ask for, as a context manager."""
    if arguments.scheduler is not None:
        executor = dask_executor(arguments.scheduler)
        # one line tells of a lost scheduler, not dask's traceback too
        for name in ('distributed', 'distributed.client'):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        return executor
    if arguments.workers is not None:
        return process_executor(arguments.workers)
    return nullcontext()
