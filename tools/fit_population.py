# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Fit the parametric galaxy population to COSMOS tables.

Usage: python tools/fit_population.py DIRECTORY [-o FILE] [--plot FILE]

DIRECTORY holds the tables that SOURCE names. What is written are a few
numbers; `blendhunter.simulation.populations.model` draws from them.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from population_tables import read_counts, read_faint, read_fits
from scipy import ndimage, optimize
from scipy.special import expit, logit

from blendhunter.simulation.populations import model

OUTPUT = Path(__file__).parent.parent / 'blendhunter/data/population.json'
SOURCE = (
    'Fitted by tools/fit_population.py. Counts to F814W = 23.5: '
    'great3_shera_catalog_23.5 (56 062 COSMOS galaxies, GREAT3 challenge, '
    'github.com/barnabytprowe/great3-public). Sizes, Sersic indices, axis '
    'ratios and bulges to 23.5: real_galaxy_23.5_500_fits (Sersic and '
    'bulge + disc fits of 500 of them, github.com/GalSim-developers/GalSim)'
    '. From 23.5 to 27: the slopes, not the values, of 10 000 simulated '
    'CatSim galaxies (bliss_small_cat, github.com/prob-ml/bliss). The size '
    'slope of galaxies brighter than 19 is assumed, not fitted. Magnitudes '
    'are F814W (AB), sizes log10 of arcsec, circularized; value is that '
    'at the pivot, slopes are those before, between and after the knots.')
CLOSING = 1.0  # arcmin, see measure_area
# Sizes, indices, axis ratios and classes bend here, the counts there
KNOTS = (19.0, 23.5)
PIVOT = 22.0
COUNT_KNOTS = (19.5, 21.5, 23.5)
# Galaxies of constant surface brightness: -0.2. The 9 fits brighter than
# 19 (large galaxies did not fit into stamps) allow no measurement.
BRIGHT_SIZE_SLOPE = -0.15
CLASS_WIDTH = 0.2  # in ln(n)
FAINTEST = 27.0


def measure_area(ra, dec, *, radius=CLOSING, step=0.1):
    """
    Area that positions cover, in square arcminutes.

    Their morphological closing: all points that no disc of the given
    radius without a galaxy reaches. It does not grow the outline, as
    counting occupied cells does, and leaves out masks larger than discs.
    Radii of 0.8, 1, 1.5 and 3 arcmin give 5647, 5712, 5793 and 5825;
    occupied cells of 1, 1.5 and 2 arcmin give 5902, 6049 and 6163.
    """
    x = (ra - ra.mean()) * np.cos(np.deg2rad(dec.mean())) * 60
    y = (dec - dec.mean()) * 60
    margin = int(2 * radius / step) + 2
    ix, iy = (((v - v.min()) / step).astype(int) + margin for v in (x, y))
    image = np.ones((iy.max() + margin, ix.max() + margin), dtype=bool)
    image[iy, ix] = False
    near = ndimage.distance_transform_edt(image) * step <= radius
    closed = ndimage.distance_transform_edt(near) * step > radius
    return closed.sum() * step**2


def fit_counts(bright, faint, area):
    """Poisson fit of power laws to two tables, the second of any area."""
    edges = np.arange(16, FAINTEST + 0.01, 0.25)
    center = edges[:-1] + 0.125
    seen = np.stack([np.histogram(m, edges)[0] for m in (bright, faint)])
    # CatSim's shape disagrees at the bright end: COSMOS alone there
    use = np.stack([center < KNOTS[1], center > KNOTS[1] - 1])

    def predict(p):
        log_density = p[0] + model.piecewise(center, COUNT_KNOTS, p[1:-1],
                                             pivot=PIVOT)
        return log_density + np.log10(0.25 * area) + [[0], [p[-1]]]

    def loss(p):
        log_n = predict(p)
        return (10**log_n - seen * log_n * np.log(10))[use].sum()

    best = optimize.minimize(loss, [0, 0.5, 0.4, 0.3, 0.27, -1.8],
                             method='BFGS')
    return {'pivot': PIVOT, 'knots': COUNT_KNOTS, 'log_density': best.x[0],
            'slopes': best.x[1:-1], 'area_arcmin2': area}


def fit_logistic(columns, share, weight=1.0):
    """Weighted logistic regression of shares on columns."""
    def loss(p):
        x = columns @ p
        return (weight * (np.logaddexp(0, x) - share * x)).sum()

    return optimize.minimize(loss, np.zeros(columns.shape[1])).x


def fit_classes(fits):
    """
    Late and early galaxies, which meet at a Sersic index of 2.

    Free classes (expectation and maximization) separate good from bad
    fits of faint galaxies, not late from early ones.
    """
    m = fits['magnitude'].clip(min=KNOTS[0])
    bright = fits['magnitude'] - m
    log_n = np.log(fits['sersic_index'])
    values = np.stack([
        np.log10(fits['half_light_radius']) - BRIGHT_SIZE_SLOPE * bright,
        log_n, _ratio_logit(fits['axis_ratio'])], axis=1)
    design = np.stack([np.ones(len(m)), m - PIVOT], axis=1)
    early = expit((log_n - np.log(2)) / CLASS_WIDTH)
    share = fit_logistic(design, early, fits['weight'])
    return share, [_fit_class(design, values, fits['weight'] * p)
                   for p in (1 - early, early)]


def _ratio_logit(axis_ratio):
    x = ((axis_ratio - model.AXIS_RATIO_LIMITS[0])
         / np.ptp(model.AXIS_RATIO_LIMITS)).clip(0.02, 0.98)
    return logit(x)


def _fit_class(design, values, weight):
    """Weighted lines through values, and the covariance around them."""
    root = np.sqrt(weight)[:, None]
    mean = np.linalg.lstsq(design * root, values * root, rcond=None)[0]
    rest = values - design @ mean
    return mean, (rest * weight[:, None]).T @ rest / weight.sum()


def fit_faint_slopes(faint):
    """Trends of CatSim galaxies fainter than the last knot."""
    use = faint['magnitude'] > KNOTS[1]
    m, size, q, fraction = (faint[key][use] for key in (
        'magnitude', 'half_light_radius', 'axis_ratio', 'bulge_fraction'))
    design = np.stack([np.ones(len(m)), m - PIVOT], axis=1)
    return {'log_size': np.polyfit(m, np.log10(size), 1)[0],
            'axis_ratio_logit': np.polyfit(m, _ratio_logit(q), 1)[0],
            'log_index': 0.0,
            'early_logit': fit_logistic(design, 1.0 * (fraction > 0.5))[1]}


def fit_bulges(fits):
    """Share of bulge + disc profiles, their fractions and size ratios."""
    log_n, weight = np.log(fits['sersic_index']), fits['weight']
    powers = np.stack([np.ones(len(log_n)), log_n, log_n**2], axis=1)
    bulge = np.isfinite(fits['bulge_fraction'])
    inner = ((fits['bulge_fraction'][bulge] - 0.1) / 0.8).clip(0.02, 0.98)
    fraction = logit(inner)
    log_ratio = np.log10(fits['bulge_size_ratio'][bulge]).clip(-1.3, 0.5)
    line, scatter = _fit_class(powers[bulge, :2], fraction[:, None],
                               weight[bulge])
    size_line, size_scatter = _fit_class(
        np.stack([np.ones(len(fraction)), fraction], axis=1),
        log_ratio[:, None], weight[bulge])
    return {'share_logit': fit_logistic(powers, 1.0 * bulge, weight),
            'fraction_logit': line[:, 0],
            'fraction_scatter': np.sqrt(scatter[0, 0]),
            'log_size_ratio': size_line[:, 0],
            'size_ratio_scatter': np.sqrt(size_scatter[0, 0])}


def fit(directory):
    """Fit everything; the content of the file, unrounded."""
    counts, faint = read_counts(directory), read_faint(directory)
    fits = read_fits(directory)
    area = measure_area(counts['RA'], counts['DEC'])
    share, classes = fit_classes(fits)
    ends = fit_faint_slopes(faint)
    names = ('log_size', 'log_index', 'axis_ratio_logit')
    starts = {'log_size': BRIGHT_SIZE_SLOPE}
    number = fit_counts(counts['F814W'], faint['magnitude'], area)
    result = {'source': SOURCE, 'pivot': PIVOT, 'knots': KNOTS,
              'counts': number,
              'early_logit': {'value': share[0], 'slopes': [
                  0.0, share[1], ends['early_logit']]}}
    for label, (mean, covariance) in zip(('late', 'early'), classes,
                                         strict=True):
        result[label] = {
            name: {'value': value,
                   'slopes': [starts.get(name, 0.0), slope, ends[name]]}
            for name, value, slope in zip(names, *mean, strict=True)}
        result[label]['covariance'] = covariance
    return {**result, 'bulge': fit_bulges(fits)}


def rounded(value):
    """Round all numbers to four significant digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, str):
        return value
    if np.ndim(value):
        return [rounded(item) for item in value]
    return float(f'{value:.4g}')


def main(arguments):
    """Fit, write and, if asked, plot."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[1])
    parser.add_argument('directory', type=Path)
    parser.add_argument('-o', '--output', type=Path, default=OUTPUT)
    parser.add_argument('--plot', type=Path)
    options = parser.parse_args(arguments)
    options.output.write_text(
        json.dumps(rounded(fit(options.directory)), indent=2) + '\n')
    if options.plot:
        from plot_population import plot_population

        plot_population(options.directory, options.plot)


if __name__ == '__main__':
    main(sys.argv[1:])
