"""Keep the libraries' start-up notes off the terminal."""

import os
import sys
import tempfile

__all__ = ['quiet_backend']


def quiet_backend():
    """
    Import Keras and its backend without their notes on stderr.

    TensorFlow's C++ code writes lines on CUDA and oneDNN straight to the
    file descriptor, before its own log level counts. If the import fails
    they are shown.
    """
    if 'keras' in sys.modules:
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            import keras  # noqa: F401
        except BaseException:
            notes.seek(0)
            os.write(kept, notes.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
