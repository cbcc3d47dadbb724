# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Entry point: parse, run one verb, turn errors into one line."""

import argparse
import os
import re
import sys
import traceback
import warnings

from astropy.utils.exceptions import AstropyWarning

from blendhunter.cli import (
    adapt,
    benchmark,
    calibrate,
    classify,
    demo,
    detect,
    show,
    simulate,
    survey,
    train,
)
from blendhunter.cli.backend import open_streams
from blendhunter.exceptions import BlendHunterWarning
from blendhunter.version import __version__

__all__ = ['build_parser', 'main']

VERBS = (demo, detect, classify, show, survey, simulate, train, benchmark,
         calibrate, adapt)
INTERRUPTED = 130
# the arguments that the package's hints name: 'use overwrite=True to ...'
HINTS = re.compile(r'\b(use|give|with|or) (overwrite|mag_limit|'
                   r'columns|sky|wcs)(?:=True)?(?![\w=])')


def build_parser():
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog='blendhunter',
        description='Find the blends among the sources of a survey image.',
        epilog='example:\n  blendhunter classify image.fits -o blends.ecsv',
        formatter_class=argparse.RawDescriptionHelpFormatter)
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
    open_streams()
    # before TensorFlow is imported, here or in a process that is started:
    # its notes on CUDA are not errors
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    arguments = build_parser().parse_args(argv)
    arguments.command = ' '.join(
        ['blendhunter', *(sys.argv[1:] if argv is None else argv)])
    try:
        with warnings.catch_warnings():
            # astropy's notes on odd and damaged files say nothing that a
            # warning or error of ours does not
            warnings.simplefilter('ignore', AstropyWarning)
            warnings.simplefilter('always', BlendHunterWarning)
            warnings.showwarning = _show_warning
            # None, or the status of a run in which single images failed
            return arguments.run(arguments) or 0
    except KeyboardInterrupt:
        print('\nblendhunter: interrupted', file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - libraries raise any kind
        if arguments.debug:
            traceback.print_exc()
        print(f'blendhunter: error: {_one_line(error)}', file=sys.stderr)
        return 1


def _one_line(error):
    """Return the first line of an error, with options for arguments."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return _as_options(lines[0])


def _as_options(text):
    """Turn the arguments that a hint names into options."""
    def option(found):
        return f"{found[1]} --{found[2].replace('_', '-')}"

    return HINTS.sub(option, text)


def _show_warning(message, category, filename, lineno, file=None, line=None):
    """Print a warning as one line, without its file and line."""
    del category, filename, lineno, file, line
    text = _as_options(' '.join(str(message).split()))
    print(f'blendhunter: warning: {text}', file=sys.stderr)
