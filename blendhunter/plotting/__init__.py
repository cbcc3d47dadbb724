"""Figures that the command line, the benchmark and the pages share."""

from blendhunter.plotting.detections import (
    plot_field_bins,
    plot_field_curves,
)
from blendhunter.plotting.fields import plot_result
from blendhunter.plotting.files import check_figure_path, save_figure
from blendhunter.plotting.injections import plot_injections
from blendhunter.plotting.paper import (
    plot_accuracy,
    plot_confusion,
    plot_features,
    plot_realistic,
    plot_separation,
)
from blendhunter.plotting.stamps import plot_stamps, sheet_lines

__all__ = ['check_figure_path', 'plot_accuracy', 'plot_confusion',
           'plot_features', 'plot_field_bins', 'plot_field_curves',
           'plot_injections', 'plot_realistic', 'plot_result',
           'plot_separation', 'plot_stamps', 'save_figure',
           'sheet_lines']
