# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Stamps of detections in simulated fields, labeled by the truth."""

import numpy as np
from astropy.table import Table, hstack, vstack

from blendhunter._utils.arrays import round_position
from blendhunter._utils.descriptions import (
    DETECTED,
    FIELD_VALUES,
    LABELED,
    SEGMENT_SOURCES,
    describe_columns,
)
from blendhunter._utils.parallel import map_chunks
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.resume import begin_run
from blendhunter.dataset import DataSet
from blendhunter.detection import DetectedImage, DetectionSettings
from blendhunter.simulation.field_ranges import FieldRanges
from blendhunter.simulation.fields import check_shape, draw_field
from blendhunter.simulation.populations.kinds import get_population
from blendhunter.simulation.surveys import get_survey
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth.blend_definition import (
    MIN_FLUX_RATIO,
    check_flux_ratio,
    label_positions,
    label_segments,
)

__all__ = ['simulate_detections']


def simulate_detections(n_fields, *, shape=(1500, 1500), survey='cfis',
                        kind='structured', cosmos_dir=None, ranges=None,
                        detectors=('sep',), artifacts=None,
                        min_flux_ratio=MIN_FLUX_RATIO, keep_unclear=False,
                        rng=None, n_jobs=1, work_dir=None, progress=False):
    """
    Simulate fields, detect their sources, and cut labeled stamps.

    The stamps are cut as ``classify`` cuts them. Each field draws its own
    value from each range. So a network that is trained on the stamps
    learns many depths, seeings, densities and thresholds.

    Parameters
    ----------
    n_fields : int
        Number of fields.
    shape : tuple of int, optional
        (ny, nx) of each field.
    survey : str, Survey or sequence of these, optional
        Several surveys are used in turn.
    kind, cosmos_dir : optional
        Kind of galaxies; see `~blendhunter.simulation.SourceModel`.
        Beyond the limits of their catalog, real galaxies are replaced by
        parametric ones.
    ranges : `~blendhunter.simulation.FieldRanges` or sequence, optional
        Ranges from which each field draws its values. Several are used in
        turn.
    detectors : {'sep', 'photutils'} or sequence of these, optional
        Several detectors are used in turn.
    artifacts : `~blendhunter.simulation.Artifacts`, optional
        Bad pixels, cosmic rays, trails and residual background.
    min_flux_ratio : float, optional
        Detections with fainter companions are unclear; see
        `~blendhunter.truth.label_segments`.
    keep_unclear : bool, optional
        Whether to keep detections that are neither blend nor single.
    rng, n_jobs, work_dir, progress : optional
        See `~blendhunter.simulate_stamps`.

    Returns
    -------
    detections : `~blendhunter.dataset.DataSet`
        Its arrays of shape (n, 51, 51) are ``stamps``, the pixels over
        their noise (float32), and ``regions``, the segments of the
        detections (bool). Its truth has one row per detection:

        - ``field``, and the columns of `~blendhunter.detect`;
        - the columns of `~blendhunter.truth.label_segments`, among them
          ``truth_label`` for the segment;
        - ``stamp_label`` for the whole stamp (1 if it has two or more
          sources of SNR 5);
        - position in the stamp (px), SNR and magnitude of the two
          brightest sources in the segment (``x_1`` ... ``magnitude_2``);
        - the values of the field (``field_...``): noise and saturation in
          counts, the gain, the FWHM of the seeing in px, and the other
          names of `~blendhunter.simulation.FieldRanges`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; the message names it.
    """
    if n_fields < 0:
        msg = f'n_fields must not be negative, got {n_fields!r}'
        raise ValueError(msg)
    shape = check_shape(shape)
    check_flux_ratio(min_flux_ratio)
    ranges = _listed(FieldRanges() if ranges is None else ranges, 'ranges')
    surveys = [get_survey(item) for item in _listed(survey, 'survey')]
    methods = [DetectionSettings(method=method).method
               for method in _listed(detectors, 'detectors')]
    get_population(kind, cosmos_dir=cosmos_dir)  # refused before the run
    galaxies = {'kind': kind, 'cosmos_dir': cosmos_dir,
                'artifacts': artifacts}
    labeling = {'min_flux_ratio': min_flux_ratio,
                'keep_unclear': keep_unclear}
    seeds, provenance, store = begin_run('detections', {
        'n_fields': n_fields, 'shape': shape, 'survey': surveys,
        **galaxies, 'ranges': ranges, 'detectors': methods,
        **labeling}, rng, work_dir)
    tasks = [(shape, surveys[i % len(surveys)], ranges[i % len(ranges)],
              methods[i % len(methods)], galaxies, labeling, seed)
             for i, seed in enumerate(seeds.spawn(n_fields))]
    empty = np.zeros((0, STAMP_SIZE, STAMP_SIZE), dtype=np.float32)
    stamps, regions, tables = [empty], [empty.astype(bool)], [Table()]
    with progress_bar(total=n_fields, description='fields',
                      enabled=progress) as bar:
        for i, (arrays, table) in enumerate(map_chunks(
                _detect_field, tasks, n_jobs=n_jobs, advance=bar.update,
                store=store)):
            table.add_column(np.full(len(table), i, dtype=np.int32),
                             name='field', index=0)
            stamps.append(arrays['stamps'])
            regions.append(arrays['regions'])
            tables.append(table)
    truth = vstack(tables[1:] or tables, metadata_conflicts='silent')
    describe_columns(truth, DETECTED, LABELED, SEGMENT_SOURCES, FIELD_VALUES)
    return DataSet({'stamps': np.concatenate(stamps),
                    'regions': np.concatenate(regions)}, truth,
                   {'role': 'detections', **provenance})


def _listed(value, name):
    """Return one item or several as a list that is not empty."""
    items = list(value) if isinstance(value, (list, tuple)) else [value]
    if not items:
        msg = f'{name} must not be empty'
        raise ValueError(msg)
    return items


def _detect_field(shape, survey, ranges, method, galaxies, labeling,
                  seeds):
    """Return stamps, regions and truth of the detections of one field."""
    image, truth, n_sigma, values = draw_field(shape, survey, ranges, seeds,
                                               **galaxies)
    # the pipeline's own background and noise estimates, with their errors
    detected = DetectedImage.from_image(
        image.data, mask=image.mask, settings=DetectionSettings(
            method=method, n_sigma=n_sigma))
    labels = label_segments(detected.segmentation, detected.catalog, truth,
                            min_flux_ratio=labeling['min_flux_ratio'])
    # the table outlives its units in HDF5
    table = hstack([Table(detected.catalog, copy=False), labels])
    table.meta.clear()
    _describe_sources(table, truth)
    table['field_photutils'] = method == 'photutils'
    for key, value in values.items():
        table[f'field_{key}'] = np.float32(value)
    rows = (np.arange(len(table)) if labeling['keep_unclear']
            else np.flatnonzero(labels['truth_label'] >= 0))
    cut = detected.stamps(rows)
    return {'stamps': cut.data, 'regions': cut.regions}, table[rows]


def _describe_sources(table, truth):
    """Add the stamp's label and the sources in the segment."""
    center = {axis: round_position(table[f'{axis}_centroid'])
              - STAMP_SIZE // 2 for axis in 'xy'}
    table['stamp_label'] = label_positions(table, truth, STAMP_SIZE)
    for number, name in ((1, 'primary'), (2, 'secondary')):
        row = np.asarray(table[name])
        for key in ('x', 'y', 'snr', 'magnitude'):
            values = np.append(np.asarray(truth[key], dtype=float), np.nan)
            # positions in the frame of the stamp; row -1 is NaN
            table[f'{key}_{number}'] = (
                values[row] - center.get(key, 0)).astype(np.float32)
    table.remove_columns(['primary', 'secondary'])
