"""The data sets that the packaged model is trained on."""

from blendhunter.simulation.detections import simulate_detections
from blendhunter.simulation.ranges import FieldRanges
from blendhunter.simulation.stamps import simulate_stamps

__all__ = ['simulate_training_detections', 'simulate_training_pairs']

# the seeing, 2.2 to 7 px for CFIS, and the stamps that share one
PAIR_SEEING = (0.65, 2.0)
PAIR_GROUP = 250
STAR_SHARE = 0.1
# deep fields with bright stars, their wings, large galaxies and the photon
# noise of all, most of them without a companion: every real image has
# some, and the other fields hold few
BRIGHT_FIELDS = FieldRanges(
    density=(20.0, 80.0), bright=(15.0, 17.5), star_fraction=(0.1, 0.6),
    companions=(0.0, 0.2), noise_factor=(0.3, 2.0),
    seeing_factor=(0.7, 1.5), wings=(0.0, 0.25), noise_electrons=(8.0, 80.0))
FIELDS = (FieldRanges(), FieldRanges(), BRIGHT_FIELDS)
SURVEYS = ('cfis', 'kids', 'cfis', 'lsst', 'des')


def simulate_training_pairs(n, *, rng=None, n_jobs=1, work_dir=None,
                            progress=None):
    """
    Simulate central and companion sources for ``region='stamp'``.

    Structured galaxies and one star in ten, the seeing 0.65 to 2 times
    CFIS's, central sources offset by U(-1, 1) + N(0, 0.3) px.

    Parameters
    ----------
    n : int
        Number of pairs.
    rng, n_jobs, work_dir, progress
        As in `~blendhunter.simulation.simulate_stamps`.

    Returns
    -------
    dataset : `~blendhunter.dataset.DataSet`
        ``centrals`` and ``companions``, noiseless, apart.
    """
    return simulate_stamps(
        n, kind='structured', blend_fraction=1.0, noise=None,
        star_fraction=STAR_SHARE, centring='training',
        seeing_range=PAIR_SEEING, group_size=PAIR_GROUP, rng=rng,
        n_jobs=n_jobs, work_dir=work_dir,
        progress=progress).to_dataset(role='pairs')


def simulate_training_detections(n_fields, *, rng=None, n_jobs=1,
                                 work_dir=None, progress=None):
    """
    Simulate labelled detections for ``region='segment'``.

    Fields of 1500 x 1500 px: two in three with the ranges that are the
    defaults of `~blendhunter.simulation.FieldRanges`, the third with
    bright stars and galaxies and their photon noise; two in five of CFIS,
    the others of KiDS, LSST and DES. Three in four are detected with SEP,
    the others with photutils.

    Parameters
    ----------
    n_fields : int
    rng, n_jobs, work_dir, progress
        As in `~blendhunter.simulation.simulate_detections`.

    Returns
    -------
    dataset : `~blendhunter.dataset.DataSet`
        ``stamps`` over their noise, and ``regions``.
    """
    return simulate_detections(
        n_fields, survey=SURVEYS, ranges=FIELDS,
        detectors=('sep', 'sep', 'sep', 'photutils'), rng=rng,
        n_jobs=n_jobs, work_dir=work_dir, progress=progress)
