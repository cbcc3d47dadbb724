"""Injections: what is copied where, what becomes of it, how it is scored."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from blendhunter import simulate_field
from blendhunter._utils.images import as_image
from blendhunter.benchmark.baselines import split_by_photutils
from blendhunter.benchmark.injection import (
    inject_sources,
    injection_bins,
    injection_scores,
    measure_injections,
    redetect,
)
from blendhunter.cli import main
from blendhunter.detection import (
    Detection,
    detect_prepared,
    subtract_background,
)


@pytest.fixture(scope='module')
def image():
    return simulate_field((600, 600), density=60, rng=3)[0]


@pytest.fixture(scope='module')
def found(image):
    prepared = subtract_background(as_image(image.data, noise=14.5))
    return prepared, *detect_prepared(prepared, Detection())


@pytest.fixture(scope='module')
def injected(found):
    return inject_sources(*found, np.random.default_rng(1))


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
    catalog = found[1]
    assert np.all(catalog['flag'][table['donor']] == 0)
    assert np.all(catalog['snr'][table['donor']] >= 30)


def test_what_is_added_is_the_scaled_donor(injected, found):
    after, table = injected
    before, catalog, segmentation = found
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
    catalog, segmentation, outcome, row = redetect(after, table, Detection())
    assert set(outcome) <= {'split', 'merged', 'lost'}
    assert np.sum(outcome == 'merged') > 2
    # close ones are merged, distant ones split
    assert (np.median(table['separation'][outcome == 'merged'])
            < np.median(table['separation'][outcome == 'split']))
    for i in np.flatnonzero(outcome == 'merged'):
        # one detection near both, whose segment grew over the companion
        distance = np.hypot(catalog['x_centroid'][row[i]] - table['x'][i],
                            catalog['y_centroid'][row[i]] - table['y'][i])
        assert distance < 15
        assert segmentation[round(table['y'][i]), round(
            table['x'][i])] == catalog['label'][row[i]]


def test_hosts_are_not_used_twice(found):
    rng = np.random.default_rng(1)
    _, first = inject_sources(*found, rng)
    _, second = inject_sources(*found, rng, used=first['host'])
    assert not set(first['host']) & set(second['host'])
    everything = np.arange(len(found[1]))
    _, none = inject_sources(*found, rng, used=everything)
    assert len(none) == 0


def test_noise_is_that_at_the_new_place(image):
    """Twice the noise on one half: half the SNR there."""
    noise = np.full(image.shape, 14.5)
    noise[:, 300:] *= 2
    prepared = subtract_background(as_image(image.data, noise=noise))
    found = detect_prepared(prepared, Detection())
    _, table = inject_sources(prepared, *found, np.random.default_rng(2))
    assert np.all(table['snr'] >= 5)
    assert len(table) > 5


def test_image_without_merged_injections(identifier):
    """Too small for a host: one clear line."""
    small = simulate_field((130, 130), density=60, rng=5)[0]
    with pytest.raises(ValueError, match='none of 0 injections was merged'
                       '|no clean source to copy'):
        measure_injections(small, identifier, rounds=1)


def test_no_clean_source(found):
    prepared, catalog, segmentation = found
    spoilt = catalog.copy()
    spoilt['flag'] = 1
    with pytest.raises(ValueError, match='no clean source to copy'):
        inject_sources(prepared, spoilt, segmentation,
                       np.random.default_rng(1))


def test_masked_pixels_stay_empty(image):
    mask = np.zeros(image.shape, dtype=bool)
    mask[:, 250:350] = True
    prepared = subtract_background(as_image(image.data, noise=14.5,
                                            mask=mask))
    found = detect_prepared(prepared, Detection())
    after, _ = inject_sources(prepared, *found, np.random.default_rng(1))
    assert np.all(after.data[mask] == 0)


def test_measurement(image, identifier):
    seen = []
    made = measure_injections(image, identifier, rounds=2, seed=4,
                              progress=seen.append)
    assert seen == [1, 1]
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
    with pytest.raises(ValueError, match='rounds must be positive'):
        measure_injections(image, identifier, rounds=0)
    with pytest.raises(ValueError, match='no detection settings in its'):
        measure_injections(image, identifier, catalog=Table({'x': [1.0]}))


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
    assert scores['sharp']['auc'] == scores['sharp']['at_1'] == 1
    assert scores['blind']['auc'] == 0.5
    assert scores['blind']['at_10'] == 0
    bins = injection_bins(table)
    assert set(bins['flagged']) == {0.01, 0.05, 0.1}
    bins = bins[bins['flagged'] == 0.05]
    sharp = bins[(bins['method'] == 'sharp')
                 & (bins['quantity'] == 'separation')]
    assert sharp['n'].sum() == 150
    assert np.all(sharp['completeness'][sharp['n'] > 0] == 1)
    snr = bins[(bins['method'] == 'blind') & (bins['quantity'] == 'snr')]
    assert snr['n'].tolist() == [150, 0, 0, 0]
    assert np.isnan(snr['completeness'][1])
    # nothing is found of the blind score's: no error can be given
    assert snr['completeness'][0] == 0
    assert np.isnan(snr['error'][0])
    assert np.all(bins['n'][bins['quantity'] == 'separation'].reshape(
        2, -1).sum(axis=1) == 150)


def test_segments_that_photutils_would_split(found):
    prepared, catalog, segmentation = found
    split = split_by_photutils(prepared, catalog, segmentation, Detection())
    assert split.shape == (len(catalog),)
    assert split.mean() < 0.2
    # one segment for all: it holds every centroid
    whole = np.ones_like(segmentation)
    assert split_by_photutils(prepared, Table({'label': [1]}), whole,
                              Detection()).tolist() == [True]
    # of photutils' own segments it has no more to say
    assert split_by_photutils(prepared, catalog, segmentation,
                              Detection(method='photutils')) is None
    # with the user's settings: at 30 sigma hardly anything is found
    high = split_by_photutils(prepared, Table({'label': [1]}), whole,
                              Detection(n_sigma=1e6))
    assert high.tolist() == [False]


def test_command(tmp_path, image, random_weights, capsys):
    path = tmp_path / 'a.fits'
    fits.writeto(path, image.data)
    assert main(['benchmark', 'inject', str(path), '--rounds', '1',
                 '--weights', str(random_weights), '-o',
                 str(tmp_path / 'out')]) == 0
    assert 'merged' in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / 'out').iterdir()) == [
        'bins.ecsv', 'completeness.png', 'injections.ecsv', 'scores.ecsv',
        'scores.rst', 'strip.png']
