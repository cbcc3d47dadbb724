# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Looking at results: stamps, fields, ``blendhunter show``, reports."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import QTable
from numpy.testing import assert_allclose, assert_array_equal

from blendhunter import DetectedImage, detect
from blendhunter._utils.meta import META_KEYS, record_meta
from blendhunter.benchmark import evaluate_singles
from blendhunter.cli import main
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.plotting import (
    plot_field,
    plot_probabilities,
    plot_result,
    plot_stamps,
)
from blendhunter.reports import write_report
from blendhunter.reports.null_test import run_null_test
from blendhunter.stamps import BlendFlag

FLAGGED = [2, 5, 11]


def classified(catalog):
    """Append the columns of a result, with a known probability each."""
    result = catalog.copy()
    n = len(result)
    result['blend_prob'] = np.linspace(0, 0.4, n).astype('f4')
    result['is_blend'] = np.zeros(n, dtype=bool)
    result['blend_flags'] = np.zeros(n, dtype='i4')
    result['n_neighbors'] = np.zeros(n, dtype='i2')
    for row, value in zip(FLAGGED, (0.7, 0.9, 0.8), strict=True):
        result['blend_prob'][row] = value
        result['is_blend'][row] = True
    record_meta(result.meta, version='1', weights='default', threshold=0.5,
                region='segment', prior=0.07, noise='estimated')
    return result


@pytest.fixture(scope='module')
def result(field):
    """A table as `classify` makes it. Not to be changed."""
    return classified(detect(field[0]))


@pytest.fixture(scope='module')
def detected(field, result):
    return DetectedImage.from_image(field[0], result)


@pytest.fixture
def files(field, result, tmp_path):
    """Image and table as files, and the path of a picture."""
    paths = [tmp_path / name for name in ('image.fits', 'r.ecsv', 'a.png')]
    fits.PrimaryHDU(np.array(field[0])).writeto(paths[0])
    result.write(paths[1])
    return [str(path) for path in paths]


def titles(figure):
    """Return the titles of the panels that have a stamp."""
    return [axes.get_title() for axes in figure.axes if axes.images]


def show(files, *argv):
    """Run ``blendhunter show``; return the status."""
    image, table, picture = files
    return main(['show', image, table, *argv, '-o', picture])


def error_of(capsys):
    """Return the only line on stderr."""
    line, = capsys.readouterr().err.splitlines()
    return line


# --- plot_stamps ------------------------------------------------------------


def test_the_flagged_are_shown_most_likely_first(field, result, detected):
    figure = plot_stamps(field[0], result)
    assert figure.get_suptitle() == ('3 of 3 flagged sources, highest '
                                     'blend_prob first')
    assert titles(figure) == ['5: 0.900', '11: 0.800', '2: 0.700']
    # the pixels that the network saw, before others are filled
    for axes, row in zip(figure.axes, (5, 11, 2), strict=False):
        stamp = detected.stamps([row], 'stamp').data[0]
        assert_array_equal(axes.images[0].get_array(), np.arcsinh(stamp / 2))


def test_at_most_fifty_of_the_flagged(field, result):
    many = result[np.arange(120) % len(result)]
    many['is_blend'] = True
    figure = plot_stamps(field[0], many)
    assert figure.get_suptitle().startswith('50 of 120 flagged sources')
    assert len(titles(figure)) == 50


def test_chosen_rows_in_their_order(field, result):
    figure = plot_stamps(field[0], result, rows=[7, 0, 3], n_across=2)
    assert figure.get_suptitle() == f'3 of {len(result)} sources'
    assert [title.split(':')[0] for title in titles(figure)] == [
        '7', '0', '3']
    assert len(figure.axes) == 4
    assert plot_stamps(field[0], result, rows=[1], title='mine'
                       ).get_suptitle() == 'mine'


def test_the_contour_is_the_segment(field, result, detected):
    figure = plot_stamps(field[0], result, rows=[5])
    contour, = [item for item in figure.axes[0].collections
                if hasattr(item, 'levels')]
    y, x = np.nonzero(detected.stamps([5]).regions[0])
    low, high = contour.get_paths()[0].get_extents().get_points()
    # lines at 0.5 lie halfway between pixels
    assert_allclose(low, [x.min() - 0.5, y.min() - 0.5])
    assert_allclose(high, [x.max() + 0.5, y.max() + 0.5])


def test_a_part_or_another_order_of_the_table(result, detected):
    """Rows of the given table are shown, not those of the image."""
    part = result[np.asarray(result['is_blend'])]
    turned = result[::-1]
    last = len(result) - 1
    expected = detected.stamps([5], 'stamp').data[0]
    region = detected.stamps([5]).regions[0]
    for table, row in ((result, 5), (part, 1), (turned, last - 5)):
        figure = plot_stamps(detected, table, rows=[row])
        assert_array_equal(figure.axes[0].images[0].get_array(),
                           np.arcsinh(expected / 2))
        paths = figure.axes[0].collections[0].get_paths()
        assert paths[0].contains_points(np.argwhere(region)[:, ::-1]).all()


def test_positions_under_names_of_the_user(field, result):
    table = result['x_centroid', 'y_centroid', 'blend_prob', 'is_blend']
    table.rename_columns(['x_centroid', 'y_centroid'], ['right', 'up'])
    own = DetectedImage.from_image(field[0], table, columns=('right', 'up'))
    assert titles(plot_stamps(own, table)) == [
        '5: 0.900', '11: 0.800', '2: 0.700']
    with pytest.raises(ValueError, match='position'):
        plot_stamps(field[0], table)


def test_unknown_probabilities_and_flags(field, result):
    table = result.copy()
    table['blend_prob'][4] = np.nan
    table['blend_flags'][4] = BlendFlag.EDGE | BlendFlag.NO_SEGMENT
    axes = plot_stamps(field[0], table, rows=[4, 5]).axes
    assert axes[0].get_title() == '4: –'
    assert axes[0].get_xlabel() == 'edge, no segment'
    assert axes[1].get_xlabel() == ''


def test_a_row_without_a_position(field, result):
    table = result.copy()
    table['x_centroid'][4] = np.nan
    table['blend_prob'][4] = np.nan
    assert titles(plot_stamps(field[0], table, rows=[4])) == ['4: –']
    plot_field(field[0], table, rows=[4])


def test_companions_get_a_cross(field, result):
    table = result.copy()
    for axis, step in (('x', 3.0), ('y', -4.0)):
        table[f'companion_{axis}'] = np.full(len(table), np.nan)
        table[f'companion_{axis}'][5] = (
            np.round(table[f'{axis}_centroid'][5]) + step)
    axes = plot_stamps(field[0], table, rows=[5, 2]).axes
    assert_array_equal(axes[0].collections[-1].get_offsets(), [[28, 21]])
    assert not np.isfinite(axes[1].collections[-1].get_offsets()).any()
    crosses = plot_field(field[0], table).axes[0].collections[-1]
    drawn = np.ma.filled(crosses.get_offsets(), np.nan)
    assert_array_equal(drawn[np.isfinite(drawn[:, 0])], [
        [table['companion_x'][5], table['companion_y'][5]]])


def test_nothing_is_flagged(field, result):
    table = result.copy()
    table['is_blend'] = False
    figure = plot_stamps(field[0], table)
    assert figure.get_suptitle() == (
        f'none of {len(table)} sources is flagged')
    assert titles(figure) == []
    assert titles(plot_stamps(field[0], table[:0])) == []


@pytest.mark.parametrize(('rows', 'text'), [
    ([99], 'rows: row 99 is not in the table, whose .* rows count from 0'),
    ([-1], 'row -1 is not'), ([0.5], 'rows must be row numbers'),
    ([[1]], 'rows must be row numbers')])
def test_rows_that_cannot_be_shown(field, result, rows, text):
    for draw in (plot_stamps, plot_field):
        with pytest.raises(ValueError, match=text):
            draw(field[0], result, rows=rows)


def test_tables_that_cannot_be_shown(field, result, detected):
    catalog = result['x_centroid', 'y_centroid']
    for draw in (plot_stamps, plot_field):
        with pytest.raises(ValueError, match="no column 'blend_prob'"):
            draw(detected, catalog, rows=[0])
    with pytest.raises(ValueError, match='n_across must be positive, got 0'):
        plot_stamps(field[0], result, n_across=0)
    elsewhere = result.copy()
    elsewhere['x_centroid'] += 5000
    n = len(result)
    text = (f'result: {n} of {n} classified positions are off the image of '
            '320 x 300 px')
    for image in (field[0], detected):
        with pytest.raises(ValueError, match=text):
            plot_stamps(image, elsewhere, rows=[0])


@pytest.mark.filterwarnings(f'ignore::{BlendHunterWarning.__module__}.'
                            'BlendHunterWarning')
def test_rows_off_the_image_that_were_not_classified(field, result):
    """A catalog may reach beyond the image."""
    table = result.copy()
    table['x_centroid'][0] = -50
    table['blend_prob'][0] = np.nan
    assert titles(plot_stamps(field[0], table, rows=[0, 1]))[0] == '0: –'


def test_warnings_are_passed_on(field, result):
    """As `DetectedImage.from_image` gives them."""
    table = result.copy()
    table['x_centroid'] += 5000
    table['blend_prob'] = np.nan
    with pytest.warns(BlendHunterWarning, match='off the image'):
        plot_field(field[0], table, rows=[1])


# --- plot_field -------------------------------------------------------------


def test_the_flagged_are_circled(field, result, detected):
    table = result.copy()
    table['blend_flags'][2] = BlendFlag.OUT_OF_DOMAIN
    axes = plot_field(field[0], table, title='a title').axes[0]
    usual, strange = axes.collections[:2]
    positions = np.column_stack([detected.x, detected.y])
    assert_array_equal(usual.get_offsets(), positions[[5, 11]])
    assert_array_equal(strange.get_offsets(), positions[[2]])
    assert {text.get_text() for text in axes.texts} == {'2', '5', '11'}
    assert axes.figure.get_suptitle() == 'a title'


def test_chosen_rows_are_circled(field, result, detected):
    axes = plot_field(field[0], result, rows=[1, 4]).axes[0]
    assert_array_equal(axes.collections[0].get_offsets(), np.column_stack(
        [detected.x, detected.y])[[1, 4]])
    assert axes.get_legend().get_texts()[0].get_text() == (
        f'2 of {len(result)} sources')


def test_many_circles_have_no_numbers(field, result):
    many = result[np.arange(120) % len(result)]
    axes = plot_field(field[0], many, rows=np.arange(61)).axes[0]
    assert len(axes.texts) == 0
    assert len(axes.collections[0].get_offsets()) == 61


def test_the_histogram(result):
    axes = plot_probabilities(result).axes[0]
    counts = [patch.get_height() for patch in axes.patches]
    assert sum(counts) == len(result)
    assert axes.lines[0].get_xdata()[0] == 0.5
    assert plot_probabilities(result, threshold=0.3).axes[0].lines[
        0].get_xdata()[0] == 0.3
    assert plot_probabilities(result[:0]).axes


# --- blendhunter show -------------------------------------------------------


@pytest.mark.parametrize(('argv', 'text', 'shown'), [
    ([], '3 of 3 flagged sources, highest blend_prob first', [5, 11, 2]),
    (['--n', '2'], '2 of 3 flagged sources, highest blend_prob first',
     [5, 11]),
    (['--rows', '3', '0'], '2 of {n} sources', [3, 0]),
    (['--sort', 'blend_prob', '--n', '4'],
     '4 of {n} sources, highest blend_prob first', [5, 11, 2, None]),
    (['--sort=-blend_prob', '--n', '2'],
     '2 of {n} sources, lowest blend_prob first', [0, 1])])
def test_show(files, result, capsys, monkeypatch, argv, text, shown):
    """What is printed, and which rows are drawn."""
    drawn = []

    def record(image, table, *, rows, title):
        drawn.append(rows)
        assert title == f'image.fits: {text.format(n=len(result))}'
        return plot_stamps(image, table, rows=rows, title=title)

    monkeypatch.setattr('blendhunter.plotting.plot_stamps', record)
    assert show(files, *argv) == 0
    assert capsys.readouterr().out == (
        f'{text.format(n=len(result))}; written to {files[2]}\n')
    last = len(result) - 1
    assert_array_equal(drawn[0], [last if row is None else row
                                  for row in shown])
    with open(files[2], 'rb') as file:
        assert file.read(4) == b'\x89PNG'


def test_show_the_field(files, result, capsys):
    assert show(files, '--field') == 0
    assert capsys.readouterr().out.startswith(
        f'3 of {len(result)} sources are flagged; ')
    for argv in (['--n', '2'], ['--rows', '4']):
        assert show(files, '--field', '--overwrite', *argv) == 0


def test_unknown_values_are_sorted_last(files, result, monkeypatch):
    table = result.copy()
    table['blend_prob'][0] = np.nan
    table.write(files[1], overwrite=True)
    drawn = []
    monkeypatch.setattr(
        'blendhunter.plotting.plot_stamps',
        lambda image, table, *, rows, title: drawn.append(rows)
        or plot_field(image, table, rows=rows, title=title))
    for name in ('blend_prob', '-blend_prob'):
        assert show(files, f'--sort={name}', '--n', '99',
                    '--overwrite') == 0
    assert drawn[0][-1] == drawn[1][-1] == 0


def test_show_the_segments_that_were_classified(files, field, tmp_path,
                                                monkeypatch):
    """Mask and segments count as they do in classify."""
    mask = np.zeros(field[0].shape, dtype='u1')
    mask[:60] = 1
    fits.PrimaryHDU(mask).writeto(tmp_path / 'm.fits')
    detected = DetectedImage.from_image(np.array(field[0]),
                                        mask=mask.astype(bool))
    classified(detected.catalog).write(files[1], overwrite=True)
    fits.PrimaryHDU(detected.segmentation).writeto(tmp_path / 's.fits')
    seen = []
    monkeypatch.setattr(
        'blendhunter.plotting.plot_stamps',
        lambda image, table, *, rows, title: seen.append(image)
        or plot_field(image, table, rows=rows, title=title))
    for argv in ([], ['--segmentation', str(tmp_path / 's.fits')]):
        assert show(files, '--mask', str(tmp_path / 'm.fits'), '--overwrite',
                    *argv) == 0
        assert_array_equal(seen[-1].segmentation, detected.segmentation)


def test_a_table_of_csv(files, result, capsys):
    path = files[1].replace('ecsv', 'csv')
    table = result.copy()
    table.meta.clear()
    QTable(table).write(path)
    assert show([files[0], path, files[2]]) == 0
    assert capsys.readouterr().out.startswith('3 of 3 flagged')


@pytest.mark.parametrize(('argv', 'text'), [
    (['--rows', '3', '500'],
     'rows: row 500 is not in the table, whose {n} rows count from 0'),
    (['--sort', 'magnitude'],
     "sort: no column 'magnitude' in the table; it has label, "),
    (['--sort', 'name'],
     "sort: column 'name' must hold one number for each row")])
def test_errors_of_the_choice(files, result, capsys, argv, text):
    table = result.copy()
    table['name'] = [f'star {i}' for i in range(len(table))]
    table.write(files[1], overwrite=True)
    assert show(files, *argv) == 1
    assert error_of(capsys).startswith(
        f'blendhunter: error: {text.format(n=len(result))}')


def test_errors_of_the_table(files, result, capsys):
    table = result.copy()
    table['is_blend'] = False
    table.write(files[1], overwrite=True)
    assert show(files) == 1
    assert error_of(capsys) == (
        f'blendhunter: error: result: none of its {len(table)} sources is '
        'flagged; use --sort blend_prob to show the most likely')
    table['x_centroid'] += 5000
    table.write(files[1], overwrite=True)
    assert show(files, '--rows', '0') == 1
    assert 'off the image of 320 x 300 px; does the table' in error_of(
        capsys)
    table.remove_column('blend_prob')
    table.write(files[1], overwrite=True)
    assert show(files) == 1
    assert error_of(capsys).startswith(
        "blendhunter: error: result has no column 'blend_prob', so it is "
        "not a result of 'classify'; it has ['label', ")
    assert show([files[0], 'missing.ecsv', files[2]]) == 1
    assert error_of(capsys).endswith("no such file: 'missing.ecsv'")


def test_errors_of_the_picture(files, capsys):
    assert show(files) == 0
    capsys.readouterr()
    assert show(files) == 1
    assert error_of(capsys) == (
        f'blendhunter: error: output: {files[2]!r} exists; use --overwrite '
        'to replace it')
    assert show(files, '--overwrite') == 0
    assert show([*files[:2], files[2][:-3] + 'doc']) == 1
    assert "unknown extension '.doc'" in error_of(capsys)
    assert show([*files[:2], files[0]], '--overwrite') == 1
    assert 'would replace this input' in error_of(capsys)


def test_rows_with_sort(files, capsys):
    with pytest.raises(SystemExit) as error:
        show(files, '--sort', 'snr', '--rows', '1')
    assert error.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        'blendhunter show: error: argument --rows: not allowed with argument '
        '--sort')


# --- reports ----------------------------------------------------------------


class Page(HTMLParser):
    """Collects the tags, the links and the text of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.links, self.words, self.open = [], [], [], []
        self.feed(path.read_text(encoding='utf-8'))
        self.text = ' '.join(' '.join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ('meta', 'img'):
            self.open.append(tag)
        self.links += [value for name, value in attrs
                       if name in ('src', 'href')]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != 'style':
            self.words.append(data)


def test_report(result, detected, tmp_path):
    table = result.copy()
    table['blend_flags'][2] = BlendFlag.EDGE | BlendFlag.MASKED
    table['blend_prob'][3] = np.nan
    path = tmp_path / 'a.html'
    write_report(path, detected, table, title='<b>&.fits')
    page = Page(path)
    assert page.open == []
    assert '<b>&.fits' not in path.read_text(encoding='utf-8')
    assert 'Blends in <b>&.fits' in page.text
    # one file: no script, no link
    assert not {'script', 'link', 'a', 'iframe'} & set(page.tags)
    assert len(page.links) == page.tags.count('img') >= 4
    assert all(link.startswith('data:image/png;base64,iVBOR')
               for link in page.links)
    assert not re.search(r'url\(|@import|https?:',
                         path.read_text(encoding='utf-8'))
    expected = np.nansum(table['blend_prob'])
    assert (f'{len(table)} sources 3 flagged as blends 1 not classified '
            f'{expected:.1f} blends expected') in page.text
    row = table[2]
    assert (f'2 {row["x_centroid"]:.1f} {row["y_centroid"]:.1f} '
            '0.700 edge, masked') in page.text
    assert '1 edge 1 the stamp extends beyond the edge' in page.text
    for name in META_KEYS:
        assert name in ('sha256', 'screen', 'n_views', 'prior_source',
                        'prior_error') or name in page.text
    assert 'threshold of is_blend 0.5' in page.text
    assert 'detection method sep, n_sigma 1.5' in page.text


def test_report_without_a_null_test(result, detected, tmp_path):
    """There are too few stars."""
    write_report(tmp_path / 'a.html', detected, result[:6])
    assert ('The test could not run: the stellar locus needs 8 isolated '
            'stars with an SNR above 50 and a/b < 1.15, found ') in Page(
                tmp_path / 'a.html').text


def test_report_of_a_null_test(tmp_path, recorder):
    """The test uses the probabilities of the table; no network runs."""
    from blendhunter import simulate_field
    from blendhunter.simulation import SourceModel

    stars = SourceModel(density=20.0, star_fraction=0.7)
    image, _ = simulate_field((600, 600), sources=stars, rng=1)
    detected = DetectedImage.from_image(image)
    result = classified(detected.catalog)
    result['is_blend'] = True
    write_report(tmp_path / 'a.html', detected, result)
    page = Page(tmp_path / 'a.html')
    assert 'could not run' not in page.text
    found = re.search(r'point-like 50-1000 (\d+) ([\d.]+) ± ', page.text)
    assert int(found[1]) >= 10
    assert found[2] == '100.0'
    # it is the one of the benchmark
    expected = evaluate_singles(recorder, detected)
    found = run_null_test(detected, recorder.classify(detected)).result
    for name in ('sources', 'scores'):
        ours, theirs = getattr(found, name), getattr(expected, name)
        assert ours.colnames == theirs.colnames
        for column in ours.colnames:
            assert_array_equal(ours[column], theirs[column])
    # of the whole stamp there is no such test
    record_meta(result.meta, region='stamp')
    write_report(tmp_path / 'a.html', detected, result)
    assert "could not run: it needs region 'segment'" in Page(
        tmp_path / 'a.html').text


def test_report_of_nothing(result, detected, tmp_path):
    path = tmp_path / 'a.html'
    write_report(path, detected, result[:0])
    page = Page(path)
    assert '0 sources 0 flagged' in page.text
    assert 'There are no sources to show.' in page.text
    assert 'The test could not run: it has no rows.' in page.text


def test_classify_writes_a_report(files, random_weights, tmp_path, capsys):
    image, report = files[0], tmp_path / 'report.html'
    argv = ['classify', image, '--weights', str(random_weights), '-o',
            str(tmp_path / 'o.ecsv'), '--batch-size', '32', '--report',
            str(report)]
    assert main(argv) == 0
    page = Page(report)
    assert 'Blends in image.fits' in page.text
    assert f'command blendhunter {" ".join(argv)}' in page.text
    assert f'image {image}' in page.text
    # the table is as it is without a report
    assert 'BHCMD' not in QTable.read(tmp_path / 'o.ecsv').meta
    (tmp_path / 'o.ecsv').unlink()
    capsys.readouterr()
    assert main(argv) == 1
    assert error_of(capsys).endswith(
        f'report: {str(report)!r} exists; use --overwrite to replace it')
    argv[-1] = str(tmp_path / 'a.txt')
    assert main(argv) == 1
    assert "report: unknown extension '.txt'; the known ones" in error_of(
        capsys)
    argv[-1] = image
    assert main([*argv, '--overwrite']) == 1
    assert 'would replace this input' in error_of(capsys)


def test_many_images_have_no_report(files, tmp_path, capsys):
    assert main(['classify', files[0], '--output-dir', str(tmp_path / 'd'),
                 '--report', str(tmp_path / 'a.html')]) == 1
    assert error_of(capsys) == (
        'blendhunter: error: report: --report is for one image with -o, not '
        'for --output-dir')


def test_a_failed_report_leaves_no_file(result, detected, tmp_path,
                                        monkeypatch):
    def fail(*_, **__):
        raise OSError('no')

    monkeypatch.setattr('pathlib.Path.write_text', fail)
    with pytest.raises(OSError, match='no'):
        write_report(tmp_path / 'a.html', detected, result)
    assert list(tmp_path.iterdir()) == []


def test_the_picture_of_a_result_is_as_before(result, detected):
    """`plot_result` shares its drawing, and has no numbers."""
    figure = plot_result(detected, result)
    assert len(figure.axes[0].texts) == 0
    assert figure.axes[1].get_title() == '0.900'
