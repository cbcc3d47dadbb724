"""Stamps of detections in simulated fields, labelled by the truth."""

import numpy as np
from astropy.table import Table, hstack, vstack

from blendhunter._utils.images import ImageData
from blendhunter._utils.parallel import map_chunks, seed_sequence
from blendhunter.detection import (
    Detection,
    detect_prepared,
    subtract_background,
)
from blendhunter.simulation.fields import FAINT_LIMIT, render_field
from blendhunter.simulation.galaxies import StructuredPopulation
from blendhunter.simulation.surveys import get_survey
from blendhunter.stamps import assign_segments, cut_stamps
from blendhunter.truth import label_segments

__all__ = ['simulate_detections']


def simulate_detections(n_fields, *, shape=(1500, 1500), survey='cfis',
                        density=(60.0, 130.0), noise_factor=(0.6, 4.0),
                        seeing_factor=(0.6, 1.7), bright=(16.5, 18.5),
                        star_fraction=(0.0, 0.15), companions=0.4,
                        n_sigma=(1.5, 1.5), kind='structured',
                        keep_unclear=False, rng=None, n_jobs=1,
                        progress=None):
    """
    Render fields, detect, and cut what ``classify`` would cut.

    Each field draws its own value in each range, so that a network
    trained on them meets many depths, seeings and densities.

    Parameters
    ----------
    n_fields : int
    shape : tuple of int, optional
        (ny, nx) of each field.
    survey : str or Survey, optional
    density : tuple of float, optional
        Galaxies per square arcminute to magnitude 26.5.
    noise_factor : tuple of float, optional
        Times the survey's noise; drawn uniform in the logarithm.
    seeing_factor : tuple of float, optional
        Times the survey's seeing.
    bright : tuple of float, optional
        Bright magnitude limit.
    star_fraction : tuple of float, optional
        Stars per galaxy.
    companions : float, optional
        Further galaxies thrown near others, per source.
    n_sigma : tuple of float, optional
        Detection threshold.
    kind : {'structured'}, optional
        Kind of galaxies.
    keep_unclear : bool, optional
        Whether to keep detections that are neither blend nor single.
    rng : None, int, SeedSequence or Generator, optional
    n_jobs : int, optional
        Number of processes; -1 uses every core.
    progress : callable, optional
        Called with 1 after each field.

    Returns
    -------
    stamps : float16 `~numpy.ndarray` of shape (n, 51, 51)
        Pixels over their noise.
    regions : bool `~numpy.ndarray` of shape (n, 51, 51)
        The detections' own segments.
    truth : `~astropy.table.Table`
        ``field``, the detector's columns, the columns of
        `~blendhunter.truth.label_segments`, and the field's settings.

    Raises
    ------
    ValueError
        If ``kind`` is unknown.
    """
    if kind != 'structured':
        msg = f"kind must be 'structured', got {kind!r}"
        raise ValueError(msg)
    ranges = {'density': density, 'seeing_factor': seeing_factor,
              'bright': bright, 'star_fraction': star_fraction,
              'n_sigma': n_sigma}
    tasks = [(shape, get_survey(survey), ranges, noise_factor, companions,
              keep_unclear, seed)
             for seed in seed_sequence(rng).spawn(n_fields)]
    results = list(map_chunks(_detect_field, tasks, n_jobs=n_jobs,
                              progress=progress))
    for i, (_, _, truth) in enumerate(results):
        truth.add_column(np.full(len(truth), i, dtype=np.int32),
                         name='field', index=0)
    stamps, regions, truth = zip(*results, strict=True)
    return (np.concatenate(stamps), np.concatenate(regions),
            vstack(truth, metadata_conflicts='silent'))


def _detect_field(shape, survey, ranges, noise_factor, companions,
                  keep_unclear, seeds):
    """Return stamps, regions and truth of the detections of one field."""
    draw_seed, field_seed = seeds.spawn(2)
    rng = np.random.default_rng(draw_seed)
    drawn = {key: float(rng.uniform(*limits))
             for key, limits in ranges.items()}
    noise = survey.noise * float(np.exp(rng.uniform(*np.log(noise_factor))))
    pixels, truth = render_field(
        shape, survey=survey, density=drawn['density'],
        magnitudes=(drawn['bright'], FAINT_LIMIT), noise=noise,
        seeing_factor=drawn['seeing_factor'],
        population=StructuredPopulation(),
        star_fraction=drawn['star_fraction'], companions=companions,
        seeds=field_seed)
    # the pipeline's own background and noise estimates, with their errors
    image = ImageData(pixels, None, None, None, None)
    prepared = subtract_background(image)
    settings = Detection(n_sigma=drawn['n_sigma'])
    catalog, segmentation = detect_prepared(prepared, settings)
    labels = label_segments(segmentation, catalog, truth)
    # the table outlives its units in HDF5
    table = hstack([Table(catalog, copy=False), labels])
    table.meta.clear()
    for key, value in {**drawn, 'noise': noise}.items():
        table[f'field_{key}'] = np.float32(value)
    rows = (np.arange(len(table)) if keep_unclear
            else np.flatnonzero(labels['truth_label'] >= 0))
    x, y = (np.asarray(catalog[key]) for key in ('x_centroid', 'y_centroid'))
    segments = assign_segments(segmentation, x, y, labels=catalog['label'])
    normalised = prepared.normalised()
    cut = cut_stamps(normalised, x[rows], y[rows], noise=1.0,
                     segments=segments, rows=rows)
    limit = np.finfo(np.float16).max
    return (cut.data.clip(-limit, limit).astype(np.float16), cut.regions,
            table[rows])
