# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Draw images, results and benchmarks."""

from blendhunter.plotting.binned_panels import (
    plot_field_bins,
    plot_field_curves,
    plot_injections,
)
from blendhunter.plotting.classified_field import (
    plot_field,
    plot_result,
    write_ds9_regions,
)
from blendhunter.plotting.contact_sheet import plot_contact_sheet
from blendhunter.plotting.evidence import plot_explanation
from blendhunter.plotting.files import check_figure_path, save_figure
from blendhunter.plotting.null_test import plot_singles, plot_worst_singles
from blendhunter.plotting.paper_figures import (
    plot_accuracy,
    plot_confusion,
    plot_features,
    plot_realistic,
    plot_separation,
)
from blendhunter.plotting.probabilities import plot_probabilities
from blendhunter.plotting.reliability import plot_reliability
from blendhunter.plotting.stamp_sheet import plot_stamps

__all__ = ['check_figure_path', 'plot_accuracy', 'plot_confusion',
           'plot_contact_sheet', 'plot_explanation', 'plot_features',
           'plot_field', 'plot_field_bins', 'plot_field_curves',
           'plot_injections', 'plot_probabilities', 'plot_realistic',
           'plot_reliability', 'plot_result', 'plot_separation',
           'plot_singles', 'plot_stamps', 'plot_worst_singles',
           'save_figure', 'write_ds9_regions']
