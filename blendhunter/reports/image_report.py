# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The report about one classified image."""

import numpy as np

from blendhunter._utils.files import atomic_path, check_writable
from blendhunter.plotting import (
    plot_field,
    plot_probabilities,
    plot_singles,
    plot_stamps,
)
from blendhunter.plotting.classified_field import extreme_rows
from blendhunter.plotting.classified_sources import (
    flags_of,
    is_flagged,
    probabilities,
    sources_on_image,
)
from blendhunter.reports.null_test import run_null_test, score_rows
from blendhunter.reports.page import (
    figure,
    number,
    page,
    paragraph,
    section,
    table,
)
from blendhunter.reports.settings import (
    flag_counts,
    flag_words,
    setting_rows,
)
from blendhunter.version import __version__

__all__ = ['check_report_path', 'write_report']

EXTENSIONS = ('.html', '.htm')
N_SHOWN, N_ACROSS = 10, 5


def check_report_path(path, *, overwrite=False, name='report'):
    """
    Check that a report can be written, before any work.

    Parameters
    ----------
    path : str or path-like
        The file.
    overwrite : bool, optional
        Whether an existing file may be replaced.
    name : str, optional
        Name of the argument, for the error message.

    Raises
    ------
    ValueError, OSError
        If the extension is not .html or .htm, or the file exists or
        cannot be written.
    """
    check_writable(path, overwrite=overwrite, name=name,
                   extensions=EXTENSIONS)


def write_report(path, image, result, *, title=None):
    """
    Write a report about a classified image to one HTML file.

    The file contains its pictures. It needs no other file, no script and
    no network. An interrupted write leaves no file.

    Parameters
    ----------
    path : str or path-like
        File to write. An existing file is replaced.
    image : image-like of shape (ny, nx), or `~blendhunter.DetectedImage`
        The classified image. A `~blendhunter.DetectedImage` is faster,
        because it is not detected again.
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify`.
    title : str, optional
        Name of the image.

    Raises
    ------
    ValueError
        If the table is not a result, or belongs to another image.

    Notes
    -----
    The null test (`~blendhunter.benchmark.evaluate_singles`) needs an
    image with stars or round galaxies. If it cannot run, the report gives
    the reason.

    Examples
    --------
    >>> from blendhunter import BlendIdentifier, DetectedImage
    >>> from blendhunter import simulate_field
    >>> from blendhunter.reports import write_report
    >>> image, truth = simulate_field((300, 300), rng=1)
    >>> detected = DetectedImage.from_image(image)
    >>> result = BlendIdentifier().classify(detected)
    >>> write_report('report.html', detected, result)  # doctest: +SKIP
    """
    detected = sources_on_image(image, result)
    parts = [
        _summary(result), _field(detected, result), _histogram(result),
        _extremes(detected, result), _flags(result),
        _null_test(detected, result), _settings(result)]
    text = page(f'Blends in {title or "an image"}', parts,
                f'Written by BlendHunter {__version__}.')
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def _summary(result):
    """Return the numbers that are read first."""
    probability = probabilities(result)
    unknown = np.count_nonzero(~np.isfinite(probability))
    numbers = [(str(len(result)), 'sources'),
               (str(is_flagged(result).sum()), 'flagged as blends'),
               (str(unknown), 'not classified'),
               (f'{np.nansum(probability):.1f}', 'blends expected')]
    return section(
        'Summary', '<div class="numbers">',
        *(number(*item) for item in numbers), '</div>',
        paragraph('The expected number of blends is the sum of all '
                  'probabilities (blend_prob). It holds for a sample whose '
                  'blend fraction is the prior in the settings below.'))


def _field(detected, result):
    """Return the field with the flagged sources."""
    return section('Field', figure(plot_field(detected, result),
                                   'the image, flagged sources circled'))


def _histogram(result):
    """Return the histogram of the probabilities."""
    return section('Probabilities', figure(
        plot_probabilities(result), 'histogram of the blend probabilities'))


def _extremes(detected, result):
    """Return stamps and tables of the surest answers on both sides."""
    parts = []
    for label, rows in zip(
            ('Most likely blends', 'Least likely of the bright sources'),
            extreme_rows(detected, result, N_SHOWN), strict=True):
        parts.append(f'<div><h3>{label}</h3>')
        if len(rows):
            parts += [figure(plot_stamps(detected, result, rows=rows,
                                         n_across=N_ACROSS, title=''),
                             f'stamps: {label}'),
                      _source_table(detected, result, rows)]
        else:
            parts.append(paragraph('There are no sources to show.'))
        parts.append('</div>')
    return section(
        'Stamps', paragraph(
            'Above each stamp are the row of the table (from 0) and '
            'the probability. The outline is the segment of the source. '
            'Bright sources are the brightest quarter. Sources out of domain '
            'are left out.'), '<div class="pair">', *parts, '</div>')


def _source_table(detected, result, rows):
    """Return row, position, probability and flags of some sources."""
    probability, flags = probabilities(result), flags_of(result)
    return table(
        ('row', 'x', 'y', 'blend_prob', 'flags'),
        [[str(row), f'{detected.x[row]:.1f}', f'{detected.y[row]:.1f}',
          f'{probability[row]:.3f}', flag_words(flags[row])]
         for row in rows], text=('flags',))


def _flags(result):
    """Return how many sources have each flag."""
    return section('Flags', table(
        ('bit', 'flag', 'sources', 'meaning'), flag_counts(result),
        text=('flag', 'meaning')))


def _null_test(detected, result):
    """Return how many isolated sources are flagged, or why not."""
    test = run_null_test(detected, result)
    about = paragraph(
        'Nearly all isolated stars and round galaxies are single. Some '
        'contain a second source by chance. A network that suits the image '
        'flags about as many: the ratio is near 1. The row of SNR 50-1000 '
        'combines three others.')
    if test.result is None:
        return section('Null test', about, paragraph(
            f'The test could not run: {test.reason}.'))
    return section(
        'Null test', about,
        table(('kind', 'SNR', 'sources', 'flagged [%]', 'by chance [%]',
               'ratio'), score_rows(test.result.scores),
              text=('kind',)),
        *(paragraph(f'Note: {note}.') for note in test.notes),
        figure(plot_singles(test.result.sources,
                            threshold=test.threshold),
               'probability and half-light radius against SNR'))


def _settings(result):
    """Return the settings that the table records."""
    return section('Settings', table(
        ('setting', 'value'), setting_rows(result.meta),
        text=('setting', 'value')))
