"""Tables, figures and provenance of a reproduction."""

import json
import platform
from importlib.metadata import version

import numpy as np

from blendhunter._utils.files import atomic_path, write_text
from blendhunter._utils.parallel import describe_run, seed_sequence
from blendhunter._utils.tables import write_table
from blendhunter.benchmark.paper.scores import (
    feature_table,
    realistic_scores,
    separation_scores,
    summary_table,
    test_scores,
)
from blendhunter.network.features import block_outputs
from blendhunter.plotting import (
    plot_accuracy,
    plot_confusion,
    plot_features,
    plot_realistic,
    plot_separation,
    save_figure,
)

__all__ = ['write_report']

BACKBONES = {'imagenet': 'ImageNet backbone',
             'random': 'random backbone (control)',
             'default': "this package's own blocks, which have seen blends"}
SETS = {'realistic': 'real HST galaxies',
        'structured': 'structured galaxies in place of real ones'}


def write_report(setup, results, realistic, truth, *, kind, body, stamp,
                 command, packaged):
    """
    Write the tables, the figures and where they come from.

    Parameters
    ----------
    setup : `~blendhunter.benchmark.paper.stages.Setup`
    results : list
        See `~blendhunter.benchmark.paper.scores.test_scores`.
    realistic : list
        See `~blendhunter.benchmark.paper.scores.realistic_scores`.
    truth : `~astropy.table.Table`
        Of the realistic set.
    kind : {'realistic', 'structured'}
        What the realistic set is made of.
    body : `keras.Model`
        Frozen convolutions, for Fig. 2.
    stamp : `~numpy.ndarray` of shape (1, 51, 51)
        Over its noise.
    command : str
    packaged : str
        sha256 of the packaged model.

    Returns
    -------
    summary : `~astropy.table.Table`
    """
    tests = test_scores(results)
    on_real = realistic_scores(realistic, truth)
    separations = separation_scores(results)
    summary = summary_table(tests, on_real, kind=kind)
    features = feature_table(stamp[0], block_outputs(
        body, stamp[0], preprocessing=setup.preprocessing))
    backbone = (f'{BACKBONES.get(setup.backbone, setup.backbone)}, '
                f'{setup.preprocessing!r} preprocessing')
    for name, table in (('figure2-features', features),
                        ('figure3-separation', separations),
                        ('figure4-accuracy', tests),
                        ('figure56-realistic', on_real),
                        ('summary', summary)):
        _shorten(table)
        table.meta['backbone'] = backbone
        table.meta['realistic set'] = SETS[kind]
        write_table(table, setup.directory / f'{name}.ecsv', overwrite=True)
    on_set = f'{SETS[kind]}\n{backbone}'
    for name, figure in (
            ('figure2-features', plot_features(features, title=backbone)),
            ('figure3-separation', plot_separation(separations,
                                                   title=backbone)),
            ('figure4-accuracy', plot_accuracy(tests, title=backbone)),
            ('figure5-realistic', plot_realistic(on_real, title=on_set)),
            ('figure6-confusion', plot_confusion(on_real, title=on_set))):
        for suffix in ('png', 'pdf'):
            save_figure(figure, setup.directory / f'{name}.{suffix}')
    _write_rst(setup.directory / 'summary.rst', summary,
               f'Network: {backbone}. Realistic set: {SETS[kind]}.')
    _write_provenance(setup, kind, backbone, command, packaged)
    return summary


def _shorten(table):
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
    with atomic_path(path) as temporary:
        shown.write(temporary, format='ascii.rst', overwrite=True)
        sources = '\n'.join(f'* {name}: {text}.' for name, text
                            in summary.meta['sources'].items())
        temporary.write_text(
            f'{caption}\n\n{temporary.read_text()}\n{sources}\n')


def _write_provenance(setup, kind, backbone, command, packaged):
    """Write versions, seed, command and times."""
    times = setup.directory / 'times.json'
    provenance = {
        'command': command, 'scale': setup.scale.name,
        'packaged_model': packaged,
        'n_stamps': setup.scale.n_stamps, 'sigmas': setup.scale.sigmas,
        'n_realisations': setup.scale.n_realisations,
        'backbone': backbone, 'preprocessing': setup.preprocessing,
        'realistic_set': SETS[kind], 'n_realistic': setup.scale.n_realistic,
        'epochs': setup.epochs, 'machine': platform.machine(),
        'python': platform.python_version(),
        'seconds': json.loads(times.read_text()) if times.is_file() else {},
        **describe_run(seed_sequence(setup.seed))}
    provenance['versions'].update({name: version(name) for name in (
        'keras', 'scikit-learn', 'tensorflow')})
    write_text(setup.directory / 'provenance.json',
               json.dumps(provenance, indent=1) + '\n')
