# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Detect and classify sources, and compare them with the truth."""

import numpy as np
from astropy.table import vstack

from blendhunter._utils.descriptions import DETECTED, LABELED, describe_columns
from blendhunter._utils.parallel import child_seed, seed_sequence
from blendhunter._utils.progress import progress_bar
from blendhunter.benchmark import baselines
from blendhunter.benchmark.column_descriptions import score_descriptions
from blendhunter.benchmark.field.field_scores import SCORE
from blendhunter.benchmark.field.truth_match import (
    match_to_truth,
    prepare_truth,
)
from blendhunter.dataset import DataSet
from blendhunter.detection import DetectedImage
from blendhunter.simulation import FieldRanges
from blendhunter.simulation.fields import draw_field
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth.blend_definition import (
    MIN_FLUX_RATIO,
    check_flux_ratio,
    label_positions,
)

__all__ = ['SURVEY_RANGES', 'evaluate_field', 'evaluate_survey',
           'train_on_survey']

REGIONS = ('segment', 'stamp')
#: Fields as a survey has them: only the seeing varies, and no companions
#: are added.
SURVEY_RANGES = FieldRanges(
    density=(90.0, 90.0), clustering=(0.0, 0.0), bright=(18.0, 18.0),
    star_fraction=(0.05, 0.05), companions=(0.0, 0.0), noise=(1.0, 1.0),
    noise_correlation=(0.0, 0.0), seeing_factor=(0.9, 1.1),
    psf_variation=(0.0, 0.0), spikes=(0.0, 0.0), wings=(0.0, 0.0),
    saturation=None, gain=None, n_sigma=(1.5, 1.5))


def evaluate_field(image, truth, identifier, *, regions=REGIONS,
                   truth_columns=None, mag_limit=None, mag_column=None,
                   min_flux_ratio=MIN_FLUX_RATIO, trees=None):
    """
    Detect and classify an image whose true sources are known.

    Parameters
    ----------
    image : image-like of shape (ny, nx), or `~blendhunter.DetectedImage`
        A `~blendhunter.DetectedImage` has its own mask, noise, background
        and settings. Its sources must be detected, not given.
    truth : Table, path or SourceCatalog
        The true sources; see `~blendhunter.benchmark.field.prepare_truth`.
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the detections. Its region is not used.
    regions : sequence of {'segment', 'stamp'}, optional
        The regions for which the network is evaluated.
    truth_columns, mag_limit, mag_column : optional
        See `~blendhunter.benchmark.field.prepare_truth`.
    min_flux_ratio : float, optional
        A companion makes a blend if its flux is at least this fraction of
        the flux of the brightest source. A detection with a fainter
        companion is unclear; see `~blendhunter.truth.label_segments`. With
        0 all companions count.
    trees : `~sklearn.ensemble.HistGradientBoostingClassifier`, optional
        Boosted trees from `~blendhunter.benchmark.field.train_on_survey`.

    Returns
    -------
    detections : `~blendhunter.dataset.DataSet`
        Its array ``stamps`` has the pixels over their noise (float16). Its
        truth has the columns of the catalog and of
        `~blendhunter.truth.label_segments`, and

        - ``outcome`` (`~blendhunter.truth.detection_outcomes`);
        - ``separation`` (px), ``companion_snr`` and
          ``magnitude_difference`` (companion minus brightest source) of
          the companion that makes a blend. If there is none, those of the
          nearest true source with an SNR of 3 or more;
        - ``stamp_label`` (1 if the stamp has two or more true sources of
          SNR 5);
        - the score of each method: ``'score: network'`` and so on.

    Raises
    ------
    ValueError
        If nothing is detected, if the truth has no source on the image or
        no known flux, or if ``min_flux_ratio`` is not between 0 and 1.
    """
    check_flux_ratio(min_flux_ratio)
    detected = (image if isinstance(image, DetectedImage)
                else DetectedImage.from_image(image))
    truth = prepare_truth(truth, wcs=detected.wcs, columns=truth_columns,
                          mag_limit=mag_limit, mag_column=mag_column)
    if not len(detected):
        msg = 'image: no source was detected'
        raise ValueError(msg)
    truth = _on_image(truth, detected.image.data.shape)
    table = match_to_truth(detected.catalog, detected.segmentation, truth,
                           min_flux_ratio=min_flux_ratio)
    table['stamp_label'] = label_positions(table, truth, STAMP_SIZE)
    scores = baselines.score_methods(
        detected, identifier, regions=regions, trees=trees,
        split=baselines.split_by_photutils(detected))
    for name, values in scores.items():
        table[f'{SCORE}{name}'] = np.asarray(values, dtype=np.float32)
    describe_columns(table, DETECTED, LABELED,
                     score_descriptions(table, SCORE))
    return DataSet({'stamps': baselines.stored_stamps(detected)}, table,
                   {'role': 'field', 'min_flux_ratio': min_flux_ratio,
                    'detection': detected.settings.to_meta()})


def _on_image(truth, shape):
    """Return the true sources whose centers lie on the image."""
    on = ((truth['x'] > -0.5) & (truth['x'] < shape[1] - 0.5)
          & (truth['y'] > -0.5) & (truth['y'] < shape[0] - 0.5))
    if not np.any(on):
        msg = (f'truth: none of the {len(truth)} sources lies on the image '
               f'of shape {shape}')
        raise ValueError(msg)
    return truth[on]


def evaluate_survey(survey, identifier, n_fields, *, ranges=None,
                    shape=(1500, 1500), kind='structured', cosmos_dir=None,
                    regions=REGIONS, settings=None,
                    min_flux_ratio=MIN_FLUX_RATIO, trees=None, rng=0,
                    n_jobs=1, progress=False):
    """
    Evaluate simulated fields of a survey.

    Parameters
    ----------
    survey : str or `~blendhunter.simulation.Survey`
        See `~blendhunter.simulation.get_survey`.
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the detections. Its region is not used.
    n_fields : int
        Number of fields.
    ranges : `~blendhunter.simulation.FieldRanges`, optional
        Ranges from which each field draws its values. By default only the
        seeing varies, from 0.9 to 1.1 times that of the survey.
        ``n_sigma`` is not used.
    shape, kind, cosmos_dir : optional
        See `~blendhunter.simulate_detections`.
    regions : sequence of {'segment', 'stamp'}, optional
        The regions for which the network is evaluated.
    settings : `~blendhunter.DetectionSettings`, optional
        Settings of the detection.
    min_flux_ratio, trees : optional
        See `~blendhunter.benchmark.field.evaluate_field`.
    rng, n_jobs, progress : optional
        See `~blendhunter.simulate_detections`.

    Returns
    -------
    detections : `~blendhunter.dataset.DataSet`
        As from `~blendhunter.benchmark.field.evaluate_field`, with the
        additional column ``field``.
    """
    check_flux_ratio(min_flux_ratio)
    seeds = seed_sequence(rng)
    ranges = ranges or SURVEY_RANGES
    stamps, tables = [], []
    for i, (detected, truth) in enumerate(_detected_fields(
            child_seed(seeds, 0).spawn(n_fields), settings, progress, shape,
            survey, ranges, kind=kind, cosmos_dir=cosmos_dir, n_jobs=n_jobs)):
        made = evaluate_field(detected, truth, identifier, regions=regions,
                              min_flux_ratio=min_flux_ratio, trees=trees)
        made.truth.add_column(np.full(len(made), i, dtype=np.int32),
                              name='field', index=0)
        describe_columns(made.truth, LABELED)
        stamps.append(made.arrays['stamps'])
        tables.append(made.truth)
    return DataSet({'stamps': np.concatenate(stamps)}, vstack(tables),
                   {'role': 'field', 'survey': str(survey),
                    'ranges': str(ranges), 'min_flux_ratio': min_flux_ratio,
                    'seed': str(seeds.entropy)})


def train_on_survey(survey, n_fields, *, ranges=None,
                    shape=(1500, 1500), kind='structured', cosmos_dir=None,
                    settings=None, min_flux_ratio=MIN_FLUX_RATIO, rng=0,
                    n_jobs=1, progress=False):
    """
    Train boosted trees on other fields of the same survey.

    The trees use the segment area, axis ratio, SNR and flag of the
    detections.

    Parameters
    ----------
    survey : str or `~blendhunter.simulation.Survey`
        See `~blendhunter.simulation.get_survey`.
    n_fields : int
        Number of fields.
    ranges : `~blendhunter.simulation.FieldRanges`, optional
        Ranges from which each field draws its values.
    shape, kind, cosmos_dir : optional
        See `~blendhunter.simulate_detections`.
    settings : `~blendhunter.DetectionSettings`, optional
        Settings of the detection.
    min_flux_ratio : float, optional
        See `~blendhunter.benchmark.field.evaluate_field`.
    rng : None, int, SeedSequence or Generator, optional
        The fields differ from those of
        `~blendhunter.benchmark.field.evaluate_survey` with the same seed.
    n_jobs, progress : optional
        See `~blendhunter.simulate_detections`.

    Returns
    -------
    trees : `~sklearn.ensemble.HistGradientBoostingClassifier`
        For `~blendhunter.benchmark.field.evaluate_field`.
    """
    check_flux_ratio(min_flux_ratio)
    seeds = seed_sequence(rng)
    return baselines.train_trees(vstack([
        match_to_truth(detected.catalog, detected.segmentation,
                       prepare_truth(truth), min_flux_ratio=min_flux_ratio)
        for detected, truth in _detected_fields(
            child_seed(seeds, 1).spawn(n_fields), settings, progress, shape,
            survey, ranges or SURVEY_RANGES, kind=kind,
            cosmos_dir=cosmos_dir, n_jobs=n_jobs)]),
        rng=rng if isinstance(rng, int) else child_seed(seeds, 2))


def _detected_fields(seeds, settings, progress, *field, **options):
    """Yield the fields of `draw_field`, detected, and their truth."""
    with progress_bar(total=len(seeds), description='fields',
                      enabled=progress) as bar:
        for seed in seeds:
            image, truth, *_ = draw_field(*field, seed, **options)
            # without the noise of the simulation: the pipeline estimates it
            yield DetectedImage.from_image(
                image.data, mask=image.mask, wcs=image.wcs,
                settings=settings), truth
            bar.update(1)
