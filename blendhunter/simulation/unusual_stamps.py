# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Stamps of artifacts, wrong noise and bad seeing."""

import numpy as np
from astropy.table import Table, vstack

from blendhunter._utils.descriptions import STAMPS, describe_columns
from blendhunter._utils.parallel import child_seed, map_chunks
from blendhunter._utils.progress import progress_bar
from blendhunter._utils.resume import begin_run
from blendhunter.dataset import DataSet
from blendhunter.simulation.fields import check_shape
from blendhunter.simulation.unusual_images import (
    SHAPE,
    UNUSUAL_KINDS,
    check_kind,
    draw_unusual,
)
from blendhunter.stamps import BlendFlag

__all__ = ['simulate_unusual']

# stamps that are kept of one image
PER_IMAGE = 25
# length of the longest name of a kind
LONGEST = max(map(len, UNUSUAL_KINDS))


def simulate_unusual(n, *, kinds=tuple(UNUSUAL_KINDS), survey='cfis',
                     shape=SHAPE, rng=None, n_jobs=1, work_dir=None,
                     progress=False):
    """
    Simulate stamps of artifacts, wrong noise and bad seeing.

    Parameters
    ----------
    n : int
        Stamps of each kind, at most: some images hold few.
    kinds : sequence of str, optional
        Of `UNUSUAL_KINDS`.
    survey, shape : optional
        As in `draw_unusual`.
    rng, n_jobs, work_dir, progress : optional
        As in `~blendhunter.simulate_detections`.

    Returns
    -------
    stamps : `~blendhunter.dataset.DataSet`
        ``stamps`` over their noise (float32) and ``regions`` (bool) of
        shape (m, 51, 51); ``kind`` and the number of the ``image``.

    Raises
    ------
    ValueError
        If a kind is unknown.
    """
    for kind in kinds:
        check_kind(kind)
    n_images = max(int(np.ceil(n / PER_IMAGE)), 1)
    seeds, provenance, store = begin_run('unusual', {
        'n': n, 'kinds': list(kinds), 'survey': survey,
        'shape': check_shape(shape)}, rng, work_dir)
    tasks = [(kind, survey, shape, child_seed(seeds, number, image))
             for number, kind in enumerate(kinds)
             for image in range(n_images)]
    arrays, tables = {'stamps': [], 'regions': []}, []
    with progress_bar(total=len(tasks), description='unusual images',
                      enabled=progress) as bar:
        for image, (part, table) in enumerate(map_chunks(
                _cut_unusual, tasks, n_jobs=n_jobs, advance=bar.update,
                store=store)):
            table['image'] = image
            tables.append(table)
            for name, stack in part.items():
                arrays[name].append(stack)
    return DataSet({name: np.concatenate(stacks)
                    for name, stacks in arrays.items()},
                   describe_columns(vstack(tables), STAMPS),
                   {'role': 'unusual', **provenance})


def _cut_unusual(kind, survey, shape, seed):
    """Return some stamps of one image, and their kind."""
    image_seed, choice = seed.spawn(2)
    image = draw_unusual(kind, survey=survey, shape=shape, rng=image_seed)
    rows = np.random.default_rng(choice).permutation(image.rows)[:PER_IMAGE]
    cut = image.detected.stamps(rows)
    usable = (cut.flags & (BlendFlag.OFF_IMAGE | BlendFlag.UNUSABLE)) == 0
    cut = cut[usable]
    return ({'stamps': cut.data, 'regions': cut.regions},
            Table({'kind': np.full(len(cut), kind, dtype=f'U{LONGEST}')}))
