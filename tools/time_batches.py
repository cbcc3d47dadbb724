# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Measure how fast training batches are made, without the network.

Usage: python tools/time_batches.py --work-dir runs --n-jobs 1 2 4

The work directory is that of ``blendhunter train``. Each row tells the
threads, the stamps per second of wall clock and per second of processor
time, and the latter relative to the first row. Other work on the machine
lowers the wall clock's figure; processor time suffers less from it.
"""

import argparse
import os
import sys
import time
from pathlib import Path

# as in a training, each thread makes its own batch
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')


def measure(make_batch, batch_size, n_jobs, seconds):
    """Return stamps per second of wall clock and of processor time."""
    from itertools import count

    from blendhunter.training.batches import make_ahead

    made = make_ahead(make_batch, count(), n_jobs=n_jobs)
    next(made)
    n = 0
    began, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        next(made)
        n += batch_size
    rates = (n / (time.perf_counter() - began),
             n / (time.process_time() - used))
    made.close()
    return rates


def main(arguments=None):
    """Print a row for each number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--work-dir', type=Path, default=Path())
    parser.add_argument('--n-jobs', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--batch-size', type=int, default=128)
    parser.add_argument('--seconds', type=float, default=10)
    options = parser.parse_args(arguments)

    from blendhunter.training.batches import MixedBatches
    from blendhunter.training.data_split import prepare_samplers

    samplers, *_ = prepare_samplers(
        *(path if path.is_file() else None for path in (
            options.work_dir / f'{name}.h5'
            for name in ('pairs', 'detections'))), options.batch_size)
    make_batch = MixedBatches(samplers, rng=0)
    sys.stdout.write('threads  stamps/s  stamps per CPU second  relative\n')
    first = None
    for n_jobs in options.n_jobs:
        wall, cpu = measure(make_batch, options.batch_size, n_jobs,
                            options.seconds)
        first = first or cpu
        sys.stdout.write(f'{n_jobs:7d}  {wall:8.0f}  {cpu:21.0f}  '
                         f'{cpu / first:8.2f}\n')
        sys.stdout.flush()


if __name__ == '__main__':
    main()
