# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The result of an adaptation, and a summary of it as text."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.table import Table

from blendhunter.adaptation.conditions import SurveyConditions
from blendhunter.adaptation.evaluation import GAIN
from blendhunter.benchmark.score_tables import table_lines

__all__ = ['AdaptationReport', 'describe_gain', 'describe_report']


@dataclass(frozen=True, eq=False)
class AdaptationReport:
    """
    The result of `~blendhunter.adapt`.

    Parameters
    ----------
    conditions : `~blendhunter.adaptation.SurveyConditions`
        The properties that were measured on the images.
    scores : `~astropy.table.Table`
        Scores on new simulated fields. The rows are 'before', 'after' and
        'gain'. The columns are ``auc`` and ``completeness_purity80`` with
        their errors.
    gained : bool
        True if one of the two scores gained more than two standard errors,
        and no score lost more than one.
    written : bool
        Whether the weights file was written.
    path : `~pathlib.Path` or None
        The weights file; None if it was not written.
    seconds : dict of float
        Time of each step in seconds.
    fractions : dict of float
        ``slope``, ``trained_fraction`` and ``prior`` of the calibration.
    losses : list of float
        Loss on held-out fields: before the fit, and after each epoch.
    mean_star : 2-D `~numpy.ndarray`
        Mean star of the first image that has enough stars. Its pixels
        are half as wide as those of the image.
    singles, injections : `~astropy.table.Table` or None
        Scores of the null test and of the injections, before and after;
        None if a test did not run.
    reasons : dict of str
        For each test that did not run, the reason.
    """

    conditions: SurveyConditions
    scores: Table
    gained: bool
    written: bool
    path: Path | None
    seconds: dict
    fractions: dict
    losses: list
    mean_star: np.ndarray
    singles: Table | None = None
    injections: Table | None = None
    reasons: dict = field(default_factory=dict)


def describe_gain(scores):
    """Return the gains and their errors as a sentence."""
    row = scores[scores['method'] == GAIN][0]
    return ', '.join(
        f'{name} {row[key]:+.4f} ± {row[f"{key}_error"]:.4f}'
        for name, key in (('AUC', 'auc'), (
            'completeness at 80 % purity', 'completeness_purity80')))


def describe_report(report):
    """Return an `AdaptationReport` as lines of text."""
    c = report.conditions
    lines = [
        'measured:',
        f'  noise {c.noise:.4g} {c.unit}'.rstrip() + ' per px, correlated '
        f'over {c.noise_correlation:.2f} px',
        f'  seeing {c.seeing:.2f} arcsec ({c.seeing_range[0]:.2f} to '
        f'{c.seeing_range[1]:.2f}), pixels of {c.pixel_scale:.3f} arcsec',
        f'  asymmetry of the PSF {c.asymmetry:.3f}, from {c.n_stars} stars',
        f'  {c.density:.1f} detections per square arcminute: depth '
        f'{c.depth:.2f} mag', 'simulated fields without added companions:',
        *_indented(report.scores)]
    for name, title in (('singles', 'isolated sources of the images'),
                        ('injections', 'injections into the image')):
        table = getattr(report, name)
        if table is not None:
            lines += [f'{title}:', *_indented(table)]
        elif name in report.reasons:
            lines.append(f'{title}: left out ({report.reasons[name]})')
    lines.append('seconds: ' + ', '.join(
        f'{name} {value:.0f}' for name, value in report.seconds.items()))
    return lines


def _indented(table):
    """Return the lines of a table, indented."""
    return [f'  {line}' for line in table_lines(table)]
