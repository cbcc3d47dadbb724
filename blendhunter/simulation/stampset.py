"""Simulated stamps with their truth, the sources kept apart."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from astropy.table import Table

from blendhunter._utils.resume import plain
from blendhunter._utils.simulated_noise import add_noise, draw_noise
from blendhunter.dataset import DataSet

__all__ = ['StampSet']


@dataclass(frozen=True)
class StampSet:
    """
    Simulated stamps with their truth.

    Parameters
    ----------
    centrals, companions : float32 `~numpy.ndarray` of shape (n, 51, 51)
        Noiseless renderings of the central source and of the sum of its
        companions, apart; a companion is zero in isolated stamps.
    truth : `~astropy.table.Table`
        ``label`` (1 blended), ``n_sources``; magnitude, flux (counts),
        half-light radius (arcsec), Sersic index, axis ratio, whether it
        is a star, ``index`` (row of the catalog of real galaxies, -1
        for others), and position (px) of the central source and, with the
        suffix ``_2``, of its brightest companion; ``separation`` (px),
        ``flux_ratio`` and ``magnitude_difference`` of that companion;
        ``blendedness`` (`~blendhunter.truth.blendedness`, of the central
        source); ``snr``, ``companion_snr``, ``total_snr`` (matched
        filter, at the set's noise or else the survey's); ``detected``
        (whether SEP found the central source, for ``centering='sep'``);
        ``seeing_factor``, ``group``.
    noise : float or None
        RMS of the noise in `stamps`; None for noiseless ones.
    noise_seed : int
        Seed of that noise.
    provenance : dict
        Arguments and versions.
    noise_correlation : float, optional
        Width of the smoothing that correlates the noise, in px.
    unit_noise : float32 `~numpy.ndarray` of shape (n, 51, 51), optional
        The noise that SEP saw, over its RMS, for ``centering='sep'``.
    extra : float32 `~numpy.ndarray` of shape (n, 51, 51), optional
        Counts of artifacts.
    masks : bool `~numpy.ndarray` of shape (n, 51, 51), optional
        True marks pixels known to be bad.
    """

    centrals: np.ndarray
    companions: np.ndarray
    truth: Table
    noise: float | None
    noise_seed: int
    provenance: dict
    noise_correlation: float = 0.0
    unit_noise: np.ndarray | None = None
    extra: np.ndarray | None = None
    masks: np.ndarray | None = None

    def __len__(self):
        return len(self.truth)

    @cached_property
    def stamps(self):
        """
        The sums with noise and artifacts, float32 of shape (n, 51, 51).

        Masked pixels hold noise, as in the stamps that ``classify`` cuts.
        """
        if self.noise is not None and self.unit_noise is None:
            return self.with_noise(self.noise, rng=self.noise_seed)
        stamps, sigma = self.centrals + self.companions, self.noise or 0.0
        if sigma:
            stamps += np.float32(sigma) * self.unit_noise
        return self._add_defects(stamps, sigma,
                                 np.random.default_rng(self.noise_seed))

    def with_noise(self, sigma, *, rng=None):
        """Return the sums with fresh noise of RMS ``sigma``, in counts."""
        rng = np.random.default_rng(rng)
        stamps = add_noise(self.centrals + self.companions, sigma, rng,
                           correlation=self.noise_correlation)
        return self._add_defects(stamps, sigma, rng)

    def to_dataset(self, *, role='stamps'):
        """
        Return all as one `~blendhunter.dataset.DataSet`.

        The ``role`` 'pairs' leaves the noisy sums out.
        """
        arrays = {'centrals': self.centrals, 'companions': self.companions}
        if role == 'stamps':
            arrays['stamps'] = self.stamps
            if self.masks is not None:
                arrays['masks'] = self.masks
        return DataSet(arrays, self.truth,
                       {'role': role, **self.provenance,
                        'noise': plain(self.noise)})

    def _add_defects(self, stamps, sigma, rng):
        """Add the artifacts and fill the masked pixels, in place."""
        if self.extra is not None:
            stamps += self.extra
        if self.masks is not None:
            fill = draw_noise(stamps.shape, rng,
                              correlation=self.noise_correlation)
            stamps[self.masks] = np.float32(sigma) * fill[self.masks]
        return stamps
