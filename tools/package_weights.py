# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Put a weights file into the package and its registry.

Usage: python tools/package_weights.py runs/vgg16.h5
       python tools/package_weights.py runs/fast.h5 --name fast
"""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

from blendhunter.network.weights import read_metadata

DATA = Path(__file__).parent.parent / 'blendhunter/data'
REGISTRY = DATA / 'registry.json'
FILES = {'default': 'vgg16-default.h5', 'fast': 'small-fast.h5'}


def main(source, name):
    """Check the file, copy it and write the registry."""
    metadata = read_metadata(source)
    missing = {'segment', 'stamp'} - set(metadata['results'])
    if missing:
        sys.exit(f'no results for {sorted(missing)}: run blendhunter '
                 'benchmark with --record first')
    registry = json.loads(REGISTRY.read_text())
    if name == 'fast':
        if 'screening' not in metadata:
            sys.exit('no limit for screening: run blendhunter calibrate first')
        default = read_metadata(DATA / registry['default']['file'])
        if metadata['distilled_from'] != default['sha256']:
            sys.exit('it was not distilled from the packaged weights')
    target = DATA / FILES[name]
    shutil.copyfile(source, target)
    content = target.read_bytes()
    registry[name] = {'file': target.name, 'size': len(content),
                      'sha256': hashlib.sha256(content).hexdigest()}
    REGISTRY.write_text(json.dumps(registry, indent=2) + '\n')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('source', metavar='FILE')
    parser.add_argument('--name', default='default', choices=tuple(FILES))
    main(**vars(parser.parse_args()))
