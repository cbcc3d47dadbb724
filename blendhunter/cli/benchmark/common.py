"""What the benchmarks' commands share."""

from pathlib import Path

import numpy as np

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter.cli.options import add_views

__all__ = ['add_directory', 'add_model_options', 'add_record', 'add_table',
           'check_directory', 'check_record', 'print_table', 'record',
           'write_field_tables', 'write_tables']


def add_model_options(parser):
    """Add the weights, and how they are asked."""
    parser.add_argument('--weights', default='default')
    add_views(parser)


def add_record(parser):
    """Add whether the weights keep their scores."""
    parser.add_argument('--record', action='store_true',
                        help='store the results in the weights file, and of '
                             'fields the blend fractions')


def add_table(parser):
    """Add a table to write."""
    parser.add_argument('-o', '--output', metavar='TABLE',
                        help='write the scores too')
    parser.add_argument('--overwrite', action='store_true')


def add_directory(parser, *, required=True, overwrite=True):
    """Add a directory of tables and figures."""
    parser.add_argument('-o', '--output', dest='directory', metavar='DIR',
                        required=required,
                        help='directory of tables and figures')
    if overwrite:
        parser.add_argument('--overwrite', action='store_true',
                            help='replace the results in it')


def check_directory(arguments):
    """Check, before any work, that results can be written."""
    if not arguments.directory:
        return
    directory = Path(arguments.directory)
    if directory.exists() and not directory.is_dir():
        msg = f'output: {str(directory)!r} is no directory'
        raise NotADirectoryError(msg)
    if not directory.parent.is_dir():
        msg = f'output: no such directory: {str(directory.parent)!r}'
        raise FileNotFoundError(msg)
    if (directory / 'scores.ecsv').is_file() and not arguments.overwrite:
        msg = (f'output: {str(directory)!r} holds results; give '
               '--overwrite to replace them')
        raise FileExistsError(msg)


def write_tables(arguments, tables):
    """
    Write tables by name as ECSV; return the directory, made if new.

    The one called 'scores' is written as rst, too, for a page. All say
    by which command they were made, and with which weights.
    """
    from blendhunter._utils.tables import write_table

    directory = Path(arguments.directory)
    directory.mkdir(exist_ok=True)
    about = _provenance(arguments)
    for name, table in tables.items():
        table = table.copy(copy_data=False)
        table.meta.update(about)
        write_table(table, directory / f'{name}.ecsv', overwrite=True)
    with atomic_path(directory / 'scores.rst') as temporary:
        _compact(tables['scores']).write(temporary, format='ascii.rst',
                                         overwrite=True)
    return directory


def _provenance(arguments):
    """Return what made a table, as flat plain values."""
    from blendhunter.version import __version__

    about = {'blendhunter.version': __version__,
             'blendhunter.command': arguments.command}
    if 'weights' in arguments:
        from blendhunter.network.weights import (
            read_metadata,
            resolve_weights,
        )

        path = resolve_weights(arguments.weights)
        about['blendhunter.sha256'] = read_metadata(path)['sha256']
    return about


def write_field_tables(arguments, detections, scores, *, methods=None):
    """Write scores, bins and curves of detections, with their figures."""
    from blendhunter.benchmark import field
    from blendhunter.plotting import (
        plot_field_bins,
        plot_field_curves,
        save_figure,
    )

    bins = field.field_bins(detections)
    curves = field.field_curves(detections)
    directory = write_tables(arguments, {
        'detections': detections, 'scores': scores, 'bins': bins,
        'curves': curves})
    for name, figure in (('curves', plot_field_curves(curves)),
                         ('bins', plot_field_bins(bins, methods=methods))):
        for suffix in ('png', 'pdf'):
            save_figure(figure, directory / f'{name}.{suffix}')
    return directory


def print_table(table):
    """Print a table with four digits, errors beside their values."""
    print('\n'.join(_compact(table).pformat(max_lines=-1, max_width=-1)))


def _compact(table):
    """Return a table as text: four digits, values with their errors."""
    from astropy.table import Table

    shown = Table()
    for name in table.colnames:
        error = f'{name}_error'
        if name.removesuffix('_error') in table.colnames and (
                name.endswith('_error')):
            continue
        if error in table.colnames:
            shown[name] = [_with_error(*pair) for pair in zip(
                table[name], table[error], strict=True)]
        elif table[name].dtype.kind == 'f':
            shown[name] = [_number(value) for value in table[name]]
        else:
            shown[name] = table[name]
    return shown


def _known(value):
    """Say whether there is a number."""
    return not np.ma.is_masked(value) and np.isfinite(value)


def _number(value):
    """Return a number with four digits, a dash for none."""
    return f'{value:.4g}' if _known(value) else '-'


def _with_error(value, error):
    """Return a value, with its error if there is one."""
    if not _known(value):
        return '-'
    return f'{value:.3f} ± {error:.3f}' if _known(error) else f'{value:.3f}'


def check_record(arguments):
    """Refuse, before the measurement, weights that cannot be changed."""
    from blendhunter.network.weights import resolve_weights

    if not arguments.record:
        return
    if arguments.n_views > 1:
        msg = 'record: weights keep scores of one view; leave --n-views out'
        raise ValueError(msg)
    if resolve_weights(arguments.weights) != Path(arguments.weights):
        msg = ('record: the packaged weights are not changed; give '
               '--weights the path of a file')
        raise ValueError(msg)
    check_writable(arguments.weights, overwrite=True, name='weights')


def record(arguments, entry, table, changes=None):
    """Store scores in the weights file."""
    from blendhunter.network.weights import (
        read_metadata,
        update_metadata,
    )

    if not arguments.record:
        return
    path = arguments.weights
    metadata = read_metadata(path)
    results = {**metadata['results'], entry: [
        {key: _plain(value) for key, value in dict(row).items()}
        for row in table]}
    update_metadata(path, {'results': results, **(
        changes(metadata) if changes else {})})


def _plain(value):
    """Return a value that strict JSON knows; None for what is not known."""
    if isinstance(value, (str, np.str_)):
        return str(value)
    return value.item() if _known(value) else None
