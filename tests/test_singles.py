# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The null test: which sources are isolated, stars or round, and scores."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table, vstack
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import cKDTree

from blendhunter import DetectedImage, DetectionSettings
from blendhunter.benchmark import SinglesResult, evaluate_singles
from blendhunter.benchmark.isolated_sources import find_isolated_sources
from blendhunter.benchmark.metrics import proportion_error
from blendhunter.benchmark.singles import (
    describe_singles,
    singles_scores,
    worst_singles,
)
from blendhunter.cli import main
from blendhunter.detection.stellar_locus import find_stellar_locus
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.plotting import plot_singles, plot_worst_singles
from blendhunter.simulation import SourceModel, simulate_field

STARRY = SourceModel(density=60.0, star_fraction=0.3)


@pytest.fixture(scope='module')
def simulated():
    return simulate_field((600, 600), sources=STARRY, rng=1)


@pytest.fixture(scope='module')
def image(simulated):
    return np.asarray(simulated[0].data)


@pytest.fixture(scope='module')
def detected(image):
    return DetectedImage.from_image(image)


@pytest.fixture(scope='module')
def isolated(detected):
    return find_isolated_sources(detected, 12.0)


def true_stars(table, truth):
    """Whether the brightest true source within 3 px is a star."""
    tree = cKDTree(np.column_stack([truth['x'], truth['y']]))
    near = tree.query_ball_point(np.column_stack(
        [table['x_centroid'], table['y_centroid']]), 3)
    return np.array([bool(rows) and truth['is_star'][max(
        rows, key=lambda row: truth['flux'][row])] for rows in near])


def test_point_like_sources_are_stars(isolated, simulated):
    table = isolated[1]
    stars = true_stars(table, simulated[1])
    bright = np.asarray(table['snr']) > 50
    for kind, expected, at_least in (('point-like', True, 25),
                                     ('round', False, 6)):
        chosen = bright & (table['kind'] == kind)
        assert chosen.sum() >= at_least
        # three blends of stars and galaxies at the most
        assert np.sum(stars[chosen] != expected) <= 3
    assert np.all(table['axis_ratio'][table['kind'] == 'point-like'] < 1.15)
    assert np.all(table['axis_ratio'][table['kind'] == 'round'] < 1.3)


def test_isolated_sources(isolated, detected):
    rows, table = isolated
    points = np.column_stack([detected.x, detected.y])
    nearest = cKDTree(points).query(points, k=2)[0][:, 1]
    assert_allclose(table['nearest'], nearest[rows])
    assert table['nearest'].min() > 12
    # their stamps are whole
    for name in ('x_centroid', 'y_centroid'):
        assert_array_equal(table[name], detected.catalog[name][rows])
        assert np.all((table[name] > 25.5) & (table[name] < 574.5))
    assert_array_equal(table['snr'], detected.catalog['snr'][rows])
    assert table.meta['density'] == len(detected) / 600**2
    fewer = find_isolated_sources(detected, 20.0)[1]
    assert len(fewer) < len(table)


def test_locus_of_made_up_sources():
    """Fifty stars whose scatter grows with the noise, and 400 galaxies."""
    rng = np.random.default_rng(1)
    snr = np.exp(rng.uniform(np.log(10), np.log(2000), 450))
    radius = np.exp(rng.normal(np.log(2.6), 0.3, 450))
    width = np.hypot(0.03, 1 / snr[:50])
    radius[:50] = 1.7 * (snr[:50] / 100)**0.02 * np.exp(
        rng.normal(0, width))
    ratio = np.full(450, 1.05)
    locus = find_stellar_locus(radius, snr, ratio)
    assert locus.radius(100) == pytest.approx(1.7, rel=0.03)
    assert locus.radius(1000) / locus.radius(100) == pytest.approx(
        10**0.02, rel=0.05)
    assert 0.02 <= locus.scatter < 0.06
    assert locus.width(20) > locus.width(200)
    stars = np.arange(450) < 50
    near = np.abs(locus.distance(radius, snr)) < 3
    assert near[stars].mean() > 0.9
    bright = snr > 100
    assert near[bright & ~stars].mean() < 0.25
    with pytest.raises(ValueError, match='stellar locus needs 8 isolated '
                       'stars .* found 5'):
        find_stellar_locus(radius[:5], np.full(5, 200.0), ratio[:5])


def made_up_sources():
    """Point-like sources of SNR 70, 200 and 2000, a fifth of them flagged."""
    n = 60
    probability = np.where(np.arange(n) % 5, 0.1, 0.9)
    probability[-1] = np.nan
    return Table({'kind': ['point-like'] * n, 'n_pixels': np.full(n, 100),
                  'snr': np.repeat([70.0, 200.0, 2000.0], n // 3),
                  'chance': np.full(n, 0.1), 'blend_prob': probability,
                  'is_blend': probability >= 0.5})


def test_scores_of_made_up_sources():
    sources = made_up_sources()
    scores = singles_scores(sources)
    assert len(scores) == 12
    rows = {row['snr']: row for row in scores
            if row['kind'] == 'point-like'}
    assert [rows[name]['n'] for name in (
        '< 50', '50-100', '100-300', '300-1000', '> 1000', '50-1000')] == [
            0, 20, 20, 0, 19, 40]
    total = rows['50-1000']
    assert total['flagged'] == 0.2
    assert total['flagged_error'] == proportion_error(0.2, 40)
    assert total['ratio'] == pytest.approx(2)
    assert total['ratio_error'] == pytest.approx(10 * total['flagged_error'])
    assert np.isnan(rows['< 50']['flagged'])
    assert describe_singles(scores).split('\n') == [
        'point-like, SNR 50-1000: 40 sources, flagged 20.0 ± 6.3 %, chance '
        '10.0 %: ratio 2.0 ± 0.6', 'round, SNR 50-1000: none']
    worst = worst_singles(sources, 5)
    assert_array_equal(worst['point-like'], [0, 5, 10, 15, 20])
    assert len(worst['round']) == 0


def test_evaluation(recorder, image, detected):
    before = image.copy()
    result = evaluate_singles(recorder, image)
    assert isinstance(result, SinglesResult)
    assert_array_equal(image, before)
    sources = result.sources
    # the recorder answers 0.5, the threshold
    assert np.all(sources['is_blend'])
    assert_allclose(sources['chance'], 1 - np.exp(
        -sources.meta['density'] * sources['n_pixels']), rtol=1e-12)
    total = result.scores[result.scores['snr'] == '50-1000']
    assert np.all(total['flagged'] == 1)
    inside = (sources['snr'] >= 50) & (sources['snr'] < 1000)
    for row in total:
        chosen = inside & (sources['kind'] == row['kind'])
        assert row['n'] == chosen.sum()
        assert row['chance'] == pytest.approx(
            np.mean(sources['chance'][chosen]))
    # the stamps are those that the network has seen
    assert_array_equal(recorder.shown(), result.detected.stamps().data)
    again = evaluate_singles(recorder, detected)
    assert_array_equal(again.sources['kind'], sources['kind'])
    high = type(recorder)(threshold=0.6)
    high.reset()
    assert not np.any(evaluate_singles(high, detected).sources['is_blend'])


def test_image_in_maggies(recorder, image):
    """Nothing depends on the unit."""
    ours = evaluate_singles(recorder, image).sources
    theirs = evaluate_singles(recorder, image * 2.0**-40).sources
    for name in ('label', 'kind', 'snr', 'half_light_radius', 'chance'):
        assert_array_equal(ours[name], theirs[name])


def test_catalog_of_the_user(recorder, image, detected, isolated):
    """Positions alone, a few of them, in any order."""
    whole = isolated[1]
    order = np.random.default_rng(2).permutation(len(detected))[:150]
    catalog = Table({'x': detected.x[order], 'y': detected.y[order]})
    result = evaluate_singles(recorder, image, catalog).sources
    assert 40 < len(result) < 150
    place = {label: row for row, label in enumerate(whole['label'])}
    same = whole[[place[label] for label in result['label']]]
    # sources that the catalog lacks are neighbors and count all the same
    for name in ('nearest', 'flux', 'snr', 'half_light_radius'):
        assert_allclose(result[name], same[name], rtol=1e-6)
    assert result.meta['density'] == whole.meta['density']
    with pytest.raises(ValueError, match='catalog cannot be given'):
        evaluate_singles(recorder, detected, catalog)
    # a row that is listed twice counts once
    again = evaluate_singles(recorder, image, vstack(
        [catalog, catalog[:40]])).sources
    assert_array_equal(np.sort(again['label']), np.sort(result['label']))
    with pytest.raises(ValueError, match='catalog: it has no rows'):
        evaluate_singles(recorder, image, catalog[:0])


def test_segmentation_of_the_user(recorder, image, detected):
    """Photutils' segments, with labels that have gaps."""
    settings = DetectionSettings(method='photutils')
    found = DetectedImage.from_image(image, settings=settings)
    given = DetectedImage.from_image(image, settings=settings,
                                     segmentation=3 * found.segmentation)
    assert np.all(given.catalog['label'] % 3 == 0)
    ours, theirs = (evaluate_singles(recorder, one).sources
                    for one in (found, given))
    assert_array_equal(theirs['label'], 3 * ours['label'])
    assert_allclose(theirs['half_light_radius'], ours['half_light_radius'])
    # part of the detections: the others are still there
    part = detected.select(np.arange(0, len(detected), 2))
    again = evaluate_singles(recorder, part).sources
    assert 0.3 < len(again) / len(ours) < 0.7
    assert again.meta['density'] == len(detected) / image.size


def test_masked_pixels(recorder, image, isolated):
    """Segments with masked pixels are left out; the area is smaller."""
    before = isolated[1]
    mask = np.zeros(image.shape, dtype=bool)
    mask[:, 250:300] = True
    after = evaluate_singles(recorder, DetectedImage.from_image(
        image, mask=mask)).sources
    assert np.any((before['x_centroid'] > 245) & (before['x_centroid'] < 305))
    assert not np.any((after['x_centroid'] > 248)
                      & (after['x_centroid'] < 301))
    assert after.meta['density'] == pytest.approx(
        before.meta['density'], rel=0.1)


def test_bad_arguments(recorder, image):
    strange = type(recorder)(region='stamp')
    with pytest.raises(ValueError, match="identifier must have "
                       "region='segment', got 'stamp'"):
        evaluate_singles(strange, image)
    with pytest.raises(ValueError, match='must be between 0 and 1, got '
                       '1.5'):
        evaluate_singles(type(recorder)(threshold=1.5), image)
    for isolation in (0, -3.0, np.nan, np.inf):
        with pytest.raises(ValueError, match='isolation must be positive, '
                           'got'):
            evaluate_singles(recorder, image, isolation=isolation)
    rng = np.random.default_rng(1)
    other = Table({'x': rng.uniform(0, 600, 300),
                   'y': rng.uniform(0, 600, 300)})
    with pytest.raises(ValueError, match='of 300 positions are on a '
                       'detection of image; is it a catalog of another'):
        evaluate_singles(recorder, image, other)


def test_too_few_sources(recorder, detected):
    empty = np.random.default_rng(1).normal(size=(200, 200))
    with pytest.raises(ValueError, match='image: nothing was detected'
                       '|image: the stellar locus needs 8'):
        evaluate_singles(recorder, empty)
    with pytest.raises(ValueError, match='stellar locus needs 8 isolated '
                       'stars .* found 0'):
        evaluate_singles(recorder, detected, isolation=500.0)
    # of stars that only the locus is enough for
    kept = find_isolated_sources(detected, 12.0)
    stars = kept[0][(kept[1]['kind'] == 'point-like')
                    & (kept[1]['snr'] > 60) & (kept[1]['snr'] < 1000)][:9]
    faint = kept[0][kept[1]['snr'] < 30]
    some = detected.select(np.concatenate([stars, faint]))
    with pytest.raises(ValueError, match='needs 10 isolated point-like '
                       'sources or 10 round ones .* found 9 and 0'):
        evaluate_singles(recorder, some)


def hot_pixels(width):
    """Sources far narrower than a star should be, of SNR 50 to 500."""
    rng = np.random.default_rng(3)
    image = rng.normal(size=(500, 500))
    y, x = np.mgrid[:500, :500]
    for row in np.arange(40, 480, 60):
        for column in np.arange(40, 480, 60):
            peak = np.exp(rng.uniform(np.log(60), np.log(600)))
            image += peak * np.exp(-np.hypot(
                x - column - rng.uniform(-0.5, 0.5),
                y - row - rng.uniform(-0.5, 0.5))**2 / 2 / width**2)
    return image


def test_undersampled_image(recorder):
    with pytest.raises(ValueError, match='half-light radii below 1 px: they '
                       'are undersampled'):
        evaluate_singles(recorder, hot_pixels(0.5))
    image = hot_pixels(0.65)
    # one large source is enough to say that they are not all narrow
    y, x = np.mgrid[:500, :500]
    image += 30 * np.exp(-((x - 70)**2 + (y - 70)**2) / 2 / 3.0**2)
    with pytest.warns(BlendHunterWarning, match='it is undersampled'):
        result = evaluate_singles(recorder, image)
    assert np.sum(result.sources['kind'] == 'point-like') > 20


def test_wide_locus(recorder, detected, monkeypatch):
    monkeypatch.setattr('blendhunter.benchmark.isolated_sources.WIDE', 0.001)
    with pytest.warns(BlendHunterWarning, match='stellar locus is wide'):
        evaluate_singles(recorder, detected)


def test_saturated_stars(recorder, image, isolated):
    """Brighter than every star and somewhat larger: no galaxies."""
    bright = image.copy()
    y, x = np.mgrid[:600, :600]
    table = isolated[1]
    free = np.argmax(table['nearest'])
    cx, cy = table['x_centroid'][free], table['y_centroid'][free]
    profile = 3e5 * np.exp(-((x - cx)**2 + (y - cy)**2) / 2 / 2.0**2)
    bright = np.minimum(bright + profile, 3e4)
    result = evaluate_singles(recorder, bright).sources
    row = result[np.argmax(result['snr'])]
    assert np.hypot(row['x_centroid'] - cx, row['y_centroid'] - cy) < 1
    assert row['half_light_radius'] > 1.2 * row['locus_radius']
    assert row['axis_ratio'] < 1.3
    assert row['kind'] == 'other'


def test_figures(recorder, detected):
    result = evaluate_singles(recorder, detected)
    left, right = plot_singles(result.sources).axes
    kinds = [np.sum(result.sources['kind'] == kind)
             for kind in ('point-like', 'round', 'other')]
    # the running fraction of an answer that is always yes
    lines = [line for line in left.lines if len(line.get_xdata()) > 2]
    assert np.allclose(lines[0].get_ydata(), 1)
    drawn = [len(points.get_offsets()) for points in left.collections]
    assert drawn == kinds[:2]
    assert sum(len(points.get_offsets())
               for points in right.collections) == sum(kinds)
    worst = worst_singles(result.sources, 10)
    figure = plot_worst_singles(result.detected, result.sources, worst)
    assert len(figure.axes) == 20
    shown = sum(bool(panel.images) for panel in figure.axes)
    assert shown == sum(len(rows) for rows in worst.values())
    # a kind without sources has an empty line
    nothing = plot_worst_singles(
        result.detected, result.sources,
        {'point-like': worst['point-like'], 'round': worst['round'][:0]})
    assert not any(panel.images for panel in nothing.axes[10:])


def test_command(tmp_path, image, random_weights, capsys):
    path, out = tmp_path / 'a.fits', tmp_path / 'out'
    fits.writeto(path, image)
    command = ['benchmark', 'singles', str(path), '--weights',
               str(random_weights), '-o', str(out)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert 'point-like, SNR 50-1000: ' in printed
    assert 'chance' in printed
    assert sorted(p.name for p in out.iterdir()) == [
        'scores.ecsv', 'scores.rst', 'singles.ecsv', 'singles.png',
        'strip.png']
    sources = Table.read(out / 'singles.ecsv')
    sources.write(tmp_path / 'singles.fits')
    assert len(Table.read(tmp_path / 'singles.fits')) == len(sources)
    assert len(Table.read(out / 'scores.ecsv')) == 12
    assert '± 0.000' not in (out / 'scores.rst').read_text()
    assert main(command) == 1
    assert 'use --overwrite to replace them' in capsys.readouterr().err


def test_command_refuses(tmp_path, image, random_weights, capsys):
    path, catalog = tmp_path / 'a.fits', tmp_path / 'singles.ecsv'
    fits.writeto(path, image)
    rng = np.random.default_rng(1)
    Table({'x': rng.uniform(0, 600, 300),
           'y': rng.uniform(0, 600, 300)}).write(catalog)
    command = ['benchmark', 'singles', str(path), '--weights',
               str(random_weights)]
    for options, message in (
            (['-o', str(tmp_path), '--catalog', str(catalog)],
             'is also given as catalog; the output would replace'),
            (['-o', str(tmp_path / 'b'), '--catalog', str(catalog)],
             'is it a catalog of another image?'),
            (['-o', str(tmp_path / 'b'), '--threshold', '2'],
             'threshold must be between 0 and 1'),
            (['-o', str(tmp_path / 'b'), '--isolation', '400'],
             'the stellar locus needs 8')):
        assert main([*command, *options]) == 1
        error = capsys.readouterr().err.strip().splitlines()
        assert len(error) == 1, error
        assert message in error[0]
    assert not (tmp_path / 'b').exists()
