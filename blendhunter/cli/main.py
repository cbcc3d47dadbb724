"""Entry point: parse, run one verb, turn errors into one line."""

import argparse
import os
import sys
import traceback
import warnings

from blendhunter.cli import (
    benchmark,
    calibrate,
    classify,
    demo,
    detect,
    simulate,
    train,
)
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.version import __version__

__all__ = ['build_parser', 'main']

VERBS = (demo, detect, classify, simulate, train, benchmark, calibrate)
INTERRUPTED = 130


def build_parser():
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog='blendhunter',
        description='Find the blends among the sources of a survey image.')
    parser.add_argument('--version', action='version',
                        version=f'blendhunter {__version__}')
    parser.add_argument('--debug', action='store_true',
                        help='show the traceback of an error')
    verbs = parser.add_subparsers(dest='verb', required=True, metavar='VERB')
    for module in VERBS:
        sub = module.add_parser(verbs)
        sub.set_defaults(run=module.run)
        # SUPPRESS: the sub-parser must not undo `--debug` before the verb
        sub.add_argument('--debug', action='store_true',
                         default=argparse.SUPPRESS,
                         help='show the traceback of an error')
    return parser


def main(argv=None):
    """Run; return 0, 1 (an error), 2 (wrong usage) or 130 (interrupted)."""
    # before TensorFlow is imported: its notes on CUDA are not errors
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    arguments = build_parser().parse_args(argv)
    arguments.command = ' '.join(
        ['blendhunter', *(sys.argv[1:] if argv is None else argv)])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('always', BlendHunterWarning)
            warnings.showwarning = _show_warning
            arguments.run(arguments)
    except KeyboardInterrupt:
        print('\nblendhunter: interrupted', file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - libraries raise any kind
        if arguments.debug:
            traceback.print_exc()
        lines = str(error).split('\n')
        print(f'blendhunter: error: {lines[0] or type(error).__name__}',
              file=sys.stderr)
        return 1
    return 0


def _show_warning(message, category, filename, lineno, file=None, line=None):
    """Print a warning as one line, without its file and line."""
    del category, filename, lineno, file, line
    print(f'blendhunter: warning: {message}', file=sys.stderr)
