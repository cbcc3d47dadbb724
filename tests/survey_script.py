# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Classify images with the stub: FOLDER, WORKERS or a scheduler, IMAGES."""

import signal
import sys
from contextlib import nullcontext

from blendhunter.survey import (
    classify_images,
    dask_executor,
    process_executor,
)
from blendhunter.tests.survey_stub import StubIdentifier


def main(folder, where, *images):
    if '://' in where or where.endswith('.json'):
        executor = dask_executor(where)
    else:
        executor = process_executor(int(where)) if int(where) else (
            nullcontext())
    with executor as used:
        classify_images(images, folder, identifier=StubIdentifier(),
                        executor=used)


if __name__ == '__main__':
    # a shell's background job, as the tests may be, ignores Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - as the command line does
        sys.exit(f'{type(error).__name__}: {error}')
