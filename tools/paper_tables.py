# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Write narrow tables of a reproduction of the paper, one for each score.

Usage: python tools/paper_tables.py SUMMARY OUT

SUMMARY is the ``summary.ecsv`` of ``blendhunter benchmark paper``. OUT gets
``parametric-SCORE.rst``, ``parametric-no-truth.rst`` with the detectors by
the rule that does not know the truth, ``realistic.rst`` with the heads of
each noise level, and ``realistic-others.rst`` with what does not depend on
them.
"""

import argparse
from pathlib import Path

import numpy as np
from astropy.table import Table
from result_files import EMPTY, as_rst

COLUMNS = {'network': 'network', 'packaged model': 'packaged',
           'sep oracle': 'SEP', 'photutils oracle': 'photutils',
           'authors BlendHunter': "authors' network",
           'authors SEP': "authors' SEP"}
TRUTH_FREE = {'sep truth-free': 'SEP', 'photutils truth-free': 'photutils'}
OTHERS = {'packaged model': 'packaged', 'sep oracle': 'SEP',
          'sep truth-free': 'SEP, no truth', 'photutils oracle': 'photutils',
          'photutils truth-free': 'photutils, no truth',
          'authors SEP': "authors' SEP", 'published SEP': 'published SEP',
          'published BlendHunter': 'published network (at least)'}
SCORES = {'accuracy': 'accuracy', 'close': 'close', 'tnr': 'TNR'}
REAL_SCORES = ('all', 'close', 'distant')


def cell(value):
    """Return a score as text."""
    known = not np.ma.is_masked(value) and np.isfinite(value)
    return f'{value:.1f}' if known else EMPTY


def parametric_table(summary, score):
    """Return one score of all methods for each noise level."""
    rows = [row for row in summary if row['set'] == 'parametric'
            and row['score'] == score]
    return Table([{'sigma': f'{row["sigma"]:g}', **{
        title: cell(row[name]) for name, title in COLUMNS.items()}}
        for row in rows])


def truth_free_table(summary):
    """Return the scores of the detectors by the rule without truth."""
    rows = {(row['sigma'], row['score']): row for row in summary
            if row['set'] == 'parametric'}
    return Table([{'sigma': f'{sigma:g}', **{
        f'{method}: {title}': cell(rows[sigma, score][name])
        for name, method in TRUTH_FREE.items()
        for score, title in SCORES.items()}}
        for sigma in dict.fromkeys(sigma for sigma, _ in rows)])


def real_rows(summary):
    """Return the rows of the real galaxies by sigma and score."""
    return {(row['sigma'], row['score'].removeprefix('accuracy, ')): row
            for row in summary if row['set'] == 'realistic'}


def head_table(summary):
    """Return the accuracy on real galaxies for each training noise."""
    rows = real_rows(summary)
    return Table([{'sigma': f'{sigma:g}', **{
        score: cell(rows[sigma, score]['network'])
        for score in REAL_SCORES}}
        for sigma in dict.fromkeys(sigma for sigma, _ in rows)])


def other_table(summary):
    """Return the accuracy on real galaxies of all other methods."""
    rows = real_rows(summary)
    sigma = next(iter(rows))[0]
    return Table([{'method': title, **{
        score: cell(rows[sigma, score][name]) for score in REAL_SCORES}}
        for name, title in OTHERS.items()])


def main(arguments=None):
    """Read the summary, write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('summary', type=Path)
    parser.add_argument('out', type=Path)
    options = parser.parse_args(arguments)
    summary = Table.read(options.summary)
    options.out.mkdir(parents=True, exist_ok=True)
    tables = {f'parametric-{score}': parametric_table(summary, score)
              for score in SCORES}
    tables |= {'parametric-no-truth': truth_free_table(summary),
               'realistic': head_table(summary),
               'realistic-others': other_table(summary)}
    for name, table in tables.items():
        (options.out / f'{name}.rst').write_text(as_rst(table),
                                                 encoding='utf-8')


if __name__ == '__main__':
    main()
