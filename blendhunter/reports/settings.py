# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Flags and settings of a result, in words."""

import json

import numpy as np

from blendhunter._utils.meta import META_KEYS, read_meta
from blendhunter.plotting.classified_sources import flags_of
from blendhunter.stamps import BlendFlag, decode_blend_flags

__all__ = ['flag_counts', 'flag_words', 'setting_rows']

FLAG_MEANINGS = {
    'edge': 'the stamp extends beyond the edge of the image',
    'off_image': 'the position is off the image, or unknown; no probability',
    'masked': 'masked pixels in the stamp, replaced by noise',
    'unusable': 'more than 30 % of the stamp is masked or off the image; no '
                'probability',
    'no_signal': 'no pixel of the core is above the noise',
    'no_segment': 'no segment at the position; a disc was used',
    'out_of_domain': 'unlike the training data (out of domain)',
    'screened': 'a small network dismissed it: certainly single'}
SETTING_NAMES = {
    'version': 'version of BlendHunter', 'command': 'command',
    'weights': 'weights of the network', 'sha256': 'SHA-256 of the weights',
    'threshold': 'threshold of is_blend', 'region': 'region',
    'prior': 'blend fraction of the sample (prior)',
    'n_views': 'orientations of each stamp', 'noise': 'noise per pixel',
    'detection': 'detection', 'simulation': 'simulation', 'image': 'image',
    'screen': 'SHA-256 of the small network for screening',
    'prior_source': 'origin of the prior',
    'prior_error': 'error of the prior',
    'calibration': 'calibration of the probabilities'}
UNKNOWN = '–'


def flag_words(value):
    """Return the names of flags in words."""
    names = decode_blend_flags(int(value) & sum(BlendFlag))
    return ', '.join(names).replace('_', ' ')


def flag_counts(result):
    """Return bit, name, number of sources and meaning of each flag."""
    flags = flags_of(result)
    rows = []
    for bit in BlendFlag:
        name = bit.name.lower()
        rows.append([str(bit.value), name.replace('_', ' '),
                     str(np.count_nonzero(flags & bit)),
                     FLAG_MEANINGS.get(name, '')])
    return rows


def setting_rows(meta):
    """Return the settings in a result's meta with plain names."""
    return [[SETTING_NAMES.get(name, name),
             _setting(name, read_meta(meta, name))] for name in META_KEYS]


def _setting(name, value):
    """Return the value of a setting as text."""
    if value is None or value == '':
        return UNKNOWN
    if name == 'detection':
        try:
            return ', '.join(f'{key} {item}' for key, item
                             in json.loads(value).items())
        except (TypeError, ValueError, AttributeError):
            return str(value)
    return f'{value:.6g}' if isinstance(value, float) else str(value)
