# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Score any classified catalogs against the same truth."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import DETECTED, describe_columns
from blendhunter._utils.descriptions import LABELED as LABELED_COLUMNS
from blendhunter.benchmark.column_descriptions import score_descriptions
from blendhunter.benchmark.field.field_scores import SCORE
from blendhunter.benchmark.field.truth_match import (
    match_to_truth,
    prepare_truth,
)
from blendhunter.catalogs import as_table, catalog_positions, plain_values
from blendhunter.stamps import assign_segments
from blendhunter.truth.blend_definition import (
    MIN_FLUX_RATIO,
    check_flux_ratio,
)

__all__ = ['compare_catalogs', 'paint_ellipses']

# columns with a classifier's answer; the first in the catalog is taken.
# A number picks the bit of a flag that marks blends
ANSWERS = {'blend_prob': None, 'p_blend': None, 'probability': None,
           'prob': None, 'is_blend': None, 'blended': None,
           # SEP: merged; SExtractor: blended with another
           'flag': 1, 'FLAGS': 2}
LABELED = 'truth_label'
WORDS = {'true': 1.0, 't': 1.0, 'yes': 1.0, 'false': 0.0, 'f': 0.0,
         'no': 0.0, '': np.nan}
# what is needed of a catalog without its segmentation image
NEEDED = ('n_pixels', 'semimajor_axis', 'semiminor_axis', 'orientation')
# px beyond the outermost source, where the image is taken to end
MARGIN = 3


def compare_catalogs(catalogs, truth, *, columns=None, positions=None,
                     truth_columns=None, segmentation=None, radius=2.0,
                     wcs=None, mag_limit=None, mag_column=None,
                     min_flux_ratio=MIN_FLUX_RATIO):
    """
    Score classified catalogs of one image against the same truth.

    Parameters
    ----------
    catalogs : dict of Table or path
        Catalogs by name. Each has positions and a probability or a flag.
    truth : Table or path
        Labeled detections: those of
        `~blendhunter.benchmark.field.evaluate_field`, or any table with
        ``truth_label`` (1 blend, 0 single, -1 unclear) and positions. Or a
        catalog of true sources; then the rows of the first catalog are
        labeled with it.
    columns : sequence of str, optional
        The column with the probability or flag of each catalog, or one
        name for all. By default the first of ``blend_prob``, ``p_blend``,
        ``probability``, ``prob``, ``is_blend``, ``blended``, SEP's
        ``flag`` (the bit for merged sources) and SExtractor's ``FLAGS``
        (the bit for blended sources).
    positions, truth_columns : tuple of str, optional
        Position columns of the catalogs, and of the truth.
    segmentation : 2-D int array_like, optional
        Segmentation image of the first catalog, for a catalog of true
        sources. Without it each segment is approximated by an ellipse of
        the same area and shape, so a few labels may differ.
    radius : float, optional
        Rows farther than this (px) from a labeled detection are left out.
        Each row belongs to the nearest detection.
    wcs, mag_limit, mag_column : optional
        See `~blendhunter.benchmark.field.prepare_truth`.
    min_flux_ratio : float, optional
        See `~blendhunter.truth.label_segments`. Labeled detections keep
        their labels.

    Returns
    -------
    detections : `~astropy.table.Table`
        The detections that all catalogs contain. The columns
        ``'score: NAME'`` have the score of each catalog. Give the table to
        `~blendhunter.benchmark.field.field_scores`. The meta records the
        number of ``labeled`` detections, the number ``matched`` by each
        catalog, and the origin of the ``segments``.

    Raises
    ------
    ValueError
        If a catalog has no probability or flag, if there is no common
        detection, if no flux of true sources is known, or if
        ``min_flux_ratio`` is not between 0 and 1.
    """
    check_flux_ratio(min_flux_ratio)
    if not catalogs:
        msg = 'catalogs must not be empty'
        raise ValueError(msg)
    tables = {name: as_table(item) for name, item in catalogs.items()}
    answers = _answer_columns(tables, columns)
    reference, segments = _reference(
        as_table(truth), next(iter(tables.values())), segmentation,
        positions=positions, wcs=wcs, truth_columns=truth_columns,
        mag_limit=mag_limit, mag_column=mag_column,
        min_flux_ratio=min_flux_ratio)
    # of labeled detections the columns are those of the truth
    columns = truth_columns if segments == 'given' else None
    common = np.ones(len(reference), dtype=bool)
    matched = {}
    for name, table in tables.items():
        row = _nearest_rows(*_positions(reference, table, columns, positions,
                                        wcs), radius)
        score = np.full(len(reference), np.nan)
        score[row >= 0] = _values(table, name, answers[name])[row[row >= 0]]
        reference[f'{SCORE}{name}'] = score
        matched[name] = int(np.sum(row >= 0))
        common &= row >= 0
    if not common.any():
        msg = (f'catalogs: no labeled detection has a row within {radius} px '
               f'in each of {list(tables)}')
        raise ValueError(msg)
    result = reference[common]
    result.meta = {'labeled': len(reference), 'matched': matched,
                   'segments': segments}
    return describe_columns(result, DETECTED, LABELED_COLUMNS,
                            score_descriptions(result, SCORE))


def _answer_columns(tables, columns):
    """Return the column with the answer in each catalog, by name."""
    wanted = ([columns] if columns is None or isinstance(columns, str)
              else list(columns))
    if len(wanted) == 1:
        wanted *= len(tables)
    if len(wanted) != len(tables):
        msg = (f'columns must be one name, or one name for each of the '
               f'{len(tables)} catalogs, got {columns!r}')
        raise ValueError(msg)
    result = {}
    for (name, table), column in zip(tables.items(), wanted, strict=True):
        result[name] = column or next(
            (key for key in ANSWERS if key in table.colnames), None)
        if result[name] not in table.colnames:
            msg = (f'columns: {name} has no column {column!r}' if column
                   else f'columns: name the probability or flag of {name}')
            raise ValueError(f'{msg}; it has {table.colnames}')
    return result


def _values(table, name, column):
    """Return the answers as numbers; greater means likelier a blend."""
    values = table[column]
    if values.dtype.kind in 'SUO':
        # tables without types write words
        words = [str(word).strip().lower() for word in np.ma.filled(
            np.ma.asarray(values, dtype=object), '')]
        if set(words) - set(WORDS):
            msg = (f'columns: {column!r} of {name} must hold numbers or '
                   'True and False')
            raise ValueError(msg)
        return np.array([WORDS[word] for word in words])
    values = plain_values(values)
    if ANSWERS.get(column):
        good = np.isfinite(values)
        values[good] = (values[good].astype(int) & ANSWERS[column]) > 0
    return values


def _reference(truth, catalog, segmentation, *, positions, truth_columns,
               wcs, mag_limit, mag_column, min_flux_ratio):
    """Return the labeled detections, and where their segments are from."""
    if LABELED in truth.colnames:
        kept = [name for name in truth.colnames
                if not name.startswith(SCORE)]
        return Table(truth[kept], copy=True), 'given'
    truth = prepare_truth(truth, wcs=wcs, columns=truth_columns,
                          mag_limit=mag_limit, mag_column=mag_column)
    x, y = catalog_positions(catalog, wcs=wcs, columns=positions)
    if segmentation is None:
        segmentation, labels = paint_ellipses(catalog, x, y)
        source = 'ellipses'
    else:
        segments = assign_segments(np.asarray(segmentation), x, y)
        segmentation, labels = segments.image, segments.labels
        source = 'segmentation image'
    own = {'snr': plain_values(catalog['snr'])} if (
        'snr' in catalog.colnames) else {}
    return match_to_truth(
        Table({**own, 'label': labels, 'x_centroid': x, 'y_centroid': y}),
        segmentation, truth, min_flux_ratio=min_flux_ratio), source


def paint_ellipses(catalog, x, y):
    """
    Return a segmentation image of ellipses, and the label of each row.

    Each has the area, shape and angle of a detection. If ellipses meet, a
    pixel belongs to the one whose center is nearest in units of its own
    axes. Labels are 1, 2, ...; 0 for rows without a position.
    """
    from photutils.aperture import EllipticalAperture

    missing = [name for name in NEEDED if name not in catalog.colnames]
    if missing:
        msg = (f'segmentation: the first catalog has no {missing}, so the '
               'segments are unknown; give the segmentation image')
        raise ValueError(msg)
    area, major, minor, angle = (plain_values(catalog[name])
                                 for name in NEEDED)
    ratio = np.clip(minor / np.maximum(major, 1e-3), 0.05, 1.0)
    long = np.sqrt(area / (np.pi * ratio))
    good = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & (long > 0)
                          & np.isfinite(long) & np.isfinite(angle))
    labels = np.zeros(len(x), dtype=int)
    labels[good] = good + 1
    shape = [int(np.max(v[good], initial=0)) + MARGIN for v in (y, x)]
    image = np.zeros(shape, dtype=np.int32)
    nearest = np.full(shape, np.inf)
    for row in good:
        theta = np.deg2rad(angle[row])
        mask = EllipticalAperture(
            (x[row], y[row]), long[row], long[row] * ratio[row],
            theta=theta).to_mask(method='center')
        box, part = mask.get_overlap_slices(shape)
        if box is None:
            continue
        dy, dx = (np.arange(v.start, v.stop) - center for v, center in
                  zip(box, (y[row], x[row]), strict=True))
        along = dx * np.cos(theta) + dy[:, None] * np.sin(theta)
        across = dy[:, None] * np.cos(theta) - dx * np.sin(theta)
        distance = along**2 + (across / ratio[row])**2
        distance /= long[row]**2
        mine = (mask.data[part] > 0) & (distance <= nearest[box])
        image[box][mine] = labels[row]
        nearest[box][mine] = distance[mine]
    return image, labels


def _positions(reference, table, columns, positions, wcs):
    """Return both tables' positions, fields far from each other."""
    both = [np.column_stack(catalog_positions(part, wcs=wcs, columns=names))
            for part, names in ((reference, columns), (table, positions))]
    if 'field' in reference.colnames and 'field' in table.colnames:
        fields = [np.asarray(part['field']).astype(str)
                  for part in (reference, table)]
        _, number = np.unique(np.concatenate(fields), return_inverse=True)
        for position, shift in zip(both, np.split(number, [len(reference)]),
                                   strict=True):
            position[:, 0] += 1e6 * shift
    return both


def _nearest_rows(position, other, radius):
    """Return the nearest row within the radius, or -1; each is given once."""
    from scipy.spatial import cKDTree

    good = np.flatnonzero(np.isfinite(other).all(axis=1))
    row = np.full(len(position), -1)
    known = np.flatnonzero(np.isfinite(position).all(axis=1))
    if not len(good) or not len(known):
        return row
    distance, near = cKDTree(other[good]).query(position[known])
    order = np.argsort(distance, kind='stable')
    _, first = np.unique(near[order], return_index=True)
    mine = order[first]
    mine = mine[distance[mine] <= radius]
    row[known[mine]] = good[near[mine]]
    return row
