# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The loop of a training: reports, snapshots and a time limit."""

import time
from contextlib import closing, contextmanager

import numpy as np

from blendhunter._utils.progress import progress_bar

__all__ = ['AVERAGED_SHARE', 'TimeLimit', 'averaged', 'run_steps',
           'take_averages']

REPORT_STEPS = 20
VALIDATE_STEPS = 200
# memory of the exponential moving average of the weights, over the steps
AVERAGED_SHARE = 0.1
# the first steps compile the network, and tell nothing of the rate
COMPILING_STEPS = 2
ESTIMATE_SECONDS = 1.0


def run_steps(model, made, start, n_steps, *, validate, history, progress,
              actions, limit=None):
    """
    Train on the batches ``made``, from step ``start``; return steps done.

    ``actions`` is a list of (seconds, function): each function is called
    with the steps done when so many seconds have passed. ``history`` gets
    a row now and then, with the scores that ``validate()`` returns. A
    `TimeLimit` may end it before ``n_steps``.
    """
    began = time.monotonic()
    due = [began + seconds for seconds, _ in actions]
    done, logs = start, []
    with (closing(made), progress_bar(
            total=None if limit else n_steps, initial=start,
            enabled=progress, description='training') as bar):
        for done, batch in enumerate(made, start=start + 1):
            # the metrics are those of one batch: Keras resets them
            logs.append(model.train_on_batch(
                batch.inputs, [batch.labels, *batch.maps],
                [batch.sample_weights.ravel(),
                 *[batch.map_weights.ravel()] * len(batch.maps)],
                return_dict=True))
            bar.update(1)
            bar.set_postfix(loss=f'{logs[-1]["loss"]:.4f}')
            last = done == n_steps or bool(limit and limit.is_over(done))
            if done % REPORT_STEPS == 0 or last:
                report = {
                    key: round(float(np.mean([log[key] for log in logs])), 5)
                    for key in logs[0]}
                logs.clear()
                if done % VALIDATE_STEPS == 0 or last:
                    with averaged(model):
                        report.update(validate())
                history.add(step=done, **report,
                            seconds=round(time.monotonic() - began, 1))
            if last:
                break
            for i, (seconds, action) in enumerate(actions):
                if time.monotonic() > due[i]:
                    action(done)
                    due[i] = time.monotonic() + seconds
    return done


class TimeLimit:
    """
    Let a training end after some seconds, and its schedule with it.

    How many steps there will be is estimated again and again. Their number
    is a variable of the optimizer, so that nothing is compiled again.
    ``schedule`` is the `keras.optimizers.schedules.CosineDecay` that the
    model was compiled with. The time counts from here.
    """

    def __init__(self, model, schedule, seconds):
        self._end = time.monotonic() + seconds
        self._most = schedule.decay_steps + schedule.warmup_steps
        self._n_calls = 0
        self._first = self._estimated = None
        self._warmup = schedule.warmup_steps
        self._decay, self._momentum = (
            model.optimizer.add_variable((), name=name)
            for name in ('decay_steps', 'average_momentum'))
        schedule.decay_steps = self._decay
        model.optimizer.ema_momentum = self._momentum
        self._expect(self._most)

    def _expect(self, n_steps):
        """Set schedule and averages for so many steps."""
        self._decay.assign(max(n_steps - self._warmup, 1.0))
        self._momentum.assign(max(1 - 1 / (AVERAGED_SHARE * n_steps), 0.0))

    def is_over(self, done):
        """Estimate the steps anew, and tell whether the time has passed."""
        now = time.monotonic()
        self._n_calls += 1
        if self._n_calls == COMPILING_STEPS:
            self._first, self._estimated = (done, now), now
        elif self._first and now > self._estimated + ESTIMATE_SECONDS:
            first, began = self._first
            rate = (done - first) / (now - began)
            self._expect(min(done + rate * max(self._end - now, 0),
                             self._most))
            self._estimated = now
        return now >= self._end


@contextmanager
def averaged(model):
    """Let a model use the averages of its weights in a block."""
    current = model.get_weights()
    take_averages(model)
    try:
        yield
    finally:
        model.set_weights(current)


def take_averages(model):
    """Set the weights to their averages."""
    model.optimizer.finalize_variable_values(model.trainable_variables)
    # copies: JAX deletes the arrays that it predicts with, which weights
    # and averages would share
    model.set_weights(model.get_weights())
