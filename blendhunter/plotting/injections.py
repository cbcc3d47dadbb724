"""What is found of injected blends."""

from blendhunter.plotting.bins import draw_bins
from blendhunter.plotting.stamps import plot_stamps

__all__ = ['plot_injection_strip', 'plot_injections']

QUANTITIES = {'separation': 'separation [px]',
              'flux_ratio': 'flux of the companion / host',
              'snr': 'SNR of the companion'}
SHOWN = ('network', 'boosted trees', 'area x a/b', 'photutils split')


def plot_injections(bins):
    """
    Draw the completeness against separation, flux ratio and SNR.

    Parameters
    ----------
    bins : `~astropy.table.Table`
        From `~blendhunter.benchmark.injection.injection_bins`.

    Returns
    -------
    figure : `matplotlib.figure.Figure`
        A row for each fraction of the untouched hosts that is flagged.
    """
    from matplotlib.figure import Figure

    fractions = sorted(set(bins['flagged']))
    figure = Figure(figsize=(11, 0.8 + 2.7 * len(fractions)),
                    layout='constrained')
    rows = figure.subplots(len(fractions), len(QUANTITIES), sharey=True,
                           squeeze=False)
    for panels, fraction in zip(rows, fractions, strict=True):
        for panel, (quantity, label) in zip(panels, QUANTITIES.items(),
                                            strict=True):
            draw_bins(panel, bins[(bins['flagged'] == fraction)
                                  & (bins['quantity'] == quantity)], SHOWN)
            panel.set_xlabel(label)
        panels[0].set_ylabel(f'completeness\n{100 * fraction:g} % of the '
                             'untouched hosts flagged')
    rows[0, 0].legend(fontsize=8, frameon=False, loc='upper left')
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
