# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The columns and the meta that the classification adds to a catalog."""

import numpy as np

from blendhunter._utils.descriptions import RESULT, describe_columns
from blendhunter._utils.meta import record_meta
from blendhunter.identify.classification import count_neighbors
from blendhunter.version import __version__

__all__ = ['append_columns', 'check_columns', 'record_settings']

COLUMNS = ('blend_prob', 'is_blend', 'blend_flags', 'n_neighbors')
COMPANION_COLUMNS = ('companion_x', 'companion_y', 'companion_separation')


def check_columns(table, *, companions, overwrite):
    """Refuse to replace columns of an earlier run unasked."""
    names = [*COLUMNS, *(COMPANION_COLUMNS if companions else ())]
    present = [name for name in names if name in table.colnames]
    if present and not overwrite:
        msg = (f'catalog already has the columns {present}; use '
               'overwrite=True to replace them')
        raise ValueError(msg)


def append_columns(detected, found, probability, threshold, *, companions):
    """
    Return a copy of the catalog with the columns of the result.

    ``found`` is `~blendhunter.identify.classification.Classified`, and
    ``probability`` (float32, of shape (n,)) is as reported. With
    ``companions`` their positions are columns, too.
    """
    table = detected.catalog.copy()
    with np.errstate(invalid='ignore'):
        is_blend = probability >= threshold
    values = [probability, is_blend, found.flags,
              count_neighbors(detected.x, detected.y)]
    names = list(COLUMNS)
    if companions:
        x, y = found.companions.T
        values += [x, y, np.hypot(x - detected.x, y - detected.y)]
        names += COMPANION_COLUMNS
    else:
        # those of an earlier run are of other answers
        table.remove_columns([name for name in COMPANION_COLUMNS
                              if name in table.colnames])
    for name, column in zip(names, values, strict=True):
        table[name] = column
    return describe_columns(table, RESULT, names=names)


def record_settings(table, identifier, model, prior, **others):
    """Record in the meta what the probabilities depend on."""
    record_meta(
        table.meta, version=__version__, weights=str(identifier.weights),
        sha256=model.metadata['sha256'], region=identifier.region,
        threshold=float(identifier.threshold),
        n_views=int(identifier.n_views), prior=prior.fraction,
        prior_source=prior.source, prior_error=prior.error,
        calibration='logistic' if model.is_calibrated(identifier.region)
        else 'none', **others)
