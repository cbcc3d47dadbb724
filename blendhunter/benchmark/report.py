# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Tables, figures and text about the results of a benchmark."""

from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter import plotting
from blendhunter._utils.files import atomic_path, check_writable
from blendhunter._utils.meta import record_meta
from blendhunter._utils.tables import write_table
from blendhunter.benchmark.calibration import reliability_curves
from blendhunter.benchmark.field.field_scores import (
    field_bins,
    field_curves,
    field_examples,
)
from blendhunter.benchmark.injection import injection_bins, injection_scores
from blendhunter.benchmark.metrics import completeness, highest_first, purity
from blendhunter.benchmark.score_tables import compact_table, plain_rows
from blendhunter.benchmark.singles import worst_singles
from blendhunter.network.weights import (
    read_metadata,
    resolve_weights,
    update_metadata,
)
from blendhunter.truth.blend_definition import BLEND, OUTCOMES
from blendhunter.version import __version__

__all__ = ['check_directory', 'check_recordable', 'compare_flags',
           'describe_field', 'describe_injections', 'record_run',
           'record_scores', 'report_calibration', 'report_field',
           'report_injections', 'report_singles']

# methods in the figure of bins: more could not be told apart
DRAWN = ('network', 'boosted trees', 'area x a/b', 'photutils split')
# injections, and isolated sources, of each kind in the strip
SHOWN, SHOWN_SINGLES = 12, 10


def check_directory(directory, *, overwrite=False):
    """Check, before any work, that results can be written."""
    directory = Path(directory)
    if directory.exists() and not directory.is_dir():
        msg = f'output: {str(directory)!r} is not a directory'
        raise NotADirectoryError(msg)
    if not directory.parent.is_dir():
        msg = f'output: directory {str(directory.parent)!r} does not exist'
        raise FileNotFoundError(msg)
    if (directory / 'scores.ecsv').is_file() and not overwrite:
        msg = (f'output: {str(directory)!r} has results already; use '
               'overwrite to replace them')
        raise FileExistsError(msg)


def report_field(directory, detections, scores, *, command, weights=None,
                 stamps=None, n_examples=0):
    """Write scores, bins and curves of detections, with their figures."""
    bins, curves = field_bins(detections), field_curves(detections)
    directory = _write_tables(directory, command, weights, {
        'detections': detections, 'scores': scores, 'bins': bins,
        'curves': curves})
    methods = None if weights is None else DRAWN
    for name, figure in (
            ('curves', plotting.plot_field_curves(curves)),
            ('bins', plotting.plot_field_bins(bins, methods=methods))):
        for suffix in ('png', 'pdf'):
            plotting.save_figure(figure, directory / f'{name}.{suffix}')
    if stamps is not None:
        examples = field_examples(detections, n_examples)
        shown = {kind: stamps[rows].astype('f4')
                 for kind, rows in examples.items() if len(rows)}
        if shown:
            plotting.save_figure(plotting.plot_contact_sheet(shown, noise=1.0),
                        directory / 'strip.png')


def report_injections(directory, made, *, command, weights):
    """Write scores, bins and figures of injections; return the scores."""
    table = made.truth
    scores, bins = injection_scores(table), injection_bins(table)
    directory = _write_tables(directory, command, weights, {
        'injections': table, 'scores': scores, 'bins': bins})
    plotting.save_figure(plotting.plot_injections(bins),
                         directory / 'completeness.png')
    stamps = {name: made.arrays['stamps'][rows]
              for name, rows in _found_and_missed(table, scores).items()}
    plotting.save_figure(plotting.plot_contact_sheet(stamps, noise=1.0),
                         directory / 'strip.png')
    return scores


def _found_and_missed(table, scores):
    """Return rows that are found and missed at a tenth false positives."""
    order = highest_first(np.asarray(table['network']),
                          np.asarray(table['outcome'] == 'merged'))
    share = scores['completeness_fpr10'][scores['method'] == 'network'][0]
    found = round(np.nan_to_num(share) * len(order))
    # a sample of both, in the order of their scores
    return {name: part[np.linspace(0, len(part) - 1, min(len(part), SHOWN),
                                   dtype=int)] if len(part) else part
            for name, part in (('found', order[:found]),
                               ('missed', order[found:]))}


def report_singles(directory, result, *, command, weights, threshold=0.5):
    """Write sources, scores and figures of isolated sources."""
    directory = _write_tables(directory, command, weights, {
        'singles': result.sources, 'scores': result.scores})
    plotting.save_figure(
        plotting.plot_singles(result.sources, threshold=threshold),
        directory / 'singles.png')
    plotting.save_figure(
        plotting.plot_worst_singles(
            result.detected, result.sources,
            worst_singles(result.sources, SHOWN_SINGLES)),
        directory / 'strip.png')


def report_calibration(directory, samples, scores, fractions, *, command,
                       weights):
    """Write samples, scores, estimated fractions and the diagrams."""
    curves = reliability_curves(samples)
    directory = _write_tables(directory, command, weights, {
        'samples': samples, 'scores': scores, 'fractions': fractions,
        'curves': curves})
    plotting.save_figure(plotting.plot_reliability(curves),
                         directory / 'reliability.png')


def record_run(table, command, weights=None):
    """Return a table whose meta tells version, command and weights."""
    about = {'version': __version__, 'command': command}
    if weights is not None:
        about['sha256'] = read_metadata(resolve_weights(weights))['sha256']
    table = table.copy(copy_data=False)
    record_meta(table.meta, **about)
    return table


def _write_tables(directory, command, weights, tables):
    """Write tables by name as ECSV, and the scores as rst for a page, too."""
    directory = Path(directory)
    directory.mkdir(exist_ok=True)
    for name, table in tables.items():
        table = record_run(table, command, weights)
        write_table(table, directory / f'{name}.ecsv', overwrite=True)
    with atomic_path(directory / 'scores.rst') as temporary:
        compact_table(tables['scores']).write(temporary, format='ascii.rst',
                                         overwrite=True)
    return directory


def describe_field(detections):
    """Return a sentence about the outcomes of detections."""
    counts = {name: int(np.sum(detections['outcome'] == name))
              for name in OUTCOMES}
    clear = np.sum(detections['truth_label'] >= 0)
    share = 100 * counts['unrecognized'] / clear if clear else np.nan
    return (f'{len(detections)} detections: ' + ', '.join(
        f'{count} {name}' for name, count in counts.items())
        + f'; unrecognized blends are {share:.2f} % of the clear ones')


def describe_injections(injections):
    """Return a sentence about the outcomes of injections."""
    counts = ', '.join(f'{np.sum(injections["outcome"] == name)} {name}'
                       for name in ('split', 'merged', 'lost'))
    return f'{len(injections)} injections: {counts}'


def compare_flags(result):
    """
    Compare the flags of a classified catalog with simple ones.

    These are SEP's flag, and as many of the largest segments as the network
    flags sources. The catalog has ``truth_label``.
    """
    clear = result[np.asarray(result['truth_label']) >= 0]
    blended = np.asarray(clear['truth_label']) == BLEND
    flagged = np.asarray(clear['is_blend'])
    largest = np.zeros(len(clear), dtype=bool)
    largest[np.argsort(-np.asarray(clear['n_pixels']),
                       kind='stable')[:flagged.sum()]] = True
    return Table([
        {'method': name, 'flagged': int(chosen.sum()),
         'completeness': completeness(chosen, blended),
         'purity': purity(chosen, blended)}
        for name, chosen in (
            ('network', flagged),
            ('SEP merged flag', (np.asarray(clear['flag']) & 1) > 0),
            ('largest segments', largest))],
        meta={'clear': len(clear), 'blends': int(blended.sum())})


def check_recordable(weights, n_views=1):
    """Refuse, before the evaluation, weights that cannot be changed."""
    if n_views > 1:
        msg = 'record: only scores with n_views=1 can be stored'
        raise ValueError(msg)
    if resolve_weights(weights) != Path(weights):
        msg = ('record: the packaged weights cannot be changed; give the '
               'path of a weights file')
        raise ValueError(msg)
    check_writable(weights, overwrite=True, name='weights')


def record_scores(weights, entry, table):
    """Store a table of scores in a weights file."""
    results = read_metadata(weights)['results']
    update_metadata(weights, {'results': {**results,
                                          entry: plain_rows(table)}})
