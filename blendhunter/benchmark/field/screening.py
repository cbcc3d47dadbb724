# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The limit of screening, and its effect on the scores."""

from functools import partial

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.descriptions import describe_columns
from blendhunter._utils.meta import read_meta
from blendhunter.benchmark import metrics
from blendhunter.benchmark.baselines import NAMES, SMALL
from blendhunter.benchmark.changed_weights import check_calibrated
from blendhunter.benchmark.column_descriptions import SCREENING
from blendhunter.benchmark.field.field_scores import SCORE
from blendhunter.identify.screening import SAFE_PROBABILITY
from blendhunter.network.weights import read_metadata, update_metadata
from blendhunter.truth import BLEND

__all__ = ['calibrate_screening', 'compare_screening', 'fit_limit']

# the limit, over the lowest answer to a source that must not be dismissed:
# another image may hold one with a lower answer
MARGIN = 0.8
# what scores may change by, in units of their errors
ALLOWED = 0.5
# how fast the limit falls until they do not
STEP = 0.8
LOWEST = 1e-5
# fraction of the sources that must be dismissed: the small network takes
# time, too
WORTHWHILE = 0.1
N_SAMPLES = 100
# the truth of the question about each region
LABELS = {'segment': 'truth_label', 'stamp': 'stamp_label'}
SCORES = {'auc': metrics.area_under_roc,
          'completeness': partial(metrics.completeness_at_purity,
                                  wanted=0.8)}


def calibrate_screening(weights, tables, *, output=None, overwrite=False):
    """
    Find the limits of screening, and store them in the small network.

    Parameters
    ----------
    weights : str or path-like
        Weights file of the small network.
    tables : dict of `~astropy.table.Table`
        Detections by name, as ``blendhunter benchmark field --screen``
        writes them for these weights.
    output : path-like, optional
        The new weights file; by default ``weights`` itself is changed.
    overwrite : bool, optional
        Whether an existing ``output`` may be replaced.

    Returns
    -------
    scores : `~astropy.table.Table`
        ``region``, ``limit`` and the columns of
        `~blendhunter.benchmark.field.compare_screening`.

    Raises
    ------
    ValueError
        If the detections were made with other weights or have no score,
        or if the packaged weights would be changed.
    """
    path = check_calibrated(weights, output, overwrite=overwrite)
    metadata = read_metadata(path)
    own = metadata['sha256'], metadata.get('screening', {}).get('of')
    for name, table in tables.items():
        if read_meta(table.meta, 'screen') not in own:
            msg = (f'detections: {name!r} was made with another small network '
                   f'than {str(path)!r}')
            raise ValueError(msg)
    limits, scores = {}, []
    for region in metadata['regions']:
        asked = {name: table for name, table in tables.items()
                 if f'{SCORE}{SMALL}{NAMES[region]}' in table.colnames}
        if asked:
            limits[region] = fit_limit(list(asked.values()), region)
        if limits.get(region):
            made = compare_screening(asked, region, limits[region])
            made.add_columns([[region] * len(made),
                              [limits[region]] * len(made)],
                             indexes=[0, 0], names=['region', 'limit'])
            scores.append(describe_columns(made, SCREENING))
    if not limits:
        msg = ('detections: none has the scores of both networks; make them '
               'with blendhunter benchmark field --screen')
        raise ValueError(msg)
    update_metadata(path, {'screening': {**limits, 'of': own[1] or own[0]}},
                    output=output)
    return vstack(scores) if scores else Table()


def fit_limit(tables, region):
    """
    Find the limit below which a small network's answer may stand.

    Parameters
    ----------
    tables : list of `~astropy.table.Table`
        Detections of ``blendhunter benchmark field``, with the scores of
        both networks.
    region : {'segment', 'stamp'}

    Returns
    -------
    limit : float or None
        0.8 times the small network's lowest answer to a source to which the
        large one gives 0.1 or more; less, if a score of
        `compare_screening` changes by half its error or more. None if
        hardly any source would be dismissed.

    Raises
    ------
    ValueError
        If the tables do not have both scores.
    """
    answers = [_answers(table, region) for table in tables]
    before = [_unscreened(*each) for each in answers]
    large, small = (np.concatenate(part) for part in list(zip(
        *answers, strict=True))[1:])
    needed = small[large >= SAFE_PROBABILITY]
    limit = MARGIN * float(needed.min(initial=1.0))
    while limit > LOWEST:
        if all(_is_small_change(scores, _screened(*each, limit))
               for scores, each in zip(before, answers, strict=True)):
            break
        limit *= STEP
    return limit if np.mean(small < limit) > WORTHWHILE else None


def compare_screening(tables, region, limit):
    """
    Compare the scores of detections with and without screening.

    Parameters
    ----------
    tables : dict of `~astropy.table.Table`
        Detections by name, as ``blendhunter benchmark field --screen``
        writes them, with the scores of both networks.
    region : {'segment', 'stamp'}
        The region that was classified.
    limit : float
        A source is dismissed if the small network reports a probability
        below this limit.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set of detections: their number ``n``; the fraction
        ``dismissed``; ``highest``, the highest probability of the large
        network for a dismissed source; ``auc`` and ``completeness`` at 80
        per cent purity with their errors; ``auc_screened`` and
        ``completeness_screened``, the same with screening.
    """
    rows = []
    for name, table in tables.items():
        answers = _answers(table, region)
        _, large, small = answers
        gone = small < limit
        row = {'set': name, 'n': len(large), 'dismissed': gone.mean(),
               'highest': large[gone].max(initial=0)}
        after = _screened(*answers, limit)
        for score, (value, error) in _unscreened(*answers).items():
            row |= {score: value, f'{score}_error': error,
                    f'{score}_screened': after[score]}
        rows.append(row)
    return describe_columns(Table(rows), SCREENING)


def _answers(table, region):
    """Return label, large and small answer of rows that have both answers."""
    names = [f'{SCORE}{prefix}{NAMES[region]}' for prefix in ('', SMALL)]
    missing = [name for name in names if name not in table.colnames]
    if missing:
        msg = (f'detections: there is no column {missing[0]!r}; make it with '
               'blendhunter benchmark field --screen')
        raise ValueError(msg)
    label, *answers = (np.asarray(table[name], dtype=float)
                       for name in (LABELS[region], *names))
    known = np.all(np.isfinite(answers), axis=0)
    return [column[known] for column in (label, *answers)]


def _unscreened(label, large, small):
    """Return value and error of each of `SCORES` of the large network."""
    del small
    clear = label >= 0
    pair = large[clear], label[clear] == BLEND
    return {name: (score(*pair), metrics.bootstrap_error(
        score, *pair, n_samples=N_SAMPLES))
        for name, score in SCORES.items()}


def _screened(label, large, small, limit):
    """Return each of `SCORES` with screening."""
    clear = label >= 0
    both = np.where(small < limit, small, large)[clear]
    return {name: score(both, label[clear] == BLEND)
            for name, score in SCORES.items()}


def _is_small_change(before, after):
    """Tell whether no score changes by half of its error or more."""
    return all(error <= 0 or abs(after[name] - value) / error < ALLOWED
               for name, (value, error) in before.items())
