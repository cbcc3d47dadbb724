# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Threads and forked processes."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sep
from numpy.testing import assert_array_equal

from blendhunter import BlendIdentifier, detect, load_model
from blendhunter.exceptions import BlendHunterError
from blendhunter.identify import model_cache as module
from blendhunter.tests.fixtures import make_image


@pytest.fixture(scope='module')
def fields():
    return [make_image((200, 220), n=15, seed=seed)[0] for seed in range(6)]


@pytest.fixture
def settings(random_weights):
    return {'weights': str(random_weights), 'batch_size': 32}


def same(first, second):
    for a, b in zip(first, second, strict=True):
        assert a.colnames == b.colnames
        for name in a.colnames:
            assert_array_equal(a[name], b[name])


def answer(queue, use):
    """Put the error of a call into a queue, in a forked process."""
    try:
        use()
    except BlendHunterError as error:
        queue.put(str(error))
    else:
        queue.put('no error')


@pytest.mark.filterwarnings('ignore:.*fork:DeprecationWarning',
                            'ignore:.*fork:RuntimeWarning')
@pytest.mark.skipif('fork' not in multiprocessing.get_all_start_methods(),
                    reason='this platform cannot fork')
@pytest.mark.parametrize('how', ['cached', 'loaded'])
def test_a_forked_process_gets_an_error(fields, settings, how):
    """TensorFlow waits there for threads that were lost by the fork."""
    used = BlendIdentifier(**settings)
    used.classify(fields[0])
    context = multiprocessing.get_context('fork')
    queue = context.Queue()
    use = ((lambda: used.classify(fields[0])) if how == 'cached'
           else load_model)
    process = context.Process(target=answer, args=(queue, use))
    process.start()
    try:
        text = queue.get(timeout=60)
    finally:
        process.kill()
        process.join()
    assert "use 'spawn' to start processes" in text
    assert '\n' not in text
    # here it goes on
    assert len(used.classify(fields[0]))


def test_threads_detect_the_same(fields):
    limits = sep.get_extract_pixstack(), sep.get_sub_object_limit()
    sep.set_extract_pixstack(123_456)
    sep.set_sub_object_limit(777)
    try:
        expected = [detect(pixels) for pixels in fields]
        with ThreadPoolExecutor(6) as executor:
            for _ in range(3):
                same(expected, list(executor.map(detect, fields)))
        assert sep.get_extract_pixstack() == 123_456
        assert sep.get_sub_object_limit() == 777
    finally:
        sep.set_extract_pixstack(limits[0])
        sep.set_sub_object_limit(limits[1])


def test_threads_classify_the_same(fields, settings):
    identifier = BlendIdentifier(**settings)
    expected = [identifier.classify(pixels) for pixels in fields]
    with ThreadPoolExecutor(3) as executor:
        same(expected, list(executor.map(identifier.classify, fields)))
    assert np.nanstd(expected[0]['blend_prob']) > 0


def test_threads_load_a_model_once(settings, monkeypatch):
    loaded, barrier = [], threading.Barrier(4)
    load = module.load_model

    def counted(*arguments, **options):
        loaded.append(arguments)
        return load(*arguments, **options)

    def use(_):
        barrier.wait()
        return BlendIdentifier(**settings)._model()

    monkeypatch.setattr(module, 'load_model', counted)
    module._load_once.cache_clear()
    with ThreadPoolExecutor(4) as executor:
        models = set(executor.map(use, range(4)))
    assert len(loaded) == len(models) == 1
