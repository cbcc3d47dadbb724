# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""One page that compares the fitted population with its tables."""

import numpy as np
from population_tables import (
    read_counts,
    read_faint,
    read_fits,
    read_fractions,
)

from blendhunter.simulation.populations import model

N_DRAWN = 60_000
COSMOS, MODEL, CATSIM, SHAPES = '#1f5f9f', '#c8401c', '0.45', '#3a8a4d'
# Magnitudes at which COSMOS and CatSim are compared, and shapes shown
OVERLAP, SHOWN = (22.5, 23.5), (21.0, 23.5)


def plot_population(directory, path):
    """
    Draw the comparison.

    Parameters
    ----------
    directory : path-like
        The tables.
    path : path-like
        The PNG to write.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rng = np.random.default_rng(1)
    fits, faint = read_fits(directory), read_faint(directory)
    magnitude = model.draw_magnitudes(N_DRAWN, rng, bright=SHOWN[0],
                                      faint=SHOWN[1])
    drawn = {'magnitude': magnitude,
             **model.draw_parameters(magnitude, rng)}
    fits_shown = {key: value[_between(fits['magnitude'], SHOWN)]
                  for key, value in fits.items()}
    with mpl.rc_context({'font.size': 8.5, 'axes.spines.top': False,
                         'axes.spines.right': False,
                         'legend.frameon': False}):
        figure = Figure(figsize=(11, 7), layout='constrained')
        axes = figure.subplots(2, 3)
        _plot_counts(axes[0, 0], read_counts(directory), faint)
        _plot_sizes(axes[0, 1], fits, faint, rng)
        _plot_index_size(axes[0, 2], drawn, fits_shown)
        _plot_histogram(axes[1, 0], 'sersic_index', drawn, fits_shown,
                        np.geomspace(0.5, 6, 16), 'Sersic index')
        axes[1, 0].set_xscale('log')
        axes[1, 0].set_xticks([0.5, 1, 2, 4, 6], ['0.5', '1', '2', '4', '6'])
        axes[1, 0].minorticks_off()
        _plot_histogram(axes[1, 1], 'axis_ratio', drawn, fits_shown,
                        np.linspace(0.1, 1, 16), 'axis ratio')
        _plot_fractions(axes[1, 2], drawn, fits_shown,
                        read_fractions(directory))
        figure.savefig(path, dpi=110)


def _between(values, limits):
    return (values >= limits[0]) & (values < limits[1])


def _plot_counts(axis, counts, faint):
    """Galaxies per square arcminute and magnitude."""
    edges = np.arange(16, 27.01, 0.5)
    center = edges[:-1] + 0.25
    area = model.read_model()['counts']['area_arcmin2']
    scale = (model.galaxy_density(OVERLAP[1], bright=OVERLAP[0])
             / _between(faint['magnitude'], OVERLAP).sum())
    grid = np.linspace(16, 28, 121)
    axis.plot(grid[:-1] + 0.05,
              [model.galaxy_density(b, bright=a) / (b - a)
               for a, b in zip(grid, grid[1:], strict=False)], color=MODEL,
              label='model')
    seen = np.histogram(faint['magnitude'], edges)[0] * scale / 0.5
    axis.plot(center[8:], seen[8:], 's', ms=4, mfc='none', color=CATSIM,
              label=f'CatSim, scaled at {OVERLAP[0]} to {OVERLAP[1]}')
    seen = np.histogram(counts['F814W'], edges)[0] / area / 0.5
    axis.plot(center[:15], seen[:15], 'o', ms=4, color=COSMOS,
              label=f'COSMOS: {len(counts["RA"])}, {area:.0f} arcmin$^2$')
    text = '\n'.join(f'N(<{m}) = {model.galaxy_density(m):.3g}'
                     for m in (22.0, 23.5, 25.2, 26.5))
    axis.text(0.98, 0.04, f'per arcmin$^2$\n{text}', ha='right',
              transform=axis.transAxes)
    axis.set(yscale='log', ylim=(1e-3, 2e3), title='number counts',
             xlabel='F814W (CatSim: i)',
             ylabel='galaxies per arcmin$^2$ per magnitude')
    axis.legend(loc='upper left')


def _plot_sizes(axis, fits, faint, rng):
    """Medians and the 16 and 84 percentiles of sizes in magnitude."""
    name = 'half_light_radius'
    magnitude = np.repeat(np.arange(16, 28.01, 0.25), 4000)
    size = model.draw_parameters(magnitude, rng)[name].reshape(-1, 4000)
    low, median, high = np.percentile(size, [16, 50, 84], axis=1)
    grid = magnitude[::4000]
    axis.fill_between(grid, low, high, color=MODEL, alpha=0.18, lw=0)
    axis.plot(grid, median, color=MODEL, label='model')
    axis.plot(fits['magnitude'], fits[name], '.', ms=2.5, color=COSMOS,
              alpha=0.4)
    scale = np.divide(*(
        np.median(table[name][_between(table['magnitude'], OVERLAP)])
        for table in (fits, faint)))
    for table, edges, factor, style, color, label in (
            (fits, [18, 20, 21, 22, 22.5, 23, 23.5], 1, 'o', COSMOS,
             'COSMOS fits'),
            (faint, np.arange(22.5, 27.1, 0.5), 1, 's', CATSIM, 'CatSim'),
            (faint, np.arange(22.75, 27.1, 0.5), scale, 'D', 'k',
             f'CatSim x {scale:.2f}')):
        pairs = list(zip(edges[:-1], edges[1:], strict=True))
        low, middle, high = np.transpose([np.percentile(
            factor * table[name][_between(table['magnitude'], pair)],
            [16, 50, 84]) for pair in pairs])
        axis.errorbar(np.mean(pairs, axis=1), middle,
                      [middle - low, high - middle], fmt=style, ms=4, lw=1,
                      color=color, mfc='w' if style != 'o' else color,
                      label=label)
    axis.set(yscale='log', ylim=(0.04, 8), xlabel='F814W (CatSim: i)',
             ylabel='half-light radius, circularized (arcsec)',
             title='sizes: median, 16 and 84 %')
    axis.set_yticks([0.05, 0.1, 0.2, 0.5, 1, 2, 5],
                    ['0.05', '0.1', '0.2', '0.5', '1', '2', '5'])
    axis.legend(loc='upper right')


def _plot_index_size(axis, drawn, fits):
    """Sersic index against size."""
    x = np.log10(drawn['half_light_radius'])
    y = np.log10(drawn['sersic_index'])
    counts, xe, ye = np.histogram2d(
        x, y, bins=(np.linspace(-1.4, 0.4, 25), np.linspace(-0.3, 0.78, 19)))
    order = np.sort(counts, axis=None)[::-1]
    share = np.cumsum(order) / len(x)
    levels = [order[np.searchsorted(share, p)] for p in (0.9, 0.68, 0.35)]
    axis.plot(fits['half_light_radius'], fits['sersic_index'].clip(0.5),
              '.', ms=4, color=COSMOS, label='COSMOS fits')
    axis.contour(10**(0.5 * (xe[:-1] + xe[1:])),
                 10**(0.5 * (ye[:-1] + ye[1:])), counts.T, levels,
                 colors=MODEL, linewidths=1.2)
    axis.plot([], [], color=MODEL, label='model: 35, 68, 90 %')
    axis.set(xscale='log', yscale='log', xlim=(0.04, 2.5), ylim=(0.47, 10),
             xlabel='half-light radius (arcsec)', ylabel='Sersic index',
             title=f'{SHOWN[0]} < F814W < {SHOWN[1]}')
    axis.set_xticks([0.05, 0.1, 0.2, 0.5, 1, 2],
                    ['0.05', '0.1', '0.2', '0.5', '1', '2'])
    axis.set_yticks([0.5, 1, 2, 4, 6], ['0.5', '1', '2', '4', '6'])
    axis.minorticks_off()
    axis.legend(loc='upper left', ncols=2)


def _plot_histogram(axis, name, drawn, fits, edges, label):
    """Shares of the model and of the fits in bins, with Poisson errors."""
    center = (np.sqrt(edges[:-1] * edges[1:]) if name == 'sersic_index'
              else 0.5 * (edges[:-1] + edges[1:]))
    seen = np.histogram(fits[name].clip(edges[0], edges[-1]), edges)[0]
    shares = np.histogram(drawn[name], edges)[0] / len(drawn[name])
    axis.stairs(shares, edges, color=MODEL, fill=True, alpha=0.18)
    axis.stairs(shares, edges, color=MODEL, label='model')
    total = seen.sum()
    axis.errorbar(center, seen / total, np.sqrt(seen) / total, fmt='o', ms=4,
                  lw=1, color=COSMOS, label=f'COSMOS fits ({total})')
    axis.set(xlabel=label, ylabel='share of galaxies',
             ylim=(0, 1.35 * axis.get_ylim()[1]),
             title=f'{SHOWN[0]} < F814W < {SHOWN[1]}')
    axis.legend()


def _plot_fractions(axis, drawn, fits, fractions):
    """Bulge fractions of bulge + disc galaxies."""
    name, edges = 'bulge_fraction', np.linspace(0.1, 0.9, 13)
    inside = {}
    for label, table in (('model', drawn), ('fits', fits)):
        both = np.isfinite(table[name])
        inside[label] = {name: table[name][both]}
        inside[label + ' share'] = 100 * both.mean()
    _plot_histogram(axis, name, inside['model'], inside['fits'], edges,
                    'bulge / total')
    shown = fractions[1][_between(fractions[0], SHOWN)]
    shown = shown[_between(shown, (0.1, 0.9))]
    axis.plot(0.5 * (edges[:-1] + edges[1:]),
              np.histogram(shown, edges)[0] / len(shown), 's', ms=4,
              mfc='none', color=SHAPES,
              label=f'COSMOS, all within 0.1 to 0.9 ({len(shown)})')
    axis.text(0.98, 0.55, 'bulge + disc profiles:\n'
              f'{inside["model share"]:.0f} % of the model,\n'
              f'{inside["fits share"]:.0f} % of the fits', ha='right',
              transform=axis.transAxes)
    axis.set(ylabel='share of bulge + disc profiles')
    axis.legend()
