# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""A model without a network, for tests of what is around it."""

from blendhunter.network.model import Answers


class ModelStub:
    """A model whose subclass makes up the probabilities."""

    regions = ('segment', 'stamp')
    metadata = {'domain': {}, 'sha256': 'none'}  # noqa: RUF012
    locates = knows_domain = False

    def probability(self, stamps, regions, **options):
        """Return the made-up probabilities."""
        raise NotImplementedError

    def answer(self, stamps, regions, *, locate=False, **options):
        """Return the probabilities, and nothing else."""
        del locate
        return Answers(self.probability(stamps, regions, **options))

    def prior_fractions(self, region, prior=None):
        """Return fractions that change no probability."""
        del region, prior
        return 0.5, 0.5

    def report(self, raw, region, prior=None):
        """Return the probabilities as they are."""
        del region, prior
        return raw

    def raw(self, reported, region, prior=None):
        """Return the probability as it is."""
        del region, prior
        return reported

    def is_calibrated(self, region):
        """Return that there is no calibration."""
        del region
        return False
