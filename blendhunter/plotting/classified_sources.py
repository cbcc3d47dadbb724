# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Match the rows of a result with their image, for the figures."""

import warnings
from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import round_position
from blendhunter._utils.masked import plain_values, split_masked
from blendhunter.catalogs import catalog_positions
from blendhunter.detection import DetectedImage
from blendhunter.detection.given_sources import GivenSources
from blendhunter.exceptions import BlendHunterWarning

__all__ = ['check_rows', 'companions', 'flagged_rows', 'flags_of',
           'is_flagged', 'probabilities', 'sources_on_image']


def sources_on_image(image, result, **options):
    """
    Return the rows of a classified table as a `DetectedImage`.

    ``options`` are those of `DetectedImage.from_image`. A ValueError tells
    that the table is not one of this image.
    """
    probability = probabilities(result)
    # an error says more than the warnings that come before it
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always', BlendHunterWarning)
        if not isinstance(image, DetectedImage):
            detected = DetectedImage.from_image(image, result, **options)
        elif _has_rows(image, result):
            detected = image
        else:
            detected = _with_rows(image, result)
    _check_on_image(detected, probability)
    for item in caught:
        warnings.warn(item.message, stacklevel=3)
    return detected


def _has_rows(detected, result):
    """Tell whether the sources of an image are the rows of a table."""
    if len(detected) != len(result):
        return False
    try:
        x, y = catalog_positions(result, wcs=lambda: detected.wcs)
        own = catalog_positions(detected.catalog, wcs=lambda: detected.wcs)
    except ValueError:
        # positions under names that only the user knows
        return True
    return all(np.array_equal(*pair, equal_nan=True)
               for pair in zip((x, y), own, strict=True))


def _with_rows(detected, result):
    """Return the image and its segments with the rows of a table."""
    sources = GivenSources.of(result, detected.segmentation,
                              detected.settings, None)
    sources = sources.on_image(detected.image.data.shape,
                               lambda: detected.wcs)
    return replace(detected, catalog=sources.catalog, x=sources.x,
                   y=sources.y, labels=sources.labels,
                   given_segmentation=sources.segmentation)


def _check_on_image(detected, probability):
    """Refuse classified rows off the image: they are of another one."""
    ny, nx = detected.image.data.shape
    ix, iy = round_position(detected.x), round_position(detected.y)
    off = (ix < 0) | (ix >= nx) | (iy < 0) | (iy >= ny)
    known = np.isfinite(probability)
    n_off = np.sum(off & known)
    # no row off the image gets a probability
    if n_off:
        msg = (f'result: {n_off} of {np.sum(known)} classified positions are '
               f'off the image of {nx} x {ny} px; does the table belong to '
               'another image?')
        raise ValueError(msg)


def _column(result, name):
    """Return a column; an error if the table has not been classified."""
    if name not in result.colnames:
        msg = (f'result has no column {name!r}, so it is not a result of '
               f"'classify'; it has {result.colnames}")
        raise ValueError(msg)
    return result[name]


def probabilities(result):
    """Return the blend probabilities of a table, NaN for unknown ones."""
    return plain_values(_column(result, 'blend_prob'))


def is_flagged(result):
    """Return which rows of a table are flagged as blends."""
    values, mask, _ = split_masked(_column(result, 'is_blend'))
    if values.dtype.kind in 'OSU':  # text, as some readers of CSV give it
        values = np.char.lower(values.astype(str)) == 'true'
    return values.astype(bool) & (True if mask is None else ~mask)


def flags_of(result):
    """Return ``blend_flags`` as integers; 0 without the column."""
    if 'blend_flags' not in result.colnames:
        return np.zeros(len(result), dtype=np.int64)
    return np.nan_to_num(plain_values(result['blend_flags'])).astype(np.int64)


def flagged_rows(result):
    """Return the flagged rows, highest probability first."""
    rows = np.flatnonzero(is_flagged(result))
    return rows[np.argsort(-probabilities(result)[rows], kind='stable')]


def check_rows(rows, n):
    """Return row numbers as an array; refuse those not in the table."""
    rows = np.atleast_1d(np.asarray(rows))
    if rows.size == 0:
        rows = rows.astype(int)
    if rows.dtype.kind not in 'iu' or rows.ndim != 1:
        msg = f'rows must be row numbers, got {rows.dtype} of {rows.shape}'
        raise ValueError(msg)
    wrong = rows[(rows < 0) | (rows >= n)]
    if wrong.size:
        msg = (f'rows: row {wrong[0]} is not in the table, whose {n} rows '
               'count from 0')
        raise ValueError(msg)
    return rows


def companions(result, rows):
    """Return x and y (px) of the companions of some rows, or NaN."""
    names = ('companion_x', 'companion_y')
    if not set(names) <= set(result.colnames):
        return np.full((2, len(rows)), np.nan)
    return np.array([plain_values(result[name])[rows] for name in names])
