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
import io
import shlex
import sys
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter.benchmark.whole_stamps import STAMP_SETS

PACKAGED, FORMER = '', '-old'
WEIGHTS = {PACKAGED: 'packaged', FORMER: 'former'}
MISSING, EMPTY = 'not measured', '–'
FIELDS = {'field-cfis': 'CFIS', 'field-cfis-knots': 'CFIS',
          'field-dense': 'dense', 'field-seeing': 'seeing x 1.6',
          'field-real': 'CFIS', 'field-lsst': 'LSST'}
IMAGES = {'singles-kids': 'KiDS r', 'singles-ntt': 'NTT'}
INJECTIONS = 'inject-kids'
STARTS = {'packaged': 'former weights', 'imagenet': 'ImageNet blocks',
          'scratch': 'scratch'}
KINDS = {'realistic': 'real (HST)'}
TREES = 'boosted trees'
METHODS = {TREES: 'trees', 'area x a/b': 'area x a/b', 'flag': "SEP's flag",
           'photutils split': "photutils' deblending"}
FIELD_SCORES = {'AUC': 'auc', 'at 80 % purity': 'completeness_purity80',
                'resolvable': 'resolvable'}
STAMP_SCORES = {'accuracy': 'accuracy', 'close': 'completeness_close',
                'distant': 'completeness_distant', 'TNR': 'tnr',
                'close at 1 %': 'completeness_close_fpr1'}
N_LAST = 5
# what is aimed at: row and column of a result, and the aim. Ratios should
# not be above it, all others not below
AIMS = [
    *((f'KiDS r, {kind}: flagged over chance', 'singles-kids',
       {'kind': kind, 'snr': '50-1000'}, 'ratio', aim)
      for kind, aim in (('point-like', 1.2), ('round', 1.3))),
    *((f'KiDS r, injected blends: {what}', INJECTIONS, {'method': 'network'},
       column, aim) for what, column, aim in (
        ('AUC', 'auc', 0.84),
        ('found, 10 % of hosts flagged', 'completeness_fpr10', 0.58))),
    *((f'stamps, {KINDS.get(kind, kind)}, sigma {sigma:g}: {what}', 'stamps',
       {'set': kind, 'sigma': sigma, 'method': 'network'},
       STAMP_SCORES[what], aim) for kind, sigma, what, aim in (
        ('parametric', 5, 'accuracy', 99.4),
        ('parametric', 14.5, 'accuracy', 98.8),
        ('parametric', 35, 'accuracy', 96.0),
        ('structured', 14.5, 'accuracy', 98.5),
        ('realistic', 14.5, 'accuracy', 98.8),
        ('structured', 14.5, 'TNR', 98.8), ('realistic', 14.5, 'TNR', 99.0),
        ('parametric', 5, 'close at 1 %', 95),
        ('parametric', 14.5, 'close at 1 %', 89),
        ('parametric', 35, 'close at 1 %', 79),
        ('structured', 14.5, 'close at 1 %', 84),
        ('realistic', 14.5, 'close at 1 %', 88))),
    *((f'fields, {label}: {what}', name, {'method': 'network'},
       FIELD_SCORES[what], aim) for name, label, auc, pure in (
        ('field-cfis', 'CFIS, structured, camera PSF', 0.955, 0.60),
        ('field-cfis-knots', 'CFIS, knots', 0.955, 0.60),
        ('field-dense', 'dense', 0.955, 0.78),
        ('field-seeing', 'seeing x 1.6', 0.94, 0.62),
        ('field-real', 'real (HST)', 0.95, 0.58),
        ('field-lsst', 'LSST', 0.95, 0.65))
      for what, aim in (('AUC', auc), ('at 80 % purity', pure)))]


class Results:
    """The tables of a directory of results, each read once."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self._read = {}

    def get(self, name, which=PACKAGED, table='scores'):
        """Return a table; None if it is missing."""
        path = self.directory / (
            f'{name}{which}.ecsv' if name == 'stamps'
            else f'{name}{which}/{table}.ecsv')
        if path not in self._read:
            self._read[path] = Table.read(path) if path.is_file() else None
        return self._read[path]

    def row(self, name, wanted, which=PACKAGED, table='scores'):
        """Return the row with the wanted values; None if it is missing."""
        table = self.get(name, which, table)
        for row in () if table is None else table:
            if all(row[key] == value for key, value in wanted.items()):
                return row
        return None

    def warn_about_weights(self):
        """Tell which results are of other weights than the rest."""
        for which, label in WEIGHTS.items():
            found = {}
            for name in ('stamps', *FIELDS, *IMAGES, INJECTIONS):
                table = self.get(name, which)
                if table is not None and 'BHSHA256' in table.meta:
                    found.setdefault(table.meta['BHSHA256'], []).append(name)
            if len(found) > 1:
                sys.stderr.write(f'warning: the {label} weights differ: '
                                 f'{found}\n')


def number(row, name, scale=1.0, digits=3):
    """Return a value and its error as text, with the digits it needs."""
    if row is None:
        return MISSING
    value, error = (scale * float(row[key]) if key in row.colnames else np.nan
                    for key in (name, f'{name}_error'))
    if not np.isfinite(value):
        return EMPTY
    if not np.isfinite(error) or error <= 0:
        return f'{value:.{digits}f}'
    digits = max(digits, int(np.ceil(-np.log10(error))))
    return f'{value:.{digits}f} ± {error:.{digits}f}'


def percent(row, name):
    """Return a fraction and its error as text, in per cent."""
    return number(row, name, 100.0, 1)


def stamp_table(results, *, former=True):
    """Scores of stamps, and SEP's; without those of the former weights."""
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
                          'SEP close': percent(sep, 'completeness_close')}
                del scores['close at 1 %']
            rows.append({'set': KINDS.get(spec.name, spec.name),
                         'sigma': f'{spec.sigma:g}',
                         **({'weights': label} if former else {}), **scores})
    return Table(rows)


def option(table, name, default):
    """Return the value of an option in the command of a result."""
    words = ['', '']
    if table is not None:
        words = shlex.split(table.meta.get('BHCMD', '')) + words
    return dict(zip(words, words[1:], strict=False)).get(name, default)


def about_fields(results, name):
    """Name the fields of a result by its command."""
    table = results.get(name)
    if table is None:
        return {'fields': f'{FIELDS[name]} ({name})', 'number': EMPTY,
                'galaxies': EMPTY, 'PSF': EMPTY}
    kind = option(table, '--kind', 'structured')
    return {'fields': FIELDS[name], 'number': option(table, '--n', '20'),
            'galaxies': KINDS.get(kind, kind),
            'PSF': option(table, '--psf', 'paper')}


def field_table(results, *, former=True):
    """Scores of fields, beside those of the trees or the former weights."""
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
            rows.append({**about_fields(results, name), **extra, **counts,
                         **scores})
    return Table(rows)


def method_table(results):
    """Scores of simpler methods on the fields, three in a cell."""
    rows = []
    for name in FIELDS:
        about = about_fields(results, name)
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
    """How many isolated sources of SNR 50 to 1000 are flagged."""
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
    """Merged injections that are found, with 10 % of the hosts flagged."""
    rows = []
    for method, which, label in (
            ('network', PACKAGED, 'network, packaged'),
            ('network', FORMER, 'network, former'),
            *((method, PACKAGED, title) for method, title
              in METHODS.items() if method != 'flag')):
        row = results.row(INJECTIONS, {'method': method}, which)
        if row is None and label != 'network, packaged':
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


def reached(row, column, aim, scale):
    """Say whether a value reaches its aim."""
    if row is None or not np.isfinite(row[column]):
        return MISSING
    gap = aim - scale * row[column]
    if column == 'ratio':
        gap = -gap
    if gap <= 0:
        return 'yes'
    name = f'{column}_error'
    within = name in row.colnames and gap <= scale * row[name]
    return 'within the error' if within else 'no'


def aim_table(results):
    """Compare the scores with the aims."""
    rows = []
    for what, name, wanted, column, aim in AIMS:
        scale, digits = (100.0, 1) if name == 'stamps' else (1.0, 3)
        if column == 'ratio':
            digits = 2
        row, old = (results.row(name, wanted, which) for which in WEIGHTS)
        sign = '<= ' if column == 'ratio' else ''
        rows.append({'what': what, 'former weights': number(
            old, column, scale, digits), 'packaged weights': number(
            row, column, scale, digits), 'aim': f'{sign}{aim:g}',
            'reached': reached(row, column, aim, scale)})
    return Table(rows)


def read_history(path):
    """Return the losses and scores of a training; None if missing."""
    if not path.is_file():
        return None
    table = Table.read(path, format='ascii.csv')
    return {name: np.ma.filled(np.ma.asarray(table[name], dtype=float),
                               np.nan) for name in table.colnames}


def training_row(history, rows, last):
    """Return the mean losses of some rows, and the scores of the last."""
    return {'batches': f'{history["step"][last]:.0f}',
            **{title: f'{np.mean(history[name][rows]):.3f}' for title, name
               in (('head loss', 'head_loss'), ('loss', 'loss'))},
            **{f'AUC, {region}': f'{history[f"{region}_auc"][last]:.4f}'
               for region in ('segment', 'stamp')}}


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
    if history is None:
        return Table([{'batches': MISSING, 'loss': MISSING}])
    ends = np.flatnonzero(np.isfinite(history['segment_auc']))
    return Table([training_row(history, slice(begin, end + 1), end)
                  for begin, end in zip([0, *(ends[:-1] + 1)], ends,
                                        strict=True)])


def clean_command(command):
    """Return a command as a reader would type it, without directories."""
    words, shown = shlex.split(command), []
    for before, word in zip(['', *words], words, strict=False):
        if word in ('--weights', '--overwrite') or before == '--weights':
            continue
        shown.append('DIR' if before == '--cosmos-dir' else
                     Path(word).name if '/' in word else word)
    return shlex.join(shown)


def command_block(results):
    """Return the commands of all results as a block of text."""
    tables = [results.get(name) for name in (
        'stamps', *FIELDS, INJECTIONS, *IMAGES)]
    lines = [clean_command(table.meta['BHCMD']) for table in tables
             if table is not None and 'BHCMD' in table.meta]
    return '.. code-block:: console\n\n' + ''.join(
        f'    {line}\n' for line in lines or [MISSING])


def as_rst(table):
    """Return a table as text."""
    text = io.StringIO()
    table.write(text, format='ascii.rst')
    return text.getvalue()


def main(arguments=None):
    """Write the tables, and print those of the README."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('results', type=Path)
    parser.add_argument('directory', type=Path)
    options = parser.parse_args(arguments)
    results = Results(options.results)
    results.warn_about_weights()
    options.directory.mkdir(parents=True, exist_ok=True)
    for name, make in (
            ('stamps', stamp_table), ('fields', field_table),
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
