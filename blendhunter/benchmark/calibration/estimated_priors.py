# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""How well ``prior='estimate'`` finds the blend fraction of a sample."""

import numpy as np
from astropy.table import Table

from blendhunter._utils.descriptions import describe_columns
from blendhunter.benchmark.calibration.reliability import sets_of
from blendhunter.benchmark.column_descriptions import PRIORS
from blendhunter.network.priors import estimate_fraction

__all__ = ['FRACTIONS', 'estimate_priors']

#: Blend fractions of the samples.
FRACTIONS = (0.03, 0.07, 0.15, 0.30)
N_DRAWS = 20


def estimate_priors(samples, *, fractions=FRACTIONS, rng=0):
    """
    Estimate the blend fraction of samples with a known blend fraction.

    Parameters
    ----------
    samples : `~astropy.table.Table`
        From `~blendhunter.benchmark.calibration.calibration_samples`. Only
        the region 'segment' is used.
    fractions : sequence of float, optional
        True blend fractions. Blends or single sources of a set are removed
        at random until the set has this fraction.
    rng : None, int, SeedSequence or Generator, optional
        Random numbers for the draws.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set and ``fraction``. 20 samples are drawn for each.
        ``n`` is their mean number of sources, ``estimated`` the mean
        estimate, ``scatter`` its standard deviation, and ``bias`` the mean
        difference between estimate and truth.
    """
    rng = np.random.default_rng(rng)
    rows = []
    for region, name, part in sets_of(samples):
        if region != 'segment':
            continue
        blended = np.asarray(part['blended'], dtype=bool)
        p = np.asarray(part['probability'], dtype=float)
        for fraction in fractions:
            drawn = [p[_draw(blended, fraction, rng)] for _ in range(N_DRAWS)]
            found = np.array([estimate_fraction(each, part['prior'][0])[0]
                              for each in drawn])
            rows.append({'set': name, 'fraction': fraction,
                         'n': int(np.mean([len(each) for each in drawn])),
                         'estimated': found.mean(), 'scatter': found.std(),
                         'bias': found.mean() - fraction})
    return describe_columns(Table(rows), PRIORS)


def _draw(blended, fraction, rng):
    """Return random rows of which a fraction are blends."""
    blends, singles = (rng.permutation(np.flatnonzero(blended == kind))
                       for kind in (True, False))
    # nine in ten at most, so that samples differ
    n = 0.9 * min(len(blends) / fraction, len(singles) / (1 - fraction))
    n_blends = round(fraction * n)
    return np.concatenate([blends[:n_blends],
                           singles[:round(n) - n_blends]])
