# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Average the weights before a fine-tuning with those after it.

Usage: python tools/average_weights.py BEFORE AFTER OUTPUT --share 0.5

A network that was fine-tuned on new data forgets some of what it knew. The
mean of both networks' weights often keeps more of both (Wortsman et al. 2022,
CVPR, "Robust fine-tuning of zero-shot models"). ``--share`` is that of AFTER.
The fractions that the probabilities assume are averaged, too: calibrate the
result (``blendhunter calibrate``).
"""

import argparse
from pathlib import Path

from blendhunter._utils.files import check_writable
from blendhunter.network.weights import (
    read_weights,
    resolve_weights,
    write_weights,
)
from blendhunter.training.warm_start import training_history


def main(arguments=None):
    """Read both files, average, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('before', help='a weights file, or default')
    parser.add_argument('after')
    parser.add_argument('output', type=Path)
    parser.add_argument('--share', type=float, default=0.5)
    options = parser.parse_args(arguments)
    if not 0 <= options.share <= 1:
        parser.error(f'--share must lie in 0 to 1, got {options.share}')
    check_writable(options.output)
    before, about_before = read_weights(resolve_weights(options.before))
    after, about = read_weights(resolve_weights(options.after))
    if ({name: array.shape for name, array in before.items()}
            != {name: array.shape for name, array in after.items()}
            or about_before['preprocessing'] != about['preprocessing']):
        parser.error('the two files hold different networks')
    history = training_history(about)
    if about_before['sha256'] not in [
            step['sha256'] for step in history]:
        parser.error('AFTER was not fine-tuned from BEFORE')
    write_weights(options.output, {
        name: mean(array, after[name], options.share)
        for name, array in before.items()}, {
        **about, 'results': {}, 'steps': 0, 'training_history': history,
        'command': 'python tools/average_weights.py '
                   f'{Path(options.before).name} {Path(options.after).name} '
                   f'{options.output.name} --share {options.share:g}',
        **{name: {region: round(mean(value, about[name][region],
                                     options.share), 6)
                  for region, value in about_before[name].items()}
           for name in ('trained_fraction', 'prior')}})


def mean(before, after, share):
    """Return the weighted mean."""
    return (1 - share) * before + share * after


if __name__ == '__main__':
    main()
