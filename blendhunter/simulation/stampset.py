# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Simulated stamps with their truth; sources are kept separately."""

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
        Noiseless images of the central source, and of the sum of its
        companions (zero in isolated stamps).
    truth : `~astropy.table.Table`
        One row per stamp:

        - ``label`` (1 blended, 0 isolated) and ``n_sources``;
        - for the central source, and with the suffix ``_2`` for its
          brightest companion: magnitude, flux (counts), half-light radius
          (arcsec), Sersic index, axis ratio, whether it is a star,
          ``index`` (row in the catalog of real galaxies, -1 for other
          sources) and position (px);
        - ``separation`` (px), ``flux_ratio`` and ``magnitude_difference``
          of this companion;
        - ``blendedness`` of the central source
          (`~blendhunter.truth.blendedness`);
        - ``snr``, ``companion_snr`` and ``total_snr`` (matched filter, at
          the noise of the set, or else that of the survey);
        - ``detected``, whether SEP found the central source (only for
          ``centering='sep'``);
        - ``seeing_factor`` and ``group``.
    noise : float or None
        RMS noise of the stamps; None for noiseless ones.
    noise_seed : int
        Seed of that noise.
    provenance : dict
        Arguments and versions.
    noise_correlation : float, optional
        Width (sigma, px) of the Gaussian that smooths the noise.
    unit_noise : float32 `~numpy.ndarray` of shape (n, 51, 51), optional
        The noise over its RMS in which SEP detected (only for
        ``centering='sep'``).
    extra : float32 `~numpy.ndarray` of shape (n, 51, 51), optional
        Counts of artifacts.
    masks : bool `~numpy.ndarray` of shape (n, 51, 51), optional
        True marks pixels that are known to be bad.
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
        The stamps with noise and artifacts, float32 of shape (n, 51, 51).

        Masked pixels are filled with noise, as in the stamps that
        ``classify`` cuts.
        """
        if self.noise is not None and self.unit_noise is None:
            return self.with_noise(self.noise, rng=self.noise_seed)
        stamps, sigma = self.centrals + self.companions, self.noise or 0.0
        if sigma:
            stamps += np.float32(sigma) * self.unit_noise
        return self._add_defects(stamps, sigma,
                                 np.random.default_rng(self.noise_seed))

    def with_noise(self, sigma, *, rng=None):
        """
        Return the stamps with new noise, and with their artifacts.

        Parameters
        ----------
        sigma : float
            RMS noise per pixel in counts.
        rng : None, int, SeedSequence or Generator, optional
            Random numbers, or their seed.

        Returns
        -------
        stamps : float32 `~numpy.ndarray` of shape (n, 51, 51)
            The stamps in counts.
        """
        rng = np.random.default_rng(rng)
        stamps = add_noise(self.centrals + self.companions, sigma, rng,
                           correlation=self.noise_correlation)
        return self._add_defects(stamps, sigma, rng)

    def to_dataset(self, *, role='stamps'):
        """
        Return the stamps as a data set.

        Parameters
        ----------
        role : {'stamps', 'pairs'}, optional
            'pairs' leaves out the stamps with noise.

        Returns
        -------
        dataset : `~blendhunter.dataset.DataSet`
            The arrays, the truth and the provenance.
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
