# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Short keys in a table's meta, which every table format keeps."""

__all__ = ['META_KEYS', 'read_meta', 'record_meta']

#: The keys that the package writes. All begin with BH, and are short enough
#: for a FITS header, so that ``Table.write`` saves them in every format
#: that has a meta (not CSV and VOTable).
META_KEYS = {
    'version': 'BHVERS', 'command': 'BHCMD', 'weights': 'BHWGHTS',
    'sha256': 'BHSHA256', 'threshold': 'BHTHRESH', 'region': 'BHREGION',
    'prior': 'BHPRIOR', 'n_views': 'BHVIEWS', 'noise': 'BHNOISE',
    'detection': 'BHDETECT', 'simulation': 'BHSIMUL', 'image': 'BHIMAGE',
    'screen': 'BHSCREEN', 'prior_source': 'BHPRISRC',
    'prior_error': 'BHPRIERR', 'calibration': 'BHCALIB'}
# before each name in tables written before 0.1.0; FITS split long values
OLD_PREFIX = 'blendhunter.'


def record_meta(meta, **values):
    """Write plain values into a meta, by the names of `META_KEYS`."""
    for name, value in values.items():
        meta[META_KEYS[name]] = value


def read_meta(meta, name):
    """Read a value by its name in `META_KEYS`; None if there is none."""
    found = {str(key).lower(): value for key, value in meta.items()}
    for key in (META_KEYS[name].lower(), f'{OLD_PREFIX}{name}'):
        if key in found:
            return found[key]
    parts = []
    while f'{OLD_PREFIX}{name}.{len(parts) + 1}' in found:
        parts.append(str(found[f'{OLD_PREFIX}{name}.{len(parts) + 1}']))
    return ''.join(parts) or None
