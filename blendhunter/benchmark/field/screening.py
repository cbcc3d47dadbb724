"""How much screening saves, what it changes, and its limit."""

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.meta import read_meta
from blendhunter.benchmark import metrics
from blendhunter.benchmark.baselines import NAMES, SMALL
from blendhunter.benchmark.field.calibrate import check_calibrated
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


def calibrate_screening(weights, tables, *, output=None, overwrite=False):
    """
    Find the limits of a small network, and store them in its weights.

    Parameters
    ----------
    weights : str or path-like
        Weights file of the small network.
    tables : dict of `~astropy.table.Table`
        Detections by name, as ``blendhunter benchmark field --screen``
        writes them for these weights.
    output : path-like, optional
        The new weights file; by default the file itself is changed.
    overwrite : bool, optional
        Whether an existing ``output`` may be replaced.

    Returns
    -------
    scores : `~astropy.table.Table`
        ``region`` and ``limit``, and what `compare_screening` finds.

    Raises
    ------
    ValueError
        If the detections were made with other weights, or lack a score,
        or packaged weights are to be changed.
    """
    path = check_calibrated(weights, output, overwrite=overwrite)
    metadata = read_metadata(path)
    own = metadata['sha256'], metadata.get('screening', {}).get('of')
    for name, table in tables.items():
        if read_meta(table.meta, 'screen') not in own:
            msg = (f'detections: {name!r} was not made with the small '
                   f'network {str(path)!r}')
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
            scores.append(made)
    if not limits:
        msg = ('detections: none has the scores of both networks; '
               'blendhunter benchmark field --screen makes them')
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
    large, small = (np.concatenate(part) for part in zip(*answers,
                                                         strict=True))
    needed = small[large >= SAFE_PROBABILITY]
    limit = MARGIN * float(needed.min(initial=1.0))
    while limit > LOWEST:
        if all(row['change'] < ALLOWED for table in tables
               for row in _changes(table, region, limit)):
            break
        limit *= STEP
    return limit if np.mean(small < limit) > WORTHWHILE else None


def compare_screening(tables, region, limit):
    """
    Compare the scores of detections with and without screening.

    Parameters
    ----------
    tables : dict of `~astropy.table.Table`
        By name, as for `fit_limit`.
    region : {'segment', 'stamp'}
    limit : float
        Reported probability below which the small network answers.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set of detections: ``n``, the fraction ``dismissed``;
        ``highest``, the large network's highest probability among these;
        ``auc`` and ``completeness`` at 80 per cent purity with their
        errors and, with screening, ``auc_screened`` and
        ``completeness_screened``.
    """
    rows = []
    for name, table in tables.items():
        large, small = _answers(table, region)
        gone = small < limit
        row = {'set': name, 'n': len(large), 'dismissed': gone.mean(),
               'highest': large[gone].max(initial=0)}
        for change in _changes(table, region, limit):
            key = change['score']
            row |= {key: change['before'], f'{key}_error': change['error'],
                    f'{key}_screened': change['after']}
        rows.append(row)
    return Table(rows)


def _answers(table, region):
    """Return what both networks said, where both did."""
    names = [f'{SCORE}{prefix}{NAMES[region]}' for prefix in ('', SMALL)]
    missing = [name for name in names if name not in table.colnames]
    if missing:
        msg = (f'detections: there is no column {missing[0]!r}; blendhunter '
               'benchmark field --screen makes it')
        raise ValueError(msg)
    large, small = (np.asarray(table[name], dtype=float) for name in names)
    known = np.isfinite(large) & np.isfinite(small)
    return large[known], small[known]


def _changes(table, region, limit):
    """Yield what screening changes in the scores of a set."""
    label = ('truth_label' if region == 'segment' else 'stamp_label')
    names = [f'{SCORE}{prefix}{NAMES[region]}' for prefix in ('', SMALL)]
    columns = [np.asarray(table[name], dtype=float) for name in (
        label, *names)]
    clear = (columns[0] >= 0) & np.all(np.isfinite(columns[1:]), axis=0)
    truth, large, small = (column[clear] for column in columns)
    blended = truth == BLEND
    screened = np.where(small < limit, small, large)
    for score, statistic in (
            ('auc', metrics.area_under_roc),
            ('completeness', lambda *pair: metrics.completeness_at_purity(
                *pair, 0.8))):
        before, after = statistic(large, blended), statistic(screened,
                                                             blended)
        error = metrics.bootstrap_error(statistic, large, blended,
                                        n_samples=N_SAMPLES)
        change = abs(after - before) / error if error > 0 else 0.0
        yield {'score': score, 'before': before, 'after': after,
               'error': error, 'change': change}
