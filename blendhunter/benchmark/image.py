"""What the network says of a real image, by brightness."""

import numpy as np
from astropy.table import Table

__all__ = ['measure_image']

N_PARTS = 4
NEEDED = ('flux', 'n_pixels', 'blend_prob', 'is_blend')


def measure_image(result):
    """
    Summarise a classified catalogue in each flux quartile.

    A network that calls most bright single galaxies blends shows here.

    Parameters
    ----------
    result : `~astropy.table.Table`
        From `~blendhunter.BlendIdentifier.classify` on a catalogue of
        `~blendhunter.detect`.

    Returns
    -------
    table : `~astropy.table.Table`
        One row per quartile, faint to bright: ``flux_min``,
        ``flux_max``, ``n_sources`` with a probability, ``share`` of
        ``is_blend`` among them, ``median_area`` (pixels).

    Raises
    ------
    ValueError
        If a column is missing.
    """
    missing = [name for name in NEEDED if name not in result.colnames]
    if missing:
        msg = f'table lacks the columns {missing}; it has {result.colnames}'
        raise ValueError(msg)
    flux = getattr(result['flux'], 'value', result['flux'])
    flux = np.asarray(flux, dtype=float)
    usable = np.isfinite(np.asarray(result['blend_prob'], dtype=float))
    rank = np.argsort(np.argsort(flux[usable]))
    part = rank * N_PARTS // max(usable.sum(), 1)
    rows = []
    for i in range(N_PARTS):
        chosen = np.flatnonzero(usable)[part == i]
        if not chosen.size:
            continue
        rows.append({
            'quartile': i + 1, 'flux_min': flux[chosen].min(),
            'flux_max': flux[chosen].max(), 'n_sources': len(chosen),
            'share': float(np.mean(np.asarray(result['is_blend'])[chosen])),
            'median_area': float(np.median(
                np.asarray(result['n_pixels'])[chosen]))})
    return Table(rows)
