"""Injections: copies of an image's own sources beside other sources."""

from dataclasses import replace

import numpy as np
from astropy.table import Table

from blendhunter._utils.arrays import round_position, values_at
from blendhunter.detection import detect_prepared

__all__ = ['LOST', 'MERGED', 'SPLIT', 'inject_sources', 'redetect']

#: What becomes of an injection: the detector splits it from its host,
#: takes both for one source, or does not see it.
SPLIT, MERGED, LOST = 'split', 'merged', 'lost'

# donors stand alone, well above the noise, and are not too large
DONOR_SNR = 30.0
DONOR_PIXELS = (12, 1200)
DONOR_AXIS_RATIO = 2.0
# hosts stand so far apart that their stamps do not meet, and from edges
SPACING = 80.0
EDGE = 40
MIN_SNR = 5.0
N_TRIES = 20


def inject_sources(prepared, catalog, segmentation, rng, *,
                   separation=(2.0, 10.0), flux_ratio=(0.1, 1.0), used=()):
    """
    Copy clean sources of an image next to other detections.

    A donor is cut along its segment, scaled down to a flux ratio, and
    added at a whole number of pixels from its own place.

    Parameters
    ----------
    prepared : `~blendhunter.detection.background.Subtracted`
        The image without its background.
    catalog : `~astropy.table.Table`
        From `~blendhunter.detection.detect_prepared`.
    segmentation : 2-D int `~numpy.ndarray`
    rng : `~numpy.random.Generator`
    separation : tuple of float, optional
        Limits in px; uniform.
    flux_ratio : tuple of float, optional
        Limits of the companion's flux over the host's; uniform in the
        logarithm.
    used : sequence of int, optional
        Rows of the catalogue that are no hosts again.

    Returns
    -------
    injected : `~blendhunter.detection.background.Subtracted`
    injections : `~astropy.table.Table`
        ``host`` and ``donor`` (rows of the catalogue), ``x_host``,
        ``y_host``, ``x``, ``y`` (px), ``separation``, ``flux_ratio``,
        ``snr`` (matched filter, of the companion: above 5).

    Raises
    ------
    ValueError
        If the image has no clean source to copy.
    """
    x, y, flux = (np.asarray(getattr(catalog[name], 'value', catalog[name]),
                             dtype=float)
                  for name in ('x_centroid', 'y_centroid', 'flux'))
    donors = _clean_sources(catalog, segmentation)
    if not len(donors):
        msg = 'image: there is no clean source to copy'
        raise ValueError(msg)
    donors = donors[np.argsort(flux[donors])]
    data = prepared.data.copy()
    rows = []
    for host in _spaced_hosts(x, y, segmentation, catalog, used, rng):
        placed = _place(prepared, catalog, segmentation, host, donors, flux,
                        x, y, separation, flux_ratio, rng)
        if placed is None:
            continue
        row, pixels, values = placed
        data[pixels] += values
        rows.append(row)
    if prepared.mask is not None:
        data[prepared.mask] = 0
    names = ('host', 'donor', 'x_host', 'y_host', 'x', 'y', 'separation',
             'flux_ratio', 'snr')
    table = Table(rows=rows or None, names=names,
                  dtype=[int, int] + [float] * 7)
    return replace(prepared, data=data), table


def _clean_sources(catalog, segmentation):
    """Return the rows of sources that can be copied."""
    pixels = np.asarray(catalog['n_pixels'])
    ratio = (np.asarray(catalog['semimajor_axis'], dtype=float)
             / np.maximum(np.asarray(catalog['semiminor_axis'],
                                     dtype=float), 1e-3))
    good = ((np.asarray(catalog['flag']) == 0)
            & (np.asarray(catalog['snr']) >= DONOR_SNR)
            & (pixels >= DONOR_PIXELS[0]) & (pixels <= DONOR_PIXELS[1])
            & (ratio < DONOR_AXIS_RATIO))
    return np.flatnonzero(good & ~_touching(segmentation, len(catalog)))


def _touching(segmentation, n):
    """Return which segments touch another one."""
    touches = np.zeros(n + 1, dtype=bool)
    for axis in (0, 1):
        first = np.moveaxis(segmentation, axis, 0)
        below, above = first[:-1], first[1:]
        meet = (below != above) & (below > 0) & (above > 0)
        touches[below[meet]] = touches[above[meet]] = True
    # SEP's segments are connected over corners, too
    for first, second in ((segmentation[:-1, :-1], segmentation[1:, 1:]),
                          (segmentation[:-1, 1:], segmentation[1:, :-1])):
        meet = (first != second) & (first > 0) & (second > 0)
        touches[first[meet]] = touches[second[meet]] = True
    return touches[1:]


def _spaced_hosts(x, y, segmentation, catalog, used, rng):
    """
    Return rows far from each other and from the edges, at random.

    The place of a host lies in its own segment, and none is used twice.
    """
    from scipy.spatial import cKDTree

    ny, nx = segmentation.shape
    inside = np.flatnonzero((x > EDGE) & (x < nx - EDGE)
                            & (y > EDGE) & (y < ny - EDGE))
    at = values_at(segmentation, x[inside], y[inside])
    inside = inside[at == np.asarray(catalog['label'])[inside]]
    order = rng.permutation(np.setdiff1d(inside, used))
    if not len(order):
        return []
    near = cKDTree(np.column_stack([x, y])).query_ball_point(
        np.column_stack([x[order], y[order]]), SPACING)
    free = np.ones(len(x), dtype=bool)
    hosts = []
    for row, neighbours in zip(order, near, strict=True):
        if free[row]:
            hosts.append(row)
            free[neighbours] = False
    return hosts


def _place(prepared, catalog, segmentation, host, donors, flux, x, y,
           separation, flux_ratio, rng):
    """Return an injection's row, pixels and values, or None."""
    for _ in range(N_TRIES):
        ratio = np.exp(rng.uniform(*np.log(flux_ratio)))
        first = np.searchsorted(flux[donors], ratio * flux[host])
        if first == len(donors) or flux[host] <= 0:
            continue
        donor = donors[rng.integers(first, len(donors))]
        scale = ratio * flux[host] / flux[donor]
        distance, angle = rng.uniform(*separation), rng.uniform(0, 2 * np.pi)
        dx, dy = (int(np.rint(v)) for v in (
            x[host] + distance * np.cos(angle) - x[donor],
            y[host] + distance * np.sin(angle) - y[donor]))
        place = x[donor] + dx, y[donor] + dy
        pixels, values, snr = _copy(prepared, catalog, segmentation, donor,
                                    scale, dx, dy)
        under = segmentation[round_position(place[1]),
                             round_position(place[0])]
        # on a third source it would be that one's companion
        if (donor == host or snr < MIN_SNR
                or under not in (0, catalog['label'][host])):
            continue
        row = (host, donor, x[host], y[host], *place,
               np.hypot(place[0] - x[host], place[1] - y[host]), ratio, snr)
        return row, pixels, values
    return None


def _copy(prepared, catalog, segmentation, donor, scale, dx, dy):
    """Return pixels, values and SNR of a donor at its new place."""
    iy, ix = _segment(segmentation, catalog, donor)
    py, px = iy + dy, ix + dx
    ny, nx = segmentation.shape
    on = (py >= 0) & (py < ny) & (px >= 0) & (px < nx)
    if prepared.mask is not None:
        on[on] = ~prepared.mask[py[on], px[on]]
    iy, ix, py, px = (v[on] for v in (iy, ix, py, px))
    values = scale * prepared.data[iy, ix]
    before, after = (np.broadcast_to(prepared.noise, segmentation.shape)[v]
                     for v in ((iy, ix), (py, px)))
    # the power of the noise that came with the donor is not its own
    power = np.sum((values / after) ** 2 - (scale * before / after) ** 2)
    return (py, px), values, float(np.sqrt(max(power, 0)))


def _segment(segmentation, catalog, row):
    """Return the pixels of a detection's segment."""
    label = int(catalog['label'][row])
    cx, cy = (int(round_position(catalog[f'{axis}_centroid'][row:row + 1])[0])
              for axis in 'xy')
    reach = DONOR_PIXELS[1]
    half = int(np.sqrt(reach)) * 2
    y0, x0 = max(cy - half, 0), max(cx - half, 0)
    iy, ix = np.nonzero(segmentation[y0:cy + half, x0:cx + half] == label)
    return iy + y0, ix + x0


def redetect(injected, injections, settings):
    """
    Detect anew, and say what became of each injection.

    Parameters
    ----------
    injected, injections
        From `inject_sources`.
    settings : `~blendhunter.detection.Detection`
        Those of the first detection.

    Returns
    -------
    catalog : `~astropy.table.Table`
    segmentation : 2-D int `~numpy.ndarray`
    outcome : str `~numpy.ndarray` of shape (n,)
        'split': host and companion lie in segments of their own;
        'merged': in one; 'lost': one of them in none.
    row : int `~numpy.ndarray` of shape (n,)
        Row of the catalogue at the host's place, -1 for none.
    """
    catalog, segmentation = detect_prepared(injected, settings)
    at = [values_at(segmentation, injections[f'x{suffix}'],
                    injections[f'y{suffix}']) for suffix in ('_host', '')]
    outcome = np.where((at[0] == 0) | (at[1] == 0), LOST,
                       np.where(at[0] == at[1], MERGED, SPLIT))
    return catalog, segmentation, outcome, at[0].astype(np.int64) - 1
