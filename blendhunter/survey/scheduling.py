# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Send images to workers, and repeat those of workers that were killed."""

from collections import Counter, deque
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    wait,
)

from blendhunter.exceptions import BlendHunterError

__all__ = ['run_tasks']

# of an executor that does not tell how many workers it has
IN_FLIGHT = 32
# what dask raises for a task that lost several workers
KILLED = 'KilledWorker'


class _Run:
    """The tasks of a run: waiting, in flight, and under suspicion."""

    def __init__(self, function, tasks, executor, retries):
        self.function = function
        self.executor = executor
        self.retries = retries
        self.waiting = deque(tasks)
        # were in flight when a worker was killed: each runs alone
        self.suspects = deque()
        self.running = {}
        self.kills = Counter()

    def __bool__(self):
        return bool(self.waiting or self.suspects or self.running)

    def fill(self):
        """Submit tasks; return whether the executor is broken."""
        while not self.suspects and self.waiting and (
                len(self.running) < n_in_flight(self.executor)):
            if self._submit(self.waiting):
                return True
        if self.suspects and not self.running:
            return self._submit(self.suspects)
        return False

    def _submit(self, queue):
        """Submit the first task of a queue; it stays if this fails."""
        try:
            future = self.executor.submit(self.function, queue[0])
        except BrokenExecutor:
            return True
        except RuntimeError as error:
            raise _lost(error) from error
        self.running[future] = queue.popleft()
        return False

    def collect(self):
        """Yield the results that are there; tell if a worker was killed."""
        finished, _ = wait(self.running, return_when=FIRST_COMPLETED)
        broken = False
        for future in finished:
            error = _error_of(future)
            if isinstance(error, BrokenExecutor):
                broken = True
                continue
            task = self.running.pop(future)
            if error is None:
                yield task, future.result(), self.kills[task]
            elif type(error).__name__ == KILLED:
                yield from self._suspect(task, 'its workers were killed')
            else:
                raise _lost(error) from error
        if broken:
            yield None, None, 0

    def renew(self):
        """Make the workers anew; yield tasks that killed too many."""
        if not hasattr(self.executor, 'renew'):
            raise _lost('its workers were killed')
        done, _ = wait(self.running)
        for future in done:
            task = self.running.pop(future)
            if _error_of(future) is None:
                yield task, future.result(), self.kills[task]
                continue
            yield from self._suspect(task)
        self.executor.renew()

    def _suspect(self, task, reason=None):
        """Count a killed worker; yield the task if there were too many."""
        self.kills[task] += 1
        if self.kills[task] > self.retries:
            yield task, reason or _killed(self.kills[task]), self.kills[task]
        else:
            self.suspects.append(task)


def run_tasks(function, tasks, executor, *, retries=1):
    """
    Yield the result of each task, in the order in which they finish.

    Parameters
    ----------
    function : callable
        Of one task; it can be pickled.
    tasks : iterable
        They are hashable.
    executor : `~concurrent.futures.Executor`
        One with a method ``renew`` may lose workers: what was in flight is
        done again, one task at a time, so that it is known which one kills.
    retries : int, optional
        How often a task that lost its worker is done again.

    Yields
    ------
    task, result, kills
        For a task that lost too many workers the result is a str that says
        so. ``kills`` is how often its worker was killed.
    """
    run = _Run(function, tasks, executor, retries)
    try:
        while run:
            broken = run.fill()
            if not broken:
                for found in run.collect():
                    if found[0] is None:
                        broken = True
                    else:
                        yield found
            if broken:
                yield from run.renew()
    except BaseException:
        # Ctrl-C, or the caller gave up: what waits never begins
        for future in run.running:
            future.cancel()
        if hasattr(executor, 'renew'):
            executor.renew()
        raise


def n_in_flight(executor):
    """Return how many tasks an executor gets at once."""
    own = getattr(executor, 'n_in_flight', None)
    if own is not None:
        return own
    workers = getattr(executor, '_max_workers', None)
    return IN_FLIGHT if workers is None else 2 * workers


def _error_of(future):
    """Return the error of a finished future, or None."""
    try:
        return future.exception()
    except CancelledError as error:
        return error


def _lost(reason):
    """Return the error of an executor that works no more."""
    lines = str(reason).strip().splitlines()
    text = type(reason).__name__
    if isinstance(reason, CancelledError):
        # what the calls of a dask client end with
        text = 'its calls were canceled'
    elif lines:
        text = lines[0]
    return BlendHunterError(
        f'executor: it is lost ({text}); finished images are kept; repeat '
        'the run to classify the others')


def _killed(times):
    """Say how often a task lost its worker."""
    often = {1: 'once', 2: 'twice'}.get(times, f'{times} times')
    return f'its worker was killed {often}'
