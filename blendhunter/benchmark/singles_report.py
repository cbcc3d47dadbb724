"""Tables and figures of the null test on isolated sources."""

from blendhunter import plotting
from blendhunter.benchmark.report import _write_tables
from blendhunter.benchmark.singles import worst_singles

__all__ = ['report_singles']

# of each kind, in the strip
SHOWN = 10


def report_singles(directory, result, *, command, weights, threshold=0.5):
    """Write sources, scores and figures of `evaluate_singles`."""
    directory = _write_tables(directory, command, weights, {
        'singles': result.sources, 'scores': result.scores})
    plotting.save_figure(
        plotting.plot_singles(result.sources, threshold=threshold),
        directory / 'singles.png')
    plotting.save_figure(
        plotting.plot_worst_singles(result.detected, result.sources,
                                    worst_singles(result.sources, SHOWN)),
        directory / 'strip.png')
