"""What is found of injected blends."""

import numpy as np

from blendhunter.plotting.stamps import plot_stamps

__all__ = ['plot_injection_strip', 'plot_injections']

QUANTITIES = {'separation': 'separation [px]',
              'flux_ratio': 'flux of the companion / host',
              'snr': 'signal-to-noise ratio of the companion'}
SHOWN = ('network', 'boosted trees', 'area x a/b', 'photutils split')
STYLES = ('-o', '--s', ':^', '-.v')
SHIFT = 0.03


def plot_injections(bins, *, title='10 % of the untouched hosts flagged'):
    """
    Draw the completeness against separation, flux ratio and SNR.

    Parameters
    ----------
    bins : `~astropy.table.Table`
        From `~blendhunter.benchmark.injection.injection_bins`.
    title : str, optional

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.8), layout='constrained')
    panels = figure.subplots(1, len(QUANTITIES), sharey=True)
    for panel, (quantity, label) in zip(panels, QUANTITIES.items(),
                                        strict=True):
        for i, (method, style) in enumerate(zip(SHOWN, STYLES,
                                                strict=True)):
            part = bins[(bins['method'] == method)
                        & (bins['quantity'] == quantity)]
            part = part[part['n'] > 0]
            if not len(part):
                continue
            # bins side by side: their number, not their place
            place = np.arange(len(part)) + SHIFT * (i - 1.5)
            panel.errorbar(place, part['completeness'], part['error'],
                           fmt=style, ms=4, capsize=2, label=method)
            names = [f'{row["low"]:g}–{row["high"]:g}\n({row["n"]})'
                     if row['high'] < 1e6
                     else f'> {row["low"]:g}\n({row["n"]})' for row in part]
            panel.set_xticks(np.arange(len(part)), names, fontsize=8)
        panel.set(xlabel=label, ylim=(-0.03, 1.03))
    panels[0].set_ylabel('completeness')
    panels[0].legend(fontsize=8, frameon=False, loc='upper left')
    figure.suptitle(title, fontsize=11)
    return figure


def plot_injection_strip(found, missed, *, noise=1.0):
    """
    Draw stamps of merged injections that are found and missed.

    Parameters
    ----------
    found, missed : `~numpy.ndarray` of shape (n, 51, 51)
    noise : float, optional
        RMS noise per pixel.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
    """
    return plot_stamps({'found': found, 'missed': missed}, noise=noise)
