# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Executors for a run: this process, several processes, or dask."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path

from blendhunter.exceptions import BlendHunterError

__all__ = ['SerialExecutor', 'dask_executor', 'process_executor']

# what numpy, SEP and TensorFlow read when they are imported
THREAD_VARIABLES = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS',
                    'MKL_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS',
                    'TF_NUM_INTEROP_THREADS')
# seconds in which a worker that was told to end must end
PATIENCE = 10


class SerialExecutor(Executor):
    """Runs each call at once, in this process."""

    n_in_flight = 1

    def submit(self, fn, /, *args, **kwargs):
        """Run a call; return a future that is done."""
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - goes to the future
            future.set_exception(error)
        return future


class _RenewedProcesses(Executor):
    """
    A pool of spawned processes that can be made anew after one was killed.

    Its processes end with this one, even if this one is killed.
    """

    def __init__(self, workers, n_threads):
        self.workers = workers
        self.n_threads = n_threads
        self.n_in_flight = 2 * workers
        self._pool = None

    def submit(self, fn, /, *args, **kwargs):
        """Submit a call; the processes start with the first."""
        if self._pool is None:
            self._pool = self._started()
        return self._pool.submit(fn, *args, **kwargs)

    def _started(self):
        """Return a new pool, after one of its processes has answered."""
        pool = ProcessPoolExecutor(
            self.workers, mp_context=multiprocessing.get_context('spawn'),
            initializer=_begin_worker, initargs=(self.n_threads,))
        try:
            pool.submit(os.getpid).result()
        except BrokenProcessPool as error:
            pool.shutdown()
            msg = ('executor: its processes cannot start; in a script, call '
                   "process_executor below if __name__ == '__main__'")
            raise BlendHunterError(msg) from error
        return pool

    def renew(self):
        """End all processes; the next call starts new ones."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        # the public way to do this came with Python 3.14
        processes = list((getattr(pool, '_processes', None) or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()

    def shutdown(self, wait=True, *, cancel_futures=False):
        """End the processes when they have finished their calls."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=wait, cancel_futures=cancel_futures)


def _share(workers):
    """Return the number of threads of each worker."""
    try:
        n = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every platform
        n = os.cpu_count() or 1
    return max(1, n // workers)


def _begin_worker(n_threads):
    """Limit the threads of a worker, and end it with its parent."""
    from tqdm import tqdm

    for name in THREAD_VARIABLES:
        own = os.environ.get(name, '')
        os.environ[name] = str(min(int(own), n_threads) if own.isdigit()
                               and int(own) else n_threads)
    # a lock between processes would outlive a killed worker
    tqdm.set_lock(threading.RLock())
    # on Ctrl-C the parent ends the workers
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    """Wait until the parent is gone, and end this process."""
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


def process_executor(workers, *, n_threads=None):
    """
    Return an executor with processes on this machine.

    Each process is spawned and loads the network once. The processes share
    the threads of the machine. If a process is killed,
    `~blendhunter.survey.classify_images` starts new ones.

    Parameters
    ----------
    workers : int
        Number of processes.
    n_threads : int, optional
        Threads of each process. By default the processes share the
        threads of the machine.

    Returns
    -------
    executor : `~concurrent.futures.Executor`
        For `~blendhunter.survey.classify_images`. Use it in a ``with``
        statement.

    Raises
    ------
    ValueError
        If ``workers`` is not a positive integer.
    """
    if not isinstance(workers, int) or isinstance(
            workers, bool) or workers < 1:
        msg = f'workers must be a positive integer, got {workers!r}'
        raise ValueError(msg)
    return _RenewedProcesses(workers, n_threads or _share(workers))


class _DaskExecutor(Executor):
    """The executor of a dask client, which closes its client at the end."""

    def __init__(self, client):
        self._client = client
        self._executor = client.get_executor(pure=False)

    @property
    def n_in_flight(self):
        """Two images for each thread of the workers that there are."""
        return 2 * max(1, sum(self._client.nthreads().values()))

    def submit(self, fn, /, *args, **kwargs):
        """Submit a call to the cluster."""
        return self._executor.submit(fn, *args, **kwargs)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Leave the cluster, which goes on."""
        # dask cancels the calls in flight if it does not wait for them
        self._executor.shutdown(wait=wait and not cancel_futures)
        self._client.close()


def dask_executor(address):
    """
    Return an executor on a running dask cluster.

    Parameters
    ----------
    address : str or path-like
        Address of the scheduler (``'tcp://host:8786'``), or the scheduler
        file that ``dask scheduler --scheduler-file`` wrote.

    Returns
    -------
    executor : `~concurrent.futures.Executor`
        For `~blendhunter.survey.classify_images`. Use it in a ``with``
        statement. The cluster keeps running afterwards.

    Raises
    ------
    ImportError
        If dask is not installed.
    `~blendhunter.exceptions.BlendHunterError`
        If the scheduler cannot be reached.
    """
    try:
        from distributed import Client
    except ImportError as error:
        msg = ('scheduler: dask is not installed; install it with '
               "python -m pip install 'blendhunter[distributed]'")
        raise ImportError(msg) from error
    where = ({'address': str(address)} if '://' in str(address)
             else {'scheduler_file': str(Path(address).absolute())})
    if 'scheduler_file' in where and not Path(address).is_file():
        msg = (f'scheduler: {str(address)!r} is neither an address '
               '(tcp://HOST:PORT) nor a scheduler file')
        raise ValueError(msg)
    try:
        return _DaskExecutor(Client(**where))
    # dask asserts that a scheduler file is whole
    except (OSError, ValueError, KeyError, AssertionError) as error:
        reason = str(error).strip().split('\n')[0] or 'its file is damaged'
        msg = (f'scheduler: no dask scheduler answers at {str(address)!r}: '
               f'{reason}')
        raise BlendHunterError(msg) from error
