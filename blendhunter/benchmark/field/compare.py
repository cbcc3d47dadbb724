"""Other people's classifiers, on the same footing."""

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.field.describe import (
    describe_detections,
    prepare_truth,
)
from blendhunter.benchmark.field.measure import SCORE
from blendhunter.benchmark.field.segments import paint_ellipses
from blendhunter.catalogs import as_table, catalog_positions
from blendhunter.stamps import assign_segments

__all__ = ['compare_catalogs']

# columns that hold a classifier's answer, the first that is there; a
# number picks the bits of a flag that speak of blends
ANSWERS = {'blend_prob': None, 'p_blend': None, 'probability': None,
           'prob': None, 'is_blend': None, 'blended': None,
           # SEP: merged; SExtractor: blended with another
           'flag': 1, 'FLAGS': 2}
LABELLED = 'truth_label'


def compare_catalogs(catalogs, truth, *, columns=None, segmentation=None,
                     radius=2.0, wcs=None, mag_limit=None, mag_column=None):
    """
    Score classified catalogues of one image against the same truth.

    Parameters
    ----------
    catalogs : dict of Table or path
        By name. Of each, the rows with their positions and a probability
        or flag.
    truth : Table or path
        Detections that are labelled: as `measure_field` describes them,
        or any with ``truth_label`` (1 blend, 0 single, -1 unclear) and
        positions. Or a catalogue of true sources, from which those of
        the first catalogue get their labels.
    columns : sequence of str, optional
        The column with the answer in each catalogue, or one name for
        all. By default ``blend_prob``, ``p_blend``, ``probability``,
        ``prob``, ``is_blend``, ``blended``, then SEP's ``flag`` (merged)
        or SExtractor's ``FLAGS`` (blended).
    segmentation : 2-D int array_like, optional
        Segments of the first catalogue, for true sources. Without it a
        segment is taken for an ellipse of its area and shape.
    radius : float, optional
        Rows farther than this (px) from a labelled detection are left
        out.
    wcs : `~astropy.wcs.WCS`, optional
        For sky positions.
    mag_limit, mag_column : optional
        As in `~blendhunter.benchmark.field.prepare_truth`.

    Returns
    -------
    detections : `~astropy.table.Table`
        Those that every catalogue has, with the score of each,
        ``'score: NAME'``: for `~blendhunter.benchmark.field.field_scores`.
        Its meta counts the ``labelled`` ones and those ``matched`` by
        each catalogue.

    Raises
    ------
    ValueError
        If there is no answer in a catalogue, or no common detection.
    """
    if not catalogs:
        msg = 'catalogs must not be empty'
        raise ValueError(msg)
    tables = {name: as_table(item) for name, item in catalogs.items()}
    answers = dict(zip(tables, _answer_columns(tables, columns),
                       strict=True))
    reference = _reference(as_table(truth), next(iter(tables.values())),
                           segmentation, wcs, mag_limit, mag_column)
    place = _places(reference, wcs)
    common = np.ones(len(reference), dtype=bool)
    matched = {}
    for name, table in tables.items():
        row = _match(place, _places(table, wcs), radius)
        score = np.full(len(reference), np.nan)
        score[row >= 0] = _values(table, *answers[name])[row[row >= 0]]
        reference[f'{SCORE}{name}'] = score
        matched[name] = int(np.sum(row >= 0))
        common &= row >= 0
    if not common.any():
        msg = (f'catalogs: no detection is within {radius} px of one in '
               f'each of {list(tables)}')
        raise ValueError(msg)
    result = reference[common]
    result.meta = {'labelled': len(reference), 'matched': matched}
    return result


def _answer_columns(tables, columns):
    """Return the column of each catalogue, and its bits."""
    wanted = [None] * len(tables) if columns is None else list(columns)
    if len(wanted) == 1:
        wanted *= len(tables)
    if len(wanted) != len(tables):
        msg = (f'columns must be one name, or one for each of the '
               f'{len(tables)} catalogues, got {columns!r}')
        raise ValueError(msg)
    result = []
    for (name, table), column in zip(tables.items(), wanted, strict=True):
        found = column or next((key for key in ANSWERS
                                if key in table.colnames), None)
        if found not in table.colnames:
            msg = (f'columns: {name} has no column {column!r}' if column
                   else f'columns: name the probability or flag of {name}')
            raise ValueError(f'{msg}; it has {table.colnames}')
        result.append((found, None if column else ANSWERS[found]))
    return result


def _values(table, column, bits):
    """Return the answers as numbers; greater means likelier a blend."""
    values = np.ma.asarray(getattr(table[column], 'value', table[column]))
    if bits is not None:
        values = (values.astype(int) & bits) > 0
    return np.ma.filled(values.astype(float), np.nan)


def _reference(truth, catalog, segmentation, wcs, mag_limit, mag_column):
    """Return the labelled detections."""
    if LABELLED in truth.colnames:
        kept = [name for name in truth.colnames
                if not name.startswith(SCORE)]
        return Table(truth[kept], copy=True)
    truth = prepare_truth(truth, wcs=wcs, mag_limit=mag_limit,
                          mag_column=mag_column)
    x, y = catalog_positions(catalog, wcs=wcs)
    if segmentation is None:
        segmentation, labels = paint_ellipses(catalog, x, y)
    else:
        segments = assign_segments(np.asarray(segmentation), x, y)
        segmentation, labels = segments.image, segments.labels
    return describe_detections(
        Table({**{name: np.asarray(catalog[name]) for name in ('snr',)
                  if name in catalog.colnames},
               'label': labels, 'x_centroid': x, 'y_centroid': y}),
        segmentation, truth)


def _places(table, wcs):
    """Return positions, those of different fields far from each other."""
    x, y = catalog_positions(table, wcs=wcs)
    field = (np.asarray(table['field'], dtype=float)
             if 'field' in table.colnames else np.zeros(len(table)))
    return np.column_stack([x + 1e6 * field, y])


def _match(place, other, radius):
    """Return the nearest row of another table, -1 where there is none."""
    from scipy.spatial import cKDTree

    good = np.flatnonzero(np.isfinite(other).all(axis=1))
    row = np.full(len(place), -1)
    known = np.flatnonzero(np.isfinite(place).all(axis=1))
    if not len(good) or not len(known):
        return row
    distance, near = cKDTree(other[good]).query(place[known])
    within = distance <= radius
    row[known[within]] = good[near[within]]
    return row
