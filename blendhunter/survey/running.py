# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Classify many images, with one table for each."""

import time
import warnings
from contextlib import closing
from pathlib import Path

from blendhunter._utils.progress import progress_bar
from blendhunter._utils.resume import plain
from blendhunter.detection import DetectionSettings
from blendhunter.detection.tiles import TILE_SIZE, check_tile_size
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.identify import BlendIdentifier
from blendhunter.identify.screening import small_weights
from blendhunter.identify.settings import check_params
from blendhunter.network.weights import read_metadata, resolve_weights
from blendhunter.survey.executors import SerialExecutor
from blendhunter.survey.image_list import read_image_list
from blendhunter.survey.lock import lock_directory
from blendhunter.survey.manifest import MANIFEST, Manifest
from blendhunter.survey.one_image import ImageTask, classify_one, one_line
from blendhunter.survey.scheduling import run_tasks
from blendhunter.version import __version__

__all__ = ['FORMATS', 'classify_images']

FORMATS = ('parquet', 'ecsv', 'fits')
# settings of an identifier that change no result, or are told otherwise
NO_RESULT = ('weights', 'screen', 'batch_size')


def classify_images(images, output_dir, *, identifier=None, executor=None,
                    format='parquet', settings=None, background='auto',
                    tile_size=TILE_SIZE, overwrite=False, retries=1,
                    progress=False):
    """
    Classify many images, and write one table for each.

    If you repeat the call, it classifies only images that are missing, have
    changed, or have failed. You may add images. Settings that change the
    results must stay the same in a directory.

    Parameters
    ----------
    images : sequence of path-like or dict, `~astropy.table.Table`, or path
        Paths of FITS images, as ``FILE`` or ``FILE[EXT]``. Or a table, the
        path of a table, or dicts with ``image`` and, optionally, ``ext``,
        ``catalog``, ``segmentation``, ``mask``, ``weight``, ``noise`` (a
        path or a number) and ``name``. Paths are relative to the folder of
        the table. The output of an image is called ``name``. By default it
        has the name of the image, with ``-EXT`` if an extension is given.
    output_dir : path-like
        Directory of the tables. It is created if it does not exist.
    identifier : `~blendhunter.BlendIdentifier`, optional
        Classifies the sources.
    executor : `~concurrent.futures.Executor`, optional
        Runs the classification: see `~blendhunter.survey.process_executor`
        and `~blendhunter.survey.dask_executor`. None is this process. Only
        paths, settings and counts are sent to workers. The results do not
        depend on the executor.
    format : {'parquet', 'ecsv', 'fits'}, optional
        Format of the tables.
    settings : `~blendhunter.DetectionSettings`, optional
        Settings of the detection.
    background : 'auto', None or float, optional
        'auto' subtracts a mesh estimate, None nothing.
    tile_size : int or None, optional
        Larger images are processed in tiles of this width (px); see
        `~blendhunter.BlendIdentifier.classify`.
    overwrite : bool, optional
        Whether to remove the results of an earlier run in the directory,
        and start again.
    retries : int, optional
        How often an image is repeated if it changed while it was
        classified, or if its worker was killed.
    progress : bool, optional
        Whether to show a progress bar.

    Returns
    -------
    manifest : `~astropy.table.Table`
        One row per image of the directory, as in ``_manifest.ecsv``:

        - ``name``, ``image``, ``output``, and ``status`` ('done' or
          'failed');
        - ``n_sources``, ``n_blends``, and ``n_unknown`` (sources without a
          probability);
        - ``seconds``, ``attempts``, ``error`` and ``warnings``;
        - size and modification time of the files.

        The meta records the settings. A warning names each image that
        failed.

    Raises
    ------
    TypeError, ValueError, OSError
        If an argument cannot be used; the message names it.
    `~blendhunter.exceptions.BlendHunterError`
        If another run uses the directory, or the executor is lost.
    """
    identifier = BlendIdentifier() if identifier is None else identifier
    _check(format, background, retries)
    check_tile_size(tile_size)
    images = read_image_list(images)
    decisive = _decisive(identifier, format, settings, background, tile_size)
    directory = Path(output_dir)
    if not directory.absolute().parent.is_dir():
        msg = (f'output_dir: directory {str(directory.parent)!r} does not '
               'exist')
        raise FileNotFoundError(msg)
    directory.mkdir(exist_ok=True)
    with lock_directory(directory):
        manifest = Manifest(directory)
        if overwrite:
            manifest.clear()
        manifest.begin(decisive, images)
        tasks = [ImageTask(
            image, str(manifest.output(image.name).absolute()),
            type(identifier), _params(identifier), settings, background,
            tile_size, retries)
            for image in images if not manifest.is_done(image)]
        for task in tasks:
            manifest.forget(task.source.name)
        manifest.clean()
        try:
            _run(manifest, tasks, executor or SerialExecutor(), retries,
                 progress=progress, n_images=len(images))
        finally:
            _finish(manifest)
        return manifest.table()


def _check(format, background, retries):
    """Check the plain arguments."""
    if format not in FORMATS:
        msg = f'format must be one of {FORMATS}, got {format!r}'
        raise ValueError(msg)
    if background is not None and not isinstance(
            background, (int, float)) and not (
                isinstance(background, str) and background == 'auto'):
        msg = ("background must be 'auto', None or a number, got "
               f'{type(background).__name__}')
        raise TypeError(msg)
    if not isinstance(retries, int) or retries < 0:
        msg = f'retries must be 0 or a positive integer, got {retries!r}'
        raise ValueError(msg)


def _params(identifier):
    """Return the settings of an identifier, valid in any folder."""
    params = identifier.get_params()
    for name in ('weights', 'screen'):
        if params[name] in ('auto', False):
            continue
        path = resolve_weights(params[name], verify=False)
        if str(path) == str(params[name]):
            params[name] = str(path.absolute())
    return tuple(params.items())


def _decisive(identifier, format, settings, background, tile_size):
    """Return all that decides the results, as plain values."""
    check_params(identifier.get_params())
    params = {name: value for name, value in identifier.get_params().items()
              if name not in NO_RESULT}
    sha256 = read_metadata(resolve_weights(identifier.weights))['sha256']
    return plain({
        'version': __version__, 'weights': sha256,
        'screen': small_weights(identifier.screen, sha256)[1].get('sha256'),
        **params,
        **vars(settings or DetectionSettings()), 'background': background,
        'tile_size': tile_size, 'format': format})


def _run(manifest, tasks, executor, retries, *, progress, n_images):
    """Classify what is to be done; warn of each image that fails."""
    start, n_sources = time.perf_counter(), 0
    with progress_bar(total=n_images, description='images',
                      enabled=progress,
                      initial=n_images - len(tasks)) as bar, closing(
                          run_tasks(classify_one, tasks, executor,
                                    retries=retries)) as results:
        for task, summary, kills in results:
            if isinstance(summary, str):
                summary = {'status': 'failed', 'error': summary,
                           'fingerprint': task.source.fingerprint()}
            summary['attempts'] = summary.get('attempts', 0) + kills
            summary = _record(manifest, task.source, summary)
            n_sources += summary.get('n_sources', 0)
            bar.set_postfix_str(
                f'{n_sources / (time.perf_counter() - start):.3g} sources/s')
            bar.update(1)
            if summary['status'] == 'failed':
                bar.clear()
                warnings.warn(f'{task.source.image}: {summary["error"]}',
                              BlendHunterWarning, stacklevel=3)


def _finish(manifest):
    """Merge the records; what cannot be written is left to a rerun."""
    manifest.clean()
    try:
        manifest.write()
    except OSError as error:
        warnings.warn(
            f'output_dir: {MANIFEST} cannot be written ({one_line(error)}); '
            'repeat the run to write it', BlendHunterWarning,
            stacklevel=3)


def _record(manifest, image, summary):
    """Record a summary; on a full disk the image has failed."""
    try:
        manifest.add(image, summary)
    except OSError as error:
        summary = {**summary, 'status': 'failed', 'error': one_line(error)}
        manifest.records[image.name].update(status='failed',
                                            error=summary['error'])
        manifest.output(image.name).unlink(missing_ok=True)
    return summary
