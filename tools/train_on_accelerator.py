# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulate and train within a fixed time on a machine with an accelerator.

Usage: KERAS_BACKEND=jax python tools/train_on_accelerator.py
       --wheels wheels --weights default --out out

For a machine that is there for a quarter of an hour, without network and
without TensorFlow: fresh fields and pairs are simulated on all cores until
``--simulate-seconds`` have passed, then the weights are fine-tuned on them
in bfloat16 for ``--train-seconds``. The directory ``--out`` always holds
the latest weights (float16), in parts below ``--part-size`` bytes, and the
history. Put the parts together with

    cat out/weights.h5.part* > weights.h5

A weights file carries its sha256, which ``blendhunter`` checks.

``--wheels`` is a folder of wheels that are installed first, by pip without
an index and without their dependencies. Those that JAX, PyTorch and SciPy
do not bring along are listed in docs/guide/training.rst. The simulated sets
stay in ``--work-dir``; if they are there they are used, and nothing is
simulated.
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# one field in each combination of survey and range
FIELDS_AT_ONCE = 15
# pairs for each field: a pair costs little, a field gives some 1000 stamps
PAIRS_PER_FIELD = 100


def main(arguments=None):
    """Install, simulate, train."""
    options = _parse(arguments)
    began = time.monotonic()
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault('KERAS_BACKEND', 'jax')
    if options.wheels:
        install(options.wheels, options.work_dir / 'site')
    # the processes of the simulation import the package, too
    os.environ['PYTHONPATH'] = os.pathsep.join(
        [str(ROOT), *sys.path[1:], os.environ.get('PYTHONPATH', '')])
    check(options)
    for path in (options.work_dir, options.out):
        path.mkdir(parents=True, exist_ok=True)
    sets = [options.work_dir / f'{name}.h5'
            for name in ('pairs', 'detections')]
    if not all(path.is_file() for path in sets):
        simulate(*sets, options)
    say(began, 'simulated')
    train(*sets, options)
    say(began, 'trained')


def _parse(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0])
    parser.add_argument('--wheels', type=Path)
    parser.add_argument('--weights', default='default',
                        help='start from these (%(default)s)')
    parser.add_argument('--work-dir', type=Path, default=Path('accelerator'))
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--simulate-seconds', type=float, default=150)
    parser.add_argument('--train-seconds', type=float, default=480)
    parser.add_argument('--snapshot-seconds', type=float, default=120)
    parser.add_argument('--n-jobs', type=int, default=os.cpu_count())
    parser.add_argument('--fields-at-once', type=int, default=None,
                        help='by default a multiple of the cores, at least '
                             f'{FIELDS_AT_ONCE}')
    parser.add_argument('--batch-size', type=int, default=512)
    parser.add_argument('--learning-rate', type=float, default=1.5e-4)
    parser.add_argument('--precision', default='bfloat16')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--part-size', type=int, default=16_000_000)
    return parser.parse_args(arguments)


def say(began, text):
    """Say what is done, and when."""
    sys.stdout.write(f'{time.monotonic() - began:6.0f} s: {text}\n')
    sys.stdout.flush()


def install(wheels, site):
    """Install wheels into a folder, without network, and use it."""
    subprocess.run(
        [sys.executable, '-m', 'pip', 'install', '-q', '--no-index',
         '--no-deps', '--no-compile', '--upgrade', '--target', str(site),
         *map(str, sorted(wheels.glob('*.whl')))], check=True)
    sys.path.insert(1, str(site))


def check(options):
    """Find out at once whether the training can start."""
    from blendhunter.network.backend import import_keras
    from blendhunter.training.warm_start import check_start

    keras = import_keras()
    devices = ', '.join(keras.distribution.list_devices())
    sys.stdout.write(f'{keras.backend.backend()} on {devices}\n')
    check_start(weights=options.weights)


def simulate(pairs, detections, options):
    """Simulate both sets until the time has passed, and write them."""
    import numpy as np

    from blendhunter.dataset import join_datasets, write_dataset
    from blendhunter.training.simulated_sets import (
        simulate_training_detections,
        simulate_training_pairs,
    )

    began = time.monotonic()
    n_fields = options.fields_at_once or options.n_jobs * -(
        -FIELDS_AT_ONCE // options.n_jobs)
    rounds = {'pairs': [], 'detections': []}
    longest = 0
    while not rounds['pairs'] or (
            time.monotonic() - began + longest < options.simulate_seconds):
        started = time.monotonic()
        seeds = np.random.SeedSequence(
            [options.seed, len(rounds['pairs'])]).spawn(2)
        rounds['detections'].append(simulate_training_detections(
            n_fields, rng=seeds[0], n_jobs=options.n_jobs))
        rounds['pairs'].append(simulate_training_pairs(
            n_fields * PAIRS_PER_FIELD, rng=seeds[1],
            n_jobs=options.n_jobs))
        longest = max(longest, time.monotonic() - started)
        say(began, f'{len(rounds["pairs"]) * n_fields} fields, '
                   f'{sum(map(len, rounds["detections"]))} detections, '
                   f'{sum(map(len, rounds["pairs"]))} pairs')
    write_dataset(pairs, join_datasets(rounds['pairs'], 'group'))
    write_dataset(detections, join_datasets(rounds['detections'], 'field'))


def train(pairs, detections, options):
    """Fine-tune the weights for some time; keep the latest in parts."""
    from blendhunter.training import train

    path = options.work_dir / 'weights.h5'
    # of an earlier call
    path.with_suffix('.snapshot.h5').unlink(missing_ok=True)
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(
        path.with_suffix('.snapshot.h5'), path.with_suffix('.history.csv'),
        options, done))
    watcher.start()
    try:
        train(output=path, pairs=pairs, detections=detections,
              n_steps=1_000_000, batch_size=options.batch_size,
              learning_rate=options.learning_rate, weights=options.weights,
              precision=options.precision, rng=options.seed,
              max_seconds=options.train_seconds,
              snapshot_seconds=options.snapshot_seconds,
              checkpoint_seconds=float('inf'), n_jobs=options.n_jobs,
              command=' '.join(sys.argv), overwrite=True, progress=True)
    finally:
        done.set()
        watcher.join()
    keep(path, path.with_suffix('.history.csv'), options)


def _watch(snapshot, history, options, done):
    """Keep every new snapshot."""
    kept = None
    while not done.wait(1):
        try:
            written = snapshot.stat().st_mtime_ns
            if written != kept:
                keep(snapshot, history, options)
                kept = written
        except FileNotFoundError:
            continue


def keep(weights, history, options):
    """Write weights in parts, in place of the parts before, and history."""
    content = weights.read_bytes()
    name = options.out / 'weights.h5.part'
    starts = range(0, len(content), options.part_size)
    for i, start in enumerate(starts):
        Path(f'{name}{i}').write_bytes(
            content[start:start + options.part_size])
    for stale in options.out.glob('weights.h5.part*'):
        if int(stale.name.rpartition('part')[2]) >= len(starts):
            stale.unlink()
    (options.out / 'history.csv').write_bytes(history.read_bytes())


if __name__ == '__main__':
    main()
