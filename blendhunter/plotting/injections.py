"""What is found of injected blends."""

from blendhunter.plotting.bins import draw_bins

__all__ = ['plot_injections']

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
