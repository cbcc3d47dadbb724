# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""
Draw examples of every kind of simulated stamp.

Usage: python tools/contact_sheet.py COSMOS_DIRECTORY OUTPUT
"""

import sys

import numpy as np
from PIL import Image

from blendhunter.plotting import plot_contact_sheet, save_figure
from blendhunter.simulation import Artifacts, simulate_stamps

N = 8
N_COLORS = 64
ARTIFACTS = Artifacts(bad_pixels=0.002, bad_columns=0.3, cosmic_rays=0.5,
                      trails=0.3, residual_background=0.1, masked=0.5)
OPTIONS = {'n': N, 'noise': 14.5, 'bright': 20.0, 'faint': 24.5, 'rng': 8}
ROWS = {
    'parametric': {},
    'structured': {'kind': 'structured', 'faint': 23.5},
    'knots': {'kind': 'knots', 'faint': 23.5},
    'real (HST)': {'kind': 'realistic'},
    'stars': {'kind': 'stars', 'bright': 19.0, 'faint': 24.0},
    'stars, camera PSF': {'kind': 'stars', 'bright': 19.0, 'faint': 24.0,
                          'psf': 'camera'},
    '2 to 5 sources': {'n_max_sources': 5, 'star_fraction': 0.2},
    'correlated noise': {'noise_correlation': 0.7},
    'artifacts': {'artifacts': ARTIFACTS},
    'LSST': {'survey': 'lsst', 'noise': 'survey', 'faint': 26.0}}
# rows that show blends alone
BLENDED = ('2 to 5 sources', 'correlated noise', 'artifacts', 'LSST')


def main(directory, output):
    """Simulate and draw."""
    rows, marks = {}, {}
    for name, extra in ROWS.items():
        fractions = ((0.0, 'isolated'), (1.0, 'blended'))
        for fraction, label in fractions[name in BLENDED:]:
            made = simulate_stamps(
                **{**OPTIONS, 'cosmos_dir': directory,
                   'blend_fraction': fraction, **extra})
            key = f'{name},\n{label}'
            # on one scale: in units of the set's noise
            rows[key] = made.stamps / made.noise
            truth = made.truth
            if truth['n_sources'].max() == 2:
                marks[key] = np.array([[truth['x_2'], truth['y_2']]]
                                      ).transpose(2, 0, 1)
    save_figure(plot_contact_sheet(rows, noise=1.0, marks=marks), output)
    # noise compresses badly: few colors make the file small
    Image.open(output).convert('RGB').quantize(
        N_COLORS, method=Image.Quantize.MAXCOVERAGE).save(
            output, optimize=True)


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
