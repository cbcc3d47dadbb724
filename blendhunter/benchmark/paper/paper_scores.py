# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""From labels and probabilities to the tables behind the figures."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark import stamp_detectors
from blendhunter.benchmark.column_descriptions import PAPER
from blendhunter.benchmark.paper.stages import LEFT_OUT
from blendhunter.truth import BLEND, SINGLE

__all__ = ['SUBSETS', 'feature_table', 'parametric_scores',
           'realistic_scores', 'separation_scores', 'summary_table']

# left edges of the bins of separation, px
SEPARATIONS = np.arange(0, 37, 3.0)
SUBSETS = ('all', 'close', 'distant')
N_MAPS = 12
# sources of the published numbers
SOURCES = {
    'authors': 'runs stored in github.com/CosmoStat/BlendHunter, grid of '
               '2020; "authors sigma" is the noise of the run, the nearest '
               'to sigma',
    'published': 'Farrens et al. 2022, A&A 657, A98; of BlendHunter a '
                 'lower limit'}


def _scores(label, truth):
    """Return the scores of the labels that are not left out."""
    kept = np.asarray(label) != LEFT_OUT
    return stamp_detectors.stamp_scores(np.asarray(label)[kept], truth[kept])


def parametric_scores(results):
    """
    Score every method on the test stamps of every step.

    ``results`` is a list of (Step, labels by method, truth).
    """
    return Table([{'sigma': step.sigma, 'realization': step.realization,
                   'method': method, **_scores(label, truth)}
                  for step, labels, truth in results
                  for method, label in labels.items()])


def separation_scores(results):
    """
    Score blends by their separation: the data of Fig. 3.

    ``accuracy`` is the completeness in bins of 3 px, ``accuracy_std`` its
    standard deviation over realizations; ``results`` as in
    `parametric_scores`.
    """
    rows = []
    for sigma in sorted({step.sigma for step, _, _ in results}):
        at_sigma = [(labels, truth) for step, labels, truth in results
                    if step.sigma == sigma]
        for method in at_sigma[0][0]:
            parts = [_by_separation(labels[method], truth)
                     for labels, truth in at_sigma if method in labels]
            found, total = (np.array(v) for v in zip(*parts, strict=True))
            each = found / np.maximum(total, 1)
            rows.extend(
                {'sigma': sigma, 'method': method,
                 'separation': SEPARATIONS[i] + 1.5,
                 'accuracy': found[:, i].sum() / total[:, i].sum(),
                 'accuracy_std': each[:, i].std(),
                 'n_stamps': int(total[:, i].sum())}
                for i in np.flatnonzero(total.sum(axis=0)))
    return Table(rows)


def _by_separation(label, truth):
    """Return found and all blends in each bin of separation."""
    label = np.asarray(label)
    blended = ((np.asarray(truth['label']) == BLEND) & (label != LEFT_OUT))
    separation = np.asarray(truth['separation'])
    return (np.histogram(separation[blended & (label == BLEND)],
                         SEPARATIONS)[0],
            np.histogram(separation[blended], SEPARATIONS)[0])


def realistic_scores(results, truth):
    """
    Score every method on the realistic set: the data of Figs. 5 and 6.

    ``results`` is a list of (training sigma, realization, method, labels),
    the sigma NaN without a training. ``accuracy`` is that of the blends of
    the subset and equally many isolated stamps, as in the paper: the mean
    of ``true_positives`` and ``true_negatives``.
    """
    rows = []
    for sigma, realization, method, label in results:
        scores = _scores(label, truth)
        # a stamp without a detection is no true negative: all count, as
        # they do for the network
        isolated = np.asarray(truth['label']) != BLEND
        kept = np.asarray(label) != LEFT_OUT
        true_negatives = float(np.mean(
            np.asarray(label)[isolated & kept] == SINGLE))
        for subset, name in zip(SUBSETS, ('completeness', 'close',
                                          'distant'), strict=True):
            rows.append({
                'sigma': sigma, 'realization': realization,
                'method': method, 'subset': subset,
                'accuracy': (scores[name] + true_negatives) / 2,
                'true_positives': scores[name],
                'true_negatives': true_negatives})
    return Table(rows)


def feature_table(stamp, maps):
    """
    List the outputs of the blocks for one stamp: the data of Fig. 2.

    Those are the ``maps`` of `block_outputs` with the largest variance in
    each block; block 0 is the stamp itself.
    """
    rows = [(0, 0, len(stamp), stamp)]
    for number, block in enumerate(maps, start=1):
        order = np.argsort(-block.var(axis=(0, 1)))[:N_MAPS]
        rows.extend((number, int(i), len(block), block[..., i])
                    for i in order)
    values = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        values[i] = np.asarray(row[3], dtype=np.float32).ravel()
    table = Table(rows=[row[:3] for row in rows],
                  names=('block', 'map', 'width'))
    table['values'] = values
    return table


def summary_table(tests, realistic, *, kind='realistic'):
    """
    Compare all methods, and the published numbers.

    ``tests`` is from `parametric_scores`, ``realistic`` from
    `realistic_scores`, ``kind`` that of the realistic set; only 'realistic'
    can be compared to real galaxies. For the columns see `reproduce_paper`;
    ``authors ...`` are the stored runs, at the noise ``authors sigma``,
    ``published ...`` the paper's numbers (`SOURCES`).
    """
    rows = []
    authors = stamp_detectors.stored_runs()
    for sigma in np.unique(tests['sigma']):
        for score in ('accuracy', 'close', 'tnr'):
            row = {'set': 'parametric', 'sigma': float(sigma),
                   'score': score}
            at_sigma = tests[tests['sigma'] == sigma]
            row.update(_means(at_sigma, score))
            near = authors[np.abs(authors['sigma'] - sigma) <= 1]
            row.update({f'authors {item["method"]}': 100 * item[score]
                        for item in near})
            if len(near):
                row['authors sigma'] = near['sigma'][0]
            rows.append(row)
    rows.extend(_realistic_rows(realistic, kind))
    table = Table(_aligned(rows), meta={'sources': SOURCES})
    methods = {name: f'Score of {name} (per cent)' for name in table.colnames}
    return describe_columns(table, methods, PAPER)


def _realistic_rows(realistic, kind):
    """Return the rows of the realistic set."""
    rows = []
    trained = realistic[np.isfinite(realistic['sigma'])]
    fixed = realistic[~np.isfinite(realistic['sigma'])]
    authors = stamp_detectors.STORED_REALISTIC
    published = stamp_detectors.PUBLISHED_REALISTIC
    for sigma in np.unique(trained['sigma']):
        for subset in SUBSETS:
            row = {'set': kind, 'sigma': float(sigma),
                   'score': f'accuracy, {subset}'}
            for part in (trained[trained['sigma'] == sigma], fixed):
                row.update(_means(part[part['subset'] == subset],
                                  'accuracy'))
            if kind == 'realistic':
                # SEP has no training; BlendHunter's was at sigma 14
                row['authors SEP'] = 100 * authors['SEP'][subset]
                row.update({f'published {method}': 100 * values[subset]
                            for method, values in published.items()
                            if subset in values})
            if kind == 'realistic' and abs(sigma - 14) <= 1:
                row['authors BlendHunter'] = 100 * authors['BlendHunter'][
                    subset]
                row['authors sigma'] = 14.0
            rows.append(row)
    return rows


def _means(table, score):
    """Return the mean of a score over realizations, in per cent."""
    return {str(method): 100 * float(np.mean(
        table[score][table['method'] == method]))
        for method in dict.fromkeys(table['method'].tolist())}


def _aligned(rows):
    """Give all rows the same columns, published numbers last."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    names.sort(key=lambda name: name.startswith(('authors', 'published')))
    return [{name: row.get(name, np.nan) for name in names}
            for row in rows]
