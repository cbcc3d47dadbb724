"""Write the tables about the packaged model, from results of benchmarks.

Usage: python tools/result_tables.py RESULTS docs/results/model > readme.rst

RESULTS holds what ``blendhunter benchmark`` wrote: ``stamps.ecsv`` and the
directories of `FIELDS`, `IMAGES` and `INJECTIONS`; the same names with
``-old`` are of the former weights. ``history.csv`` is that of the training,
and ``start-NAME.history.csv`` those of short ones from other `STARTS`. What
is missing is 'not measured'. The tables for the README are printed, as a
README cannot include others.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from astropy.table import Table
from result_aims import aim_table
from result_files import (
    EMPTY,
    FIELD_SCORES,
    FORMER,
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
)

from blendhunter.benchmark.whole_stamps import STAMP_SETS

FIELDS = {'field-cfis': 'CFIS', 'field-cfis-knots': 'CFIS',
          'field-dense': 'dense, sigma 10', 'field-seeing': 'seeing x 1.6',
          'field-real': 'CFIS', 'field-lsst': 'LSST'}
IMAGES = {'singles-kids': 'KiDS r', 'singles-ntt': 'NTT'}
STARTS = {'packaged': 'weights before', 'imagenet': 'ImageNet blocks',
          'scratch': 'scratch'}
TREES = 'boosted trees'
METHODS = {TREES: 'trees', 'area x a/b': 'area x a/b', 'flag': "SEP's flag",
           'photutils split': "photutils' deblending"}
N_LAST = 5


def stamp_table(results, *, former=True):
    """Return the scores of stamps, with SEP or the former weights beside."""
    rows = []
    for spec in STAMP_SETS:
        wanted = {'set': spec.name, 'sigma': spec.sigma}
        sep = results.row('stamps', {**wanted, 'method': 'sep oracle'})
        for which, label in WEIGHTS.items() if former else [(PACKAGED, '')]:
            row = results.row('stamps', {**wanted, 'method': 'network'},
                              which)
            if row is None and which == FORMER:
                continue
            scores = {title: percent(row, name)
                      for title, name in STAMP_SCORES.items()}
            if not former:
                scores = {**scores, 'SEP accuracy': percent(sep, 'accuracy'),
                          'SEP close': percent(sep, 'close')}
                del scores['close at 1 %']
            rows.append({'set': KINDS.get(spec.name, spec.name),
                         'sigma': f'{spec.sigma:g}',
                         **({'weights': label} if former else {}), **scores})
    return Table(rows)


def stamp_method_table(results):
    """Return the scores of all methods on stamps, and of changed stamps."""
    rows = [{'set': KINDS.get(row['set'], row['set']),
             'sigma': f'{row["sigma"]:g}', 'method': row['method'],
             **{title: percent(row, name)
                for title, name in STAMP_SCORES.items()}}
            for row in results.get('stamps') or ()]
    return Table(rows or [{'set': MISSING, 'sigma': EMPTY}])


def about_fields(results, name, which):
    """Name the fields of a result by its command."""
    table = results.get(name, which)
    if table is None:
        return {'fields': f'{FIELDS[name]} ({name})', 'number': EMPTY,
                'galaxies': EMPTY, 'PSF': EMPTY}
    kind = option(table, '--kind', 'structured')
    return {'fields': FIELDS[name], 'number': option(table, '--n', '20'),
            'galaxies': KINDS.get(kind, kind),
            'PSF': option(table, '--psf', 'paper')}


def field_table(results, *, former=True):
    """Return the scores of fields, with the trees or the former weights."""
    rows = []
    for name in FIELDS:
        trees = results.row(name, {'method': TREES})
        for which, label in WEIGHTS.items() if former else [(PACKAGED, '')]:
            row = results.row(name, {'method': 'network'}, which)
            if row is None and which == FORMER:
                continue
            scores = {title: number(row, score)
                      for title, score in FIELD_SCORES.items()}
            counts = {'clear': EMPTY, 'blends': EMPTY} if row is None else {
                'clear': f'{row["n"]:,}'.replace(',', ' '),
                'blends': f'{100 * row["n_blends"] / row["n"]:.1f} %'}
            extra = {'weights': label} if former else {}
            if not former:
                scores |= {f'trees: {title}': number(trees, score) for
                           title, score in [*FIELD_SCORES.items()][:2]}
            rows.append({**about_fields(results, name, which), **extra,
                         **counts, **scores})
    return Table(rows)


def method_table(results):
    """Return the scores of simpler methods on fields, three in a cell."""
    rows = []
    for name in FIELDS:
        about = about_fields(results, name, PACKAGED)
        del about['number']
        cells = {}
        for method, title in METHODS.items():
            row = results.row(name, {'method': method})
            cells[title] = MISSING if row is None else '; '.join([
                number(row, 'auc'), *(f'{row[score]:.2f}' for score in
                                      [*FIELD_SCORES.values()][1:])])
        rows.append({**about, **cells})
    return Table(rows)


def singles_table(results):
    """Return how many isolated sources of SNR 50 to 1000 are flagged."""
    rows = []
    for name, image in IMAGES.items():
        for kind in ('point-like', 'round'):
            for which, label in WEIGHTS.items():
                row = results.row(name, {'kind': kind, 'snr': '50-1000'},
                                  which)
                if row is None and which == FORMER:
                    continue
                rows.append({
                    'image': image, 'sources': kind, 'weights': label,
                    'number': EMPTY if row is None else str(row['n']),
                    'flagged': percent(row, 'flagged'),
                    'by chance': percent(row, 'chance'),
                    'ratio': number(row, 'ratio', digits=2)})
    return Table(rows)


def injection_table(results):
    """Return which of the merged injections are found."""
    rows = []
    for method, which, label in (
            *(('network', which, f'network, {name}')
              for which, name in WEIGHTS.items()),
            *((method, PACKAGED, title) for method, title
              in METHODS.items() if method != 'flag')):
        row = results.row(INJECTIONS, {'method': method}, which)
        if row is None and (method, which) != ('network', PACKAGED):
            continue
        cells = {'AUC': number(row, 'auc')} | {
            f'found, {rate} %': percent(row, f'completeness_fpr{rate}')
            for rate in (1, 5, 10)}
        for low, high in ((2, 4), (4, 6), (6, 8)):
            found = results.row(INJECTIONS, {
                'method': method, 'working_point': 'fpr 10',
                'quantity': 'separation', 'low': low}, which, 'bins')
            cells[f'{low}-{high} px'] = percent(found, 'completeness')
        rows.append({'method': label, **cells})
    return Table(rows)


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
    lines = [clean_command(table.meta['BHCMD']) for table in tables
             if table is not None and 'BHCMD' in table.meta]
    return '.. code-block:: console\n\n' + ''.join(
        f'    {line}\n' for line in lines or [MISSING])


def main(arguments=None):
    """Write the tables, and print those of the README."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('results', type=Path)
    parser.add_argument('directory', type=Path)
    parser.add_argument('--names', nargs=2, default=list(WEIGHTS.values()),
                        metavar=('NEW', 'OLD'),
                        help='what the weights are called (%(default)s)')
    options = parser.parse_args(arguments)
    WEIGHTS.update(zip(WEIGHTS, options.names, strict=True))
    results = Results(options.results)
    results.warn_about_weights((*FIELDS, *IMAGES, INJECTIONS))
    options.directory.mkdir(parents=True, exist_ok=True)
    for name, make in (
            ('stamps', stamp_table),
            ('stamp-methods', stamp_method_table), ('fields', field_table),
            ('methods', method_table), ('singles', singles_table),
            ('injected', injection_table), ('aims', aim_table),
            ('starts', start_table), ('curve', curve_table)):
        (options.directory / f'{name}.rst').write_text(
            as_rst(make(results)), encoding='utf-8')
    (options.directory / 'commands.rst').write_text(
        command_block(results), encoding='utf-8')
    for make in (stamp_table, field_table):
        sys.stdout.write(as_rst(make(results, former=False)) + '\n')


if __name__ == '__main__':
    main()
