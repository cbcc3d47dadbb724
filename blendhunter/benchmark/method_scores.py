"""The network's scores of detections, and the stamps behind them."""

import numpy as np

from blendhunter.stamps import STAMP_SIZE

__all__ = ['NETWORK', 'WHOLE_STAMP', 'score_network', 'stored_stamps']

#: Names of the network's answers.
NETWORK, WHOLE_STAMP = 'network', 'network, whole stamp'
NAMES = {'segment': NETWORK, 'stamp': WHOLE_STAMP}
ROWS_AT_ONCE = 1000


def score_network(detected, identifier, rows=None, *, regions=('segment',)):
    """
    Return the probabilities of detections, by the name of the method.

    Those of `~blendhunter.BlendIdentifier.classify` with each of the
    regions instead of the identifier's own; NaN if it gives none.
    """
    if rows is not None:
        detected = detected.select(rows)
    scores = {}
    for region in regions:
        asked = type(identifier)(**{**identifier.get_params(),
                                    'region': region})
        scores[NAMES[region]] = (
            np.asarray(asked.classify(detected, overwrite=True)['blend_prob'])
            if len(detected) else np.zeros(0))
    return scores


def stored_stamps(detected, rows=None):
    """Cut stamps over their noise, other segments filled, as float16."""
    rows = np.arange(len(detected)) if rows is None else np.asarray(rows)
    stamps = np.empty((len(rows), STAMP_SIZE, STAMP_SIZE), dtype=np.float16)
    limit = np.finfo(np.float16).max
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        stamps[part] = detected.stamps(rows[part]).data.clip(-limit, limit)
    return stamps
