# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Compare structured galaxies with real HST galaxies, seen from the ground.

Usage: python tools/fit_structure.py REAL_GALAXIES OUTPUT.png [N]

Prints, for each bin of magnitude, the median and the 90th percentile of
each statistic of real and of ``N`` (default 100) simulated galaxies, both
with HST noise, the error of the real ones (bootstrap over galaxies), and
whether they agree; and how many isolated galaxies SEP splits. Draws them.
Numbers of ``simulation/populations/structured.py`` are changed by hand
until all agree.
"""

import sys

import numpy as np
from measure_morphology import (
    BINS,
    STATISTICS,
    HSTGalaxies,
    draw_like,
    measure_model,
    measure_real,
)

from blendhunter import simulate_stamps
from blendhunter.benchmark import label_by_detection
from blendhunter.benchmark.detector_labels import pad_stamps
from blendhunter.simulation.populations.columns import rows_of
from blendhunter.simulation.populations.kinds import get_population

# percentile: tolerance
TOLERANCES = {50: 0.25, 90: 0.40}
N_BOOTSTRAP = 500
FEW = 3
# of isolated stamps, and their noise in CFIS counts
N_SPLIT, NOISE = 500, 14.5
N_SHOWN = 12
SHOWN_WIDTH = 41
REAL, MODEL, FORMER = '#1f5f9f', '#c8401c', '0.5'


def main(directory, output, n=100):
    """Measure, print and draw."""
    hst = HSTGalaxies(directory)
    results = {}
    for limits in BINS:
        index, _, real = measure_real(hst, limits)
        results[limits] = {'index': index, 'real': real}
        for kind in ('structured', 'knots'):
            _, _, results[limits][kind] = measure_model(
                hst, get_population(kind), limits, n)
        _, _, clean = measure_model(hst, get_population('structured'),
                                    limits, n, noise=False)
        results[limits]['clean'] = clean
        _print_bin(limits, results[limits])
        _print_splits(limits, directory)
    _draw(hst, results, output)


def _print_bin(limits, result):
    """Print the table of one bin."""
    index = result['index']
    n_real = len(np.unique(index))
    write = sys.stdout.write
    write(f'{limits[0]} to {limits[1]}: {n_real} real galaxies, '
          f'{len(result["structured"])} simulated\n'
          'statistic   percentile  real            structured  knots   '
          'noiseless  difference\n')
    for k, name in enumerate(STATISTICS):
        for percentile, tolerance in TOLERANCES.items():
            values = {key: np.nanpercentile(result[key][:, k], percentile)
                      for key in ('real', 'structured', 'knots', 'clean')}
            error = _bootstrap(index, result['real'][:, k], percentile)
            # M20 is negative
            difference = values['structured'] / values['real'] - 1
            verdict = ('too few' if n_real < FEW else
                       'pass' if abs(difference) <= tolerance else 'fail')
            write(f'{name:10s}  {percentile:10d}  {values["real"]:6.3f} +- '
                  f'{error:5.3f}  {values["structured"]:10.3f}  '
                  f'{values["knots"]:6.3f}  {values["clean"]:9.3f}  '
                  f'{100 * difference:+6.0f} %  {verdict}\n')
    sys.stdout.flush()


def _print_splits(limits, directory):
    """Print which fraction of isolated galaxies SEP splits."""
    for kind, cosmos_dir in (('realistic', directory), ('structured', None),
                             ('knots', None)):
        made = simulate_stamps(N_SPLIT, kind=kind, blend_fraction=0.0,
                               noise=NOISE, bright=limits[0],
                               faint=limits[1], cosmos_dir=cosmos_dir, rng=77)
        labels = label_by_detection(pad_stamps(made.stamps, NOISE, rng=1),
                                    noise=NOISE)
        sys.stdout.write(f'SEP splits {np.mean(labels["label"] == 1):.3f} of '
                         f'{N_SPLIT} isolated ones: {kind}\n')
    sys.stdout.flush()


def _bootstrap(index, values, percentile):
    """Return the error of a percentile from the choice of galaxies."""
    rng = np.random.default_rng(1)
    rows = [values[index == i] for i in np.unique(index)]
    drawn = [np.nanpercentile(np.concatenate(
        [rows[i] for i in rng.integers(0, len(rows), len(rows))]),
        percentile) for _ in range(N_BOOTSTRAP)]
    return np.std(drawn)


def _draw(hst, results, output):
    """Draw cumulative distributions, and galaxies beside each other."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from PIL import Image

    with mpl.rc_context({'font.size': 8, 'axes.spines.top': False,
                         'axes.spines.right': False,
                         'legend.frameon': False}):
        figure = Figure(figsize=(11, 10.5))
        _draw_distributions(figure, results)
        _draw_galaxies(figure, hst)
        figure.savefig(output, dpi=90)
    Image.open(output).convert('RGB').quantize(
        64, method=Image.Quantize.MAXCOVERAGE).save(output, optimize=True)


def _draw_distributions(figure, results):
    """Draw one row for each bin, one column for each statistic."""
    grid = figure.add_gridspec(len(results), len(STATISTICS), left=0.06,
                               right=0.99, top=0.96, bottom=0.5,
                               hspace=0.35, wspace=0.2)
    styles = {'real': (REAL, 'real, HST', 2.0),
              'structured': (MODEL, 'structured', 1.5),
              'knots': (FORMER, 'knots', 1.0)}
    for row, (limits, result) in enumerate(results.items()):
        for k, name in enumerate(STATISTICS):
            axis = figure.add_subplot(grid[row, k])
            for key, (color, text, width) in styles.items():
                values = np.sort(result[key][:, k])
                values = values[np.isfinite(values)]
                axis.step(values, np.arange(1, len(values) + 1)
                          / len(values), color=color, lw=width, label=text)
            if row == 0:
                axis.set_title('sum|I - I180| / (2 sum I)'
                               if name == 'asymmetry'
                               else f'{name} (statmorph)')
            if k == 0:
                number = len(np.unique(result['index']))
                axis.set_ylabel(f'F814W {limits[0]:g} to {limits[1]:g}\n'
                                f'({number} real)')
                axis.set_xlim(0, 0.25)
            if k == 0 and row == 0:
                axis.legend(loc='lower right')


def _draw_galaxies(figure, hst):
    """Draw the brightest real galaxies, and simulated ones like them."""
    rng = np.random.default_rng(5)
    order = np.argsort(hst.magnitude)[:N_SHOWN]
    population = get_population('structured')
    grid = figure.add_gridspec(5, N_SHOWN, left=0.06, right=0.99, top=0.45,
                               bottom=0.01, hspace=0.03, wspace=0.03)
    images = {'real': [hst.from_ground(hst.real(i, 0), hst.magnitude[i], rng)
                       for i in order]}
    for number in range(2):
        rows = rows_of(draw_like(hst, population, order, rng))
        images[f'structured {number + 1},\nHST noise'] = [
            hst.from_ground(hst.observe(
                population.render(row), row['half_light_radius'], i,
                row['seed']), row['magnitude'], rng)
            for row, i in zip(rows, order, strict=True)]
    for bright, faint in ((18.0, 20.0), (20.0, 22.0)):
        other = get_population('structured', bright=bright, faint=faint)
        images[f'structured,\n{bright:g} to {faint:g}'] = [
            hst.from_ground(other.render(row), row['magnitude'], rng)
            for row in rows_of(other.draw(N_SHOWN, rng))]
    for line, (name, stamps) in enumerate(images.items()):
        for k, stamp in enumerate(stamps):
            axis = figure.add_subplot(grid[line, k])
            edge = (len(stamp) - SHOWN_WIDTH) // 2
            shown = stamp[edge:-edge, edge:-edge]
            axis.imshow(np.arcsinh(30 * shown / shown.max()), cmap='gray_r',
                        origin='lower')
            axis.set(xticks=[], yticks=[])
            if k == 0:
                axis.set_ylabel(name, fontsize=7)
            if line == 0:
                axis.set_title(f'{hst.magnitude[order[k]]:.1f}', pad=2,
                               fontsize=7)


if __name__ == '__main__':
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:3], *(int(value) for value in sys.argv[3:]))
