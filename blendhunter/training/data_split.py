# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The split of training data into training and validation."""

from dataclasses import replace

import numpy as np

from blendhunter._utils.arrays import digest
from blendhunter.dataset import DataSet, read_dataset
from blendhunter.exceptions import DataSetError
from blendhunter.stamps import STAMP_SIZE
from blendhunter.training.batches import MixedBatches
from blendhunter.training.importance_sampling import blend_sample_weight
from blendhunter.training.samplers import DetectionSampler, PairSampler
from blendhunter.truth import BLEND, SINGLE, marginalized_snr

__all__ = ['check_given', 'detection_weights', 'fixed_batches',
           'prepare_samplers']

VALIDATION_FRACTION = 0.04
VALIDATION_SEED = 1_000_003
# fraction of a batch that are detections
SEGMENT_SHARE = 72 / 128
#: Blend fraction among clear detections of simulated CFIS fields without
#: added companions; `blendhunter benchmark` measures it.
SURVEY_FRACTION = 0.085
# group size of pairs whose files do not tell
OLD_GROUP = 250
# arrays and columns that training data must have
NEEDED = {'pairs': {'centrals', 'companions', 'label'},
          'detections': {'stamps', 'regions', 'truth_label', 'field'}}


def check_given(pairs, detections):
    """Refuse, before any work, a training without data."""
    if pairs is None and detections is None:
        msg = 'pairs or detections must be given'
        raise ValueError(msg)


def prepare_samplers(pairs, detections, batch_size):
    """
    Split data sets, or files of them, into training and validation.

    Returns the (sampler, stamps in a batch) of the training; the sampler
    of the validation by region; and a dict: ``data`` that identify them,
    ``prior`` and ``domain`` for the weights file.
    """
    samplers, held_out = [], {}
    about = {'data': {}, 'prior': {}, 'domain': {}}
    n_segment = 0
    if detections is not None:
        n_segment = (batch_size if pairs is None
                     else round(batch_size * SEGMENT_SHARE))
        train, held_out['segment'] = _detection_samplers(
            _load(detections, 'detections'), about)
        samplers.append((train, n_segment))
    if pairs is not None:
        train, held_out['stamp'] = _pair_samplers(_load(pairs, 'pairs'),
                                                  about)
        samplers.append((train, batch_size - n_segment))
    return samplers, held_out, about


def fixed_batches(held_out, size, *, step=0):
    """
    Return the batch of each region's validation data, always the same.

    ``size`` is limited to twice the examples.
    """
    return {region: MixedBatches([(sampler, min(size, 2 * len(sampler)))],
                                 rng=VALIDATION_SEED)(step)
            for region, sampler in held_out.items()}


def _load(dataset, name):
    """Return a data set, or read it, and check what it has."""
    data = dataset if isinstance(dataset, DataSet) else read_dataset(dataset)
    missing = NEEDED[name] - {*data.arrays, *data.truth.colnames}
    if missing:
        msg = (f'{name}: the data set has no {sorted(missing)}; make one '
               f'with blendhunter simulate {name}')
        raise DataSetError(msg)
    return data


def _pair_samplers(data, about):
    """Split a set of pairs into training and validation."""
    if np.any(np.asarray(data.truth['label']) != BLEND):
        msg = ('pairs: some rows have no companion; make pairs with '
               'blendhunter simulate pairs')
        raise DataSetError(msg)
    group = _seeing_groups(data.truth)
    if np.any(np.diff(group) < 0):
        order = np.argsort(group, kind='stable')
        group = group[order]
        data = DataSet({name: array[order] for name, array
                        in data.arrays.items()}, data.truth[order],
                       data.provenance)
    cut = _pair_cut(group)
    centrals, companions = (data.arrays[key]
                            for key in ('centrals', 'companions'))
    stacks = {'centrals': centrals, 'companions': companions, 'group': group}
    positions = {
        f'{prefix}positions': _columns(data.truth, f'x{end}', f'y{end}',
                                       f'flux{end}')
        for prefix, end in (('', ''), ('companion_', '_2'))}
    if all(values is not None for values in positions.values()):
        stacks |= positions
    train, keep = (PairSampler(**{name: stack[part]
                                  for name, stack in stacks.items()})
                   for part in (slice(cut), slice(cut, None)))
    about['data']['pairs'] = [len(data), digest(centrals)]
    about['prior']['stamp'] = 0.5
    brightest = centrals.max(axis=(1, 2)) + companions.max(axis=(1, 2))
    about['domain']['stamp'] = {
        'peak': [0.0, float(np.quantile(brightest, 0.9995)
                            / train.sigma_range[0])],
        'area': [0, STAMP_SIZE**2],
        'noise': list(train.sigma_range), 'seed': data.provenance.get('seed'),
        'seeing_factor': data.provenance.get('seeing_range'),
        'centering': data.provenance.get(
            'centering', data.provenance.get('centring')),  # old files
        'pairs': cut}
    return train, replace(keep, balance=1.0)


def _seeing_groups(truth):
    """Return a number for each pair; pairs of one group share a seeing."""
    if 'group' in truth.colnames and not (
            'seeing_factor' in truth.colnames
            and np.ptp(truth['seeing_factor']) == 0):
        return np.asarray(truth['group'])
    return np.arange(len(truth)) // OLD_GROUP


def _pair_cut(group):
    """Return how many pairs train, whole groups if there are several."""
    n = len(group)
    starts = np.unique(group, return_index=True)[1]
    largest = np.diff([*starts, n]).max()
    n_keep = max(int(n * VALIDATION_FRACTION) // largest, 1) * largest
    cut = max(n - n_keep, n // 2)
    if len(starts) == 1:
        return int(cut)
    return int(starts[max(np.searchsorted(starts, cut, 'right') - 1, 1)])


def _columns(truth, *names):
    """Return columns side by side, as float32, or None if one is missing."""
    if not set(names) <= set(truth.colnames):
        return None
    return np.column_stack([np.asarray(truth[name], dtype=np.float32)
                            for name in names])


def _detection_samplers(data, about):
    """Split labeled detections into training and validation, by field."""
    labels = np.asarray(data.truth['truth_label'])
    field = np.asarray(data.truth['field'])
    last = max(int(field.max() * (1 - VALIDATION_FRACTION)), 0)
    train, keep = field <= last, field > last
    if not set(labels) >= {BLEND, SINGLE}:
        msg = 'detections must include blends and single sources'
        raise DataSetError(msg)
    if not set(labels[keep]) >= {BLEND, SINGLE}:
        train = keep = np.ones(len(field), dtype=bool)
    about['prior']['segment'] = SURVEY_FRACTION
    stamps, regions = data.arrays['stamps'], data.arrays['regions']
    about['data']['detections'] = [len(data), digest(stamps)]
    peak = np.max(stamps, axis=(1, 2), where=regions, initial=0)
    area = regions.sum(axis=(1, 2))
    about['domain']['segment'] = {
        'fields': int(field.max()) + 1, 'detections': int(train.sum()),
        'seed': data.provenance.get('seed'),
        **{key.removeprefix('field_'): _limits(data.truth[key])
           for key in data.truth.colnames if key.startswith('field_')},
        # beyond these a source is flagged as unlike the training
        'peak': [0.0, float(np.quantile(peak.astype(float), 0.9995))],
        'area': [0, int(np.quantile(area, 0.9995))]}
    learner, keeper = (DetectionSampler(
        stamps[part], regions[part], labels[part],
        positions=_columns(data.truth[part], 'x_2', 'y_2'))
        for part in (train, keep))
    # validation and calibration count all blends alike
    return replace(learner, sample_weights=detection_weights(
        data.truth[train])), keeper


def detection_weights(truth):
    """Return the sample weights of detections, None if unknown."""
    names = ('companion_snr', 'separation', 'field_seeing')
    if not set(names) <= set(truth.colnames):
        return None
    snr = marginalized_snr(*(np.asarray(truth[name], dtype=float)
                             for name in names))
    known = (truth['truth_label'] == BLEND) & np.isfinite(snr)
    return np.where(known, blend_sample_weight(snr), 1.0)


def _limits(values):
    """Return the lowest and highest value, None for infinity."""
    return [float(value) if np.isfinite(value) else None
            for value in (np.min(values), np.max(values))]
