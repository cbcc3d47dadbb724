# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Injections: copies of sources of an image, placed beside other sources."""

from dataclasses import replace

import numpy as np
from astropy.table import Table

from blendhunter._utils.arrays import round_position, values_at
from blendhunter.catalogs import plain_values
from blendhunter.detection import DetectedImage

__all__ = ['LOST', 'MERGED', 'SPLIT', 'inject_sources', 'redetect']

#: What becomes of an injection: the detector splits it from its host,
#: takes both for one source, or misses one of them.
SPLIT, MERGED, LOST = 'split', 'merged', 'lost'

# donors are isolated, well above the noise, and not too large
DONOR_SNR = 30.0
DONOR_PIXELS = (12, 1200)
DONOR_AXIS_RATIO = 2.0
# so far apart are hosts, that their stamps do not meet; and from edges
SPACING = 80.0
EDGE = 40
MIN_SNR = 5.0
N_TRIES = 20
COLUMNS = ('host', 'donor', 'x_host', 'y_host', 'x', 'y', 'separation',
           'flux_ratio', 'snr')


def inject_sources(detected, rng, *, separation=(2.0, 10.0),
                   flux_ratio=(0.1, 1.0), used=()):
    """
    Copy clean sources of a `~blendhunter.DetectedImage` next to others.

    A donor is cut along its segment, scaled down to a flux ratio, and added
    at a whole number of pixels from its own position. The separation (px)
    is uniform, the flux ratio in the logarithm; rows in ``used`` are not
    hosts again. Returns the image and a table, see `evaluate_injections`.
    """
    image = detected.image
    flux = plain_values(detected.catalog['flux'])
    donors = _clean_sources(detected)
    if not len(donors):
        msg = 'image: it has no clean source that can be copied'
        raise ValueError(msg)
    donors = donors[np.argsort(flux[donors])]
    data = image.data.copy()
    rows = []
    for host in _spaced_hosts(detected, used, rng):
        drawn = _draw_companion(detected, host, donors, flux, separation,
                                flux_ratio, rng)
        if drawn is None:
            continue
        row, pixels, values = drawn
        data[pixels] += values
        rows.append(row)
    if image.mask is not None:
        data[image.mask] = 0
    table = Table(rows=rows or None, names=COLUMNS,
                  dtype=[int, int] + [float] * 7)
    return replace(image, data=data), table


def _clean_sources(detected):
    """Return the rows of sources that can be copied."""
    catalog = detected.catalog
    pixels = np.asarray(catalog['n_pixels'])
    major, minor = (plain_values(catalog[f'semi{name}_axis'])
                    for name in ('major', 'minor'))
    ratio = major / np.maximum(minor, 1e-3)
    good = ((np.asarray(catalog['flag']) == 0)
            & (np.asarray(catalog['snr']) >= DONOR_SNR)
            & (pixels >= DONOR_PIXELS[0]) & (pixels <= DONOR_PIXELS[1])
            & (ratio < DONOR_AXIS_RATIO))
    return np.flatnonzero(good & ~_touching(detected.segmentation,
                                            len(catalog)))


def _touching(segmentation, n):
    """Return which segments touch another one, over corners, too."""
    from scipy.ndimage import maximum_filter, minimum_filter

    inside = segmentation > 0
    highest = maximum_filter(segmentation, 3)
    # without the sky
    lowest = minimum_filter(np.where(inside, segmentation, n + 1), 3)
    meet = inside & ((highest > segmentation) | (lowest < segmentation))
    return np.isin(np.arange(1, n + 1), segmentation[meet])


def _spaced_hosts(detected, used, rng):
    """Return rows at random, far from each other and from the edges."""
    from scipy.spatial import cKDTree

    x, y, segmentation = detected.x, detected.y, detected.segmentation
    ny, nx = segmentation.shape
    inside = np.flatnonzero((x > EDGE) & (x < nx - EDGE)
                            & (y > EDGE) & (y < ny - EDGE))
    # the position of a host lies in its own segment
    at = values_at(segmentation, x[inside], y[inside])
    inside = inside[at == detected.labels[inside]]
    order = rng.permutation(np.setdiff1d(inside, used))
    if not len(order):
        return []
    near = cKDTree(np.column_stack([x, y])).query_ball_point(
        np.column_stack([x[order], y[order]]), SPACING)
    free = np.ones(len(x), dtype=bool)
    hosts = []
    for row, neighbors in zip(order, near, strict=True):
        if free[row]:
            hosts.append(row)
            free[neighbors] = False
    return hosts


def _draw_companion(detected, host, donors, flux, separation, flux_ratio,
                    rng):
    """Return an injection's row, pixels and values, or None."""
    x, y, segmentation = detected.x, detected.y, detected.segmentation
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
        new = x[donor] + dx, y[donor] + dy
        pixels, values, snr = _copy(detected, donor, scale, dx, dy)
        under = segmentation[round_position(new[1]), round_position(new[0])]
        # on a third source it would be that one's companion
        if (donor == host or snr < MIN_SNR
                or under not in (0, detected.labels[host])):
            continue
        row = (host, donor, x[host], y[host], *new,
               np.hypot(new[0] - x[host], new[1] - y[host]), ratio, snr)
        return row, pixels, values
    return None


def _copy(detected, donor, scale, dx, dy):
    """Return pixels, values and SNR of a donor at its new position."""
    image = detected.image
    iy, ix = _segment(detected, donor)
    py, px = iy + dy, ix + dx
    ny, nx = image.data.shape
    on = (py >= 0) & (py < ny) & (px >= 0) & (px < nx)
    if image.mask is not None:
        on[on] = ~image.mask[py[on], px[on]]
    iy, ix, py, px = (v[on] for v in (iy, ix, py, px))
    values = scale * image.data[iy, ix]
    before, after = (np.broadcast_to(image.noise, image.data.shape)[v]
                     for v in ((iy, ix), (py, px)))
    # the power of the noise that came with the donor is not its own
    power = np.sum((values / after) ** 2 - (scale * before / after) ** 2)
    return (py, px), values, float(np.sqrt(max(power, 0)))


def _segment(detected, row):
    """Return the pixels of a detection's segment."""
    cx, cy = (int(round_position(v[row:row + 1])[0])
              for v in (detected.x, detected.y))
    half = int(np.sqrt(DONOR_PIXELS[1])) * 2
    y0, x0 = max(cy - half, 0), max(cx - half, 0)
    iy, ix = np.nonzero(detected.segmentation[y0:cy + half, x0:cx + half]
                        == detected.labels[row])
    return iy + y0, ix + x0


def redetect(injected, injections, settings):
    """
    Detect again, and return what became of each injection.

    Returns the `~blendhunter.DetectedImage`, the outcomes, and the rows at
    the hosts' positions, -1 for none.
    """
    detected = DetectedImage.from_background_subtracted(injected, settings)
    host, companion = (
        values_at(detected.segmentation, injections[f'x{suffix}'],
                  injections[f'y{suffix}']) for suffix in ('_host', ''))
    outcome = np.where((host == 0) | (companion == 0), LOST,
                       np.where(host == companion, MERGED, SPLIT))
    return detected, outcome, host.astype(np.int64) - 1
