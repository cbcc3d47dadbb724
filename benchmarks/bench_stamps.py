# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Time of cutting stamps, and of the residual channels."""

import numpy as np

from blendhunter import extract_stamps
from blendhunter.network.symmetric_residuals import symmetric_residuals
from blendhunter.stamps import STAMP_SIZE


class ExtractStamps:
    """Cut stamps from an image of pure noise."""

    params = [100, 2000]
    param_names = ['n_stamps']

    def setup(self, n_stamps):
        """Make an image with one segment at each position."""
        rng = np.random.default_rng(1)
        self.image = rng.normal(size=(1000, 1000)).astype(np.float32)
        self.positions = rng.uniform(0, 999, size=(n_stamps, 2))
        self.segmentation = np.zeros(self.image.shape, dtype=np.int32)
        columns, rows = np.round(self.positions).astype(int).T
        self.segmentation[rows, columns] = np.arange(1, n_stamps + 1)
        self.labels = self.segmentation[rows, columns]

    def time_plain(self, _n_stamps):
        """Cut the pixels only."""
        extract_stamps(self.image, self.positions)

    def time_with_segments(self, _n_stamps):
        """Cut, and replace the segments of other sources by noise."""
        extract_stamps(self.image, self.positions,
                       segmentation=self.segmentation, labels=self.labels,
                       noise=1.0)


class ResidualChannels:
    """Subtract a symmetric source from stamps."""

    def setup(self):
        """Make 256 stamps with one round source each."""
        rng = np.random.default_rng(1)
        y, x = np.mgrid[:STAMP_SIZE, :STAMP_SIZE] - STAMP_SIZE // 2
        radius2 = x**2 + y**2
        noise = rng.normal(size=(256, STAMP_SIZE, STAMP_SIZE))
        self.z = (noise + 20 * np.exp(-radius2 / 18)).astype(np.float32)
        self.regions = np.broadcast_to(radius2 < 100, self.z.shape)

    def time_symmetric_residuals(self):
        """Make both channels of 256 stamps."""
        symmetric_residuals(self.z, self.regions)
