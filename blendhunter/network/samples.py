"""The data of a training: what is learnt from, and what is held back."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import digest
from blendhunter.dataset import DataSet, read_dataset
from blendhunter.exceptions import DataSetError
from blendhunter.network.batches import MixedBatches
from blendhunter.network.detection_sampler import DetectionSampler
from blendhunter.network.importance import lesson_weight
from blendhunter.network.pair_sampler import PairSampler
from blendhunter.stamps import STAMP_SIZE
from blendhunter.truth import BLEND, SINGLE, distinct_snr

__all__ = ['fixed_batches', 'prepare_samplers']

VALIDATION_FRACTION = 0.04
VALIDATION_SEED = 1_000_003
# share of a batch that asks about the segment: SCIENCE point 11
SEGMENT_SHARE = 72 / 128
#: Blend fraction among clear detections of simulated CFIS fields without
#: added companions; `blendhunter benchmark` measures it.
SURVEY_FRACTION = 0.085
# arrays and columns that training data must have
NEEDED = {'pairs': {'centrals', 'companions', 'label'},
          'detections': {'stamps', 'regions', 'truth_label', 'field'}}


def prepare_samplers(pairs, detections, batch_size):
    """
    Split data sets into training and validation.

    Parameters
    ----------
    pairs, detections : `~blendhunter.dataset.DataSet`, path or None
        As in `~blendhunter.train`.
    batch_size : int

    Returns
    -------
    samplers : list of (sampler, int)
        For `~blendhunter.network.batches.MixedBatches`.
    held_out : dict
        The sampler of what is held back, for each region.
    about : dict
        What the data are, to know them again, and priors and domain, for
        the weights file.

    Raises
    ------
    `~blendhunter.exceptions.DataSetError`
        If a set is of another kind, or has no blends or nothing else.
    """
    samplers, held_out = [], {}
    about = {'data': {}, 'prior': {}, 'domain': {}}
    n_segment = 0
    if detections is not None:
        n_segment = (batch_size if pairs is None
                     else round(batch_size * SEGMENT_SHARE))
        learn, keep = _detection_samplers(_load(detections, 'detections'),
                                          about)
        samplers.append((learn, n_segment))
        held_out['segment'] = keep
    if pairs is not None:
        learn, keep = _pair_samplers(_load(pairs, 'pairs'), about)
        samplers.append((learn, batch_size - n_segment))
        held_out['stamp'] = keep
    return samplers, held_out, about


def fixed_batches(held_out, size, *, step=0):
    """
    Draw a batch for each region, always the same.

    Parameters
    ----------
    held_out : dict
        From `prepare_samplers`.
    size : int
        At most; no more than twice the examples that there are.
    step : int, optional
        Other steps are other batches.

    Returns
    -------
    batches : dict of `~blendhunter.network.batches.Batch`
        By region.
    """
    return {region: MixedBatches([(sampler, min(size, 2 * len(sampler)))],
                                 seed=VALIDATION_SEED)(step)
            for region, sampler in held_out.items()}


def _load(dataset, name):
    """Return a data set that may have come as a path, of a known kind."""
    data = dataset if isinstance(dataset, DataSet) else read_dataset(dataset)
    missing = NEEDED[name] - {*data.arrays, *data.truth.colnames}
    if missing:
        msg = (f'{name}: the data set has no {sorted(missing)}; make one '
               f'with blendhunter simulate {name}')
        raise DataSetError(msg)
    return data


def _pair_samplers(data, about):
    """Split a set of pairs into training and validation."""
    centrals, companions = (data.arrays[key]
                            for key in ('centrals', 'companions'))
    if np.any(np.asarray(data.truth['label']) != BLEND):
        msg = ('pairs: some rows have no companion; make pairs with '
               'blendhunter simulate pairs')
        raise DataSetError(msg)
    group = PairSampler.group
    n_keep = max(int(len(data) * VALIDATION_FRACTION) // group, 1) * group
    cut = max(len(data) - n_keep, len(data) // 2)
    if len(data) > group:
        # each block has a seeing of its own
        cut = max(cut // group, 1) * group
    places, others = _places(data.truth, ''), _places(data.truth, '_2')
    if places is None or others is None:
        places = others = None
    learn, keep = (PairSampler(
        centrals[part], companions[part],
        places=None if places is None else places[part],
        companion_places=None if places is None else others[part])
        for part in (slice(cut), slice(cut, None)))
    about['data']['pairs'] = [len(data), digest(centrals)]
    about['prior']['stamp'] = 0.5
    brightest = centrals.max(axis=(1, 2)) + companions.max(axis=(1, 2))
    about['domain']['stamp'] = {
        'peak': [0.0, float(np.quantile(brightest, 0.9995)
                            / learn.sigma_range[0])],
        'area': [0, STAMP_SIZE**2],
        'noise': list(learn.sigma_range), 'seed': data.provenance.get('seed'),
        'seeing_factor': data.provenance.get('seeing_range'),
        'centring': data.provenance.get('centring'), 'pairs': cut}
    return learn, replace(keep, balance=1.0)


def _places(truth, end, *, names=('x', 'y', 'flux')):
    """Return positions and fluxes in the stamps, None if unknown."""
    names = [f'{name}{end}' for name in names]
    if not set(names) <= set(truth.colnames):
        return None
    return np.column_stack([np.asarray(truth[name], dtype=np.float32)
                            for name in names])


def _detection_samplers(data, about):
    """Split labelled detections into training and validation, by field."""
    labels = np.asarray(data.truth['truth_label'])
    field = np.asarray(data.truth['field'])
    last = max(int(field.max() * (1 - VALIDATION_FRACTION)), 0)
    learn, keep = field <= last, field > last
    if not set(labels) >= {BLEND, SINGLE}:
        msg = 'detections: there must be blends and single ones among them'
        raise DataSetError(msg)
    if not set(labels[keep]) >= {BLEND, SINGLE}:
        learn = keep = np.ones(len(field), dtype=bool)
    about['prior']['segment'] = SURVEY_FRACTION
    stamps, regions = data.arrays['stamps'], data.arrays['regions']
    about['data']['detections'] = [len(data), digest(stamps)]
    peak = np.max(stamps, axis=(1, 2), where=regions, initial=0)
    area = regions.sum(axis=(1, 2))
    about['domain']['segment'] = {
        'fields': int(field.max()) + 1, 'detections': int(learn.sum()),
        'seed': data.provenance.get('seed'),
        **{key.removeprefix('field_'): _limits(data.truth[key])
           for key in data.truth.colnames if key.startswith('field_')},
        # beyond these a source is flagged as unlike the training
        'peak': [0.0, float(np.quantile(peak.astype(float), 0.9995))],
        'area': [0, int(np.quantile(area, 0.9995))]}
    learner, keeper = (DetectionSampler(
        stamps[part], regions[part], labels[part],
        places=_places(data.truth[part], '_2', names=('x', 'y')))
        for part in (learn, keep))
    # answers are judged, and calibrated, on all blends alike
    return replace(learner, worth=_worth(data.truth[learn])), keeper


def _worth(truth):
    """Return how much labels should count, None if that is not known."""
    names = ('companion_snr', 'separation', 'field_seeing')
    if not set(names) <= set(truth.colnames):
        return None
    snr = distinct_snr(*(np.asarray(truth[name], dtype=float)
                         for name in names))
    known = (truth['truth_label'] == BLEND) & np.isfinite(snr)
    return np.where(known, lesson_weight(snr), 1.0)


def _limits(values):
    """Return the lowest and highest value, None for infinity."""
    return [float(value) if np.isfinite(value) else None
            for value in (np.min(values), np.max(values))]
