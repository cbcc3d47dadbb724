# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The null test of a report, from the probabilities that are known."""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from blendhunter._utils.meta import read_meta
from blendhunter.benchmark.singles import SinglesResult, evaluate_singles
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.identify import BlendIdentifier

__all__ = ['NullTest', 'run_null_test', 'score_rows']

# of a table that does not record its own
THRESHOLD = 0.5


@dataclass(frozen=True)
class NullTest:
    """
    A result, or the reason why there is none.

    ``notes`` are the warnings, ``threshold`` flags a source.
    """

    result: SinglesResult | None
    reason: str = ''
    notes: tuple = ()
    threshold: float = THRESHOLD


class _KnownAnswers(BlendIdentifier):
    """An identifier whose sources have their probabilities already."""

    def classify(self, image, catalog=None, **options):
        """Return the table of a `DetectedImage` as it is."""
        del catalog, options
        return image.catalog


def run_null_test(detected, result):
    """Test the isolated sources of a classified image; see `NullTest`."""
    if read_meta(result.meta, 'region') == 'stamp':
        return NullTest(None, "it needs region 'segment', but the result is "
                              "for 'stamp'")
    threshold = read_meta(result.meta, 'threshold')
    threshold = THRESHOLD if threshold is None else float(threshold)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always', BlendHunterWarning)
        try:
            found = evaluate_singles(_KnownAnswers(threshold=threshold),
                                     replace(detected, catalog=result))
        except ValueError as error:
            return NullTest(None, _plain(error))
    notes = [_plain(item.message) for item in caught
             if issubclass(item.category, BlendHunterWarning)]
    return NullTest(found, notes=tuple(notes), threshold=threshold)


def _plain(error):
    """Return the first line of a message, without the argument's name."""
    first = str(error).splitlines()[0]
    return first.removeprefix('image: ').removeprefix('catalog: ')


def score_rows(scores):
    """Return the scores as texts: kind, SNR, n, flagged, chance, ratio."""
    return [[row['kind'], row['snr'], str(row['n']),
             _with_error(100 * row['flagged'], 100 * row['flagged_error']),
             _with_error(100 * row['chance']),
             _with_error(row['ratio'], row['ratio_error'])]
            for row in scores]


def _with_error(value, error=None):
    """Return a number with its error as text."""
    if not np.isfinite(value):
        return '–'
    return f'{value:.1f}' if error is None else f'{value:.1f} ± {error:.1f}'
