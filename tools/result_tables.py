# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write the tables about the packaged model, from results of benchmarks.

Usage: python tools/result_tables.py RESULTS docs/results

RESULTS holds what ``blendhunter benchmark`` wrote: ``stamps.ecsv`` and the
directories of `FIELDS`, `IMAGES` and `INJECTIONS`; the same names with
``-tuned``, ``-trial`` and ``-old`` are of other weights (`WEIGHTS`).
``history.csv`` is that of the training, and ``start-NAME.history.csv`` those
of short ones from other `STARTS`. What is missing is 'not measured'.

The tables go to ``model`` and to ``field-NAME/scores.rst`` in the output.
Those named ``-weights`` compare all weights; the others are of the packaged
ones.
"""

import argparse
from pathlib import Path

import numpy as np
from astropy.table import Table
from result_aims import aim_table
from result_files import (
    EMPTY,
    FIELD_SCORES,
    INJECTIONS,
    KINDS,
    MISSING,
    PACKAGED,
    STAMP_SCORES,
    WEIGHTS,
    Results,
    as_rst,
    clean_command,
    number,
    option,
    percent,
    read_history,
    training_row,
    wrap_command,
)

from blendhunter.benchmark.whole_stamps import STAMP_SETS

FIELDS = {'field-cfis': 'CFIS', 'field-cfis-knots': 'CFIS, knots',
          'field-dense': 'dense, sigma 10', 'field-seeing': 'seeing x 1.6',
          'field-real': 'CFIS, real (HST)', 'field-lsst': 'LSST'}
IMAGES = {'singles-kids': 'KiDS r', 'singles-ntt': 'NTT'}
STARTS = {'packaged': 'weights before', 'imagenet': 'ImageNet blocks',
          'scratch': 'scratch'}
TREES = 'boosted trees'
METHODS = {TREES: 'trees', 'area x a/b': 'area x a/b', 'flag': "SEP's flag",
           'photutils split': "photutils' deblending"}
ALL_SCORES = {
    'AUC': 'auc', **{f'purity {level} %': f'completeness_purity{level}'
                     for level in (50, 80, 90)},
    'reject 10 %': 'completeness_reject10', 'resolvable': 'resolvable'}
N_LAST = 5


def of_weights(results, name, wanted, every):
    """Yield the label and row of each kind of weights that has a result."""
    for which, label in WEIGHTS.items() if every else [(PACKAGED, '')]:
        row = results.row(name, wanted, which)
        if row is not None or which == PACKAGED:
            yield ({'weights': label} if every else {}), which, row


def about_set(name, sigma):
    """Return the cells that name a set of stamps."""
    return {'set': KINDS.get(name, name), 'sigma': f'{sigma:g}'}


def stamp_scores(row):
    """Return the cells with the scores of stamps."""
    return {title: percent(row, name) for title, name in STAMP_SCORES.items()}


def stamp_table(results, *, every=False):
    """Return the scores of stamps, of the packaged weights or of all."""
    return Table([
        {**about_set(spec.name, spec.sigma), **label, **stamp_scores(row)}
        for spec in STAMP_SETS for label, _, row in of_weights(
            results, 'stamps', {'set': spec.name, 'sigma': spec.sigma,
                                'method': 'network'}, every)])


def against_sep_table(results):
    """Compare the network with SEP, which is given the true positions."""
    rows = []
    for spec in STAMP_SETS:
        wanted = {'set': spec.name, 'sigma': spec.sigma}
        network, sep = (results.row('stamps', {**wanted, 'method': method})
                        for method in ('network', 'sep oracle'))
        cells = {}
        for title in ('accuracy', 'close', 'TNR'):
            cells[title] = percent(network, STAMP_SCORES[title])
            cells[f'SEP: {title}'] = percent(sep, STAMP_SCORES[title])
        rows.append({**about_set(spec.name, spec.sigma), **cells})
    return Table(rows)


def detector_table(results):
    """Return the scores of the detectors on stamps."""
    rows = [{**about_set(row['set'], row['sigma']),
             'detector and rule': row['method'], **stamp_scores(row)}
            for row in results.get('stamps') or ()
            if not row['method'].startswith('network')]
    table = Table(rows or [{'set': MISSING, 'close at 1 %': EMPTY}])
    # they give labels and no probability, so no rate can be chosen
    table.remove_column('close at 1 %')
    return table


def changed_table(results):
    """Return the scores of the network on changed stamps of one set."""
    rows = [{'stamps': row['method'].partition(', ')[2] or 'as they are',
             **stamp_scores(row)}
            for row in results.get('stamps') or ()
            if row['set'] == 'structured'
            and row['method'].startswith('network')]
    return Table(rows or [{'stamps': MISSING}])


def field_sets_table(results):
    """Say what the fields are, by the commands of the results."""
    rows = []
    for name, label in FIELDS.items():
        table = results.get(name)
        row = results.row(name, {'method': 'network'})
        kind = option(table, '--kind', 'structured')
        rows.append({
            'fields': label, 'number': option(table, '--n', '20'),
            'galaxies': KINDS.get(kind, kind),
            'PSF': option(table, '--psf', 'paper'),
            'clear': EMPTY if row is None
            else f'{row["n"]:,}'.replace(',', ' '),
            'blends': EMPTY if row is None
            else f'{100 * row["n_blends"] / row["n"]:.1f} %'})
    return Table(rows)


def field_table(results, *, every=False):
    """Return the scores of fields, of the packaged weights or of all."""
    return Table([
        {'fields': FIELDS[name], **label, **{
            title: number(row, score)
            for title, score in FIELD_SCORES.items()}}
        for name in FIELDS for label, _, row in of_weights(
            results, name, {'method': 'network'}, every)])


def method_table(results, score):
    """Compare one score of the network with those of simpler methods."""
    return Table([
        {'fields': label, **{
            title: number(results.row(name, {'method': method}), score)
            for method, title in {'network': 'network', **METHODS}.items()}}
        for name, label in FIELDS.items()])


def own_field_table(results, name):
    """Return all scores of one kind of fields."""
    rows = [{'method': row['method'], **{
        title: number(row, score) for title, score in ALL_SCORES.items()}}
        for row in results.get(name) or ()]
    return Table(rows or [{'method': MISSING}])


def own_injection_table(results):
    """Return which merged injections all methods find."""
    rows = [{'method': row['method'], 'AUC': number(row, 'auc'), **{
        f'hosts {rate} %': number(row, f'completeness_fpr{rate}')
        for rate in (1, 5, 10)}} for row in results.get(INJECTIONS) or ()]
    return Table(rows or [{'method': MISSING}])


def singles_table(results, *, every=False):
    """Return how many isolated sources of SNR 50 to 1000 are flagged."""
    return Table([
        {'image': image, 'sources': kind, **label,
         'number': EMPTY if row is None else str(row['n']),
         'flagged': percent(row, 'flagged'),
         'by chance': percent(row, 'chance'),
         'ratio': number(row, 'ratio', digits=2)}
        for name, image in IMAGES.items() for kind in ('point-like', 'round')
        for label, _, row in of_weights(
            results, name, {'kind': kind, 'snr': '50-1000'}, every)])


def injection_row(results, method, which, row):
    """Return the cells of a method that finds merged injections."""
    cells = {'AUC': number(row, 'auc')} | {
        f'found, {rate} %': percent(row, f'completeness_fpr{rate}')
        for rate in (1, 5, 10)}
    for low, high in ((2, 4), (4, 6), (6, 8)):
        found = results.row(INJECTIONS, {
            'method': method, 'working_point': 'fpr 10',
            'quantity': 'separation', 'low': low}, which, 'bins')
        cells[f'{low}-{high} px'] = percent(found, 'completeness')
    return cells


def injection_table(results, *, every=False):
    """Return which injections are found, by methods or by all weights."""
    methods = {'network': 'network'} if every else {
        'network': 'network', **METHODS}
    return Table([
        {**(label or {'method': title}),
         **injection_row(results, method, which, row)}
        for method, title in methods.items() if method != 'flag'
        for label, which, row in of_weights(
            results, INJECTIONS, {'method': method}, every)])


def start_table(results):
    """Compare the starts of a training after equal steps."""
    rows = []
    for name, title in STARTS.items():
        history = read_history(
            results.directory / f'start-{name}.history.csv')
        rows.append({'start': title, **(
            dict.fromkeys(('batches', 'head loss', 'loss', 'AUC, segment',
                           'AUC, stamp'), MISSING) if history is None
            else training_row(history, slice(-N_LAST, None), -1))})
    return Table(rows)


def curve_table(results):
    """Give the mean losses since the last validation, and its scores."""
    history = read_history(results.directory / 'history.csv')
    if history is None or 'segment_auc' not in history:
        return Table([{'batches': MISSING, 'loss': MISSING}])
    ends = np.flatnonzero(np.isfinite(history['segment_auc']))
    return Table([training_row(history, slice(begin, end + 1), end)
                  for begin, end in zip([0, *(ends[:-1] + 1)], ends,
                                        strict=True)])


def command_block(results):
    """Return the commands of all results as a block of text."""
    tables = [results.get(name) for name in (
        'stamps', *FIELDS, INJECTIONS, *IMAGES)]
    lines = [wrap_command(clean_command(table.meta['BHCMD']))
             for table in tables
             if table is not None and 'BHCMD' in table.meta]
    return '.. code-block:: console\n\n' + ''.join(
        f'    {line}\n' for line in lines or [MISSING])


def all_tables(results):
    """Yield the name and the content of each table."""
    for name, make in (('stamps', stamp_table), ('fields', field_table),
                       ('singles', singles_table),
                       ('injected', injection_table)):
        yield f'model/{name}', make(results)
        yield f'model/{name}-weights', make(results, every=True)
    for name, make in (
            ('stamps-sep', against_sep_table),
            ('stamps-detectors', detector_table),
            ('stamps-changed', changed_table),
            ('field-sets', field_sets_table), ('aims', aim_table),
            ('starts', start_table), ('curve', curve_table)):
        yield f'model/{name}', make(results)
    for name, score in (('auc', 'auc'), ('resolvable', 'resolvable'),
                        ('purity80', 'completeness_purity80'),
                        ('reject30', 'completeness_reject30')):
        yield f'model/methods-{name}', method_table(results, score)
    for name in FIELDS:
        yield f'{name}/scores', own_field_table(results, name)
    yield f'{INJECTIONS}/scores', own_injection_table(results)


def main(arguments=None):
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('results', type=Path)
    parser.add_argument('directory', type=Path)
    options = parser.parse_args(arguments)
    results = Results(options.results)
    results.warn_about_weights((*FIELDS, *IMAGES, INJECTIONS))
    for name, table in all_tables(results):
        path = options.directory / f'{name}.rst'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_rst(table), encoding='utf-8')
    (options.directory / 'model' / 'commands.rst').write_text(
        command_block(results), encoding='utf-8')


if __name__ == '__main__':
    main()
