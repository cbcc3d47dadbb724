# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Run the long commands behind docs/results, and renew it.

Usage: python tools/renew_results.py --list
       python tools/renew_results.py --only domain tables-trust \
           --cosmos-dir DIR

Each result has commands, which run in the working directory, and products,
which are copied to docs/results when the commands are finished. What is
finished is skipped, unless its commands have changed; the same call
continues after an interruption. A result whose data were not given is
skipped with a reason.
"""

import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from time import monotonic

from stored_results import GIVEN, RESULTS

ROOT = Path(__file__).resolve().parents[1]
STORED = ROOT / 'docs' / 'results'
# what would be lost if a table were replaced by one that lacks it
KEPT = ('former', 'fine-tuned', 'trial')
MISSING = 'not measured'


def fill(command, given, *, small=False):
    """Return a command as words, with what is given in its places."""
    chosen = re.sub(r'\[([^|\]]*)\|([^\]]*)\]',
                    r'\2' if small else r'\1', command)
    values = {'python': sys.executable, 'tools': ROOT / 'tools',
              **given}
    return [word.format(**values) for word in shlex.split(chosen)]


def describe(result, *, small=False):
    """Return name, rough minutes and commands, with names for data."""
    names = {name: option.removeprefix('--').replace('-', '_').upper()
             for name, (option, _) in GIVEN.items()}
    lines = [shlex.join(fill(command, {
        'python': 'python', 'tools': 'tools', **names}, small=small))
        for command in result.commands]
    return '\n  '.join([f'{result.name}: about {result.minutes:g} minutes',
                        *lines]) + '\n'


def absent_data(result, given):
    """Say which data of a result were not given, or ''."""
    absent = [f'{GIVEN[name][0]} ({GIVEN[name][1]})'
              for name in result.needs if name not in given]
    return f'needs {", ".join(absent)}' if absent else ''


def absent_results(result, finished):
    """Say which results a result must wait for, or ''."""
    before = [name for name in result.after if name not in finished]
    return f'needs the results {", ".join(before)}' if before else ''


def is_finished(result, commands, work):
    """
    Tell whether a result was made.

    ``commands`` are those that would make it, None if they are not known
    because their data are not given.
    """
    path = work / f'{result.name}.done'
    return (path.is_file()
            and commands in (None, json.loads(path.read_text()))
            and all((work / file).is_file() for file, _ in result.products))


def make(result, commands, work):
    """Run the commands of a result; return why it failed, or ''."""
    (work / f'{result.name}.done').unlink(missing_ok=True)
    if result.name.startswith('tables-'):
        (work / result.name).mkdir(exist_ok=True)
    for index, command in enumerate(commands):
        sys.stdout.write(f'  {shlex.join(command)}\n')
        sys.stdout.flush()
        with open(work / f'{result.name}.txt', 'w' if index == 0 else 'a',
                  encoding='utf-8') as log:
            done = subprocess.run(command, cwd=work, stdout=log, check=False)
        if done.returncode not in result.status:
            return f'exit status {done.returncode}'
    (work / f'{result.name}.done').write_text(json.dumps(commands))
    return ''


def copy(result, work, output, *, force=False):
    """Copy the products of a result, but not over what would be lost."""
    for file, folder in result.products:
        new, old = work / file, output / folder / Path(file).name
        lost = '' if force else lacks(new, old)
        if lost:
            sys.stdout.write(f'  kept {old.name}: the new one {lost}; '
                             '--force replaces it\n')
            continue
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(new, old)


def lacks(new, old):
    """Say what a new table lacks that the stored one has, or ''."""
    if new.suffix != '.rst' or not old.is_file():
        return ''
    after, before = (path.read_text(encoding='utf-8') for path in (new, old))
    if MISSING in after and MISSING not in before:
        return f'has {MISSING!r}'
    lost = [word for word in KEPT if word in before and word not in after]
    return f'lacks the rows of other weights ({", ".join(lost)})' * bool(lost)


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--list', action='store_true',
                        help='print names, commands and rough minutes')
    parser.add_argument('--only', nargs='+', metavar='NAME',
                        choices=[result.name for result in RESULTS],
                        default=[result.name for result in RESULTS],
                        help='of these results (all)')
    parser.add_argument('--dry-run', action='store_true',
                        help='say what would be done')
    parser.add_argument('--scale', choices=('full', 'small'), default='full',
                        help='small: a trial of minutes, which is not '
                        'written to docs/results unless --output says so')
    parser.add_argument('--work-dir', type=Path, metavar='DIR',
                        default=ROOT / '.tmp' / 'results',
                        help='of the commands (.tmp/results)')
    parser.add_argument('--output', type=Path, metavar='DIR')
    parser.add_argument('--force', action='store_true',
                        help='replace tables that have more rows, too')
    for name, (option, what) in GIVEN.items():
        parser.add_argument(option, dest=name, type=Path, help=what)
    options = parser.parse_args(arguments)
    options.work_dir = options.work_dir.resolve()
    if options.output is None:
        options.output = (STORED if options.scale == 'full'
                          else options.work_dir / 'results')
    return options


def renew(result, options, given, finished):
    """Make a result unless it is finished, and copy it; return if it is."""
    small, work = options.scale == 'small', options.work_dir
    why = absent_data(result, given)
    commands = None if why else [fill(command, given, small=small)
                                 for command in result.commands]
    done = is_finished(result, commands, work)
    why = '' if done and commands is None else why or absent_results(
        result, finished)
    if result.name not in options.only:
        return done
    state = f'skipped, {why}' if why else 'finished' if done else 'to do'
    sys.stdout.write(f'{result.name}: {state}\n')
    if why or options.dry_run:
        return not why
    began = monotonic()
    error = '' if done else make(result, commands, work)
    if error:
        sys.stdout.write(f'{result.name}: failed, {error}\n')
        return None
    copy(result, work, options.output, force=options.force)
    if not done:
        sys.stdout.write(f'  {(monotonic() - began) / 60:.1f} minutes\n')
    return True


def main(arguments=None):
    """Make what is missing, and copy it; return 1 if something failed."""
    options = parse(arguments)
    given = {name: str(path.resolve()) for name in GIVEN
             if (path := getattr(options, name)) is not None}
    if options.list:
        for result in RESULTS:
            if result.name in options.only:
                sys.stdout.write(describe(
                    result, small=options.scale == 'small'))
        return 0
    if not options.dry_run:
        options.work_dir.mkdir(parents=True, exist_ok=True)
    states = {}
    for result in RESULTS:
        states[result.name] = renew(
            result, options, given,
            [name for name, done in states.items() if done])
    return int(None in states.values())


if __name__ == '__main__':
    sys.exit(main())
