# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Tables, figures and provenance of a reproduction."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path, write_text
from blendhunter._utils.tables import write_table
from blendhunter.benchmark.paper import paper_scores
from blendhunter.benchmark.paper.features import block_outputs
from blendhunter.plotting import paper_figures as plots
from blendhunter.plotting.files import save_figure
from blendhunter.training.convolution_files import IMAGENET_FILE

__all__ = ['SETS', 'name_backbone', 'shorten', 'write_provenance',
           'write_report', 'write_rst']

BACKBONES = {'imagenet': 'ImageNet backbone',
             'random': 'random backbone (control)',
             'default': "this package's own blocks, trained on blends"}
SETS = {'realistic': 'real HST galaxies',
        'structured': 'structured galaxies instead of real ones'}


def name_backbone(backbone):
    """Name a backbone in tables and titles; a file without its folder."""
    name = Path(backbone).name
    name = 'imagenet' if name == IMAGENET_FILE else name
    return BACKBONES.get(name, name)


def write_report(setup, on_test, on_real, truth, *, kind, body, stamp,
                 provenance):
    """
    Write the tables, the figures and the provenance; return the summary.

    ``on_test`` and ``on_real`` are the results that `parametric_scores` and
    `realistic_scores` take; ``stamp``, over its noise, is for Fig. 2.
    """
    backbone = (f'{name_backbone(setup.backbone)}, '
                f'{setup.preprocessing!r} preprocessing')
    features = paper_scores.feature_table(stamp, block_outputs(
        body, stamp, preprocessing=setup.preprocessing))
    separations = paper_scores.separation_scores(on_test)
    tests = paper_scores.parametric_scores(on_test)
    realistic = paper_scores.realistic_scores(on_real, truth)
    summary = paper_scores.summary_table(tests, realistic, kind=kind)
    for name, table in (('figure2-features', features),
                        ('figure3-separation', separations),
                        ('figure4-accuracy', tests),
                        ('figure56-realistic', realistic),
                        ('summary', summary)):
        shorten(table)
        table.meta['backbone'] = backbone
        table.meta['realistic set'] = SETS[kind]
        write_table(table, setup.directory / f'{name}.ecsv', overwrite=True)
    on_set = f'{SETS[kind]}\n{backbone}'
    for name, plot, table, title in (
            ('figure2-features', plots.plot_features, features, backbone),
            ('figure3-separation', plots.plot_separation, separations,
             backbone),
            ('figure4-accuracy', plots.plot_accuracy, tests, backbone),
            ('figure5-realistic', plots.plot_realistic, realistic, on_set),
            ('figure6-confusion', plots.plot_confusion, realistic, on_set)):
        figure = plot(table, title=title)
        for suffix in ('png', 'pdf'):
            save_figure(figure, setup.directory / f'{name}.{suffix}')
    _write_rst(setup.directory / 'summary.rst', summary,
               f'Network: {backbone}. Realistic set: {SETS[kind]}.')
    write_provenance(setup, provenance, network=backbone,
                      realistic_set=SETS[kind])
    return summary


def shorten(table):
    """Show four digits of the numbers of a table."""
    for name in table.colnames:
        if table[name].dtype.kind == 'f':
            table[name].info.format = '.4g'


def _write_rst(path, summary, caption):
    """Write the summary as a table for the documentation."""
    shown = summary.copy()
    for name in shown.colnames:
        if shown[name].dtype.kind == 'f':
            digits = 'g' if name.endswith('sigma') else '.1f'
            shown[name] = ['–' if np.isnan(value) else f'{value:{digits}}'
                           for value in shown[name]]
    write_rst(path, shown, caption, '\n'.join(
        f'* {name}: {text}.'
        for name, text in summary.meta['sources'].items()))


def write_rst(path, table, caption, notes=''):
    """Write a table of strings between its caption and notes."""
    with atomic_path(path) as temporary:
        table.write(temporary, format='ascii.rst', overwrite=True)
        temporary.write_text(
            f'{caption}\n\n{temporary.read_text()}\n{notes}\n')


def write_provenance(setup, provenance, **about):
    """Write arguments, versions, seed, command and times."""
    about = {**provenance, **about, 'n_jobs': setup.n_jobs,
             'machine': platform.machine(),
             'python': platform.python_version(),
             'seconds': setup.seconds()}
    about['versions'] = {**about['versions'], **{
        name: version(name)
        for name in ('keras', 'scikit-learn', 'tensorflow')}}
    write_text(setup.directory / 'provenance.json',
               json.dumps(about, indent=1) + '\n')
