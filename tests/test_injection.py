# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Injections: what is copied where, what becomes of it, how it is scored."""

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from numpy.testing import assert_array_equal

from blendhunter import DetectedImage, DetectionSettings
from blendhunter.benchmark.baselines import split_by_photutils
from blendhunter.benchmark.injected_sources import (
    inject_sources,
    redetect,
)
from blendhunter.benchmark.injection import (
    evaluate_injections,
    injection_bins,
    injection_scores,
)
from blendhunter.benchmark.metrics import proportion_error
from blendhunter.cli import main
from blendhunter.plotting import plot_injections
from blendhunter.simulation import SourceModel, simulate_field

SPARSE = SourceModel(kind='knots', density=60.0)


@pytest.fixture(scope='module')
def image():
    return simulate_field((600, 600), sources=SPARSE, rng=3)[0]


@pytest.fixture(scope='module')
def found(image):
    return DetectedImage.from_image(image.data, noise=14.5)


@pytest.fixture(scope='module')
def injected(found):
    return inject_sources(found, np.random.default_rng(1))


def test_injections_keep_their_limits(injected, found):
    _, table = injected
    assert len(table) > 10
    # whole pixels, so the limits of 2 to 10 px are blurred by one
    assert np.all((table['separation'] > 1.2) & (table['separation'] < 10.8))
    assert np.all((table['flux_ratio'] >= 0.1) & (table['flux_ratio'] <= 1))
    assert np.all(table['snr'] >= 5)
    assert np.all(table['host'] != table['donor'])
    assert len(set(table['host'])) == len(table)
    distance = np.hypot(table['x_host'][:, None] - table['x_host'],
                        table['y_host'][:, None] - table['y_host'])
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 80
    catalog = found.catalog
    assert np.all(catalog['flag'][table['donor']] == 0)
    assert np.all(catalog['snr'][table['donor']] >= 30)


def test_what_is_added_is_the_scaled_donor(injected, found):
    after, table = injected
    before, catalog, segmentation = (found.image, found.catalog,
                                     found.segmentation)
    difference = (after.data - before.data).astype(float)
    for row in table:
        cx, cy = round(row['x']), round(row['y'])
        box = (slice(max(cy - 40, 0), cy + 41), slice(max(cx - 40, 0),
                                                      cx + 41))
        wanted = row['flux_ratio'] * catalog['flux'][row['host']]
        assert difference[box].sum() * before.scale == pytest.approx(
            float(wanted), rel=1e-3)
        label = catalog['label'][row['donor']]
        assert np.count_nonzero(difference[box]) == np.sum(
            segmentation == label)
        # the companion does not sit on a third source
        assert segmentation[cy, cx] in (0, catalog['label'][row['host']])
    # nothing else has changed, and the input is as it was
    assert np.count_nonzero(difference) == sum(
        np.sum(segmentation == catalog['label'][row['donor']])
        for row in table)


def test_outcomes(injected):
    after, table = injected
    again, outcome, row = redetect(after, table, DetectionSettings())
    assert set(outcome) <= {'split', 'merged', 'lost'}
    assert np.sum(outcome == 'merged') > 2
    # close ones are merged, distant ones split
    assert (np.median(table['separation'][outcome == 'merged'])
            < np.median(table['separation'][outcome == 'split']))
    for i in np.flatnonzero(outcome == 'merged'):
        # one detection near both, whose segment grew over the companion
        distance = np.hypot(again.x[row[i]] - table['x'][i],
                            again.y[row[i]] - table['y'][i])
        assert distance < 15
        assert again.segmentation[round(table['y'][i]), round(
            table['x'][i])] == again.labels[row[i]]


def test_hosts_are_not_used_twice(found):
    rng = np.random.default_rng(1)
    _, first = inject_sources(found, rng)
    _, second = inject_sources(found, rng, used=first['host'])
    assert not set(first['host']) & set(second['host'])
    everything = np.arange(len(found))
    _, none = inject_sources(found, rng, used=everything)
    assert len(none) == 0


def test_noise_is_that_at_the_new_place(image):
    """Twice the noise on one half: half the SNR there."""
    noise = np.full(image.shape, 14.5, dtype=np.float32)
    noise[:, 300:] *= 2
    detected = DetectedImage.from_image(image.data, noise=noise)
    after, table = inject_sources(detected, np.random.default_rng(2))
    assert np.all(table['snr'] >= 5)
    added = (after.data - detected.image.data).astype(float) * (
        detected.image.scale)
    sides = set()
    for row in table:
        cx, cy = round(row['x']), round(row['y'])
        box = (slice(max(cy - 40, 0), cy + 41), slice(max(cx - 40, 0),
                                                      cx + 41))
        values, here = added[box], noise[box]
        own = values != 0
        if len(set(here[own])) > 1:
            continue
        sides.add(float(here[own][0]))
        donor = round(float(detected.y[row['donor']])), round(
            float(detected.x[row['donor']]))
        scale = values.sum() / float(
            detected.catalog['flux'][row['donor']])
        # without the power of the noise that the donor brought along
        power = np.sum(values[own]**2) - np.sum(own) * (
            scale * noise[donor])**2
        assert row['snr'] == pytest.approx(
            np.sqrt(power) / here[own][0], rel=2e-3)
    assert sides == {14.5, 29.0}


def test_image_without_merged_injections(identifier):
    """Too small for a host: one clear line."""
    small = simulate_field((130, 130), sources=SPARSE, rng=5)[0]
    with pytest.raises(ValueError, match='none of 0 injections was merged'
                       '|no clean source that can be copied'):
        evaluate_injections(small, identifier, rounds=1)


def test_no_clean_source(found):
    catalog = found.catalog.copy()
    catalog['flag'] = 1
    with pytest.raises(ValueError, match='no clean source that can be copied'):
        inject_sources(replace(found, catalog=catalog),
                       np.random.default_rng(1))


def test_masked_pixels_stay_empty(image):
    mask = np.zeros(image.shape, dtype=bool)
    mask[:, 250:350] = True
    found = DetectedImage.from_image(image.data, noise=14.5, mask=mask)
    after, _ = inject_sources(found, np.random.default_rng(1))
    assert np.all(after.data[mask] == 0)


def test_measurement(image, identifier):
    made = evaluate_injections(image, identifier, rounds=2, rng=4)
    table = made.truth
    assert set(table['round']) == {0, 1}
    merged = table['outcome'] == 'merged'
    assert np.all(np.isfinite(table['network'][merged]))
    assert np.all(np.isnan(table['network'][~merged]))
    assert np.all(made.arrays['stamps'][merged].any(axis=(1, 2)))
    assert not made.arrays['stamps'][~merged].any()
    scores = injection_scores(table)
    assert {'network', 'area', 'photutils split'} <= set(scores['method'])
    area = scores[scores['method'] == 'area'][0]
    # what is added makes the segment larger
    assert area['auc'] > 0.5
    again = evaluate_injections(DetectedImage.from_image(image), identifier,
                                rounds=2, rng=np.random.SeedSequence(4))
    for name in table.colnames:
        assert_array_equal(again.truth[name], table[name])
    with pytest.raises(ValueError, match='rounds must be positive'):
        evaluate_injections(image, identifier, rounds=0)


def test_scores_of_a_made_up_table():
    """A score that knows, and one that is blind."""
    n = 200
    table = Table({
        'outcome': np.where(np.arange(n) % 4, 'merged', 'split'),
        'separation': np.linspace(2, 10, n), 'snr': np.full(n, 7.0),
        'flux_ratio': np.full(n, 0.5)})
    rng = np.random.default_rng(1)
    table['sharp'] = 1 + rng.uniform(size=n)
    table['sharp_before'] = rng.uniform(size=n)
    table['blind'] = table['blind_before'] = 1.0
    scores = {row['method']: row for row in injection_scores(table)}
    assert scores['sharp']['n_merged'] == 150
    assert scores['sharp']['auc'] == scores['sharp']['completeness_fpr1'] == 1
    assert scores['blind']['auc'] == 0.5
    assert scores['blind']['completeness_fpr10'] == 0
    assert scores['blind']['completeness_fpr10_error'] == proportion_error(
        0.0, 150)
    bins = injection_bins(table)
    assert list(dict.fromkeys(bins['working_point'])) == ['fpr 1', 'fpr 5',
                                                          'fpr 10']
    shown_in_a_figure(bins)
    bins = bins[bins['working_point'] == 'fpr 5']
    sharp = bins[(bins['method'] == 'sharp')
                 & (bins['quantity'] == 'separation')]
    assert sharp['n_blends'].sum() == 150
    assert np.all(sharp['completeness'][sharp['n_blends'] > 0] == 1)
    assert_array_equal(sharp['n_flagged'], sharp['n_blends'])
    # there are no single sources in the bins
    assert np.isnan(sharp['purity']).all()
    snr = bins[(bins['method'] == 'blind') & (bins['quantity'] == 'snr')]
    assert snr['n_blends'].tolist() == [150, 0, 0, 0]
    assert np.isnan(snr['completeness'][1])
    # nothing is found with the blind score, in any resampled set
    assert snr['completeness'][0] == 0
    assert snr['completeness_error'][0] == proportion_error(0.0, 150)
    assert np.all(bins['n_blends'][bins['quantity'] == 'separation'].reshape(
        2, -1).sum(axis=1) == 150)


def shown_in_a_figure(bins):
    """The figure's rows are the working points, its points the table's."""
    known = bins.copy()
    known['method'] = np.where(known['method'] == 'sharp', 'network', 'area')
    figure = plot_injections(known)
    assert len(figure.axes) == 9
    labels = [figure.axes[i].get_ylabel().split('\n')[1] for i in (0, 3, 6)]
    assert labels == [f'{rate} % of the untouched hosts flagged'
                      for rate in (1, 5, 10)]
    drawn, = figure.axes[0].containers  # 'area' is not among those shown
    part = known[(known['method'] == 'network')
                 & (known['working_point'] == 'fpr 1')
                 & (known['quantity'] == 'separation')]
    assert_array_equal(drawn.lines[0].get_ydata(),
                       part['completeness'][part['n_blends'] > 0])


def test_segments_that_photutils_would_split(found):
    split = split_by_photutils(found)
    assert split.shape == (len(found),)
    # few: SEP has deblended, too; but the centroids of two sources in one
    # segment are a split by definition
    assert 0 < split.mean() < 0.2
    # one segment for all: it holds every centroid
    whole = replace(found, catalog=found.catalog[:1], x=found.x[:1],
                    y=found.y[:1], labels=np.array([1]),
                    given_segmentation=np.ones_like(found.segmentation))
    assert split_by_photutils(whole).tolist() == [True]
    # nothing is to be said of photutils' own segments
    assert split_by_photutils(replace(found, settings=DetectionSettings(
        method='photutils'))) is None
    # with the user's settings: at 1e6 sigma nothing is found
    assert split_by_photutils(replace(whole, settings=DetectionSettings(
        n_sigma=1e6))).tolist() == [False]


def test_command(tmp_path, image, random_weights, capsys):
    path, catalog = tmp_path / 'a.fits', tmp_path / 'c.ecsv'
    fits.writeto(path, image.data)
    command = ['benchmark', 'inject', str(path), '--rounds', '1',
               '--weights', str(random_weights), '-o', str(tmp_path / 'out'),
               '--catalog', str(catalog)]
    Table({'x': [1.0]}).write(catalog)
    assert main(command) == 1
    assert 'its meta has no detection settings' in capsys.readouterr().err
    assert main(['detect', str(path), '-o', str(catalog), '--overwrite',
                 '--n-sigma', '2']) == 0
    assert main(command) == 0
    assert 'merged' in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'bins.ecsv', 'completeness.png', 'injections.ecsv', 'scores.ecsv',
        'scores.rst', 'strip.png']
    assert '± 0.000' not in (tmp_path / 'out' / 'scores.rst').read_text()
