# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The data sets that the packaged model is trained on."""

from functools import partial
from pathlib import Path

from blendhunter._utils.parallel import child_seed
from blendhunter._utils.resume import PartStore, begin_run
from blendhunter.dataset import join_datasets, write_dataset
from blendhunter.simulation.detections import simulate_detections
from blendhunter.simulation.field_ranges import CAMERA, FieldRanges
from blendhunter.simulation.parameters import LogUniform
from blendhunter.simulation.stamps import simulate_stamps
from blendhunter.simulation.unusual_stamps import simulate_unusual
from blendhunter.truth.blend_definition import MIN_FLUX_RATIO

__all__ = ['UNUSUAL_KINDS', 'simulate_missing', 'simulate_training_detections',
           'simulate_training_pairs']

# the seeing, 2.2 to 7 px for CFIS, and the stamps that share one PSF
PAIR_SEEING = (0.65, 2.0)
PAIR_GROUP = 50
STAR_SHARE = 0.1
# of the pairs; the others are the paper's
STRUCTURED_SHARE = 0.75
# deep fields with bright stars, their wings, large galaxies and the photon
# noise of all, most of them without a companion: every real image has
# some, and the other fields hold few
BRIGHT_FIELDS = FieldRanges(
    density=(20.0, 80.0), bright=(15.0, 17.5), star_fraction=(0.1, 0.6),
    companions=(0.0, 0.2), noise=LogUniform(0.3, 2.0),
    seeing_factor=LogUniform(0.7, 1.5), wings=(0.0, 0.25),
    gain=LogUniform(8.0, 80.0), **CAMERA)
# fields as they are, without many companions, of the depth of a survey
QUIET_FIELDS = FieldRanges(
    density=(60.0, 130.0), bright=(16.0, 18.0), companions=(0.0, 0.2),
    noise=LogUniform(0.5, 2.0), seeing_factor=LogUniform(0.7, 1.7), **CAMERA)
FIELDS = (FieldRanges(**CAMERA), BRIGHT_FIELDS, QUIET_FIELDS)
SURVEYS = ('cfis', 'kids', 'cfis', 'lsst', 'des')
# seeds of the packaged model's sets
PAIR_SEED, DETECTION_SEED, UNUSUAL_SEED = 21, 24, 26
#: What the detector of unusual stamps learns. Bad seeing is found in whole
#: images: single faint galaxies do not show it.
UNUSUAL_KINDS = ('saturated stars', 'satellite trails', 'cosmic rays',
                 'ghosts', 'pieces of large galaxies', 'noise too small',
                 'noise too large', 'pure noise')


def simulate_training_pairs(n, *, rng=None, n_jobs=1, work_dir=None,
                            progress=False):
    """
    Simulate central and companion sources for ``region='stamp'``.

    Three in four are structured galaxies behind a camera's PSF, the others
    are parametric ones behind the paper's; both with some stars, noiseless,
    and with central sources off by U(-1, 1) + N(0, 0.3) px. The other
    arguments are those of `~blendhunter.simulate_stamps`.
    """
    n_structured = round(STRUCTURED_SHARE * n)
    seeds, _, store = begin_run('pairs', {'n': n}, rng, work_dir)
    return join_datasets([simulate_stamps(
        number, kind=kind, blend_fraction=1.0, noise=None, psf=psf,
        star_fraction=STAR_SHARE, centering='training',
        seeing_range=PAIR_SEEING, group_size=PAIR_GROUP, rng=seed,
        n_jobs=n_jobs, work_dir=store and store.directory / kind,
        progress=progress).to_dataset(role='pairs')
        for number, kind, psf, seed in (
            (n_structured, 'structured', 'camera', seeds),
            (n - n_structured, 'parametric', None, child_seed(seeds, 1)))],
        'group')


def simulate_training_detections(n_fields, *,
                                 min_flux_ratio=MIN_FLUX_RATIO, rng=None,
                                 n_jobs=1, work_dir=None, progress=False):
    """
    Simulate labeled detections for ``region='segment'``.

    Fields of 1500 x 1500 px with the `FIELDS` and `SURVEYS` in turn, three
    in four detected with SEP, the others with photutils. The other
    arguments are those of `~blendhunter.simulate_detections`.
    """
    return simulate_detections(
        n_fields, survey=SURVEYS, ranges=FIELDS,
        detectors=('sep', 'sep', 'sep', 'photutils'),
        min_flux_ratio=min_flux_ratio, rng=rng, n_jobs=n_jobs,
        work_dir=work_dir, progress=progress)


def simulate_missing(work_dir, n_pairs, n_fields, *, n_unusual=0, n_jobs=1,
                     progress=False):
    """
    Simulate ``pairs.h5`` and ``detections.h5`` unless they are there.

    With ``n_unusual``, also so many stamps of each artifact,
    ``unusual.h5``. Returns the paths by name, None if the number is 0.
    """
    paths = {}
    wanted = [('pairs', n_pairs, PAIR_SEED, simulate_training_pairs),
              ('detections', n_fields, DETECTION_SEED,
               simulate_training_detections)]
    if n_unusual:
        wanted.append(('unusual', n_unusual, UNUSUAL_SEED,
                       partial(simulate_unusual, kinds=UNUSUAL_KINDS)))
    for name, n, seed, simulate in wanted:
        path = Path(work_dir) / f'{name}.h5'
        paths[name] = path if n else None
        if n and not path.is_file():
            store = PartStore.beside(path)
            write_dataset(path, simulate(
                n, rng=seed, n_jobs=n_jobs, work_dir=store.directory,
                progress=progress))
            store.discard()
    return paths
