# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Classify one image of a run, in a worker."""

import threading
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from astropy import units as u

from blendhunter._utils.meta import record_meta
from blendhunter._utils.tables import write_table
from blendhunter.catalogs import catalog_positions
from blendhunter.detection import DetectionSettings
from blendhunter.exceptions import BlendHunterWarning, NoDetectionsWarning
from blendhunter.images.planes import read_beside, to_noise
from blendhunter.images.sections import open_sections
from blendhunter.survey.image_list import SurveyImage

__all__ = ['ImageTask', 'classify_one', 'one_line']

CHANGED = 'its files changed while it was classified'
# held by the thread that keeps its warnings
_NOTING = threading.Lock()


@dataclass(frozen=True)
class ImageTask:
    """
    What a worker is told: paths and settings.

    Parameters
    ----------
    source : `~blendhunter.survey.image_list.SurveyImage`
        The image.
    output : str
        Absolute path of the table.
    identifier : type
        `~blendhunter.BlendIdentifier`, or a class from it.
    params : tuple of (str, value)
        Its settings.
    settings : `~blendhunter.DetectionSettings` or None
        Settings of the detection.
    background : 'auto', None or float
        Background to subtract.
    tile_size : int or None
        Width of a tile, px.
    retries : int
        How often an image is done again whose files changed meanwhile.
    """

    source: SurveyImage
    output: str
    identifier: type
    params: tuple
    settings: DetectionSettings | None
    background: str | float | None
    tile_size: int | None
    retries: int


def classify_one(task):
    """
    Classify an image and write its table.

    Parameters
    ----------
    task : `ImageTask`
        Paths and settings.

    Returns
    -------
    summary : dict
        Plain values: what was found, or the error on one line.
    """
    start, attempts = time.perf_counter(), 0
    summary = {'status': 'failed', 'error': CHANGED}
    while attempts <= task.retries and summary['error'] == CHANGED:
        attempts += 1
        before = task.source.fingerprint()
        try:
            with _notes() as notes:
                table = _classified(task)
            summary = _summary(table, notes)
            if task.source.fingerprint() != before:
                summary = {'status': 'failed', 'error': CHANGED}
                continue
            write_table(table, task.output, overwrite=True)
        # any library may raise anything for a damaged file
        except Exception as error:  # noqa: BLE001
            changed = task.source.fingerprint() != before
            summary = {'status': 'failed',
                       'error': CHANGED if changed else one_line(error)}
    seconds = round(time.perf_counter() - start, 3)
    return {**summary, 'fingerprint': before, 'attempts': attempts,
            'seconds': seconds}


def one_line(error):
    """Return the first line of an error."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def _notes():
    """
    Keep the warnings of this thread in a block.

    Python's list of warning filters belongs to all threads. So one block
    at a time keeps warnings, and those of other threads stay what they are.
    """
    notes, here = [], threading.get_ident()
    if not _NOTING.acquire(blocking=False):
        yield notes
        return
    try:
        with warnings.catch_warnings():
            shown = warnings.showwarning

            def keep(message, category, *place):
                if threading.get_ident() == here:
                    notes.append((category, one_line(message)))
                else:
                    shown(message, category, *place)

            warnings.simplefilter('always')
            warnings.showwarning = keep
            yield notes
    finally:
        _NOTING.release()


def _summary(table, notes):
    """Return the counts of a table, and what was said about its image."""
    texts = dict.fromkeys(
        text for category, text in notes
        if issubclass(category, BlendHunterWarning)
        and not issubclass(category, NoDetectionsWarning))
    probability = np.ma.filled(table['blend_prob'], np.nan)
    return {'status': 'done', 'error': '', 'n_sources': len(table),
            'n_blends': int(np.sum(table['is_blend'])),
            'n_unknown': int(np.sum(~np.isfinite(probability))),
            'warnings': '; '.join(texts)}


def _classified(task):
    """Return the table of an image, with its name and sky positions."""
    source = task.source
    image = source.path('image')
    options = {'catalog': source.path('catalog'), **_planes(source)}
    table = task.identifier(**dict(task.params)).classify(
        image, background=task.background, ext=source.ext,
        settings=task.settings, tile_size=task.tile_size, **options)
    if 'image' in table.colnames:
        msg = ("catalog must not have a column 'image', because this column "
               'is for the name of the image')
        raise ValueError(msg)
    _add_sky(table, image, source.ext)
    table['image'] = np.full(len(table), source.name)
    table['image'].info.description = 'Name of the image'
    record_meta(table.meta, image=source.image)
    # the same order for all images, with a WCS or without
    first = [name for name in ('image', 'ra', 'dec')
             if name in table.colnames]
    return table[first + [name for name in table.colnames
                          if name not in first]]


def _planes(source):
    """Return the planes beside an image, as `classify` takes them."""
    image, options = source.path('image'), {}
    if source.segmentation is not None:
        options['segmentation'] = read_beside(
            source.path('segmentation'), 'segmentation', image, source.ext)
    if source.mask is not None:
        options['mask'] = read_beside(source.path('mask'), 'mask', image,
                                      source.ext, bits=())
    if isinstance(source.noise, float):
        options['noise'] = source.noise
    elif source.noise is not None:
        options['noise'] = read_beside(source.path('noise'), 'noise', image,
                                       source.ext)
    if source.weight is not None:
        options['noise'] = to_noise(read_beside(
            source.path('weight'), 'weight', image, source.ext), -0.5)
    return options


def _add_sky(table, image, ext):
    """Add ``ra`` and ``dec`` in degrees; NaN if the image has no WCS."""
    names = [name.lower() for name in table.colnames]
    if 'ra' in names and 'dec' in names:
        return
    ra = dec = np.full(len(table), np.nan)
    with open_sections(image, ext=ext) as sections:
        wcs = sections.wcs
        if wcs is not None and len(table):
            x, y = catalog_positions(table, wcs=wcs)
            sky = wcs.celestial.pixel_to_world(x, y).icrs
            ra, dec = sky.ra.deg, sky.dec.deg
    table['ra'], table['dec'] = ra * u.deg, dec * u.deg
