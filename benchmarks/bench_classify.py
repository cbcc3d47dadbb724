# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Time and memory of detection and classification."""

from blendhunter import BlendIdentifier, DetectedImage, detect, simulate_field

SHAPE = (400, 400)


class Detect:
    """Find the sources of a simulated image."""

    params = ['sep', 'photutils']
    param_names = ['method']

    def setup(self, _method):
        """Simulate an image."""
        self.image, _ = simulate_field(SHAPE, rng=1)

    def time_detect(self, method):
        """Detect, deblend and measure."""
        detect(self.image, method=method)


class Classify:
    """Classify a small catalog, with the network already loaded."""

    params = ['default', 'fast']
    param_names = ['weights']
    timeout = 600
    number = 1
    repeat = (2, 5, 60.0)
    warmup_time = 0

    def setup(self, weights):
        """Detect the sources, and load the network by a first call."""
        image, _ = simulate_field(SHAPE, rng=1)
        self.detected = DetectedImage.from_image(image)
        self.identifier = BlendIdentifier(weights=weights)
        self.identifier.classify(self.detected)

    def time_classify(self, _weights):
        """Classify as by default: the small network answers first."""
        self.identifier.classify(self.detected)

    def peakmem_classify(self, _weights):
        """Measure the memory of the same, network included."""
        self.identifier.classify(self.detected)


class ClassifyWithoutScreening:
    """Show every source to the large network."""

    timeout = 600
    number = 1
    repeat = (2, 5, 60.0)
    warmup_time = 0

    def setup(self):
        """Detect the sources, and load the network by a first call."""
        image, _ = simulate_field(SHAPE, rng=1)
        self.detected = DetectedImage.from_image(image)
        self.identifier = BlendIdentifier(screen=False)
        self.identifier.classify(self.detected)

    def time_classify(self):
        """Classify all sources with the large network."""
        self.identifier.classify(self.detected)
