"""Detect, classify, and compare with the truth."""

import numpy as np
from astropy.table import vstack

from blendhunter._utils.images import as_image
from blendhunter.benchmark.baselines import split_by_photutils, train_trees
from blendhunter.benchmark.field.describe import (
    describe_detections,
    prepare_truth,
)
from blendhunter.benchmark.field.scores import SCORE
from blendhunter.benchmark.scoring import score_detections, show_stamps
from blendhunter.dataset import DataSet
from blendhunter.detection import (
    Detection,
    detect_prepared,
    subtract_background,
)
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import label_places

__all__ = ['measure_field', 'measure_survey', 'train_on_survey']

REGIONS = ('segment', 'stamp')


def measure_field(image, truth, identifier, *, regions=REGIONS,
                  settings=None, ext=None, mask=None, noise=None,
                  background='auto', truth_columns=None, mag_limit=None,
                  mag_column=None, trees=None):
    """
    Detect and classify an image whose true sources are known.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
    truth : Table or path
        See `~blendhunter.benchmark.field.prepare_truth`.
    identifier : `~blendhunter.BlendIdentifier`
    regions : sequence of {'segment', 'stamp'}, optional
        What the network is asked about.
    settings : `~blendhunter.detection.Detection`, optional
    ext, mask, noise, background : optional
        As in `~blendhunter.detect`.
    truth_columns : tuple of str, optional
        Position columns of the truth.
    mag_limit, mag_column : optional
        As in `~blendhunter.benchmark.field.prepare_truth`.
    trees : object with ``predict_proba``, optional
        Boosted trees, from `train_on_survey`.

    Returns
    -------
    detections : `~blendhunter.dataset.DataSet`
        ``stamps`` over their noise (float16). Its truth has the columns
        of `~blendhunter.benchmark.field.describe_detections`,
        ``stamp_label`` (1: two or more true sources of SNR 5 in the
        stamp), and the score of each method, ``'score: network'`` ...

    Raises
    ------
    ValueError
        If nothing is detected, or the truth has no source on the image.
    """
    settings = settings or Detection()
    data = as_image(image, mask=mask, noise=noise, ext=ext)
    truth = prepare_truth(truth, wcs=data.wcs, columns=truth_columns,
                          mag_limit=mag_limit, mag_column=mag_column)
    prepared, catalog, segmentation = _detect(data, background, settings)
    if not len(catalog):
        msg = 'image: no source was detected'
        raise ValueError(msg)
    truth = _on_image(truth, segmentation.shape)
    table = describe_detections(catalog, segmentation, truth)
    table['stamp_label'] = label_places(table, truth, STAMP_SIZE)
    scores = score_detections(
        prepared, catalog, segmentation, identifier, trees=trees,
        regions=regions, split=split_by_photutils(
            prepared, catalog, segmentation, settings))
    for name, values in scores.items():
        table[f'{SCORE}{name}'] = np.asarray(values, dtype=np.float32)
    stamps = show_stamps(prepared, catalog, segmentation)
    return DataSet({'stamps': stamps}, table,
                   {'role': 'field', 'detection': settings.to_meta()})


def _detect(data, background, settings):
    """Return the prepared image, its detections and their segments."""
    prepared = subtract_background(data, background=background,
                                   method=settings.method)
    return prepared, *detect_prepared(prepared, settings)


def _on_image(truth, shape):
    """Return the true sources whose centres lie on the image."""
    on = ((truth['x'] > -0.5) & (truth['x'] < shape[1] - 0.5)
          & (truth['y'] > -0.5) & (truth['y'] < shape[0] - 0.5))
    if not np.any(on):
        msg = (f'truth: none of its {len(truth)} sources lies on the image '
               f'of shape {shape}')
        raise ValueError(msg)
    return truth[on]


def measure_survey(skies, identifier, n_fields, *, regions=REGIONS,
                   settings=None, trees=None, seed=0, n_jobs=1,
                   progress=None):
    """
    Measure simulated fields of a survey.

    Parameters
    ----------
    skies : `~blendhunter.benchmark.field.SurveyFields`
    identifier : `~blendhunter.BlendIdentifier`
    n_fields : int
    regions, settings, trees : optional
        As in `measure_field`.
    seed : int, optional
    n_jobs : int, optional
        Processes that render.
    progress : callable, optional
        Called with 1 after each field.

    Returns
    -------
    detections : `~blendhunter.dataset.DataSet`
        As from `measure_field`, with ``field``.
    """
    stamps, tables = [], []
    for i, (image, truth) in enumerate(_fields(skies, n_fields, seed, 0,
                                               n_jobs)):
        made = measure_field(_pixels(image), truth, identifier,
                             regions=regions, settings=settings, trees=trees)
        made.truth.add_column(np.full(len(made), i, dtype=np.int32),
                              name='field', index=0)
        stamps.append(made.arrays['stamps'])
        tables.append(made.truth)
        if progress is not None:
            progress(1)
    return DataSet({'stamps': np.concatenate(stamps)}, vstack(tables),
                   {'role': 'field', 'skies': str(skies), 'seed': seed})


def train_on_survey(skies, n_fields, *, settings=None, seed=0, n_jobs=1,
                    progress=None):
    """
    Train boosted trees on other fields of the same survey.

    Parameters
    ----------
    skies : `~blendhunter.benchmark.field.SurveyFields`
    n_fields : int
    settings : `~blendhunter.detection.Detection`, optional
    seed, n_jobs, progress : optional
        As in `measure_survey`; the same seed gives other fields there.

    Returns
    -------
    trees : `sklearn.ensemble.HistGradientBoostingClassifier`
        On the detector's own columns:
        `~blendhunter.benchmark.baselines.catalog_features`.
    """
    settings = settings or Detection()
    tables = []
    for image, truth in _fields(skies, n_fields, seed, 1, n_jobs):
        _, catalog, segmentation = _detect(as_image(_pixels(image)), 'auto',
                                           settings)
        tables.append(describe_detections(catalog, segmentation,
                                          prepare_truth(truth)))
        if progress is not None:
            progress(1)
    return train_trees(vstack(tables), seed=seed)


def _fields(skies, n, seed, which, n_jobs):
    """Yield fields; test (0) and training (1) have seeds of their own."""
    for part in np.random.SeedSequence([seed, which]).spawn(n):
        yield skies.make(part, n_jobs=n_jobs)


def _pixels(image):
    """Return the image without its noise: the pipeline estimates it."""
    from astropy.nddata import NDData

    return NDData(image.data, mask=image.mask, wcs=image.wcs)
