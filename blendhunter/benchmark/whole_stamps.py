"""How well the network answers the question about whole stamps."""

from astropy.table import Table

from blendhunter.benchmark.detectors import stamp_scores
from blendhunter.simulation import simulate_stamps

__all__ = ['measure_stamps']

THRESHOLD = 0.5


def measure_stamps(identifier, n=8000, *, sigmas=(5.0, 14.5, 35.0),
                   cosmos_dir=None, seed=4001, n_jobs=1):
    """
    Measure ``region='stamp'`` on fresh stamps, centred as by the pipeline.

    Parameters
    ----------
    identifier : `~blendhunter.BlendIdentifier`
    n : int, optional
        Stamps of each set, half of them blended.
    sigmas : tuple of float, optional
        Noise RMS of the parametric sets, in CFIS counts.
    cosmos_dir : path-like, optional
        Real galaxies for a further set, isolated and blended.
    seed : int, optional
        Of the first set; training uses others.
    n_jobs : int, optional
        Number of processes for the simulation.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per set, with the scores of
        `~blendhunter.benchmark.stamp_scores`.
    """
    sets = [('parametric', sigma, {}) for sigma in sigmas]
    sets.append(('structured', 14.5, {}))
    if cosmos_dir is not None:
        sets.append(('realistic', 14.5, {'cosmos_dir': cosmos_dir}))
    made, rows = {}, []
    for kind, sigma, options in sets:
        if kind not in made:
            made[kind] = simulate_stamps(n, kind=kind, rng=seed + len(made),
                                         n_jobs=n_jobs, **options)
        stamps = made[kind].with_noise(sigma, rng=[seed, int(10 * sigma)])
        p = identifier.predict_proba(stamps, noise=sigma)
        rows.append({'set': kind, 'sigma': sigma,
                     **stamp_scores(p >= THRESHOLD, made[kind].truth)})
    return Table(rows)
