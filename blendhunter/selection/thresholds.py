# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The threshold that reaches a wanted purity, completeness or fraction."""

from numbers import Real

import numpy as np

from blendhunter.selection.sample_cut import count_blends, cut_at
from blendhunter.selection.scored_sample import (
    read_probabilities,
    read_sample,
)

__all__ = ['choose_threshold', 'evaluate_cut', 'expected_blends']

# sums of probabilities are rounded
ROUNDING = 1e-9


def choose_threshold(result, *, purity=None, completeness=None,
                     flagged=None):
    """
    Choose a threshold of ``blend_prob`` for a sample.

    Give exactly one of ``purity``, ``completeness`` and ``flagged``. The
    threshold is one of the probabilities in the sample. Sources of equal
    probability are flagged together.

    Parameters
    ----------
    result : table-like or path, or list of these
        From `~blendhunter.BlendIdentifier.classify`. Several tables are
        one sample. If there is a column ``truth_label`` (1 blend, 0
        single, -1 unclear), it is used to count the blends. This is the
        case for ``detections.ecsv`` of ``blendhunter benchmark field``,
        where the column ``'score: network'`` is the probability. Unclear
        rows and rows without a probability are left out.
    purity : float, optional
        Least fraction of blends among the flagged sources. The threshold
        is the lowest one that reaches it, so the completeness is the
        highest possible.
    completeness : float, optional
        Least fraction of the blends that are flagged. The threshold is
        the highest one that reaches it.
    flagged : float, optional
        Largest fraction of the sample that is flagged. The threshold is
        the lowest one that does not exceed it.

    Returns
    -------
    cut : `~blendhunter.selection.SampleCut`
        The threshold and its effect on the sample. Print it for a summary.
        `~blendhunter.BlendIdentifier.apply_threshold` applies the
        threshold to a table.

    Raises
    ------
    ValueError
        If not exactly one of the three is given, or it is not between 0
        and 1; if no threshold reaches it; if there is no column
        ``blend_prob`` or no classified row; if there are no blends.
    TypeError
        If ``result`` is not a table.

    Notes
    -----
    Without truth, purity and completeness are expected values. They are
    correct if the probabilities are calibrated; see
    `~blendhunter.selection.SampleCut`.

    With truth, the threshold is chosen and evaluated on the same sources.
    For a small sample the result is then slightly too good. Choose the
    threshold on one half of the sample, and call
    `~blendhunter.evaluate_cut` for the other half.

    Examples
    --------
    >>> from astropy.table import Table
    >>> from blendhunter import choose_threshold
    >>> result = Table({'blend_prob': [0.95, 0.8, 0.6, 0.3, 0.1, 0.05]})
    >>> cut = choose_threshold(result, purity=0.75)
    >>> cut.threshold, cut.n_flagged
    (0.6, 3)
    >>> round(cut.purity, 3), round(cut.completeness, 3)
    (0.783, 0.839)
    """
    name, wanted = _one_of(purity=purity, completeness=completeness,
                           flagged=flagged)
    sample = read_sample(result)
    return cut_at(sample, CHOICES[name](wanted, *_curve(sample)))


def evaluate_cut(result, threshold):
    """
    Return the purity and completeness of a sample at a given threshold.

    Parameters
    ----------
    result : table-like or path, or list of these
        See `~blendhunter.choose_threshold`.
    threshold : float
        Sources with ``blend_prob >= threshold`` are flagged.

    Returns
    -------
    cut : `~blendhunter.selection.SampleCut`
        The threshold and its effect on the sample.

    Raises
    ------
    ValueError
        If the threshold is not between 0 and 1; if there is no column
        ``blend_prob`` or no classified row.
    TypeError
        If ``result`` is not a table.
    """
    _check_fraction('threshold', threshold)
    return cut_at(read_sample(result), threshold)


def expected_blends(result):
    """
    Return the expected number of blends in a sample.

    Parameters
    ----------
    result : table-like or path, or list of these
        See `~blendhunter.choose_threshold`. A column ``truth_label`` is
        not used, and unclear rows count.

    Returns
    -------
    n_blends : float
        The sum of the probabilities p. Rows without a probability count
        as 0.
    error : float
        The standard error: the square root of the sum of p (1 - p). It
        does not include the error of the calibration.

    Raises
    ------
    ValueError
        If there is no column ``blend_prob`` or no classified row.
    TypeError
        If ``result`` is not a table.
    """
    return count_blends(read_probabilities(result))


def _one_of(**wanted):
    """Return the name and the value of the one that is given."""
    given = {name: value for name, value in wanted.items()
             if value is not None}
    if len(given) != 1:
        msg = ('exactly one of purity, completeness and flagged must be '
               f'given, got {", ".join(given) or "none"}')
        raise ValueError(msg)
    (name, value), = given.items()
    _check_fraction(name, value)
    return name, value


def _check_fraction(name, value):
    """Refuse what is no number from 0 to 1."""
    if not isinstance(value, Real) or not 0 <= value <= 1:
        msg = f'{name} must be between 0 and 1, got {value!r}'
        raise ValueError(msg)


def _curve(sample):
    """
    Return the possible thresholds, lowest first, and what each flags.

    The second array is the number of sources, the third that of the blends
    among them.
    """
    order = np.argsort(sample.probability)
    levels, first = np.unique(sample.probability[order], return_index=True)
    # summed from the highest probability down
    found = np.cumsum(sample.blended[order][::-1])[::-1][first]
    return levels, len(order) - first, found


def _for_purity(wanted, levels, n_flagged, found):
    """Return the lowest threshold that is pure enough."""
    _check_blends('purity', n_flagged, found)
    purity = found / n_flagged
    good = purity >= wanted - ROUNDING
    if not good.any():
        best = int(np.argmax(purity))
        msg = (f'purity: no threshold reaches {wanted:g}; the highest purity '
               f'is {purity[best]:.4g}, at a threshold of {levels[best]:.4g}')
        raise ValueError(msg)
    return levels[good][0]


def _for_completeness(wanted, levels, n_flagged, found):
    """Return the highest threshold that is complete enough."""
    _check_blends('completeness', n_flagged, found)
    return levels[found >= (wanted - ROUNDING) * found[0]][-1]


def _for_flagged(wanted, levels, n_flagged, found):  # noqa: ARG001
    """Return the lowest threshold that flags few enough."""
    n = n_flagged[0]
    good = n_flagged <= (wanted + ROUNDING) * n
    if not good.any():
        msg = (f'flagged: every threshold flags more than {wanted:g} of the '
               f'sample; the highest probability, {levels[-1]:.4g}, flags '
               f'{n_flagged[-1]} of {n}')
        raise ValueError(msg)
    return levels[good][0]


def _check_blends(name, n_flagged, found):
    """Refuse a sample that has no blends; the first threshold flags all."""
    if not found[0]:
        msg = f'{name}: there are no blends among the {n_flagged[0]} sources'
        raise ValueError(msg)


CHOICES = {'purity': _for_purity, 'completeness': _for_completeness,
           'flagged': _for_flagged}
