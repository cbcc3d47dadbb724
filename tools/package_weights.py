"""Put a weights file into the package and its registry.

Usage: python tools/package_weights.py runs/vgg16.h5
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

from blendhunter.network.weights import read_metadata

DATA = Path(__file__).parent.parent / 'blendhunter/data'
NAME = 'vgg16-default.h5'


def main(source):
    """Check the file, copy it and write the registry."""
    metadata = read_metadata(source)
    missing = {'segment', 'stamp'} - set(metadata['results'])
    if missing:
        sys.exit(f'no results for {sorted(missing)}: run blendhunter '
                 'benchmark with --record first')
    target = DATA / NAME
    shutil.copyfile(source, target)
    content = target.read_bytes()
    (DATA / 'registry.json').write_text(json.dumps(
        {'default': {'file': NAME, 'size': len(content),
                     'sha256': hashlib.sha256(content).hexdigest()}},
        indent=2) + '\n')


if __name__ == '__main__':
    main(sys.argv[1])
