"""Writing result tables, the format chosen by the extension."""

from pathlib import Path

from blendhunter._utils.files import atomic_path, check_writable

__all__ = ['EXTENSIONS', 'check_table_columns', 'check_table_path',
           'meta_value', 'write_table']

EXTENSIONS = {'.ecsv': 'ascii.ecsv', '.fits': 'fits', '.csv': 'ascii.csv',
              '.parquet': 'parquet', '.hdf5': 'hdf5', '.h5': 'hdf5'}
# a HIERARCH card of FITS holds 80 characters in all
MAX_CARD = 80


def check_table_path(path, *, overwrite=False, name='output'):
    """Check, before any work, that a table can be written to ``path``."""
    check_writable(path, overwrite=overwrite, name=name,
                   extensions=EXTENSIONS)


def check_table_columns(table, path, *, name='catalog'):
    """Check, before any work, that a format can hold a table's columns."""
    wide = [column for column in table.colnames
            if getattr(table[column], 'ndim', 1) > 1]
    if wide and Path(path).suffix.lower() == '.csv':
        msg = (f'{name} has the vector columns {wide}, which .csv cannot '
               'hold; choose another extension')
        raise ValueError(msg)


def write_table(table, path, *, overwrite=False):
    """
    Write a table; an interrupted write leaves no file.

    The extension chooses the format, see `EXTENSIONS`. CSV keeps no
    units and no meta.
    """
    check_table_path(path, overwrite=overwrite)
    suffix = Path(path).suffix.lower()
    options = {'format': EXTENSIONS[suffix], 'overwrite': True}
    if suffix == '.fits':
        table = _with_fits_meta(table)
    elif suffix in ('.hdf5', '.h5'):
        options.update(path='catalog', serialize_meta=True)
    elif suffix == '.csv':
        table = table.copy(copy_data=False)
        table.meta.clear()
    with atomic_path(path) as temporary:
        if suffix in ('.hdf5', '.h5', '.parquet'):
            temporary.unlink()  # these writers want no file there
        table.write(temporary, **options)


def _with_fits_meta(table):
    """
    Return the table with a meta that FITS headers can hold.

    Long keys become ``HIERARCH`` cards. Those have no continuation, so
    that a long value is split over ``key.1``, ``key.2``, ...; `meta_value`
    joins it again.
    """
    table = table.copy(copy_data=False)
    for key, value in list(table.meta.items()):
        if len(key) <= 8:
            continue
        del table.meta[key]
        room = MAX_CARD - len(f'HIERARCH {key}.10 = ') - 2
        if isinstance(value, str) and len(value) > room:
            for i in range(0, len(value), room):
                table.meta[f'HIERARCH {key}.{i // room + 1}'] = (
                    value[i:i + room])
        else:
            table.meta[f'HIERARCH {key}'] = value
    return table


def meta_value(meta, key):
    """
    Look up a key in a table's meta as any file format left it.

    It is compared without case, since FITS writes capitals, and a string
    that FITS split is joined again. None if there is none.
    """
    found = {str(name).lower(): value for name, value in meta.items()}
    if key in found:
        return found[key]
    parts = []
    while f'{key}.{len(parts) + 1}' in found:
        parts.append(str(found[f'{key}.{len(parts) + 1}']))
    return ''.join(parts) or None
