"""Stamps of detections in simulated fields, labelled by the truth."""

import numpy as np
from astropy.table import Table, hstack, vstack

from blendhunter._utils.arrays import round_position
from blendhunter._utils.chunks import begin_run
from blendhunter._utils.images import ImageData
from blendhunter._utils.parallel import map_chunks
from blendhunter.dataset import DataSet
from blendhunter.detection import (
    Detection,
    detect_prepared,
    subtract_background,
)
from blendhunter.simulation.populations import get_population
from blendhunter.simulation.psf import get_psf
from blendhunter.simulation.ranges import FieldRanges
from blendhunter.simulation.rendering import (
    Exposure,
    check_shape,
    render_field,
)
from blendhunter.simulation.sky import Sky, faint_limit
from blendhunter.simulation.surveys import get_survey
from blendhunter.stamps import STAMP_SIZE, assign_segments, cut_stamps
from blendhunter.truth import label_places, label_segments

__all__ = ['simulate_detections']


def simulate_detections(n_fields, *, shape=(1500, 1500), survey='cfis',
                        kind='structured', cosmos_dir=None, ranges=None,
                        detectors=('sep',), artefacts=None,
                        keep_unclear=False, rng=None, n_jobs=1,
                        work_dir=None, progress=None):
    """
    Render fields, detect, and cut what ``classify`` would cut.

    Each field draws its own value in each range, so that a network
    trained on them meets many depths, seeings, densities and thresholds.

    Parameters
    ----------
    n_fields : int
    shape : tuple of int, optional
        (ny, nx) of each field.
    survey : str, Survey or sequence of them, optional
        Fields take the surveys in turn.
    kind : str or object with ``draw`` and ``render``, optional
        Kind of galaxies, see `simulate_stamps`; real ones are replaced
        by parametric ones beyond their catalogue's limits.
    cosmos_dir : path-like, optional
        For kinds 'realistic' and 'cosmos'.
    ranges : `FieldRanges` or sequence of them, optional
        Fields take them in turn.
    detectors : {'sep', 'photutils'} or sequence of them, optional
        Fields take them in turn.
    artefacts : `~blendhunter.simulation.Artefacts`, optional
        Bad pixels, cosmic rays, trails, residual sky.
    keep_unclear : bool, optional
        Whether to keep detections that are neither blend nor single.
    rng : None, int, SeedSequence or Generator, optional
        The same seed gives the same pixels for any ``n_jobs``.
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    work_dir : path-like, optional
        Keeps the finished fields: the same call continues a run that
        was killed. Delete it when the result is safe.
    progress : callable, optional
        Called with 1 after each field.

    Returns
    -------
    detections : `~blendhunter.dataset.DataSet`
        Arrays of shape (n, 51, 51): ``stamps``, pixels over their noise
        (float16), and ``regions``, the detections' own segments (bool).
        Columns of its truth: ``field``; the detector's; those of
        `~blendhunter.truth.label_segments`, the label of the segment
        ``truth_label`` among them; ``stamp_label`` for the whole stamp
        (two or more sources of SNR 5); position in the stamp (px), SNR
        and magnitude of the two brightest sources in the segment
        (``x_1`` ... ``magnitude_2``); and the field's values
        (``field_...``; ``field_seeing`` is its FWHM in px).

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range; the message names it.
    """
    if n_fields < 0:
        msg = f'n_fields must not be negative, got {n_fields!r}'
        raise ValueError(msg)
    shape = check_shape(shape)
    ranges = _listed(FieldRanges() if ranges is None else ranges, 'ranges')
    surveys = [get_survey(item) for item in _listed(survey, 'survey')]
    methods = [Detection(method=method).method
               for method in _listed(detectors, 'detectors')]
    population = get_population(kind, cosmos_dir=cosmos_dir, bright=16.0)
    seeds, provenance, store = begin_run('detections', {
        'n_fields': n_fields, 'shape': shape, 'survey': surveys,
        'kind': kind, 'cosmos_dir': cosmos_dir, 'ranges': ranges,
        'detectors': methods, 'artefacts': artefacts,
        'keep_unclear': keep_unclear}, rng, work_dir)
    tasks = [(shape, surveys[i % len(surveys)], population,
              ranges[i % len(ranges)], methods[i % len(methods)], artefacts,
              keep_unclear, seed)
             for i, seed in enumerate(seeds.spawn(n_fields))]
    empty = np.zeros((0, STAMP_SIZE, STAMP_SIZE))
    stamps, regions = [empty.astype(np.float16)], [empty.astype(bool)]
    tables = []
    for i, (arrays, table) in enumerate(map_chunks(
            _detect_field, tasks, n_jobs=n_jobs, progress=progress,
            store=store)):
        table.add_column(np.full(len(table), i, dtype=np.int32),
                         name='field', index=0)
        stamps.append(arrays['stamps'])
        regions.append(arrays['regions'])
        tables.append(table)
    truth = (vstack(tables, metadata_conflicts='silent') if tables
             else Table())
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


def _detect_field(shape, survey, population, ranges, method, artefacts,
                  keep_unclear, seeds):
    """Return stamps, regions and truth of the detections of one field."""
    draw_seed, field_seed = seeds.spawn(2)
    values = ranges.draw(np.random.default_rng(draw_seed))
    noise = survey.noise * values['noise_factor']
    pixels, mask, truth = render_field(
        shape, _sky(values, survey, noise, population),
        _exposure(values, survey, noise, artefacts), field_seed)
    mask = mask if mask.any() else None
    if mask is not None:
        pixels[mask] = 0
    # the pipeline's own background and noise estimates, with their errors
    image = ImageData(pixels, mask, None, None, None)
    prepared = subtract_background(image, method=method)
    catalog, segmentation = detect_prepared(
        prepared, Detection(method=method, n_sigma=values['n_sigma']))
    labels = label_segments(segmentation, catalog, truth)
    # the table outlives its units in HDF5
    table = hstack([Table(catalog, copy=False), labels])
    table.meta.clear()
    _describe_sources(table, truth)
    table['field_photutils'] = method == 'photutils'
    seeing = survey.seeing * values['seeing_factor'] / survey.pixel_scale
    for key, value in {**values, 'noise': noise, 'seeing': seeing}.items():
        table[f'field_{key}'] = np.float32(value)
    rows = (np.arange(len(table)) if keep_unclear
            else np.flatnonzero(labels['truth_label'] >= 0))
    x, y = (np.asarray(catalog[key]) for key in ('x_centroid', 'y_centroid'))
    segments = assign_segments(segmentation, x, y, labels=catalog['label'])
    cut = cut_stamps(prepared.normalised(), x[rows], y[rows], noise=1.0,
                     mask=mask, segments=segments, rows=rows)
    limit = np.finfo(np.float16).max
    return {'stamps': cut.data.clip(-limit, limit).astype(np.float16),
            'regions': cut.regions}, table[rows]


def _sky(values, survey, noise, population):
    """Return the sources' side of a field's values."""
    limits = (values['bright'], faint_limit(
        survey, noise=noise, seeing_factor=values['seeing_factor']))
    return Sky(values['density'], limits, values['clustering'],
               values['star_fraction'], limits, values['companions'],
               population)


def _exposure(values, survey, noise, artefacts):
    """Return the camera's side of a field's values."""
    saturation, electrons = (values['saturated'] * noise,
                             values['noise_electrons'])
    return Exposure(
        survey, get_psf(None, survey), noise, values['noise_correlation'],
        values['seeing_factor'], values['psf_variation'], values['spikes'],
        saturation if np.isfinite(saturation) else None, artefacts,
        values['wings'], electrons / noise if np.isfinite(electrons)
        else None)


def _describe_sources(table, truth):
    """Add the stamp's label and the sources in the segment."""
    centre = np.column_stack([round_position(table[f'{axis}_centroid'])
                              for axis in 'xy'])
    table['stamp_label'] = label_places(table, truth, STAMP_SIZE)
    for number, name in ((1, 'primary'), (2, 'secondary')):
        row = np.asarray(table[name])
        known = row >= 0
        for i, key in enumerate(('x', 'y', 'snr', 'magnitude')):
            column = np.full(len(table), np.nan, dtype=np.float32)
            values = np.asarray(truth[key], dtype=float)[row[known]]
            if i < 2:  # in the frame of the stamp
                values = values - centre[known, i] + STAMP_SIZE // 2
            column[known] = values
            table[f'{key}_{number}'] = column
    table.remove_columns(['primary', 'secondary'])
