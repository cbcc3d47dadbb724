# Licensed under a 3-clause BSD style license - see LICENSE.rst
"""Time of simulations."""

from blendhunter import simulate_field, simulate_stamps


class SimulateField:
    """Simulate a small image."""

    params = ['cfis', 'lsst']
    param_names = ['survey']

    def time_simulate_field(self, survey):
        """Simulate 300 x 300 px."""
        simulate_field((300, 300), survey=survey, rng=1)


class SimulateStamps:
    """Simulate stamps of each kind of galaxies."""

    params = ['parametric', 'structured', 'knots']
    param_names = ['kind']

    def time_simulate_stamps(self, kind):
        """Simulate 50 stamps."""
        simulate_stamps(50, kind=kind, noise=14.5, rng=1)
