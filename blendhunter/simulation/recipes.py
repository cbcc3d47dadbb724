"""The data sets that the packaged model is trained on."""

from inspect import signature

from blendhunter._utils.parallel import describe_run, seed_sequence
from blendhunter.dataset import DataSet
from blendhunter.simulation.detections import simulate_detections
from blendhunter.simulation.stamps import simulate_stamps

__all__ = ['simulate_training_detections', 'simulate_training_pairs']


def simulate_training_pairs(n, *, rng=None, n_jobs=1, progress=None):
    """
    Simulate central and companion galaxies for ``region='stamp'``.

    Structured galaxies, the seeing 0.8 to 1.5 times CFIS's, central
    sources offset by U(-1, 1) + N(0, 0.3) px.

    Parameters
    ----------
    n : int
        Number of pairs.
    rng, n_jobs, progress
        As in `~blendhunter.simulation.simulate_stamps`.

    Returns
    -------
    dataset : `~blendhunter.dataset.DataSet`
        ``centrals`` and ``companions``, noiseless, apart.
    """
    pairs = simulate_stamps(n, kind='structured', blend_fraction=1.0,
                            noise=None, centring='training',
                            seeing_range=(0.8, 1.5), rng=rng, n_jobs=n_jobs,
                            progress=progress)
    return DataSet({'centrals': pairs.centrals,
                    'companions': pairs.companions}, pairs.truth,
                   {'role': 'pairs', **pairs.provenance})


def simulate_training_detections(n_fields, *, rng=None, n_jobs=1,
                                 progress=None):
    """
    Simulate labelled detections for ``region='segment'``.

    Fields of 1500 x 1500 px with the ranges that are the defaults of
    `~blendhunter.simulation.simulate_detections`.

    Parameters
    ----------
    n_fields : int
    rng, n_jobs, progress
        As in `~blendhunter.simulation.simulate_detections`.

    Returns
    -------
    dataset : `~blendhunter.dataset.DataSet`
        ``stamps`` over their noise, and ``regions``.
    """
    seeds = seed_sequence(rng)
    stamps, regions, truth = simulate_detections(
        n_fields, rng=seeds, n_jobs=n_jobs, progress=progress)
    defaults = {name: parameter.default for name, parameter in
                signature(simulate_detections).parameters.items()
                if parameter.default not in (None, parameter.empty)}
    return DataSet({'stamps': stamps, 'regions': regions}, truth,
                   {'role': 'detections', 'n_fields': int(n_fields),
                    'arguments': defaults, **describe_run(seeds)})
