# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Sets of sources with known truth, and their probabilities."""

from dataclasses import dataclass, field, replace

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.meta import read_meta, record_meta
from blendhunter._utils.parallel import child_seed
from blendhunter.benchmark.baselines import NAMES
from blendhunter.benchmark.column_descriptions import SAMPLES
from blendhunter.benchmark.field.field_evaluation import SURVEY_RANGES
from blendhunter.benchmark.field.field_scores import SCORE
from blendhunter.benchmark.whole_stamps import StampSpec
from blendhunter.network.weights import read_metadata, resolve_weights
from blendhunter.simulation import simulate_detections, simulate_stamps
from blendhunter.simulation.field_ranges import CAMERA
from blendhunter.truth import BLEND

__all__ = ['FIELD_SETS', 'STAMP_SETS', 'FieldSpec', 'calibration_samples',
           'samples_of_detections', 'simulate_field_sets']


@dataclass(frozen=True)
class FieldSpec:
    """
    A set of simulated fields: ``changes`` of the ranges of a survey.

    ``share`` is the number of its fields over that of the others: dense
    fields hold more sources.
    """

    name: str
    kind: str = 'structured'
    survey: str = 'cfis'
    share: float = 1.0
    changes: dict = field(default_factory=dict)

    @property
    def ranges(self):
        """What the fields look like."""
        return replace(SURVEY_RANGES, **self.changes)


#: The fields that a calibration is fitted to and tested on.
FIELD_SETS = (
    FieldSpec('structured, camera PSF', changes=CAMERA),
    FieldSpec('parametric', kind='parametric'),
    FieldSpec('knots', kind='knots'),
    FieldSpec('real HST', kind='realistic', share=4 / 3),
    FieldSpec('dense', share=0.5, changes={
        **CAMERA, 'density': (158.0, 158.0), 'noise': (0.69, 0.69)}),
    FieldSpec('seeing x 1.6', changes={**CAMERA,
                                       'seeing_factor': (1.6, 1.6)}),
    FieldSpec('LSST', survey='lsst', share=1 / 3, changes=CAMERA))
#: The stamps of the question about the whole stamp.
STAMP_SETS = (StampSpec('parametric', 14.5), StampSpec('structured', 14.5),
              StampSpec('realistic', 14.5))
STAMP_NAMES = {'realistic': 'real HST'}


def calibration_samples(identifier, *, n_fields=6, n_stamps=2000,
                        cosmos_dir=None, shape=(1000, 1000), rng=0,
                        n_jobs=1, progress=False):
    """
    Simulate sets for both regions, and classify them.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
        Classifies the sources. Its region and prior are not used.
    n_fields : int, optional
        Number of fields in a set. Sets of dense fields have fewer.
    n_stamps : int, optional
        Number of stamps in a set of the region 'stamp'. With 0 these sets
        are left out.
    cosmos_dir : path-like, optional
        Directory of a ``galsim.RealGalaxyCatalog``. Without it the sets of
        real galaxies are left out.
    shape : tuple of int, optional
        (ny, nx) of a field in px.
    rng : None, int, SeedSequence or Generator, optional
        An integer is the seed of the first set. The following integers are
        the seeds of the next sets.
    n_jobs, progress : optional
        See `~blendhunter.simulate_detections`.

    Returns
    -------
    samples : `~astropy.table.Table`
        One row per source: ``set``, ``region``, ``snr`` (of the detection,
        or of both sources in a stamp), ``blended`` (bool), and
        ``probability`` at the ``prior`` of the weights. The meta records
        the sha256 of the weights.

    Raises
    ------
    ValueError, FileNotFoundError
        If the settings or ``cosmos_dir`` cannot be used.
    """
    tables = [_field_sample(identifier, name, made)
              for name, made in simulate_field_sets(
                  n_fields, cosmos_dir=cosmos_dir, shape=shape, rng=rng,
                  n_jobs=n_jobs, progress=progress)]
    for number, spec in enumerate(STAMP_SETS):
        if n_stamps and (spec.kind != 'realistic' or cosmos_dir is not None):
            made = simulate_stamps(
                n_stamps, kind=spec.kind, noise=spec.sigma, n_jobs=n_jobs,
                rng=_seed_of(rng, len(FIELD_SETS) + number),
                centering='sep', progress=progress,
                cosmos_dir=cosmos_dir if spec.kind == 'realistic' else None)
            tables.append(_stamp_sample(identifier, spec, made))
    samples = vstack(tables)
    metadata = read_metadata(resolve_weights(identifier.weights))
    samples['prior'] = [metadata['prior'][region]
                        for region in samples['region']]
    record_meta(samples.meta, sha256=metadata['sha256'])
    return describe_columns(samples, SAMPLES)


def simulate_field_sets(n_fields, *, cosmos_dir=None, shape=(1000, 1000),
                        rng=0, n_jobs=1, progress=False):
    """
    Yield the name and the detections of each of `FIELD_SETS`.

    The arguments are those of `calibration_samples`.
    """
    for number, spec in enumerate(FIELD_SETS):
        real = spec.kind == 'realistic'
        if real and cosmos_dir is None:
            continue
        yield spec.name, simulate_detections(
            max(round(spec.share * n_fields), 1), shape=shape,
            survey=spec.survey, ranges=spec.ranges, kind=spec.kind,
            cosmos_dir=cosmos_dir if real else None,
            rng=_seed_of(rng, number), n_jobs=n_jobs, progress=progress)


def _seed_of(rng, number):
    """Return the seed of a set, whether others are left out or not."""
    return (rng + number if isinstance(rng, (int, np.integer))
            else child_seed(rng, number))


def _field_sample(identifier, name, made):
    """Return the sample of detections."""
    asked = _asked(identifier, 'segment')
    return Table({
        'set': [name] * len(made), 'region': ['segment'] * len(made),
        'snr': np.asarray(made.truth['snr'], dtype=float),
        'blended': np.asarray(made.truth['truth_label']) == BLEND,
        'probability': asked.predict_stamps(
            made.arrays['stamps'], regions=made.arrays['regions'],
            noise=1.0)})


def _stamp_sample(identifier, spec, made):
    """Return the sample of whole stamps."""
    asked = _asked(identifier, 'stamp')
    name = f'stamps, {STAMP_NAMES.get(spec.kind, spec.kind)}'
    return Table({
        'set': [name] * len(made), 'region': ['stamp'] * len(made),
        'snr': np.asarray(made.truth['total_snr'], dtype=float),
        'blended': np.asarray(made.truth['label']) == BLEND,
        'probability': asked.predict_stamps(made.stamps, noise=spec.sigma)})


def _asked(identifier, region):
    """Return an identifier that reports at the prior of its weights."""
    return type(identifier)(**{**identifier.get_params(), 'region': region,
                               'prior': None, 'companions': False,
                               'screen': False})


def samples_of_detections(detections, metadata, name='detections'):
    """
    Turn detections of ``blendhunter benchmark field`` into samples.

    Parameters
    ----------
    detections : `~astropy.table.Table`
        Detections with the columns ``truth_label`` and
        ``'score: network'``. Unclear ones are left out. A table of samples
        is returned as it is.
    metadata : dict
        Metadata of the weights that made the scores.
    name : str, optional
        Name of the set.

    Returns
    -------
    samples : `~astropy.table.Table`
        The columns of
        `~blendhunter.benchmark.calibration.calibration_samples`, for the
        region 'segment'.

    Raises
    ------
    ValueError
        If a column is missing, or the detections were made with other
        weights.
    """
    made_with = read_meta(detections.meta, 'sha256')
    if made_with != metadata['sha256']:
        msg = (f'detections: {name!r} was made with other weights (sha256 '
               f'{made_with}) than the ones to calibrate')
        raise ValueError(msg)
    if {'set', 'region', 'blended', 'probability'} <= set(
            detections.colnames):
        return detections
    score = f'{SCORE}{NAMES["segment"]}'
    if score not in detections.colnames:
        msg = f'detections: there is no column {score!r}'
        raise ValueError(msg)
    clear = detections[np.asarray(detections['truth_label']) >= 0]
    return describe_columns(Table({
        'set': [name] * len(clear), 'region': ['segment'] * len(clear),
        'snr': np.asarray(clear['snr'], dtype=float)
        if 'snr' in clear.colnames else np.full(len(clear), np.nan),
        'blended': np.asarray(clear['truth_label']) == BLEND,
        'probability': np.asarray(clear[score], dtype=float),
        'prior': np.full(len(clear), metadata['prior']['segment'])}),
        SAMPLES)
