# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""The overlap of sources, and their signal-to-noise ratios."""

import numpy as np

from blendhunter._utils.arrays import values_at

__all__ = ['blendedness', 'marginalized_snr', 'group_sources',
           'matched_filter_snr', 'neighbor_separation']

# dispersion of a galaxy as it is seen, over the FWHM of the seeing: 1.3
# times that of a Gaussian PSF
DISPERSION = 0.55


def matched_filter_snr(image, noise):
    """Return ``sqrt(sum(image**2)) / noise`` of images (..., ny, nx)."""
    return np.sqrt(_inner(image, image)) / noise


def marginalized_snr(snr, separation, seeing):
    """
    Return the SNR of a companion if the brighter source is unknown.

    A part of the light of the companion can be imitated by a change of
    flux, position, size or shape of the brighter source. Only the other
    part counts. Consider two Gaussians of dispersion s at a distance d, and
    expand one in the Hermite functions of the other. The power in the
    orders is a Poisson distribution of mean ``d**2 / (2 s**2)`` (the
    coherent states of Glauber 1963, Phys. Rev. 131, 2766). Flux, position
    and shape are the orders 0, 1 and 2.

    Parameters
    ----------
    snr : float or `~numpy.ndarray`
        Matched-filter SNR of the companion alone.
    separation : float or `~numpy.ndarray`
        Separation of the two sources in pixels.
    seeing : float or `~numpy.ndarray`
        FWHM of the seeing in pixels. Both sources are Gaussians with a
        dispersion of 0.55 FWHM, 1.3 times that of a star.

    Returns
    -------
    snr : float or `~numpy.ndarray`
        ``snr`` times the square root of the power in orders 3 and higher.
    """
    from scipy.special import gammainc

    quanta = np.square(separation / (DISPERSION * np.asarray(seeing))) / 2
    return snr * np.sqrt(gammainc(3, quanta))


def blendedness(isolated, total, *, norm='source'):
    """
    Return the fraction of the light at a source that is not its own.

    Parameters
    ----------
    isolated : `~numpy.ndarray` of shape (..., ny, nx)
        Noiseless image ``Si`` of the source alone.
    total : `~numpy.ndarray` of shape (..., ny, nx)
        Noiseless image ``S`` of all sources.
    norm : {'source', 'total'}, optional
        'source' is ``1 - <Si, Si> / <Si, S>``. This is the blendedness of
        the Blending ToolKit (``btk.measure.get_blendedness``; Mendoza et
        al. 2025), and one minus the purity of Sanchez et al. (2021, JCAP
        07, 043). It is 0 for an isolated source, and near 1 for a source
        that is much fainter than its neighbors. 'total' is
        ``1 - <Si, S> / <S, S>``, the fraction of the power of the whole
        image that the source does not explain.

    Returns
    -------
    blendedness : float64 `~numpy.ndarray` of shape (...)
        0 if the source or the image has no light.

    Raises
    ------
    ValueError
        If ``norm`` is unknown.
    """
    if norm not in ('source', 'total'):
        msg = f"norm must be 'source' or 'total', got {norm!r}"
        raise ValueError(msg)
    cross = _inner(isolated, total)
    upper, lower = ((_inner(isolated, isolated), cross) if norm == 'source'
                    else (cross, _inner(total, total)))
    ratio = np.ones(np.shape(lower))
    np.divide(upper, lower, out=ratio, where=lower > 0)
    return 1 - ratio


def _inner(first, second):
    """Return the inner product over the last two axes, in float64."""
    return np.einsum('...yx,...yx->...', np.asarray(first, dtype=float),
                     np.asarray(second, dtype=float))


def neighbor_separation(x, y):
    """Return the distance of each source to the nearest other one, or inf."""
    from scipy.spatial import cKDTree

    positions = np.column_stack([x, y])
    if len(positions) < 2:
        return np.full(len(positions), np.inf)
    distance, _ = cKDTree(positions).query(positions, k=2)
    return distance[:, 1]


def group_sources(total, noise, x, y):
    """
    Group the sources whose light runs together.

    Sources whose centers lie in one connected region (8 neighbors) in
    which the noiseless image exceeds the noise belong to one group; each
    of the others is a group by itself. Returns the groups 0, 1, ... in
    the order of their first source, and the matched-filter SNR of the
    light in each source's region, 0 for sources below the noise.
    """
    from pandas import factorize
    from scipy.ndimage import label

    regions, n_regions = label(total > noise, structure=np.ones((3, 3)))
    power = np.bincount(regions.ravel(), np.square(
        total, dtype=float).ravel(), n_regions + 1)
    power[0] = 0
    own = values_at(regions, x, y).astype(np.int64)
    # a source below the noise has a key of its own
    group, _ = factorize(np.where(own == 0, -1 - np.arange(len(own)), own))
    return group.astype(np.int32), np.sqrt(power[own]) / noise
