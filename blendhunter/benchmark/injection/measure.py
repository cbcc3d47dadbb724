"""What a classifier finds of the blends injected into an image."""

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.images import as_image
from blendhunter.benchmark.baselines import split_by_photutils, train_trees
from blendhunter.benchmark.binning import (
    bin_fractions,
    bin_limits,
    bin_places,
    resampled_error,
)
from blendhunter.benchmark.injection.place import (
    MERGED,
    inject_sources,
    redetect,
)
from blendhunter.benchmark.metrics import (
    area_under_roc,
    bootstrap_error,
    completeness_at_false_positives,
    threshold_at_false_positives,
)
from blendhunter.benchmark.scoring import score_detections, show_stamps
from blendhunter.dataset import DataSet
from blendhunter.detection import (
    Detection,
    detect_prepared,
    settings_from_meta,
    subtract_background,
)

__all__ = ['FRACTIONS', 'injection_bins', 'injection_scores',
           'measure_injections']

#: Fractions of the untouched hosts that may be flagged.
FRACTIONS = (0.01, 0.05, 0.10)
# copies are placed at whole pixels, so nearer than 2 px and farther than
# 10 by up to one
BINS = {'separation': (0, 2, 4, 6, 8, np.inf),
        'flux_ratio': (0, 0.2, 0.4, 0.7, np.inf),
        'snr': (0, 10, 20, 50, np.inf)}


def measure_injections(image, identifier, *, catalog=None, ext=None,
                       mask=None, noise=None, background='auto',
                       training=None, rounds=6, seed=0, progress=None):
    """
    Inject companions into an image and score what is made of them.

    Parameters
    ----------
    image : image-like of shape (ny, nx)
    identifier : `~blendhunter.BlendIdentifier`
    catalog : `~astropy.table.Table`, optional
        From `~blendhunter.detect`: the image is detected with the
        settings in its meta. By default with the default ones.
    ext, mask, noise, background : optional
        As in `~blendhunter.detect`.
    training : `~astropy.table.Table`, optional
        Truth of simulated detections, for boosted trees.
    rounds : int, optional
        How often sources are injected, each time beside other hosts,
        until there are none left.
    seed : int, optional
    progress : callable, optional
        Called with 1 after each round.

    Returns
    -------
    injections : `~blendhunter.dataset.DataSet`
        Its truth has the columns of
        `~blendhunter.benchmark.injection.inject_sources`, ``round``,
        ``outcome``, and for the merged ones the score of each method
        after and before the injection (``network``, ``network_before``
        ...), NaN for the others. Its ``stamps`` are those of the merged
        ones over their noise, zero for the others.

    Raises
    ------
    ValueError
        If the image has no source to copy, no injection is merged with
        its host, ``rounds`` is not positive, or the catalogue does not
        tell its settings.
    """
    if rounds < 1:
        msg = f'rounds must be positive, got {rounds!r}'
        raise ValueError(msg)
    settings = (Detection() if catalog is None
                else settings_from_meta(catalog.meta))
    if settings is None:
        msg = ('catalog: there are no detection settings in its meta, as '
               'blendhunter detect leaves them')
        raise ValueError(msg)
    prepared = subtract_background(
        as_image(image, mask=mask, noise=noise, ext=ext),
        background=background, method=settings.method)
    found, segmentation = detect_prepared(prepared, settings)
    trees = None if training is None else train_trees(training)
    split_before = split_by_photutils(prepared, found, segmentation,
                                      settings)
    tables, stamps, used = [], [], []
    for number in range(rounds):
        rng = np.random.default_rng([seed, number])
        injected, table = inject_sources(prepared, found, segmentation, rng,
                                         used=used)
        used.extend(table['host'])
        after, segments, outcome, row = redetect(injected, table, settings)
        table['round'] = number
        table['outcome'] = outcome
        merged = np.flatnonzero(outcome == MERGED)
        scores_after = score_detections(
            injected, after, segments, identifier, rows=row[merged],
            trees=trees, split=split_by_photutils(injected, after, segments,
                                                  settings))
        scores_before = score_detections(
            prepared, found, segmentation, identifier, trees=trees,
            rows=np.asarray(table['host'])[merged], split=split_before)
        pixels = show_stamps(injected, after, segments, row[merged])
        stack = np.zeros((len(table), *pixels.shape[1:]), dtype=np.float32)
        stack[merged] = pixels
        stamps.append(stack)
        for name, scores in (('', scores_after),
                             ('_before', scores_before)):
            for method, values in scores.items():
                column = np.full(len(table), np.nan)
                column[merged] = values
                table[f'{method}{name}'] = column
        tables.append(table)
        if progress is not None:
            progress(1)
    table = vstack(tables, metadata_conflicts='silent')
    if not np.any(table['outcome'] == MERGED):
        msg = (f'image: none of {len(table)} injections was merged with its '
               'host: there is nothing to score')
        raise ValueError(msg)
    return DataSet({'stamps': np.concatenate(stamps)}, table,
                   {'role': 'injections', 'rounds': rounds, 'seed': seed})


def _methods(injections):
    """Return the names of the methods in a table of injections."""
    return [name.removesuffix('_before') for name in injections.colnames
            if name.endswith('_before')]


def _pairs(injections, method):
    """Return the merged injections, their scores, and those before."""
    merged = injections[injections['outcome'] == MERGED]
    after, before = (np.asarray(merged[f'{method}{name}'], dtype=float)
                     for name in ('', '_before'))
    good = np.isfinite(after) & np.isfinite(before)
    return merged[good], after[good], before[good]


def _statistics(after, before):
    """Return the AUC and the completeness at each fraction flagged."""
    score = np.concatenate([after, before])
    merged = np.arange(len(score)) < len(after)
    return [area_under_roc(score, merged),
            *(completeness_at_false_positives(score, merged, fraction)
              for fraction in FRACTIONS)]


def injection_scores(injections):
    """
    Score each method on the merged injections.

    Parameters
    ----------
    injections : `~astropy.table.Table`
        Truth of `measure_injections`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per method: ``auc`` of merged injections against the same
        hosts untouched, and the completeness with 1, 5 and 10 % of these
        flagged (``at_1`` ...), each with its error from a bootstrap over
        the hosts.
    """
    names = ['auc', *(f'at_{100 * fraction:g}' for fraction in FRACTIONS)]
    rows = []
    for method in _methods(injections):
        merged, after, before = _pairs(injections, method)
        errors = bootstrap_error(_statistics, after, before)
        row = {'method': method, 'n_merged': len(merged)}
        for name, value, error in zip(
                names, _statistics(after, before),
                np.broadcast_to(errors, len(names)), strict=True):
            row[name], row[f'{name}_error'] = value, float(error)
        rows.append(row)
    return Table(rows)


def injection_bins(injections):
    """
    Bin the completeness by separation, flux ratio and SNR.

    Parameters
    ----------
    injections : `~astropy.table.Table`
        Truth of `measure_injections`.

    Returns
    -------
    table : `~astropy.table.Table`
        ``method``, ``flagged`` (fraction of the untouched hosts above
        the threshold: 0.01, 0.05, 0.10), ``quantity``, ``low``,
        ``high`` (infinite where open), ``completeness``, its bootstrap
        ``error`` (NaN at 0 and 1), ``n``.
    """
    rows = []
    for method in _methods(injections):
        table, after, before = _pairs(injections, method)
        if not len(before):
            continue
        places = bin_places(table, BINS)
        every = np.ones(len(table))
        for fraction in FRACTIONS:
            def found(after, before, *places, fraction=fraction):
                level = threshold_at_false_positives(before, fraction)
                return bin_fractions(after > level, np.ones(len(after)),
                                     places, BINS)[0]
            values = found(after, before, *places)
            errors = resampled_error(bootstrap_error(
                found, after, before, *places), len(values))
            totals = bin_fractions(every, every, places, BINS)[1]
            rows.extend(
                {'method': method, 'flagged': fraction, 'quantity': name,
                 'low': low, 'high': high, 'completeness': value,
                 'error': error, 'n': int(n)}
                for (name, low, high), value, error, n in zip(
                    bin_limits(BINS), values, errors, totals, strict=True))
    return Table(rows)
