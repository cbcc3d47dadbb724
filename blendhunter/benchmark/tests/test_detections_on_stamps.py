# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Labels from SEP and photutils, on stamps of a few Gaussians."""

import numpy as np
import pytest
from astropy.table import Table
from numpy.testing import assert_array_equal

from blendhunter import DetectionSettings
from blendhunter.benchmark import detector_labels, label_by_detection
from blendhunter.benchmark.detector_labels import (
    label_by_rules,
    pad_stamps,
    true_positions,
)

NAN = np.nan
SOURCES = ([(32, 32)], [(32, 32), (50, 20)], [], [(32, 32), (40, 32)],
           [(32, 32), (36, 32)], [(20, 20), (45, 20), (32, 45)],
           [(10, 50), (20, 12)])


def make_stamps(noise=1.0):
    """Return stamps without noise; the Gaussians peak at 50 times it."""
    y, x = np.mgrid[:65, :65]
    stamps = np.zeros((len(SOURCES), 65, 65))
    for stamp, sources in zip(stamps, SOURCES, strict=True):
        for at_x, at_y in sources:
            stamp += 50 * noise * np.exp(-((x - at_x)**2 + (y - at_y)**2) / 8)
    return stamps


def make_truth():
    """Return two sources of each stamp, in the stamp without its border."""
    columns = np.array([(sources + [(NAN, NAN)] * 2)[:2]
                        for sources in SOURCES]) - 7
    return Table({'x': columns[:, 0, 0], 'y': columns[:, 0, 1],
                  'x_2': columns[:, 1, 0], 'y_2': columns[:, 1, 1]})


def test_padding():
    """Noise around the stamp, the same for the same seed."""
    stamps = np.arange(2.0 * 51 * 51).reshape(2, 51, 51)
    padded = pad_stamps(stamps, 14.5, rng=3)
    noise = np.random.default_rng(3).standard_normal((2, 65, 65), np.float32)
    wanted = np.float32(14.5) * noise
    wanted[:, 7:58, 7:58] = stamps
    assert_array_equal(padded, wanted)
    assert padded.dtype == np.float32
    assert not np.array_equal(pad_stamps(stamps, 14.5), padded)


def test_true_positions_are_those_in_padded_stamps():
    truth = Table({'x': [25, 26], 'y': [24, 23], 'x_2': [NAN, 30.5],
                   'y_2': [NAN, 11.0]})
    assert_array_equal(true_positions(truth), [
        [[32, 31], [NAN, NAN]], [[33, 30], [37.5, 18]]])
    truth['x_2'], truth['y_2'] = [20, 30], [21, 11]
    assert true_positions(truth).dtype == float


@pytest.mark.parametrize('method', ['sep', 'photutils'])
@pytest.mark.parametrize('noise', [1.0, 0.01])
def test_labels_of_both_rules(method, noise):
    stamps = make_stamps(noise)
    before = stamps.copy()
    settings = DetectionSettings(method=method)
    free = label_by_detection(stamps, noise=noise, settings=settings)
    assert free.colnames == ['label', 'failure', 'n_detected']
    assert free['n_detected'].tolist() == [1, 2, 0, 2, 1, 3, 2]
    assert free['label'].tolist() == [0, 1, -1, 1, 0, 1, 1]
    assert not free['failure'].any()
    known = true_positions(make_truth())
    known[6, 1, 1] = 50  # wrong in y alone
    oracle = label_by_detection(stamps, noise=noise, settings=settings,
                                positions=known)
    assert oracle['n_detected'].tolist() == [1, 2, 0, 2, 1, 3, 2]
    assert oracle['label'].tolist() == [0, 1, -1, 1, 0, 1, 0]
    assert not oracle['failure'].any()
    assert_array_equal(stamps, before)


def test_the_default_detector_is_sep():
    stamps = make_stamps()
    sep = label_by_detection(stamps, noise=40.0)
    wanted = label_by_detection(stamps, noise=40.0,
                                settings=DetectionSettings(method='sep'))
    assert sep['n_detected'].tolist() == wanted['n_detected'].tolist()
    # the Gaussians are too faint
    assert not sep['n_detected'].any()
    assert sep['label'].tolist() == [-1] * 7


def test_settings_of_the_detector():
    labels = label_by_detection(make_stamps(), noise=1.0,
                                settings=DetectionSettings(deblend=False))
    assert labels['n_detected'].tolist() == [1, 2, 0, 1, 1, 3, 2]


def test_what_is_found_in_each_stamp():
    found = detector_labels._detect_on_stamps(
        make_stamps()[:4], 1.0, DetectionSettings(), 1, None)
    assert found['x'] == pytest.approx(np.array(
        [[32, NAN], [50, 32], [NAN, NAN], [32, 40]]), abs=0.2, nan_ok=True)
    assert found['y'] == pytest.approx(np.array(
        [[32, NAN], [20, 32], [NAN, NAN], [32, 32]]), abs=0.2, nan_ok=True)
    assert found['merged'].dtype == bool
    assert found['merged'].tolist() == [[False] * 2] * 3 + [[True] * 2]
    for stamps in (make_stamps()[:1], np.zeros((2, 65, 65))):
        found = detector_labels._detect_on_stamps(stamps, 1.0, None, 1, None)
        assert found['x'].shape == (len(stamps), 1)


def test_only_the_bit_of_merged_sources_counts(monkeypatch):
    """SEP has others, such as for a source at the edge of the image."""
    def find(image, settings):  # noqa: ARG001
        assert image.dtype == np.float32
        return None, {'x': [3.0, 4, 5, 6], 'y': [1.0, 2, 3, 4],
                      'flag': np.array([0, 1, 2, 11], dtype=np.int16)}

    monkeypatch.setattr(detector_labels, 'find_in_normalized', find)
    (x, y, merged), = detector_labels._find(
        np.zeros((1, 65, 65), dtype=np.float32), None)
    assert (x, y) == ([3, 4, 5, 6], [1, 2, 3, 4])
    assert merged.tolist() == [0, 1, 0, 1]
    labels = label_by_detection(np.zeros((2, 65, 65)), noise=1.0)
    assert labels['n_detected'].tolist() == [4, 4]


def test_stamps_in_read_only_memory():
    """Workers get large arrays as such, and SEP refuses them."""
    stack = make_stamps().astype(np.float32)[:2]
    stack.setflags(write=False)
    found = detector_labels._find(stack, DetectionSettings())
    assert [len(x) for x, _, _ in found] == [1, 2]


class Bar:
    """A progress bar that keeps what it is told."""

    def __init__(self, **options):
        self.options, self.steps = options, []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def update(self, n):
        self.steps.append(n)


@pytest.mark.parametrize('options', [{}, {'progress': True, 'n_jobs': 3}])
def test_progress_and_processes(monkeypatch, options):
    bars, jobs = [], []

    def make_bar(**settings):
        bars.append(Bar(**settings))
        return bars[-1]

    def map_chunks(function, tasks, *, n_jobs, **more):
        jobs.append(n_jobs)
        return original(function, tasks, n_jobs=1, **more)

    original = detector_labels.map_chunks
    monkeypatch.setattr(detector_labels, 'progress_bar', make_bar)
    monkeypatch.setattr(detector_labels, 'map_chunks', map_chunks)
    monkeypatch.setattr(detector_labels, 'CHUNK', 3)
    labels = label_by_detection(make_stamps(), noise=1.0, **options)
    assert labels['n_detected'].tolist() == [1, 2, 0, 2, 1, 3, 2]
    bar, = bars
    assert bar.options == {'total': 7, 'description': 'detecting',
                           'enabled': options.get('progress', False)}
    assert bar.steps == [3, 3, 1]
    assert jobs == [options.get('n_jobs', 1)]


@pytest.mark.parametrize('positions', [None, np.zeros((0, 2, 2))])
def test_no_stamps(positions):
    labels = label_by_detection(np.zeros((0, 65, 65)), noise=1.0,
                                positions=positions)
    assert len(labels) == 0
    assert labels['label'].dtype == np.int8


def test_labels_by_each_detector_and_rule(monkeypatch):
    jobs, steps = [], []

    def map_chunks(function, tasks, *, n_jobs, **more):
        jobs.append((n_jobs, *(settings.method for _, settings in tasks)))
        return original(function, tasks, n_jobs=1, **more)

    original = detector_labels.map_chunks
    monkeypatch.setattr(detector_labels, 'map_chunks', map_chunks)
    stamps, truth = make_stamps(), make_truth()
    truth['y_2'][6] = 50
    options = {'noise': 2.0, 'methods': ('photutils', 'sep')}
    made = list(label_by_rules(stamps, truth, n_jobs=4, advance=steps.append,
                               **options))
    assert [item[:2] for item in made] == [
        ('photutils', 'oracle'), ('photutils', 'truth-free'),
        ('sep', 'oracle'), ('sep', 'truth-free')]
    assert jobs == [(4, 'photutils'), (4, 'sep')]
    assert steps == [7, 7]
    for method, rule, labels in made:
        wanted = label_by_detection(
            stamps, noise=2.0, settings=DetectionSettings(method=method),
            positions=true_positions(truth) if rule == 'oracle' else None)
        assert_array_equal(labels.as_array(), wanted.as_array())
        assert labels['label'].tolist()[6] == (rule == 'truth-free')
    jobs.clear()
    assert len(list(label_by_rules(stamps, truth, **options))) == 4
    assert [n_jobs for n_jobs, _ in jobs] == [1, 1]
